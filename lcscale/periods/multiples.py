"""Which multiple of the search's period the orbit of an eclipsing star is, where narrow eclipses hide it.

A periodogram of narrow eclipses has many peaks alike, and the highest may stand at a sixth of the orbit. Folded with
it, eclipses lie over light out of eclipse; folded with the orbit they do not. So each observation is predicted by the
others of its part of the cycle (leave one out): few points in an eclipse gain nothing from a fold that sets them apart.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.kernels.compiling import kernel
from lcscale.kernels.harmonics import Curve

MULTIPLES = 12
"""Largest multiple of the shorter period of the search that is tried."""

BINS = 30
"""Parts of a cycle, each with a mean of its own in each band."""

SURE = 40.0
"""By how much the log likelihood of the predictions has to be better than at one, two and four times."""

_REACH, _STEP = 0.2, 0.01
"""Cycles, from the first observation to the last, by which the period may be off, and steps of it."""


def hidden_multiple(curve: Curve, frequency: float, baseline: float) -> float:
    """Frequency of the orbit where it is another than 1, 1/2 or 1/4 of `frequency`; NaN where none surely is.

    Parameters
    ----------
    curve
        One object; each band has means of its own.
    frequency
        Of the shorter of the search's P and 2P, cycles per day.
    baseline
        Days from the first observation to the last.
    """
    sums = np.empty((2, BINS))
    found = np.empty((MULTIPLES, 2))
    for k in range(1, MULTIPLES + 1):
        found[k - 1] = _best_fold(curve, frequency / k, 1.0 / baseline, _REACH / k, _STEP, sums)
    plain = found[[0, 1, 3], 0].min()
    best = int(found[:, 0].argmin())
    return float(found[best, 1]) if plain - found[best, 0] > SURE else np.nan


@kernel
def _best_fold(
    curve: Curve, frequency: float, width: float, reach: float, step: float, sums: Any
) -> tuple[float, float]:
    """Least of `_unpredicted` within `reach` cycles of a frequency, and where."""
    steps = int(reach / step + 0.5)
    best, place = np.inf, frequency
    for k in range(-steps, steps + 1):
        trial = frequency + k * step * width
        value = _unpredicted(curve, trial, sums)
        if value < best:
            best, place = value, trial
    return best, place


@kernel
def _unpredicted(curve: Curve, frequency: float, sums: Any) -> float:
    """Minus the log likelihood, up to a constant, of observations given the others of their part of the cycle."""
    time, weight, weighted, cuts, share, _ = curve
    n_bins = sums.shape[1]
    total = 0.0
    for g in range(cuts.size - 1):
        a, b = cuts[g], cuts[g + 1]
        sums[:] = 0.0
        for j in range(a, b):
            turn = time[j] * frequency
            m = min(int((turn - math.floor(turn)) * n_bins), n_bins - 1)
            sums[0, m] += weight[j]
            sums[1, m] += weighted[j]
        whole = 0.0
        for m in range(n_bins):
            whole += sums[0, m]
        prior = 0.5 * whole / (b - a)
        for j in range(a, b):
            turn = time[j] * frequency
            m = min(int((turn - math.floor(turn)) * n_bins), n_bins - 1)
            rest = weighted[j] / weight[j] - (sums[1, m] - weighted[j]) / (sums[0, m] - weight[j] + prior)
            total += share[g] * weight[j] * rest * rest
    value: float = 0.5 * (cuts[cuts.size - 1] - cuts[0]) * math.log(max(total, 1e-300))
    return value
