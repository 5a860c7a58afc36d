"""The numbers a network is given beside the images: what the light curve of one band, folded with the period, tells.

Every number is independent of the survey's units of position and time zero point, and none is a position, a field or
a brightness by itself. A number that cannot be computed is NaN here; networks get it as "missing".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.arrays import one_each
from lcscale.kernels.compiling import Floats, exact_kernel, inlined
from lcscale.kernels.harmonics import (
    MAX_HARMONICS,
    N_PARAMETERS,
    back_substitute,
    nested_drops,
    normal_equations,
    trig_moments,
)
from lcscale.kernels.turns import fraction
from lcscale.lightcurves import LightCurves
from lcscale.models.inputs.second_mode import second_mode

BAND_NUMBERS = (
    "log_amplitude",
    "log_signal",
    "skewness",
    "kurtosis",
    "faint_tail",
    "faint_quarter",
    "quartile_width",
    "log_von_neumann",
    "stetson_k",
    "log_slow_share",
    "log_fold_scatter",
    "log_fold_gain",
    "log_unexplained_1",
    "log_unexplained",
    "r21",
    "r31",
    "cos_phi21",
    "sin_phi21",
    "cos_phi31",
    "sin_phi31",
    "rise_share",
    "faint_share",
    "log_odd_gain",
    "minima_ratio",
    "maxima_difference",
    "log_second_mode",
    "second_mode_ratio",
)
"""Names of the numbers of one band, in the order `band_numbers` gives them (see `_describe` for the definitions)."""

_N = len(BAND_NUMBERS)
_GRID = 64
_FOUR_TURNS = 2 * math.pi


def band_numbers(lcs: LightCurves, period: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Numbers of light curves of one band, float32 [n_objects, len(BAND_NUMBERS)]; NaN where there is none.

    Parameters
    ----------
    lcs
        Usable observations (`lcscale.lightcurves.usable`) of one band, in order of time. Objects with fewer than 10
        observations or a constant magnitude get NaN throughout.
    period
        Days, one for each object; without a finite positive one the numbers that need it are NaN.
    """
    out = np.full((len(lcs), _N), np.nan, np.float32)
    periods = np.ascontiguousarray(one_each(period, len(lcs), "period", "d"))
    longest = int(lcs.counts.max(initial=1))
    _batch(
        lcs.time,
        lcs.mag.astype(np.float64, copy=False),
        lcs.mag_err.astype(np.float64, copy=False),
        lcs.offsets,
        periods,
        np.empty((10, longest)),
        out,
    )
    return out


@exact_kernel
def _batch(time: Floats, mag: Floats, error: Floats, offsets: Any, period: Floats, scratch: Floats, out: Any) -> None:
    moments = np.zeros((4, 2 * MAX_HARMONICS + 1))
    matrix = np.zeros((N_PARAMETERS, N_PARAMETERS))
    right = np.zeros(N_PARAMETERS)
    drops = np.zeros(MAX_HARMONICS)
    coefficients = np.zeros(N_PARAMETERS)
    curve = np.zeros(_GRID)
    for i in range(offsets.size - 1):
        a = offsets[i]
        b = offsets[i + 1]
        if b - a < 10:
            continue
        t = scratch[0, : b - a]
        for j in range(a, b):
            t[j - a] = time[j] - time[a]
        if not _spread(mag[a:b], error[a:b], t, scratch, out[i]):
            continue
        if period[i] > 0 and np.isfinite(period[i]):
            _shape(period[i], b - a, scratch, moments, matrix, right, drops, coefficients, curve, out[i])


