"""The shape of the distribution of magnitudes: which side of the mean a star spends its time on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, kernel

FEATURES = (
    Feature(
        "count_ratio",
        "",
        "number of observations brighter than the mean / number fainter than it",
    ),
    Feature(
        "hl_amp_ratio",
        "",
        "sqrt(weighted mean square of m - median where fainter / the same where not fainter), weights 1/σ²",
        "Kim & Bailer-Jones 2016",
        "UPSILoN hl_amp_ratio",
    ),
    Feature(
        "gskew",
        "mag",
        "median of m at or below the 3rd percentile + median of m at or above the 97th - 2 median",
        "Nun et al. 2015",
        "FATS Gskew",
    ),
    Feature(
        "asymmetry",
        "",
        "M = (mean of the faintest and brightest tenths - median) / s: positive for fading stars",
        "Cody et al. 2014, without clipping of outliers",
    ),
)


@kernel
def morphology(mag: Floats, error: Floats, v: Floats, out: Any) -> None:
    """The features of this family for one light curve with sorted magnitudes `v`, into `out`."""
    n = mag.size
    median = 0.5 * (v[(n - 1) // 2] + v[n // 2])
    total = 0.0
    for j in range(n):
        total += mag[j]
    mean = total / n
    scatter = 0.0
    brighter = 0
    fainter = 0
    faint = 0.0
    faint_weight = 0.0
    bright = 0.0
    bright_weight = 0.0
    for j in range(n):
        d = mag[j] - mean
        scatter += d * d
        brighter += d < 0.0
        fainter += d > 0.0
        w = 1.0 / (error[j] * error[j])
        r = mag[j] - median
        below = 1.0 if r > 0.0 else 0.0
        faint += below * w * r * r
        faint_weight += below * w
        bright += (1.0 - below) * w * r * r
        bright_weight += (1.0 - below) * w
    out[0] = brighter / fainter
    out[1] = math.sqrt((faint / faint_weight) / (bright / bright_weight)) if bright > 0.0 and faint > 0.0 else np.nan
    low = max(_count_up_to(v, 0.03), 1)
    high = max(n - _first_from(v, 0.97), 1)
    bottom = 0.5 * (v[(low - 1) // 2] + v[low // 2])
    top = 0.5 * (v[n - high + (high - 1) // 2] + v[n - high + high // 2])
    out[2] = bottom + top - 2.0 * median
    tenth = max(n // 10, 1)
    extremes = 0.0
    for j in range(tenth):
        extremes += v[j] + v[n - 1 - j]
    out[3] = (extremes / (2 * tenth) - median) / math.sqrt(scatter / (n - 1))


@kernel
def _count_up_to(v: Floats, q: float) -> int:
    """Number of sorted values at or below the quantile `q` (NumPy's linear rule)."""
    n = v.size
    count = int(q * (n - 1)) + 1
    while count < n and v[count] == v[count - 1]:
        count += 1
    return count


@kernel
def _first_from(v: Floats, q: float) -> int:
    """Index of the first sorted value at or above the quantile `q` (NumPy's linear rule)."""
    first = v.size - 1 - int((1.0 - q) * (v.size - 1))
    while first > 0 and v[first - 1] == v[first]:
        first -= 1
    return first


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, mag: Floats, error: Floats, ordered: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            morphology(mag[a:b], error[a:b], ordered[a:b], out[i])


FAMILY = Family("morphology", FEATURES, _each, lambda batch: (batch.mag, batch.error, batch.ordered))
