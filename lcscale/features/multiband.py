"""One band against the primary band: colour, its scatter, and the pulsation's ratio of amplitudes and lag of phase."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.declaration import Feature, PairFamily
from lcscale.features.fourier import first_harmonic, own_room
from lcscale.kernels.compiling import Floats, Integers, kernel

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


@kernel
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


@kernel
def _mean(mag: Floats) -> float:
    total = 0.0
    for j in range(mag.size):
        total += mag[j]
    return total / mag.size


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, first: Any, other: Any, period: Floats) -> None:
    """`first` and `other` are the arrays of the bands (`_arrays`), `offsets` those of the other."""
    times, mags, errors, zeros, first_offsets, first_room = first
    time, mag, error, zero, _, room = other
    for i in range(start, stop):
        a, b, c, d = first_offsets[i], first_offsets[i + 1], offsets[i], offsets[i + 1]
        if b == a or d == c:
            continue
        t0, m0, t1, m1 = times[a:b], mags[a:b], time[c:d], mag[c:d]
        out[i, 0] = zero[i] + _mean(m1) - zeros[i] - _mean(m0)
        out[i, 1] = color_scatter(t0, m0, t1, m1)
        if period[i] > 0.0:
            scratch, work = own_room(first_room, i, b - a)
            amplitude, phase = first_harmonic(t0, m0, errors[a:b], t0[0], period[i], scratch, work)
            scratch, work = own_room(room, i, d - c)
            reached, lag = first_harmonic(t1, m1, error[c:d], t0[0], period[i], scratch, work)
            turns = (lag - phase) / (2.0 * math.pi)
            out[i, 2] = reached / amplitude
            out[i, 3] = (turns - math.ceil(turns - 0.5)) * 2.0 * math.pi


def _arrays(batch: Any) -> tuple[Any, ...]:
    return batch.time, batch.mag, batch.error, batch.zero, batch.offsets, batch.room


FAMILY = PairFamily(
    "multiband", FEATURES, _each, lambda primary, batch: (_arrays(primary), _arrays(batch), batch.period)
)
