"""The shape of the folded light curve, from Fourier series of fixed order that few observations do not upset."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.declaration import Family, Feature
from lcscale.features.fourier import own_room, series
from lcscale.features.second_mode import second_mode
from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.harmonics import COEFFICIENTS, DROPS, MATRIX, MOMENTS, RIGHT, back_substitute
from lcscale.kernels.turns import cos_sin_turns

ORDER = 5
"""Order of the series at the period."""

ORDER_TWICE = 6
"""Order of the series at twice the period."""

FLOOR = 1 / 9
"""Added to each squared error, of the square of the mean error: no few observations decide."""

RIDGE = 1e-3
"""Added to the diagonal of the normal equations, harmonics only; weights sum to 1."""

GRID = 64
"""Places of a cycle at which a series is looked at."""

REACH = int(0.15 * GRID)
"""How far from half a cycle the other minimum may lie."""

_WEIGHTS = "weights 1/(σ² + (mean σ)²/9), 0.001 added to the normal equations' diagonal (Hoerl & Kennard 1970)"
_SMOOTH = f"the smooth series: cosines as in a1, order min(5, (n - 3) // 4), {_WEIGHTS}"
_TWICE = f"the smooth series at twice the period, order min(6, (n - 3) // 4), {_WEIGHTS}"
_REST = "χ²(series) / χ²(constant) of"
_RR_LYRAE = "Soszyński et al. 2014, the Petersen diagram"


def _feature(name: str, unit: str, formula: str, source: str = "", least: int = 7) -> Feature:
    return Feature(name, unit, formula, source, min_observations=least, optional=True)


FEATURES = (
    _feature("unexplained_1", "", f"{_REST} the first harmonic of {_SMOOTH}"),
    _feature("unexplained_3", "", f"{_REST} the first three harmonics of {_SMOOTH}"),
    _feature("unexplained", "", f"{_REST} {_SMOOTH}"),
    _feature("unexplained_twice", "", f"{_REST} {_TWICE}", least=11),
    *(_feature(f"smooth_r{k}1", "", f"A_{k} / A_1 of {_SMOOTH}", "Simon & Lee 1981", 4 * k + 3) for k in (2, 3)),
    *(
        _feature(
            f"smooth_phi{k}1", "rad", f"φ_{k} - {k} φ_1 in [0, 2π) of {_SMOOTH}", "Simon & Lee 1981", 4 * k + 3
        )
        for k in (2, 3)
    ),
    _feature("rise_share", "", f"share of the cycle from minimum to maximum light, in 64ths, of {_SMOOTH}"),
    _feature("faint_share", "", f"share of the cycle fainter than half-way between the extremes, of {_SMOOTH}"),
    _feature(
        "minima_ratio",
        "",
        f"depth of the other minimum, within 0.15 of half a cycle, over that of the deepest, of {_TWICE}",
        least=11,
    ),
    _feature(
        "maxima_difference", "", f"difference of the two maxima over the depth of the deepest minimum, of {_TWICE}",
        least=11,
    ),
    _feature(
        "second_mode_power",
        "",
        f"largest share of χ² that a sinusoid takes of the residuals of {_SMOOTH}, period ratio 0.7365 to 0.7525; null "
        "for periods outside 0.25 to 0.65 d",
        _RR_LYRAE,
    ),
    _feature("second_mode_ratio", "", "ratio of the shorter to the longer period there", _RR_LYRAE),
)  # fmt: skip


@kernel
def shape(time: Floats, mag: Floats, error: Floats, period: float, scratch: Any, work: Any, out: Any) -> None:
    """The features of this family for one light curve, phase 0 at its start, into `out`.

    `scratch` and `work` are those of `fourier`.
    """
    coefficients, drops, curve = work[COEFFICIENTS], work[DROPS], work[MOMENTS].reshape(-1)[:GRID]
    for cycles in range(2, 0, -1):  # at twice the period first: the second mode takes what the last series leaves
        most = min(ORDER_TWICE if cycles == 2 else ORDER, (mag.size - 3) // 4)
        order, chi2 = series(time, mag, error, time[0], cycles * period, most, FLOOR, RIDGE, scratch, work)
        if order < cycles:
            continue
        back_substitute(work[MATRIX], work[RIGHT], 2 * order + 1, coefficients)
        _synthesize(coefficients, order, curve)
        if cycles == 2:
            out[3] = 1.0 - drops[order - 1] / chi2
            out[10], out[11] = _halves(curve)
        else:
            out[0] = 1.0 - drops[0] / chi2
            out[1] = 1.0 - drops[min(order, 3) - 1] / chi2
            out[2] = 1.0 - drops[order - 1] / chi2
            _ratios(coefficients, order, out)
            out[8], out[9] = _rise_and_faint(curve)
            out[12], out[13] = second_mode(period, order, scratch, coefficients)


@kernel
def _ratios(coefficients: Floats, order: int, out: Any) -> None:
    first = max(math.hypot(coefficients[1], coefficients[2]), 1e-9)
    phase = math.atan2(-coefficients[2], coefficients[1])
    for k in range(2, min(order, 3) + 1):
        c = coefficients[2 * k - 1]
        s = coefficients[2 * k]
        turns = (math.atan2(-s, c) - k * phase) / (2.0 * math.pi)
        out[2 + k] = math.hypot(c, s) / first
        out[4 + k] = (turns - math.floor(turns)) * 2.0 * math.pi


@kernel
def _synthesize(coefficients: Floats, order: int, curve: Any) -> None:
    """The series without its constant at `GRID` places of the cycle."""
    for p in range(curve.size):
        curve[p] = 0.0
    for k in range(1, order + 1):
        for p in range(curve.size):
            cosine, sine = cos_sin_turns(k * p / GRID)
            curve[p] += coefficients[2 * k - 1] * cosine + coefficients[2 * k] * sine


@kernel
def _rise_and_faint(curve: Floats) -> tuple[float, float]:
    """Share of the cycle from minimum to maximum light, and share fainter than half-way."""
    bright, faint = _extremes(curve)
    half = 0.5 * (curve[bright] + curve[faint])
    below = 0
    for p in range(curve.size):
        below += curve[p] > half
    return ((bright - faint) % curve.size) / curve.size, below / curve.size


@kernel
def _halves(curve: Floats) -> tuple[float, float]:
    """Depth of the other minimum over the deepest one's, and difference of the maxima over the same."""
    size = curve.size
    bright, faint = _extremes(curve)
    depth = max(curve[faint] - curve[bright], 1e-9)
    second = -np.inf
    for p in range(faint + size // 2 - REACH, faint + size // 2 + REACH + 1):
        second = max(second, curve[p % size])
    one = np.inf
    other = np.inf
    for p in range(1, size // 2):
        one = min(one, curve[(faint + p) % size])
        other = min(other, curve[(faint - p) % size])
    return (second - curve[bright]) / depth, abs(one - other) / depth


@kernel
def _extremes(curve: Floats) -> tuple[int, int]:
    """Places of maximum and minimum light."""
    bright = 0
    faint = 0
    for p in range(curve.size):
        if curve[p] < curve[bright]:
            bright = p
        if curve[p] > curve[faint]:
            faint = p
    return bright, faint


@kernel
def _each(
    start: int,
    stop: int,
    out: Any,
    offsets: Integers,
    time: Floats,
    mag: Floats,
    error: Floats,
    period: Floats,
    room: Any,
) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b - a >= 7 and period[i] > 0.0:
            scratch, work = own_room(room, i, b - a)
            shape(time[a:b], mag[a:b], error[a:b], period[i], scratch, work, out[i])


FAMILY = Family(
    "shape",
    FEATURES,
    _each,
    lambda batch: (batch.time, batch.mag, batch.error, batch.period, batch.room),
    periodic=True,
)
