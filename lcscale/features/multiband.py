"""One band against the primary band: colour, its scatter, and the pulsation's ratio of amplitudes and lag of phase."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.batch import BandBatch
from lcscale.features.compiling import Floats, Integers, kernel
from lcscale.features.declaration import Feature, PairFamily
from lcscale.features.fourier import ORDERS, WORK_ROWS, first_harmonic
from lcscale.periods.harmonics import N_PARAMETERS

COLOR_WINDOW = 0.5
"""Observations of two bands closer than this, in days, make a colour."""

MIN_COLORS = 5
"""Fewest such pairs for a scatter of the colour."""

FEATURES = (
    Feature("color", "mag", "mean of the band - mean of the primary band"),
    Feature(
        "color_scatter",
        "mag",
        "standard deviation (n - 1) of m - m(primary), each observation with the nearest one of the primary band, at "
        "most 0.5 d away; null for fewer than 5",
    ),
    Feature("amplitude_ratio", "", "A_1 of the Fourier series / A_1 in the primary band"),
    Feature("phase_lag", "rad", "φ_1 of the Fourier series - φ_1 in the primary band, in (-π, π]: positive is earlier"),
)


@kernel  # type: ignore[untyped-decorator]
def color_scatter(first_time: Floats, first: Floats, time: Floats, mag: Floats) -> float:
    """Scatter of the colours of two light curves in order of time; NaN for too few."""
    count = 0
    total = 0.0
    squares = 0.0
    zero = 0.0
    k = 0
    for j in range(time.size):
        while k + 1 < first_time.size and abs(first_time[k + 1] - time[j]) <= abs(first_time[k] - time[j]):
            k += 1
        if abs(first_time[k] - time[j]) <= COLOR_WINDOW:
            color = mag[j] - first[k]
            if count == 0:
                zero = color
            count += 1
            total += color - zero
            squares += (color - zero) * (color - zero)
    if count < MIN_COLORS:
        return np.nan
    return math.sqrt(max(squares - total * total / count, 0.0) / (count - 1))


@kernel  # type: ignore[untyped-decorator]
def _each(
    times: Any,
    mags: Any,
    errors: Any,
    offsets: Any,
    zeros: Any,
    period: Floats,
    orders: Integers,
    longest: int,
    out: Any,
) -> None:
    """Both bands' arrays come in pairs, the primary one first."""
    scratch = np.empty((6, longest))
    work = np.empty((WORK_ROWS, N_PARAMETERS))
    o0: Integers = offsets[0]
    o1: Integers = offsets[1]
    for i in range(o0.size - 1):
        a, b, c, d = o0[i], o0[i + 1], o1[i], o1[i + 1]
        if b == a or d == c:
            continue
        t0, m0, e0 = times[0][a:b], mags[0][a:b], errors[0][a:b]
        t1, m1, e1 = times[1][c:d], mags[1][c:d], errors[1][c:d]
        out[i, 0] = zeros[1][i] + np.mean(m1) - zeros[0][i] - np.mean(m0)
        out[i, 1] = color_scatter(t0, m0, t1, m1)
        if period[i] > 0.0:
            amplitude, phase = first_harmonic(t0 - t0[0], m0, e0, period[i], orders, scratch, work)
            other, lag = first_harmonic(t1 - t0[0], m1, e1, period[i], orders, scratch, work)
            turns = (lag - phase) / (2.0 * math.pi)
            out[i, 2] = other / amplitude
            out[i, 3] = (turns - math.ceil(turns - 0.5)) * 2.0 * math.pi


def _compute(primary: BandBatch, batch: BandBatch) -> Floats:
    out = np.full((len(batch), len(FEATURES)), np.nan)
    longest = max(int(np.diff(b.offsets).max(initial=0)) for b in (primary, batch))
    _each(
        (primary.time, batch.time),
        (primary.mag, batch.mag),
        (primary.error, batch.error),
        (primary.offsets, batch.offsets),
        (primary.zero, batch.zero),
        batch.period,
        ORDERS,
        longest,
        out,
    )
    return out


FAMILY = PairFamily("multiband", FEATURES, _compute)
