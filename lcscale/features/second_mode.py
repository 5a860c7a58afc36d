"""The second radial mode of RR Lyrae stars: power left at the period ratio of fundamental mode and first overtone."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, kernel
from lcscale.kernels.turns import cos_sin_turns, turned

RATIOS = (0.7365, 0.7525)
"""Range of the period ratio (the Petersen diagram, e.g. Soszynski et al. 2014)."""

PERIODS = (0.25, 0.65)
"""Periods at which the other mode is looked for, days."""

MAX_STEPS = 4000
"""Most frequencies that are looked at in a range."""


@kernel
def second_mode(period: float, order: int, scratch: Any, coefficients: Floats) -> tuple[float, float]:
    """Largest share of the residuals' variance where the other radial mode would be, and its period ratio.

    The residuals of the series at `period` are searched where the other mode would be if `period` were either of the
    two.

    Parameters
    ----------
    period
        Days; outside `PERIODS` the result is (NaN, NaN).
    order
        Harmonics of the series.
    scratch
        As `series` leaves it; overwritten.
    coefficients
        Constant, then cosine and sine of each harmonic.
    """
    weighted, since = scratch[5], scratch[6]
    span = since[since.size - 1]
    if not (PERIODS[0] <= period <= PERIODS[1] and span > 0.0):
        return np.nan, np.nan
    total = _residuals(1.0 / period, order, scratch, coefficients)
    if not total > 0.0:
        return np.nan, np.nan
    step = 1.0 / (3.0 * span)
    best = 0.0
    ratio = np.nan
    for overtone in range(2):
        low = RATIOS[0] / period if overtone else 1.0 / (RATIOS[1] * period)
        high = RATIOS[1] / period if overtone else 1.0 / (RATIOS[0] * period)
        power, place = _largest_power(since, weighted, low, step, min(int((high - low) / step) + 1, MAX_STEPS), scratch)
        if power > best:
            best = power
            ratio = (low + place * step) * period
    return 2.0 * best / total, min(ratio, 1.0 / ratio)


@kernel
def _residuals(frequency: float, order: int, scratch: Any, coefficients: Floats) -> float:
    """Replace w y by w (y - series); the sum of w (y - series)²."""
    n = scratch.shape[1]
    c1, s1, c, s = scratch[0], scratch[1], scratch[2], scratch[3]
    weight, weighted, since = scratch[4], scratch[5], scratch[6]
    for j in range(n):
        c1[j], s1[j] = cos_sin_turns(since[j] * frequency)
        c[j] = c1[j]
        s[j] = s1[j]
        weighted[j] -= weight[j] * coefficients[0]
    for k in range(1, order + 1):
        for j in range(n):
            weighted[j] -= weight[j] * (coefficients[2 * k - 1] * c[j] + coefficients[2 * k] * s[j])
            c[j], s[j] = turned(c[j], s[j], c1[j], s1[j])
    total = 0.0
    for j in range(n):
        total += weighted[j] * weighted[j] / weight[j]
    return total


@kernel
def _largest_power(
    since: Floats, weighted: Floats, start: float, step: float, n_steps: int, scratch: Any
) -> tuple[float, int]:
    """Largest ``|Σ w y e^{2πift}|²`` over evenly spaced frequencies, and where; one turning phasor an observation."""
    c, s, dc, ds = scratch[0], scratch[1], scratch[2], scratch[3]
    for j in range(since.size):
        c[j], s[j] = cos_sin_turns(start * since[j])
        dc[j], ds[j] = cos_sin_turns(step * since[j])
    best = 0.0
    place = 0
    for k in range(0, n_steps, 2):  # two at a time: each turn of the phasors is loaded and stored once for both
        real, imaginary, next_real, next_imaginary = 0.0, 0.0, 0.0, 0.0
        for j in range(since.size):
            real += weighted[j] * c[j]
            imaginary += weighted[j] * s[j]
            cosine, sine = turned(c[j], s[j], dc[j], ds[j])
            next_real += weighted[j] * cosine
            next_imaginary += weighted[j] * sine
            c[j], s[j] = turned(cosine, sine, dc[j], ds[j])
        power = real * real + imaginary * imaginary
        if power > best:
            best = power
            place = k
        power = next_real * next_real + next_imaginary * next_imaginary
        if power > best and k + 1 < n_steps:
            best = power
            place = k + 1
    return best, place
