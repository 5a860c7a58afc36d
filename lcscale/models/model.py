"""`Model`: a network with its card, which turns light curves into probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lcscale.lightcurves import LightCurves
from lcscale.models.card import Card
from lcscale.models.network import FoldedImageNet
from lcscale.models.preparation import Inputs, is_none, prepare

BATCH = 256
"""Objects that go through the network at a time."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says of a batch of objects."""

    probabilities: npt.NDArray[np.float32]
    """float32 [n_objects, n_classes], calibrated; NaN for objects with a reason."""
    reason: npt.NDArray[np.object_]
    """Why an object could not be classified, or None."""


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network and its card."""

    card: Card
    """What it is."""
    network: FoldedImageNet
    """Its weights, ready for inference."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the taxonomy, in the order of the probabilities."""
        return self.card.classes

    def predict(
        self,
        lcs: LightCurves,
        period: npt.ArrayLike | None = None,
        *,
        bands: Sequence[str] | None = None,
        columns: Mapping[str, npt.NDArray[Any]] | None = None,
    ) -> Prediction:
        """Calibrated probabilities of every class, and reasons where there are none.

        Parameters
        ----------
        lcs
            Any batch; its bands must be among those that the card knows.
        period
            Days, one for each object; NaN where there is none. Models of raw light curves take none.
        bands
            The catalog's bands, where the batch may lack some; default: the batch's.
        columns
            Further numbers that the card names, where the catalog has them.
        """
        probabilities = np.full((len(lcs), len(self.classes)), np.nan, np.float32)
        reason = np.full(len(lcs), None, dtype=object)
        periods = np.broadcast_to(np.asarray(np.nan if period is None else period, np.float64), (len(lcs),))
        for first in range(0, len(lcs), BATCH):
            part = slice(first, min(first + BATCH, len(lcs)))
            chosen = np.arange(part.start, part.stop)
            extra = None if columns is None else {name: values[part] for name, values in columns.items()}
            batch = prepare(
                lcs.take(chosen), periods[part], self.card.preparation, bands=bands or lcs.bands, columns=extra
            )
            reason[part] = batch.reason
            good = is_none(batch.reason)
            scores = network_scores(self.network, batch)[good]
            probabilities[chosen[good]] = softmax(scores / self.card.temperature)
        return Prediction(probabilities, reason)

    def predict_proba(
        self,
        lcs: LightCurves,
        period: npt.ArrayLike | None = None,
        *,
        bands: Sequence[str] | None = None,
        columns: Mapping[str, npt.NDArray[Any]] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Calibrated probabilities, float32 [n_objects, n_classes]; NaN for objects that cannot be classified.

        Parameters
        ----------
        lcs, period, bands, columns
            As `predict` has them.
        """
        return self.predict(lcs, period, bands=bands, columns=columns).probabilities


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Context in which torch computes with one thread, as a worker that owns one core must."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def network_scores(network: FoldedImageNet, inputs: Inputs) -> npt.NDArray[np.float32]:
    """Scores of prepared inputs, float32 [n_objects, n_classes], in evaluation mode; on the network's device."""
    network.eval()
    device = next(network.parameters()).device
    scores = []
    with one_torch_thread(), torch.inference_mode():
        for first in range(0, len(inputs), BATCH):
            images, numbers = (
                torch.from_numpy(each[first : first + BATCH]) for each in (inputs.images, inputs.numbers)
            )
            scores.append(network(images.to(device), numbers.to(device)).cpu().numpy())
    return np.concatenate(scores) if scores else np.empty((0, network.architecture.n_classes), np.float32)


def softmax(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probabilities of scores, along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
