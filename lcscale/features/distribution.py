"""The distribution of the magnitudes against a normal one, and its best split in two."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.batch import BandBatch, Floats, Integers, kernel
from lcscale.features.declaration import Family, Feature

_OTSU = "the split of the magnitudes in two that maximises the variance between the parts"

FEATURES = (
    Feature(
        "anderson_darling",
        "",
        "(1 + 4/n - 25/n²) A², A² of a normal distribution with the sample's mean and s",
        "Anderson & Darling 1954; D'Agostino & Stephens 1986",
        "light-curve AndersonDarlingNormal",
    ),
    Feature("otsu_difference", "mag", f"difference of the means in {_OTSU}", "Otsu 1979", "light-curve OtsuSplit[0]"),
    Feature("otsu_std_lower", "mag", f"s of the brighter part in {_OTSU}", "Otsu 1979", "light-curve OtsuSplit[1]"),
    Feature("otsu_std_upper", "mag", f"s of the fainter part in {_OTSU}", "Otsu 1979", "light-curve OtsuSplit[2]"),
    Feature("otsu_lower_share", "", f"share of the brighter part in {_OTSU}", "Otsu 1979", "light-curve OtsuSplit[3]"),
)

_ROOT_HALF = math.sqrt(0.5)
_SMALLEST = 1e-300


@kernel  # type: ignore[untyped-decorator]
def distribution(v: Floats, out: Any) -> None:
    """The features of this family for the sorted magnitudes `v` of one light curve, into `out`."""
    n = v.size
    total = 0.0
    for j in range(n):
        total += v[j]
    mean = total / n
    scatter = 0.0
    for j in range(n):
        scatter += (v[j] - mean) * (v[j] - mean)
    deviation = math.sqrt(scatter / (n - 1))
    statistic = 0.0
    for j in range(n):
        z = (v[j] - mean) / deviation * _ROOT_HALF
        below = max(0.5 * math.erfc(-z), _SMALLEST)
        above = max(0.5 * math.erfc(z), _SMALLEST)
        statistic += (2 * j + 1) * math.log(below) + (2 * (n - j) - 1) * math.log(above)
    out[0] = (1.0 + 4.0 / n - 25.0 / (n * n)) * (-n - statistic / n)
    _otsu(v, mean, out)


@kernel  # type: ignore[untyped-decorator]
def _otsu(v: Floats, mean: float, out: Any) -> None:
    n = v.size
    running = 0.0
    best = -1.0
    split = 1
    for j in range(1, n):
        running += v[j - 1] - mean
        between = running * running / (float(j) * (n - j))
        if v[j] > v[j - 1] and between > best * (1.0 + 1e-12):
            best = between
            split = j
    lower_mean, lower = _spread(v[:split])
    upper_mean, upper = _spread(v[split:])
    out[1] = upper_mean - lower_mean
    out[2] = lower
    out[3] = upper
    out[4] = split / n


@kernel  # type: ignore[untyped-decorator]
def _spread(v: Floats) -> tuple[float, float]:
    """Mean and standard deviation (0 for a single value)."""
    total = 0.0
    for j in range(v.size):
        total += v[j]
    mean = total / v.size
    scatter = 0.0
    for j in range(v.size):
        scatter += (v[j] - mean) * (v[j] - mean)
    return mean, math.sqrt(scatter / (v.size - 1)) if v.size > 1 else 0.0


@kernel  # type: ignore[untyped-decorator]
def _each(ordered: Floats, offsets: Integers, out: Any) -> None:
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            distribution(ordered[a:b], out[i])


def _compute(batch: BandBatch) -> Floats:
    out = np.full((len(batch), len(FEATURES)), np.nan)
    _each(batch.ordered, batch.offsets, out)
    return out


FAMILY = Family("distribution", FEATURES, _compute)
