"""Probabilities of stars with few observations: how much less sure to be, learnt from thinned stars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves import LightCurves, clean
from lcscale.lightcurves.cleaning import MIN_OBSERVATIONS
from lcscale.models.judging.calibration import log_loss_of
from lcscale.models.labels.roles import Role
from lcscale.models.labels.targets import Targets
from lcscale.models.labels.truth import Floats, Truth

AS_MANY = 10
"""Observations at which log T is larger by the whole `sparsity` of a head."""
POWER = 2.0
"""Of the number of observations; chosen on validation stars (``docs/models.md``)."""
_LARGEST = 10.0


@dataclass(frozen=True, eq=False)
class Sparse:
    """Thinned stars, asked of networks that have not seen them."""

    scores: Floats
    """float32 [..., n_candidates, n, n_outputs]."""
    truth: Truth
    """What is known of them."""
    counts: npt.NDArray[np.int64]
    """Usable observations."""
    rows: npt.NDArray[np.int64]
    """Which of the stars they were made of."""


def counts_of(lcs: LightCurves, roles: Sequence[Role]) -> npt.NDArray[np.int64]:
    """Usable observations of each object in the bands of the roles, int64 [n_objects]."""
    seen = clean(lcs)
    return seen.of_bands([band for role in roles for band in role.bands]).counts if seen.bands else seen.counts


def factors(counts: npt.NDArray[np.integer], sparsity: float) -> npt.NDArray[np.float32]:
    """Temperature over that of stars with many observations: ``exp(sparsity (10 / n)²)``, float32 [n].

    Examples
    --------
    >>> factors(np.array([5, 10, 40, 1000]), 1.0).round(2).tolist()
    [54.599998474121094, 2.7200000286102295, 1.059999942779541, 1.0]
    """
    return np.exp(sparsity * _fewness(counts)).astype(np.float32)


def _fewness(counts: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    return np.asarray((AS_MANY / np.maximum(counts, MIN_OBSERVATIONS)) ** POWER, np.float64)


def fit_sparsity(
    scores: Floats,
    targets: Targets,
    period_weights: Sequence[float],
    temperature: float,
    counts: npt.NDArray[np.integer],
) -> float:
    """The sparsity, 0 to 10, of the lowest log loss of thinned stars.

    Parameters
    ----------
    scores, targets, period_weights
        As `fit_temperature` has them.
    temperature
        Of stars with many observations.
    counts
        Usable observations of each star.
    """
    from scipy.optimize import minimize_scalar

    loss, few = log_loss_of(scores, targets, period_weights), _fewness(counts)
    found = minimize_scalar(
        lambda sparsity: loss(np.log(temperature) + sparsity * few), bounds=(0.0, _LARGEST), method="bounded"
    )
    return round(float(found.x), 5)
