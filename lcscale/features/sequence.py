"""What depends on the order of the observations one by one: pairs, running sums, steepest change."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, comparing_kernel, kernel

PAIR_WINDOW = 0.05
"""Consecutive observations closer than this, in days, are a pair in Stetson's J."""

FEATURES = (
    Feature(
        "stetson_j",
        "",
        "Σ sign(P) sqrt|P| / number of terms; P = δ[j] δ[j+1] for consecutive observations within 0.05 d, else δ² - 1; "
        "δ = sqrt(n/(n-1)) (m - weighted mean) / σ",
        "Stetson 1996, equal weights",
        needs_errors=True,
    ),
    Feature(
        "cumulative_sum_range",
        "",
        "max S - min S, S[l] = Σ_{j≤l} (m[j] - mean) / (n s)",
        "Ellaway 1978, Kim et al. 2014",
        "light-curve Cusum",
    ),
    Feature(
        "maximum_slope",
        "mag/d",
        "max |Δm / Δt| of consecutive observations, those at one time left out",
        "Richards et al. 2011",
        "light-curve MaximumSlope",
    ),
)


@kernel
def sequence(time: Floats, mag: Floats, error: Floats, out: Any) -> None:
    """The features of this family for one light curve, into `out`."""
    n = mag.size
    total = 0.0
    weights = 0.0
    weighted = 0.0
    for j in range(n):
        w = 1.0 / (error[j] * error[j])
        total += mag[j]
        weights += w
        weighted += w * mag[j]
    out[0] = _stetson_j(time, mag, error, weighted / weights)
    out[1] = _cumulative_sum_range(mag, total / n)
    steepest = _steepest(time, mag)
    out[2] = steepest if steepest >= 0.0 else np.nan


@comparing_kernel
def _cumulative_sum_range(mag: Floats, mean: float) -> float:
    scatter = 0.0
    running = 0.0
    low = np.inf
    high = -np.inf
    for j in range(mag.size):
        d = mag[j] - mean
        scatter += d * d
        running += d
        low = min(low, running)
        high = max(high, running)
    return (high - low) / (mag.size * math.sqrt(scatter / (mag.size - 1)))


@comparing_kernel
def _steepest(time: Floats, mag: Floats) -> float:
    """Largest |Δm / Δt|; -1 where all observations are at one time."""
    steepest = -1.0
    for j in range(mag.size - 1):
        dt = time[j + 1] - time[j]
        slope = abs(mag[j + 1] - mag[j]) / dt if dt > 0.0 else -1.0
        steepest = max(steepest, slope)
    return steepest


@kernel
def _stetson_j(time: Floats, mag: Floats, error: Floats, weighted_mean: float) -> float:
    n = mag.size
    scale = n / (n - 1.0)
    total = 0.0
    for j in range(n):
        total += _single(scale, mag[j] - weighted_mean, error[j])
    terms = n
    j = 0
    while j + 1 < n:
        if time[j + 1] - time[j] <= PAIR_WINDOW:  # a pair in place of two single ones
            d0, d1 = mag[j] - weighted_mean, mag[j + 1] - weighted_mean
            product = scale * d0 / error[j] * d1 / error[j + 1]
            total += math.copysign(math.sqrt(abs(product)), product)
            total -= _single(scale, d0, error[j]) + _single(scale, d1, error[j + 1])
            terms -= 1
            j += 1
        j += 1
    return total / terms


@kernel
def _single(scale: float, deviation: float, error: float) -> float:
    product = scale * deviation * deviation / (error * error) - 1.0
    return math.copysign(math.sqrt(abs(product)), product)


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, time: Floats, mag: Floats, error: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            sequence(time[a:b], mag[a:b], error[a:b], out[i])


FAMILY = Family("sequence", FEATURES, _each, lambda batch: (batch.time, batch.mag, batch.error))
