"""Order statistics: what a few outliers do not change."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, kernel

_RULE = "quantiles Q by the rule of the call (linear: NumPy's default; hazen: light-curve's)"
_RATIOS = ((20, 0.4), (35, 0.325), (50, 0.25), (65, 0.175), (80, 0.1))

FEATURES = (
    Feature("median", "mag", "median m", agrees="numpy.median; light-curve Median", location=True),
    Feature(
        "mad",
        "mag",
        "median |m - median|, not scaled",
        agrees="scipy.stats.median_abs_deviation; light-curve MedianAbsoluteDeviation",
    ),
    Feature("iqr", "mag", f"Q(75 %) - Q(25 %), {_RULE}", agrees="light-curve InterPercentileRange(0.25)"),
    Feature("range_10_90", "mag", f"Q(90 %) - Q(10 %), {_RULE}", agrees="light-curve InterPercentileRange(0.1)"),
    Feature("range_5_95", "mag", f"Q(95 %) - Q(5 %), {_RULE}", agrees="light-curve InterPercentileRange(0.05)"),
    *(
        Feature(
            f"percentile_ratio_{share}",
            "",
            f"(Q({100 - 100 * q:g} %) - Q({100 * q:g} %)) / (Q(95 %) - Q(5 %)), {_RULE}",
            "Richards et al. 2011, of magnitudes",
            f"light-curve MagnitudePercentageRatio({q:g}, 0.05)",
        )
        for share, q in _RATIOS
    ),
    Feature("amplitude", "mag", "(max m - min m) / 2", agrees="light-curve Amplitude"),
    *(
        Feature(
            f"quantile_skewness_{share}",
            "",
            f"(Q({100 - share} %) + Q({share} %) - 2 median) / (Q({100 - share} %) - Q({share} %)), {_RULE}",
            "Bowley 1901; Hinkley 1975",
            optional=True,
        )
        for share in (25, 5)
    ),
)

_LOWER = np.array([0.25, 0.1, 0.05] + [q for _, q in _RATIOS])


@kernel
def quantile(v: Floats, q: float, hazen: bool) -> float:
    """Quantile of sorted values: position q(n - 1), or q n - 1/2 by Hazen's rule."""
    n = v.size
    position = q * n - 0.5 if hazen else q * (n - 1)
    position = min(max(position, 0.0), n - 1.0)
    below = int(position)
    above = min(below + 1, n - 1)
    return float(v[below] + (position - below) * (v[above] - v[below]))


@kernel
def median_deviation(v: Floats, median: float) -> float:
    """Median absolute deviation of sorted values: the deviations below and above the median are sorted already."""
    n = v.size
    lower = float(_deviation(v, median, (n - 1) // 2))
    return lower if n % 2 else 0.5 * (lower + float(_deviation(v, median, n // 2)))


@kernel
def _deviation(v: Floats, median: float, rank: int) -> float:
    """The deviation of `rank` (from 0): bisection for how many of the smaller ones lie below the median."""
    below = v.size // 2
    above = v.size - below
    low = max(0, rank + 1 - above)
    high = min(rank + 1, below)
    while low < high:
        taken = (low + high) // 2
        if median - v[below - 1 - taken] < v[below + rank - taken] - median:
            low = taken + 1
        else:
            high = taken
    largest = median - v[below - low] if low > 0 else 0.0
    rest = rank + 1 - low
    return float(max(largest, v[below + rest - 1] - median)) if rest > 0 else float(largest)


@kernel
def robust(v: Floats, lower: Floats, hazen: bool, out: Any) -> None:
    """The features of this family for the sorted magnitudes `v` of one light curve, into `out`."""
    n = v.size
    median = 0.5 * (v[(n - 1) // 2] + v[n // 2])
    out[0] = median
    out[1] = median_deviation(v, median)
    for k in range(lower.size):
        out[2 + k] = quantile(v, 1.0 - lower[k], hazen) - quantile(v, lower[k], hazen)
    for k in range(3, lower.size):
        out[2 + k] = out[2 + k] / out[4] if out[4] > 0.0 else np.nan
    out[2 + lower.size] = 0.5 * (v[n - 1] - v[0])
    for k in range(2):
        low, high = quantile(v, lower[2 * k], hazen), quantile(v, 1.0 - lower[2 * k], hazen)
        out[3 + lower.size + k] = (high + low - 2.0 * median) / (high - low)


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, ordered: Floats, lower: Floats, hazen: bool) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            robust(ordered[a:b], lower, hazen, out[i])


FAMILY = Family("robust", FEATURES, _each, lambda batch: (batch.ordered, _LOWER, batch.quantile_rule == "hazen"))