@exact_kernel
def _spread(mag: Floats, error: Floats, t: Floats, scratch: Floats, out: Any) -> bool:
    """Numbers that need no period; leaves weights and weighted, centred magnitudes in `scratch`."""
    n = mag.size
    mean = 0.0
    for j in range(n):
        mean += mag[j] / n
    m2 = 0.0
    m3 = 0.0
    m4 = 0.0
    step = 0.0
    absolute = 0.0
    for j in range(n):
        d = mag[j] - mean
        m2 += d * d
        m3 += d * d * d
        m4 += d * d * d * d
        absolute += abs(d)
        if j:
            step += (mag[j] - mag[j - 1]) ** 2
    if not m2 > 0:
        return False
    deviation = math.sqrt(m2 / n)
    ordered = scratch[1, :n]
    ordered[:] = mag
    ordered.sort()
    q05 = _quantile(ordered, 0.05)
    q25 = _quantile(ordered, 0.25)
    q50 = _quantile(ordered, 0.50)
    q75 = _quantile(ordered, 0.75)
    q95 = _quantile(ordered, 0.95)
    out[0] = math.log10(max(q95 - q05, 1e-4))
    out[2] = m3 / n / deviation**3
    excess = m4 / n / deviation**4 - 3.0
    out[3] = math.copysign(math.log1p(abs(excess)), excess)
    if q95 > q05:
        out[4] = (q95 - q50) / (q95 - q05)
        out[6] = (q75 - q25) / (q95 - q05)
    if q75 > q25:
        out[5] = (q75 - q50) / (q75 - q25)
    out[7] = math.log10(max(step / (n - 1) / (m2 / n), 1e-6))
    out[8] = absolute / n / deviation
    _weights(mag, error, scratch)
    noise = 0.0
    for j in range(n):
        noise += error[j] / n
    if noise > 0:
        out[1] = math.log10(deviation / noise)
    out[9] = math.log10(max(_slow_share(t, mag, mean, m2), 1e-4))
    return True


@inlined
def _quantile(ordered: Floats, share: float) -> float:
    place = share * (ordered.size - 1)
    k = min(int(place), ordered.size - 2)
    return float(ordered[k] + (place - k) * (ordered[k + 1] - ordered[k]))


@exact_kernel
def _weights(mag: Floats, error: Floats, scratch: Floats) -> None:
    """Weights (sum 1), centred magnitudes and their products in rows 2, 3 and 4 of `scratch`.

    Errors below a third of their mean count as that, so that no few points decide.
    """
    n = mag.size
    typical = 0.0
    for j in range(n):
        typical += error[j] / n
    total = 0.0
    for j in range(n):
        scratch[2, j] = 1.0 / (error[j] ** 2 + typical**2 / 9) if typical > 0 else 1.0
        total += scratch[2, j]
    centre = 0.0
    for j in range(n):
        scratch[2, j] /= total
        centre += scratch[2, j] * mag[j]
    for j in range(n):
        scratch[3, j] = mag[j] - centre
        scratch[4, j] = scratch[2, j] * scratch[3, j]


@exact_kernel
def _slow_share(t: Floats, mag: Floats, mean: float, total: float) -> float:
    """Share of the variance that lies between groups of observations of at least 60 days."""
    between = 0.0
    start = 0
    sum_ = 0.0
    for j in range(t.size):
        if t[j] - t[start] > 60.0:
            between += sum_ * sum_ / (j - start)
            start = j
            sum_ = 0.0
        sum_ += mag[j] - mean
    between += sum_ * sum_ / (t.size - start)
    return float(between / total)


