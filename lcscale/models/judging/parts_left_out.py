"""What networks and trees add to each other on the stars of a survey that none of them has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from lcscale.models.heads.classes import ClassHead
from lcscale.models.inputs.preparation import Preparation
from lcscale.models.judging.assessing import calibrate
from lcscale.models.judging.held import Held
from lcscale.models.judging.leaving_out import Fit, Probabilities, Rows, Stars
from lcscale.models.keeping.model import scores_of
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.splitting import Split, assign
from lcscale.models.labels.truth import Floats
from lcscale.models.networks.network import Network
from lcscale.models.training.dataset import Dataset, Labelled, divide, numbers_and_reasons
from lcscale.models.training.options import TrainingOptions
from lcscale.models.training.train import fit_part

SPLIT = Split(validation=0.15, test=0.0, order=6)
"""Of the taught stars: the validation set says when the network has learnt enough, and calibrates it."""


@dataclass(frozen=True, eq=False)
class Learner:
    """A network that is trained anew on every set of stars that is taught."""

    stars: Stars
    """Labels and places; of their numbers nothing is used."""
    curves: LabelledCurves
    """Of the same stars."""
    preparation: Preparation
    """Not fitted."""
    options: TrainingOptions
    """Of the network."""

    def __call__(self, taught: Rows) -> Callable[[Rows], Probabilities]:
        """Train it (a `Fit`)."""
        dataset = self._dataset(taught)
        network, held = fit_part(dataset, self.options, "network", progress=False).network, dataset.held["validation"]
        head, weights = calibrate(dataset.head, self._scores(network, dataset, held), held.truth)

        def asked(rows: Rows) -> Probabilities:
            scores = self._scores(network, dataset, Held(self.curves.take(rows), self.stars.truth.take(rows)))
            return head.answers(scores[: len(weights)], weights)

        return asked

    def _dataset(self, taught: Rows) -> Dataset:
        curves, truth = self.curves.take(taught), self.stars.truth.take(taught)
        numbers, _ = numbers_and_reasons(curves, self.preparation)
        head = ClassHead(truth.classes)
        labelled = Labelled(curves, truth, numbers, self.preparation, head, {"labels": truth.counts()})
        return divide(labelled, assign(curves.healpix_29, SPLIT), SPLIT, self.options)

    def _scores(self, network: Network, dataset: Dataset, held: Held) -> Floats:
        curves, how = held.curves, dataset.preparation
        found = scores_of([network], how, curves.lcs, held.periods, bands=curves.bands, columns=curves.columns)
        scores: Floats = found.scores[0]
        return scores


def remembered(fit: Fit) -> Fit:
    """The same, fitted once for the same stars and asked once about the same stars."""

    @cache
    def fitted(taught: bytes) -> Callable[[Rows], Probabilities]:
        answers = fit(np.frombuffer(taught, np.int64))
        asked = cache(lambda rows: answers(np.frombuffer(rows, np.int64)))
        return lambda rows: asked(rows.tobytes())

    return lambda taught: fitted(taught.astype(np.int64).tobytes())


def mean_of(fits: Sequence[Fit]) -> Fit:
    """The mean of the probabilities of several."""

    def fit(taught: Rows) -> Callable[[Rows], Probabilities]:
        each = [one(taught) for one in fits]
        return lambda rows: np.asarray(np.mean([answers(rows) for answers in each], axis=0))

    return fit
