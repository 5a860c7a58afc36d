"""Moments of the magnitudes."""

from __future__ import annotations

import math
from typing import Any

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, kernel

FEATURES = (
    Feature("mean", "mag", "Σ m / n", agrees="numpy.mean; light-curve Mean", location=True),
    Feature("weighted_mean", "mag", "Σ m/σ² / Σ 1/σ²", agrees="light-curve WeightedMean", location=True),
    Feature(
        "standard_deviation",
        "mag",
        "sqrt(Σ (m - mean)² / (n - 1))",
        agrees="numpy.std(ddof=1); light-curve StandardDeviation",
    ),
    Feature(
        "skewness",
        "",
        "G1 = n / ((n - 1)(n - 2)) Σ ((m - mean) / s)³, s with n - 1",
        "Joanes & Gill 1998",
        "scipy.stats.skew(bias=False); light-curve Skew",
        min_observations=3,
    ),
    Feature(
        "kurtosis",
        "",
        "G2 = n(n + 1) / ((n - 1)(n - 2)(n - 3)) Σ ((m - mean) / s)⁴ - 3(n - 1)² / ((n - 2)(n - 3))",
        "Joanes & Gill 1998",
        "scipy.stats.kurtosis(bias=False); light-curve Kurtosis",
        min_observations=4,
    ),
)

SCATTER_FEATURES = (
    Feature("geary", "", "Σ |m - mean| / sqrt(n Σ (m - mean)²): 0.798 for a Gaussian", "Geary 1935", optional=True),
    Feature(
        "scatter_to_noise",
        "",
        "sqrt(Σ (m - mean)² / n) / mean σ",
        needs_errors=True,
        optional=True,
    ),
)


@kernel
def moments(mag: Floats, error: Floats, out: Any) -> None:
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
    d2 = 0.0
    d3 = 0.0
    d4 = 0.0
    for j in range(n):
        d = mag[j] - mean
        q = d * d
        d2 += q
        d3 += q * d
        d4 += q * q
    variance = d2 / (n - 1)
    out[0] = mean
    out[1] = weighted / weights
    out[2] = math.sqrt(variance)
    out[3] = n / ((n - 1.0) * (n - 2.0)) * d3 / (variance * math.sqrt(variance))
    fourth = n * (n + 1.0) / ((n - 1.0) * (n - 2.0) * (n - 3.0)) * d4 / (variance * variance)
    out[4] = fourth - 3.0 * (n - 1.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0))


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, mag: Floats, error: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            moments(mag[a:b], error[a:b], out[i])


@kernel
def scatter(mag: Floats, error: Floats, out: Any) -> None:
    """The scatter beside its mean absolute counterpart and the errors, of one light curve, into `out`."""
    n = mag.size
    total = 0.0
    errors = 0.0
    for j in range(n):
        total += mag[j]
        errors += error[j]
    mean = total / n
    absolute = 0.0
    square = 0.0
    for j in range(n):
        d = mag[j] - mean
        absolute += abs(d)
        square += d * d
    out[0] = absolute / math.sqrt(n * square)
    out[1] = math.sqrt(n * square) / errors


@kernel
def _each_scatter(start: int, stop: int, out: Any, offsets: Integers, mag: Floats, error: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            scatter(mag[a:b], error[a:b], out[i])


FAMILY = Family("moments", FEATURES, _each, lambda batch: (batch.mag, batch.error))
SCATTER_FAMILY = Family("scatter", SCATTER_FEATURES, _each_scatter, lambda batch: (batch.mag, batch.error))
