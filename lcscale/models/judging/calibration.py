"""Probabilities that mean what they say: temperature, and prediction sets with a known coverage."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from lcscale.models.labels.targets import Targets

COVERAGE = 0.9
"""Share of stars whose true class is to be in their prediction set."""
TEMPERATURES = (0.2, 5.0)
"""The least and the largest temperature."""
_EM_STEPS = 300
_LEAST_WEIGHT = 0.01
_DRAWN_BY = 20
_LEAST_MASS = 0.5


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

    loss = log_loss_of(scores, targets, period_weights)
    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-4})
    return round(float(np.exp(found.x)), 5)


def log_loss_of(
    scores: npt.NDArray[np.floating], targets: Targets, period_weights: Sequence[float] = (1.0,)
) -> Callable[[npt.ArrayLike], float]:
    """Log loss of the labels as a function of log temperature: one for all stars, or float [n_objects].

    Parameters
    ----------
    scores, targets, period_weights
        As `fit_temperature` has them.
    """
    from scipy.special import logsumexp

    closed = np.where(targets.allowed, 0.0, -np.inf)
    candidates = scores.reshape(-1, *scores.shape[-2:]).astype(np.float64)
    believed = np.log(np.maximum(period_weights, 1e-12))[:, None]  # a candidate between others may count for nothing

    def loss(log_temperature: npt.ArrayLike) -> float:
        scaled = candidates / np.exp(np.asarray(log_temperature, np.float64))[..., None]
        each = logsumexp(scaled + closed, axis=2) - logsumexp(scaled, axis=2)
        return float(-logsumexp(each + believed, axis=0).mean())

    return loss


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


def mass_above(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Sum of the probabilities of the classes that are more probable than each, float64 [n_objects, n_classes].

    Examples
    --------
    >>> mass_above(np.array([[0.125, 0.625, 0.25]])).tolist()
    [[0.875, 0.0, 0.625]]
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1).astype(np.float64)
    result = np.empty_like(ranked)
    np.put_along_axis(result, order, np.cumsum(ranked, axis=1) - ranked, axis=1)
    return result


def mass_thresholds(
    probabilities: npt.NDArray[np.floating], targets: Targets, groups: Sequence[str], coverage: float = COVERAGE
) -> tuple[float, ...]:
    """Thresholds of `adaptive_sets` that hold the true class of a share `coverage` of the stars of each group.

    Adaptive prediction sets (Romano et al. 2020) with a conformal threshold a group (Mondrian; Vovk et al. 2003): the
    ⌈(n + 1) coverage⌉-th smallest `mass_above` of a true class among the n stars of the group, and 1 where that is
    beyond the last. Each is drawn to that of all stars with the weight of 20, and is 1/2 or more: where stars of a
    group are nearly always told rightly, sets are still to grow for those of which nothing is known.

    Parameters
    ----------
    probabilities
        float [n_objects, n_classes], of stars that were not trained on.
    targets
        Labels of the same stars.
    groups
        Name of the group that each class is in.
    coverage
        Share of stars, below 1.

    Returns
    -------
    tuple of float
        One a class.
    """
    true = targets.resolve(probabilities)
    mass = mass_above(probabilities)[np.arange(len(targets)), true]
    of_star, common, found = np.array(groups, object)[true], _rank_value(mass, coverage), {}
    for group in dict.fromkeys(groups):
        own = mass[of_star == group]
        found[group] = (own.size * _rank_value(own, coverage) + _DRAWN_BY * common) / (own.size + _DRAWN_BY)
    return tuple(
        math.ceil(max(found[group], _LEAST_MASS) * 1e6) / 1e6 for group in groups
    )  # up: that star's own class is in its set


def _rank_value(values: npt.NDArray[np.float64], coverage: float) -> float:
    place = conformal_rank(values.size, coverage)
    return float(np.sort(values)[place - 1]) if place <= values.size else 1.0


def adaptive_sets(probabilities: npt.NDArray[np.floating], thresholds: Sequence[float]) -> npt.NDArray[np.bool_]:
    """Which classes are in each star's set, bool [n_objects, n_classes]: those of `mass_above` up to their threshold.

    The most probable one always is, one without probability never. Where no class is probable, sets are large. Stars
    without probabilities (NaN) have empty sets.
    """
    return np.asarray((mass_above(probabilities) <= np.array(thresholds)) & (probabilities > 0))


def conformal_rank(n: int, coverage: float = COVERAGE) -> int:
    """⌈(n + 1) coverage⌉: the place in order of the score that is taken as bound; above n where n are too few."""
    return math.ceil((n + 1) * Fraction(coverage).limit_denominator(10**6))  # 0.9 in binary is a little more


def prediction_sets(probabilities: npt.NDArray[np.floating], threshold: float) -> npt.NDArray[np.bool_]:
    """Sets of models of earlier versions: classes of at least this probability, and the most probable one.

    bool [n_objects, n_classes] (Sadinle et al. 2019). Stars without probabilities (NaN) have empty sets.
    """
    known = np.isfinite(probabilities)
    filled = np.where(known, probabilities, -1.0)
    best = filled == filled.max(axis=1, keepdims=True, initial=-1.0)
    return np.asarray(known & ((probabilities >= threshold) | best))


def softmax(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probabilities of scores, along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