@exact_kernel
def _shape(
    period: float,
    n: int,
    scratch: Floats,
    moments: Floats,
    matrix: Floats,
    right: Floats,
    drops: Floats,
    coefficients: Floats,
    curve: Floats,
    out: Any,
) -> None:
    """Numbers of the curve folded with `period` and with twice of it."""
    t = scratch[0, :n]
    y = scratch[3, :n]
    variance = 0.0
    for j in range(n):
        variance += scratch[4, j] * y[j]
    once = _fold_scatter(t, y, period, scratch)
    twice = _fold_scatter(t, y, 2 * period, scratch)
    out[10] = math.log10(max(once, 1e-6))
    out[11] = math.log10(max(twice, 1e-6) / max(once, 1e-6))
    order = min(5, (n - 3) // 4)
    fitted = _fit(period, order, t, scratch, moments, matrix, right, drops, coefficients)
    if fitted < 1:
        return
    out[12] = math.log10(max(1 - drops[0] / variance, 1e-4))
    out[13] = math.log10(max(1 - drops[fitted - 1] / variance, 1e-4))
    _ratios(coefficients, fitted, out)
    _synthesize(coefficients, fitted, curve)
    out[20], out[21] = _rise_and_faint(curve)
    even = drops[min(fitted, 3) - 1]
    out[25], out[26] = second_mode(period, fitted, t, y, scratch[2, :n], coefficients, scratch[5:])
    fitted = _fit(2 * period, min(6, (n - 3) // 4), t, scratch, moments, matrix, right, drops, coefficients)
    if fitted < 2:
        return
    out[22] = math.log10(max(1 - drops[fitted - 1] / variance, 1e-4) / max(1 - even / variance, 1e-4))
    _synthesize(coefficients, fitted, curve)
    out[23], out[24] = _halves(curve)


@exact_kernel
def _fold_scatter(t: Floats, y: Floats, period: float, scratch: Floats) -> float:
    """Von Neumann ratio of the magnitudes in order of phase: mean square step over twice the variance."""
    n = t.size
    phase = scratch[5, :n]
    for j in range(n):
        phase[j] = fraction(t[j] / period)
    order = np.argsort(phase)
    mean = 0.0
    square = 0.0
    step = 0.0
    last = y[order[n - 1]]
    for j in range(n):
        value = y[order[j]]
        mean += value / n
        square += value * value / n
        step += (value - last) ** 2 / n
        last = value
    return step / max(2 * (square - mean * mean), 1e-12)


@exact_kernel
def _fit(
    period: float,
    order: int,
    t: Floats,
    scratch: Floats,
    moments: Floats,
    matrix: Floats,
    right: Floats,
    drops: Floats,
    coefficients: Floats,
) -> int:
    """Fourier series of up to `order` harmonics; returns how many were determined."""
    n = t.size
    if order < 1:
        return 0
    trig_moments(t, scratch[2, :n], scratch[4, :n], 1.0 / period, order, scratch[6:], moments)
    normal_equations(moments, order, matrix, right)
    for k in range(1, 2 * order + 1):
        matrix[k, k] += 1e-3
    fitted: int = nested_drops(matrix, right, order, drops)
    if fitted > 0:
        back_substitute(matrix, right, 2 * fitted + 1, coefficients)
    return fitted


@exact_kernel
def _ratios(coefficients: Floats, fitted: int, out: Any) -> None:
    """Amplitude ratios and phase differences of a cosine series (Simon & Lee 1981), phases as cosine and sine."""
    first = math.hypot(coefficients[1], coefficients[2])
    phase = math.atan2(-coefficients[2], coefficients[1])
    for k in range(2, min(fitted, 3) + 1):
        c = coefficients[2 * k - 1]
        s = coefficients[2 * k]
        difference = math.atan2(-s, c) - k * phase
        out[12 + k] = min(math.hypot(c, s) / max(first, 1e-9), 3.0)
        out[12 + 2 * k] = math.cos(difference)
        out[13 + 2 * k] = math.sin(difference)


@exact_kernel
def _synthesize(coefficients: Floats, fitted: int, curve: Floats) -> None:
    for p in range(curve.size):
        turn = _FOUR_TURNS * p / curve.size
        value = 0.0
        for k in range(1, fitted + 1):
            value += coefficients[2 * k - 1] * math.cos(k * turn) + coefficients[2 * k] * math.sin(k * turn)
        curve[p] = value


@exact_kernel
def _rise_and_faint(curve: Floats) -> tuple[float, float]:
    """Share of the cycle from minimum to maximum light, and share spent fainter than half-way."""
    bright = 0
    faint = 0
    for p in range(curve.size):
        if curve[p] < curve[bright]:
            bright = p
        if curve[p] > curve[faint]:
            faint = p
    half = 0.5 * (curve[bright] + curve[faint])
    below = 0
    for p in range(curve.size):
        below += curve[p] > half
    return ((bright - faint) % curve.size) / curve.size, below / curve.size


@exact_kernel
def _halves(curve: Floats) -> tuple[float, float]:
    """Depth of the other minimum over the deepest one's; difference of the two maxima over the deepest minimum's depth.

    The second minimum is looked for within 0.15 cycles of half a cycle from the first.
    """
    size = curve.size
    faint = 0
    bright = 0
    for p in range(size):
        if curve[p] > curve[faint]:
            faint = p
        if curve[p] < curve[bright]:
            bright = p
    depth = max(curve[faint] - curve[bright], 1e-9)
    second = -1e9
    reach = int(0.15 * size)
    for p in range(faint + size // 2 - reach, faint + size // 2 + reach + 1):
        second = max(second, curve[p % size])
    one = 1e9
    other = 1e9
    for p in range(1, size // 2):
        one = min(one, curve[(faint + p) % size])
        other = min(other, curve[(faint - p) % size])
    return (second - curve[bright]) / depth, abs(one - other) / depth
