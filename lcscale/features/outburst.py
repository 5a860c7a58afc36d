"""Outbursts, dips and slow changes: when a star was bright, for how long, and what came before; no period is needed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, kernel

VISIT = 0.5
"""Observations closer than this, in days, belong to one visit."""

SLOW = 60.0
"""Days that a group of observations spans at most where slow changes are looked for."""

_MIDDLE = "the middle of the range, (max m + min m) / 2"
_RUN = f"the run of consecutive observations brighter than {_MIDDLE}, around the brightest"

FEATURES = (
    Feature(
        "slow_share",
        "",
        "Σ_g n_g (mean_g - mean)² / Σ (m - mean)² over groups g of consecutive observations within 60 d: share of the "
        "variance that lies between them",
        "Fisher 1925, the correlation ratio",
        optional=True,
    ),
    Feature(
        "visit_scatter",
        "mag",
        "sqrt(mean (m[j+1] - m[j])²) of consecutive observations closer than 0.5 d; null without any",
        optional=True,
    ),
    Feature("peak_delay", "d", "time of the brightest observation - t[1]", optional=True),
    Feature("bright_share", "", f"share of the observations brighter than {_MIDDLE}", optional=True),
    Feature("bright_duration", "d", f"duration of {_RUN}", optional=True),
    Feature("gap_before_bright", "d", f"time without an observation before {_RUN}; null at the start", optional=True),
    Feature(
        "second_peak",
        "",
        "(max m - min m without the observations within 0.5 d of the brightest) / (max m - min m)",
        optional=True,
    ),
    Feature("end_level", "", "(m[n] - min m) / (max m - min m): 0 where it ends brightest", optional=True),
)


@kernel
def outburst(time: Floats, mag: Floats, out: Any) -> None:
    """The features of this family for one light curve, into `out`."""
    n = mag.size
    total = 0.0
    low, high, peak = mag[0], mag[0], 0
    for j in range(n):
        total += mag[j]
        high = max(high, mag[j])
        if mag[j] < low:
            low = mag[j]
            peak = j
    reach = high - low
    out[0] = _slow_share(time, mag, total / n)
    out[1] = _visit_scatter(time, mag)
    out[2] = time[peak] - time[0]
    _brightest(time, mag, peak, low, high, out)
    out[7] = (mag[n - 1] - low) / reach


@kernel
def _brightest(time: Floats, mag: Floats, peak: int, low: float, high: float, out: Any) -> None:
    """The features of the run around the brightest observation, and of the brightest one elsewhere."""
    n = mag.size
    middle = 0.5 * (low + high)
    first = peak
    while first > 0 and mag[first - 1] < middle:
        first -= 1
    last = peak
    while last < n - 1 and mag[last + 1] < middle:
        last += 1
    second = np.inf
    bright = 0
    for j in range(n):
        bright += mag[j] < middle
        if abs(time[j] - time[peak]) > VISIT:
            second = min(second, mag[j])
    out[3] = bright / n
    out[4] = time[last] - time[first]
    if first > 0:
        out[5] = time[first] - time[first - 1]
    if second < np.inf:
        out[6] = (high - second) / (high - low)


@kernel
def _visit_scatter(time: Floats, mag: Floats) -> float:
    steps = 0.0
    count = 0
    for j in range(1, mag.size):
        if time[j] - time[j - 1] < VISIT:
            steps += (mag[j] - mag[j - 1]) ** 2
            count += 1
    return math.sqrt(steps / count) if count else np.nan


@kernel
def _slow_share(time: Floats, mag: Floats, mean: float) -> float:
    between = 0.0
    scatter = 0.0
    group = 0.0
    start = 0
    for j in range(mag.size):
        if time[j] - time[start] > SLOW:
            between += group * group / (j - start)
            start = j
            group = 0.0
        group += mag[j] - mean
        scatter += (mag[j] - mean) ** 2
    return float((between + group * group / (mag.size - start)) / scatter)


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, time: Floats, mag: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            outburst(time[a:b], mag[a:b], out[i])


FAMILY = Family("outburst", FEATURES, _each, lambda batch: (batch.time, batch.mag))
