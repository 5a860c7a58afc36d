"""The second radial mode of RR Lyrae stars: power left at the period ratio of fundamental mode and first overtone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, exact_kernel, kernel
from lcscale.kernels.turns import fraction, turned

RATIOS = (0.7365, 0.7525)
"""Range of the period ratio (the Petersen diagram, e.g. Soszynski et al. 2014)."""

PERIODS = (0.25, 0.65)
"""Periods at which the other mode is looked for, days."""


@kernel
def _residual_power(t: Floats, y: Floats, start: float, step: float, n_steps: int, scratch: Any) -> tuple[float, int]:
    """Largest ``|Σ y e^{2πift}|²`` over evenly spaced frequencies, and where; one turning phasor an observation."""
    n = t.size
    c = scratch[0, :n]
    s = scratch[1, :n]
    dc = scratch[2, :n]
    ds = scratch[3, :n]
    for j in range(n):
        turn = 2 * math.pi * fraction(start * t[j])
        c[j] = math.cos(turn)
        s[j] = math.sin(turn)
        turn = 2 * math.pi * step * t[j]
        dc[j] = math.cos(turn)
        ds[j] = math.sin(turn)
    best = 0.0
    where = 0
    for k in range(n_steps):
        real = 0.0
        imaginary = 0.0
        for j in range(n):
            real += y[j] * c[j]
            imaginary += y[j] * s[j]
            c[j], s[j] = turned(c[j], s[j], dc[j], ds[j])
        power = real * real + imaginary * imaginary
        if power > best:
            best = power
            where = k
    return best, where


@exact_kernel
def second_mode(
    period: float, fitted: int, t: Floats, y: Floats, weight: Floats, coefficients: Floats, scratch: Any
) -> tuple[float, float]:
    """Logarithm of the largest residual power where the other radial mode would be, and its period ratio.

    The residuals of the series at `period` are searched where the other mode would be if `period` were either of the
    two.

    Parameters
    ----------
    period
        Days; outside `PERIODS` the result is (NaN, NaN).
    fitted
        Harmonics of the series.
    t, y, weight
        Days from the first observation, centred magnitudes, and weights (their sum is 1), float64 [n].
    coefficients
        Constant, then cosine and sine of each harmonic.
    scratch
        float64 [5, >= n].
    """
    if period < PERIODS[0] or period > PERIODS[1]:
        return np.nan, np.nan
    n = t.size
    span = t[n - 1]
    residual = scratch[0, :n]
    total = 0.0
    for j in range(n):
        turn = 2 * math.pi * fraction(t[j] / period)
        value = y[j] - coefficients[0]
        for k in range(1, fitted + 1):
            value -= coefficients[2 * k - 1] * math.cos(k * turn) + coefficients[2 * k] * math.sin(k * turn)
        residual[j] = value * weight[j]
        total += value * value * weight[j]
    if not total > 0 or not span > 0:
        return np.nan, np.nan
    step = 1.0 / (3 * span)
    best = 0.0
    ratio = np.nan
    for overtone in range(2):
        low = RATIOS[0] / period if overtone else 1 / (RATIOS[1] * period)
        high = RATIOS[1] / period if overtone else 1 / (RATIOS[0] * period)
        n_steps = min(int((high - low) / step) + 1, 4000)
        power, where = _residual_power(t, residual, low, step, n_steps, scratch[1:])
        if power > best:
            best = power
            ratio = (low + where * step) * period
    return math.log10(max(2 * best / total, 1e-4)), min(ratio, 1 / ratio)
