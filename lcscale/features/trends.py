"""Straight lines through a light curve."""

from __future__ import annotations

import math
from typing import Any

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, kernel

FEATURES = (
    Feature("linear_trend", "mag/d", "slope of the unweighted least-squares line", agrees="light-curve LinearTrend[0]"),
    Feature(
        "linear_trend_error",
        "mag/d",
        "sqrt(noise² / Σ (t - mean t)²)",
        agrees="light-curve LinearTrend[1]; scipy.stats.linregress",
        min_observations=3,
    ),
    Feature(
        "linear_trend_noise",
        "mag",
        "sqrt(Σ residual² / (n - 2))",
        agrees="light-curve LinearTrend[2]",
        min_observations=3,
    ),
)

WEIGHTED_FEATURES = (
    Feature(
        "linear_fit",
        "mag/d",
        "slope of the least-squares line with weights 1/σ²",
        agrees="light-curve LinearFit[0]",
    ),
    Feature(
        "linear_fit_error",
        "mag/d",
        "sqrt(1 / Σ (t - weighted mean t)² / σ²)",
        agrees="light-curve LinearFit[1]",
        needs_errors=True,
    ),
    Feature(
        "linear_fit_reduced_chi2",
        "",
        "Σ (residual / σ)² / (n - 2) of the weighted line",
        agrees="light-curve LinearFit[2]",
        needs_errors=True,
        min_observations=3,
    ),
)


@kernel
def trends(time: Floats, mag: Floats, error: Floats, out: Any) -> None:
    """The features of the unweighted line for one light curve, into `out`."""
    slope, spread, residual = _line(time, mag, error, False)
    if spread > 0.0:
        noise = residual / (mag.size - 2)
        out[0] = slope
        out[1] = math.sqrt(noise / spread)
        out[2] = math.sqrt(noise)


@kernel
def weighted_trends(time: Floats, mag: Floats, error: Floats, out: Any) -> None:
    """The features of the weighted line for one light curve, into `out`."""
    slope, spread, residual = _line(time, mag, error, True)
    if spread > 0.0:
        out[0] = slope
        out[1] = math.sqrt(1.0 / spread)
        out[2] = residual / (mag.size - 2)


@kernel
def _line(time: Floats, mag: Floats, error: Floats, weighted: bool) -> tuple[float, float, float]:
    """Slope, Σ w (t - mean t)², and the weighted sum of squared residuals."""
    weights = 0.0
    st = 0.0
    sm = 0.0
    for j in range(mag.size):
        w = 1.0 / (error[j] * error[j]) if weighted else 1.0
        weights += w
        st += w * (time[j] - time[0])
        sm += w * mag[j]
    mean_t = st / weights
    mean_m = sm / weights
    tt = 0.0
    tm = 0.0
    for j in range(mag.size):
        w = 1.0 / (error[j] * error[j]) if weighted else 1.0
        dt = time[j] - time[0] - mean_t
        tt += w * dt * dt
        tm += w * dt * (mag[j] - mean_m)
    slope = tm / tt
    residual = 0.0
    for j in range(mag.size):
        w = 1.0 / (error[j] * error[j]) if weighted else 1.0
        r = mag[j] - mean_m - slope * (time[j] - time[0] - mean_t)
        residual += w * r * r
    return slope, tt, residual


@kernel
def _each(
    start: int, stop: int, out: Any, offsets: Integers, time: Floats, mag: Floats, error: Floats, weighted: bool
) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a and weighted:
            weighted_trends(time[a:b], mag[a:b], error[a:b], out[i])
        elif b > a:
            trends(time[a:b], mag[a:b], error[a:b], out[i])


FAMILY = Family("trends", FEATURES, _each, lambda batch: (batch.time, batch.mag, batch.error, False))
WEIGHTED_FAMILY = Family(
    "weighted trends", WEIGHTED_FEATURES, _each, lambda batch: (batch.time, batch.mag, batch.error, True)
)
