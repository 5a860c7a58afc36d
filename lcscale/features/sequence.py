"""What depends on the order of the observations one by one: pairs, running sums, steepest change."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.batch import BandBatch
from lcscale.features.compiling import Floats, Integers, kernel
from lcscale.features.declaration import Family, Feature

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
        "mag/day",
        "max |Δm / Δt| of consecutive observations, those at one time left out",
        "Richards et al. 2011",
        "light-curve MaximumSlope",
    ),
)


@kernel  # type: ignore[untyped-decorator]
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
    mean = total / n
    scatter = 0.0
    for j in range(n):
        scatter += (mag[j] - mean) * (mag[j] - mean)
    running = 0.0
    low = np.inf
    high = -np.inf
    steepest = np.nan
    for j in range(n):
        running += mag[j] - mean
        low = min(low, running)
        high = max(high, running)
        if j > 0 and time[j] > time[j - 1]:
            slope = abs((mag[j] - mag[j - 1]) / (time[j] - time[j - 1]))
            steepest = slope if not slope <= steepest else steepest
    out[0] = _stetson_j(time, mag, error, weighted / weights)
    out[1] = (high - low) / (n * math.sqrt(scatter / (n - 1)))
    out[2] = steepest


@kernel  # type: ignore[untyped-decorator]
def _stetson_j(time: Floats, mag: Floats, error: Floats, weighted_mean: float) -> float:
    n = mag.size
    scale = n / (n - 1.0)
    total = 0.0
    terms = 0
    j = 0
    while j < n:
        z = (mag[j] - weighted_mean) / error[j]
        if j + 1 < n and time[j + 1] - time[j] <= PAIR_WINDOW:
            product = scale * z * (mag[j + 1] - weighted_mean) / error[j + 1]
            j += 2
        else:
            product = scale * z * z - 1.0
            j += 1
        total += math.copysign(math.sqrt(abs(product)), product)
        terms += 1
    return total / terms


@kernel  # type: ignore[untyped-decorator]
def _each(time: Floats, mag: Floats, error: Floats, offsets: Integers, out: Any) -> None:
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            sequence(time[a:b], mag[a:b], error[a:b], out[i])


def _compute(batch: BandBatch) -> Floats:
    out = np.full((len(batch), len(FEATURES)), np.nan)
    _each(batch.time, batch.mag, batch.error, batch.offsets, out)
    return out


FAMILY = Family("sequence", FEATURES, _compute)
