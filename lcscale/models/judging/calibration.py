"""Probabilities that mean what they say: temperature, and prediction sets with a known coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from lcscale.models.labels.targets import Targets

COVERAGE = 0.9
"""Share of stars whose true class is to be in their prediction set."""
_EM_STEPS = 300
_LEAST_WEIGHT = 0.01


def fit_temperature(
    scores: npt.NDArray[np.floating], targets: Targets, period_weights: Sequence[float] = (1.0,)
) -> float:
    """Temperature, 0.2 to 5, of the lowest log loss of ``softmax(scores / temperature)`` (Guo et al. 2017).

    Parameters
    ----------
    scores
        float [n_objects, n_classes], before the softmax; or [n_candidates, n_objects, n_classes], one a candidate
        period, whose probabilities are summed.
    targets
        Labels of the same stars.
    period_weights
        Of the candidates in that sum.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    closed = np.where(targets.allowed, 0.0, -np.inf)
    candidates = scores.reshape(-1, *scores.shape[-2:]).astype(np.float64)
    believed = np.log(np.maximum(period_weights, 1e-12))[:, None]  # a candidate between others may count for nothing

    def loss(log_temperature: float) -> float:
        scaled = candidates / np.exp(log_temperature)
        each = logsumexp(scaled + closed, axis=2) - logsumexp(scaled, axis=2)
        return float(-logsumexp(each + believed, axis=0).mean())

    found = minimize_scalar(loss, bounds=(np.log(0.2), np.log(5.0)), method="bounded", options={"xatol": 1e-4})
    return round(float(np.exp(found.x)), 5)


def fit_period_weights(probabilities: npt.NDArray[np.floating], targets: Targets) -> tuple[float, ...]:
    """`mixture_weights` of probabilities float [n_candidates, n_objects, n_classes] and the labels of the stars."""
    return mixture_weights((probabilities * targets.allowed).sum(axis=2))


def mixture_weights(likelihood: npt.NDArray[np.floating]) -> tuple[float, ...]:
    """How far each candidate period is to be believed: the mixture of the highest likelihood.

    Found by expectation maximisation. Candidates that count for less than 1 % are left out: looking at a period costs
    as much as looking at a star.

    Parameters
    ----------
    likelihood
        float [n_candidates, n_objects], of what is known of each star with each candidate; the best candidate first.

    Returns
    -------
    tuple of float
        Weights of the first candidates, which sum to 1.
    """
    likelihood = np.maximum(likelihood, 1e-12)
    weights = np.full(len(likelihood), 1 / len(likelihood))
    for _ in range(_EM_STEPS):
        shares = weights[:, None] * likelihood
        weights = (shares / shares.sum(axis=0)).mean(axis=1)
    believed = np.flatnonzero(weights >= _LEAST_WEIGHT)
    kept = weights[: max(int(believed[-1]) + 1, 1)]
    return tuple(round(float(weight), 5) for weight in kept / kept.sum())


def conformal_threshold(probabilities: npt.NDArray[np.floating], targets: Targets, coverage: float = COVERAGE) -> float:
    """Probability from which on a class belongs to a star's prediction set (split conformal; Sadinle et al. 2019).

    Sets of all classes with at least this probability hold the true one for a share `coverage` of new stars like
    those given, whatever the network's calibration: it is the ⌈(n + 1) coverage⌉-th highest probability of a true class
    among n stars, and 0 where that is beyond the last.

    Parameters
    ----------
    probabilities
        float [n_objects, n_classes], of stars that were not trained on.
    targets
        Labels of the same stars.
    coverage
        Share of stars, below 1.
    """
    true = np.sort(probabilities[np.arange(len(targets)), targets.resolve(probabilities)].astype(np.float64))
    left_out = true.size - conformal_rank(true.size, coverage)
    return math.floor(true[left_out] * 1e6) / 1e6 if left_out >= 0 else 0.0  # down: that star's own class is in its set


def conformal_rank(n: int, coverage: float = COVERAGE) -> int:
    """⌈(n + 1) coverage⌉: the place in order of the score that is taken as bound; above n where n are too few."""
    return math.ceil((n + 1) * Fraction(coverage).limit_denominator(10**6))  # 0.9 in binary is a little more


def prediction_sets(probabilities: npt.NDArray[np.floating], threshold: float) -> npt.NDArray[np.bool_]:
    """Which classes are in each star's set, bool [n_objects, n_classes]; the most probable one always is.

    Stars without probabilities (NaN) have empty sets.
    """
    known = np.isfinite(probabilities)
    filled = np.where(known, probabilities, -1.0)
    best = filled == filled.max(axis=1, keepdims=True, initial=-1.0)
    return np.asarray(known & ((probabilities >= threshold) | best))


def softmax(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probabilities of scores, along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
