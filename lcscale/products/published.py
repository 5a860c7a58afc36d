"""Published or not: would a survey publish an alert with this light curve, and what is that answer worth."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.models.heads.columns import PROBABILITY
from lcscale.models.heads.prevalence import at_prevalence as of_classes
from lcscale.vocabulary import Column

if TYPE_CHECKING:
    from lcscale.models import Card

MODEL = "alerts"
"""Shipped model that is used where none is named."""
PREVALENCES = (0.5, 0.1, 0.01, 0.001)
"""Shares of alerts worth publishing at which precision is told."""
_PUBLISHED = "PUBLISHED"
AT_PREVALENCE = Column(
    "prob_published_at_prevalence",
    pa.float32(),
    "",
    "stat.probability;src.class",
    "Probability that the survey would publish the alert, where the share of alerts worth it is the one given.",
    "lcscale.products",
)


@dataclass(frozen=True)
class Reliability:
    """What a two-class model got right of alerts it had not seen."""

    n_published: int
    """Alerts of the test set that are published."""
    n_found: int
    """Those of them that were called so."""
    n_unpublished: int
    """Alerts of the test set that are not."""
    n_false: int
    """Those of them that were called published."""

    @property
    def recall(self) -> float:
        """Share of the published that was found."""
        return self.n_found / self.n_published

    @property
    def false_positive_rate(self) -> float:
        """Share of the others that was taken for published."""
        return self.n_false / self.n_unpublished

    def precision(self, prevalence: float) -> float:
        """Share of published among those called so, where `prevalence` of all alerts are worth publishing.

        Examples
        --------
        >>> one = Reliability(500, 500, 500, 22)
        >>> [round(100 * one.precision(share), 1) for share in PREVALENCES]
        [95.8, 71.6, 18.7, 2.2]
        """
        _check(prevalence)
        right = prevalence * self.recall
        wrong = (1 - prevalence) * self.false_positive_rate
        return right / (right + wrong) if right + wrong > 0 else 0.0


def tells_published(card: Card) -> bool:
    """Whether a model's classes are published and unpublished alerts, and it was tested."""
    return set(card.classes) == {_PUBLISHED, "UNPUBLISHED"} and "test" in card.metrics


def reliability(model: str | os.PathLike[str] | Card = MODEL) -> Reliability:
    """Counts of the test set, from a model's card.

    Parameters
    ----------
    model
        Name of a shipped model, the folder of one, or its card.

    Raises
    ------
    InputError
        It is no model of published and unpublished alerts, or was not tested.
    """
    from lcscale.models import read_card

    card = read_card(os.fspath(model)) if isinstance(model, str | os.PathLike) else model
    if not tells_published(card):
        raise InputError(
            f"model {card.name} does not tell published from unpublished alerts, its classes are "
            f"{', '.join(card.classes)}; lcscale ships {MODEL!r}"
        )
    counts = np.array(card.metrics["test"]["confusion"])
    k = card.classes.index(_PUBLISHED)
    return Reliability(int(counts[k].sum()), int(counts[k, k]), int(counts[1 - k].sum()), int(counts[1 - k, k]))


def published_or_not(
    curves: pa.Table, model: str | os.PathLike[str] = MODEL, *, prevalence: float | None = None
) -> pa.Table:
    """Class and probabilities of alerts.

    Parameters
    ----------
    curves
        With a nested `lightcurve` in a band that the model knows, as `lcscale.surveys.read_alert_curves` or a catalog
        gives them; the other columns stay.
    model
        Name of a shipped model, or the folder of one.
    prevalence
        Share of the alerts that is worth publishing. Given, there is a column `prob_published_at_prevalence`: the model
        was calibrated on a set in which that share was another one.

    Returns
    -------
    pyarrow.Table
        Without the light curves; `class`, `prob_PUBLISHED`, `prob_UNPUBLISHED`, `prediction_set`, `reason`, `model_id`,
        `trained_on`.
    """
    from lcscale.models import Classify, read_card

    reliability(model)
    result = Classify(os.fspath(model))(curves).drop_columns(["lightcurve"])
    if prevalence is None:
        return result
    labels = read_card(os.fspath(model)).data["labels"]
    probability = result.column(PROBABILITY.of(_PUBLISHED).name).to_numpy(zero_copy_only=False).astype(np.float64)
    moved = at_prevalence(probability, labels[_PUBLISHED] / sum(labels.values()), prevalence)
    return result.append_column(AT_PREVALENCE.field, pa.array(moved.astype(np.float32), mask=~np.isfinite(moved)))


def at_prevalence(
    probability: npt.NDArray[np.floating], calibrated_at: float, prevalence: float
) -> npt.NDArray[np.float64]:
    """Probabilities for another share of the class than that of the set they were calibrated on (Bayes' rule).

    Examples
    --------
    >>> at_prevalence(np.array([0.5, 0.99]), 0.5, 0.01).round(3).tolist()
    [0.01, 0.5]
    """
    _check(prevalence)
    _check(calibrated_at)
    both = np.stack([probability, 1.0 - probability], axis=-1).reshape(-1, 2)
    moved = of_classes(both, (prevalence, 1.0 - prevalence), (calibrated_at, 1.0 - calibrated_at))
    return moved[:, 0].reshape(np.shape(probability))


def precision_rows(found: Reliability, prevalences: Sequence[float] = PREVALENCES) -> list[tuple[float, float]]:
    """Prevalence and precision there, for tables and curves."""
    return [(share, found.precision(share)) for share in prevalences]


def _check(share: float) -> None:
    if not 0 < share < 1:
        raise InputError(f"a prevalence is a share between 0 and 1, not {share!r}")
