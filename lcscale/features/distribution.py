"""The distribution of the magnitudes against a normal one, its best split in two, and its width without its wings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.declaration import Family, Feature
from lcscale.features.normal import log_normal_table, log_tail_and_body
from lcscale.features.robust import median_deviation
from lcscale.kernels.compiling import Floats, Integers, kernel

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
    Feature(
        "biweight_scale",
        "mag",
        "sqrt(n Σ d² (1 - u²)⁴) / |Σ (1 - u²)(1 - 5 u²)| over |u| < 1, u = d / (9 mad), d = m - median",
        "Beers, Flynn & Gebhardt 1990",
        "astropy.stats.biweight_scale; light-curve BiweightScale",
    ),
)


@kernel
def distribution(v: Floats, normal: Floats, out: Any) -> None:
    """The features of this family for the sorted magnitudes `v` of one light curve, into `out`.

    `normal` is the table of `log_normal_table`.
    """
    n = v.size
    total = 0.0
    for j in range(n):
        total += v[j]
    mean = total / n
    scatter = 0.0
    for j in range(n):
        scatter += (v[j] - mean) * (v[j] - mean)
    out[0] = (1.0 + 4.0 / n - 25.0 / (n * n)) * _anderson_darling(v, mean, math.sqrt(scatter / (n - 1)), normal)
    _otsu(v, mean, out)
    median = 0.5 * (v[(n - 1) // 2] + v[n // 2])
    out[5] = _biweight(v, median, median_deviation(v, median))


@kernel
def _anderson_darling(v: Floats, mean: float, deviation: float, normal: Floats) -> float:
    """A² = -n - Σ (2j - 1) (ln Φ(z[j]) + ln Φ(-z[n + 1 - j])) / n."""
    n = v.size
    total = 0.0
    for j in range(n):
        z = (v[j] - mean) / deviation
        tail, body = log_tail_and_body(abs(z), normal)
        below = 2.0 * j + 1.0
        above = 2.0 * n - below
        total += (below * tail + above * body) if z < 0.0 else (above * tail + below * body)
    return -n - total / n


@kernel
def _biweight(v: Floats, median: float, mad: float) -> float:
    if not mad > 0.0:
        return np.nan
    above = 0.0
    below = 0.0
    for j in range(v.size):
        d = v[j] - median
        u = d / (9.0 * mad)
        q = u * u
        inside = 1.0 if q < 1.0 else 0.0
        p = 1.0 - q
        above += inside * d * d * p * p * p * p
        below += inside * p * (1.0 - 5.0 * q)
    return math.sqrt(v.size * above) / abs(below)


@kernel
def _otsu(v: Floats, mean: float, out: Any) -> None:
    n = v.size
    running = 0.0
    above = 0.0  # the best variance between the parts as a fraction: no division while searching
    below = 1.0
    split = 1
    for j in range(1, n):
        running += v[j - 1] - mean
        square = running * running
        product = float(j) * (n - j)
        if square * below > above * product * (1.0 + 1e-12) and v[j] > v[j - 1]:
            above = square
            below = product
            split = j
    lower_mean, lower = _spread(v[:split])
    upper_mean, upper = _spread(v[split:])
    out[1] = upper_mean - lower_mean
    out[2] = lower
    out[3] = upper
    out[4] = split / n


@kernel
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


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, ordered: Floats, normal: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            distribution(ordered[a:b], normal, out[i])


FAMILY = Family("distribution", FEATURES, _each, lambda batch: (batch.ordered, log_normal_table()))
