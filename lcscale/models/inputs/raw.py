"""The numbers a network is given beside an image over time: what the light curve of one band tells without a period.

They are independent of time zero point and of brightness itself, and need no errors, which alerts come without.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats, exact_kernel
from lcscale.lightcurves import LightCurves

FEWEST = 5
"""Fewest observations of an object in a band."""

RAW_NUMBERS = (
    "log_baseline",
    "log_count",
    "log_amplitude",
    "log_scatter",
    "skewness",
    "log_von_neumann",
    "log_visit_scatter",
    "peak_place",
    "bright_share",
    "log_bright_days",
    "log_before_gap",
    "log_second_peak",
    "end_level",
)
"""Names of the numbers of one band, in the order `raw_numbers` gives them.

Days from first to last observation and their number; range, and scatter about the median (median absolute), both of
magnitudes; skewness; mean square step over variance; root mean square step within a visit (half a day) over the range;
place of the brightest observation in time (0 to 1); share of the observations brighter than the middle of the range;
days of the run of these around the brightest one; days before that run without an observation; range without the
visit of the brightest over the whole range; last magnitude within the range (0 brightest, 1 faintest).
"""

_VISIT = 0.5
_SMALL = 1e-4


def raw_numbers(lcs: LightCurves) -> npt.NDArray[np.float32]:
    """Numbers of light curves of one band, float32 [n_objects, len(RAW_NUMBERS)]; NaN where there is none.

    Parameters
    ----------
    lcs
        Usable observations (`lcscale.lightcurves.usable`) of one band, in order of time. Objects with fewer than 5
        observations get NaN throughout.
    """
    out = np.full((len(lcs), len(RAW_NUMBERS)), np.nan, np.float32)
    _batch(lcs.time, lcs.mag.astype(np.float64, copy=False), lcs.offsets, out)
    return out


@exact_kernel
def _batch(time: Floats, mag: Floats, offsets: Any, out: Any) -> None:
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        if b - a >= FEWEST:
            _spread(time[a:b], mag[a:b], out[i])
            _peak(time[a:b], mag[a:b], out[i])


@exact_kernel
def _spread(t: Floats, y: Floats, out: Any) -> None:
    """The numbers of the distribution and of the steps."""
    n = y.size
    reach = max(y.max() - y.min(), _SMALL)
    median = np.median(y)
    variance = max(y.var(), _SMALL**2)
    cubes = 0.0
    steps = 0.0
    within = 0.0
    n_within = 0
    mean = y.mean()
    for j in range(n):
        cubes += (y[j] - mean) ** 3
        if j:
            step = (y[j] - y[j - 1]) ** 2
            steps += step
            if t[j] - t[j - 1] < _VISIT:
                within += step
                n_within += 1
    out[0] = math.log10(max(t[n - 1] - t[0], 0.01))
    out[1] = math.log10(n)
    out[2] = math.log10(reach)
    out[3] = math.log10(max(np.median(np.abs(y - median)), _SMALL))
    out[4] = cubes / n / variance**1.5
    out[5] = math.log10(max(steps / (n - 1) / variance, _SMALL))
    if n_within:
        out[6] = math.log10(max(math.sqrt(within / n_within) / reach, _SMALL))


@exact_kernel
def _peak(t: Floats, y: Floats, out: Any) -> None:
    """The numbers about the brightest observation."""
    n = y.size
    peak = int(np.argmin(y))
    low, high = y.min(), y.max()
    middle = 0.5 * (low + high)
    first = peak
    while first > 0 and y[first - 1] < middle:
        first -= 1
    last = peak
    while last < n - 1 and y[last + 1] < middle:
        last += 1
    second = np.inf
    bright = 0
    for j in range(n):
        bright += y[j] < middle
        if abs(t[j] - t[peak]) > _VISIT:
            second = min(second, y[j])
    reach = max(high - low, _SMALL)
    out[7] = (t[peak] - t[0]) / max(t[n - 1] - t[0], 0.01)
    out[8] = bright / n
    out[9] = math.log10(t[last] - t[first] + 0.1)
    if first:
        out[10] = math.log10(t[first] - t[first - 1] + 0.01)
    if second < np.inf:
        out[11] = math.log10(max((high - second) / reach, _SMALL))
    out[12] = (y[n - 1] - low) / reach
