"""Periods that the rhythm of the observations confuses with the one found: f, mirrored at it or moved by it.

Observations once a day cannot well tell f from 1/d - f, 1/d + f, f - 1/d: a signal of 3.437 d has a peak at 1.410 d.
Of those rhythms of `NAMED_FREQUENCIES` that the window function of a star shows, the frequency that explains the
light curve best is offered, and flagged where it explains it nearly as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.periods.aliases import NAMED_FREQUENCIES, STRONG, SURE, window_power
from lcscale.periods.choice import HARMONIC_PRICE, ORDER, RANKING_PRIOR, scan_near
from lcscale.periods.each import curve_of, for_each, room_of
from lcscale.periods.series import Series

DOUBT = 10.0
"""By how much the log evidence may favour the period found over its mirror where that is flagged."""

RHYTHMS = tuple(name for name, value in NAMED_FREQUENCIES if value <= 4.0 and "Gaia" not in name)
"""Those whose mirrored frequencies are tried: sampling seldom repeats faster."""


def mirrored(
    frequency: Floats, other: Floats, fmax: Floats, series: Series, device: str = "cpu"
) -> tuple[Floats, Floats, list[str | None]]:
    """The best mirrored period of each star, and by how much the log evidence favours the one found over it.

    Parameters
    ----------
    frequency, other
        Of the period and of the other one of P and 2P, cycles per day, float64 [n_objects]; NaN has no mirror.
    fmax
        Highest frequency searched, float64 [n_objects].
    series
        The stars.
    device
        As torch names it.

    Returns
    -------
    float64 [n_objects], float64 [n_objects], list of str or None
        Days and log evidence, NaN where no rhythm shows; and the name of the rhythm where they differ by less than
        `DOUBT`.
    """
    named = dict(NAMED_FREQUENCIES)
    rhythm = np.array([named[name] for name in RHYTHMS])
    members = np.flatnonzero((frequency > 0.0) & (series.baseline > 0.0))
    cycles = np.where(np.abs(other / frequency - 2.0) < 0.02, 2, 1)
    told = (rhythm, frequency[members], cycles[members], 1.0 / series.baseline[members], fmax[members])
    found = np.full((frequency.size, 3), np.nan)
    found[members] = for_each(mirror_each, found[members], series, members, told, (0, 0), device)
    names = [RHYTHMS[int(k)] if lacks < DOUBT else None for k, lacks in found[:, 1:]]
    return 1.0 / found[:, 0], found[:, 2], names


@kernel
def mirror_each(
    start: int,
    stop: int,
    out: Any,
    series: Any,
    members: Integers,
    rhythm: Floats,
    frequency: Floats,
    cycles: Integers,
    width: Floats,
    fmax: Floats,
    room: Any,
) -> None:
    """Frequency of the best mirror of the stars `members` from `start` to `stop`, its rhythm and what it lacks.

    Parameters
    ----------
    start, stop, out
        Rows of `out`, float64 [n_members, 3], that are written where there is a mirror.
    series, members, room
        As `for_each` gives them.
    rhythm
        Frequencies at which mirrors stand.
    frequency, cycles, width, fmax
        Of each of the members: that of the period, how many cycles of the peak make one of it (one that is twice that
        of a peak is mirrored as it stands and as the peak), 1/T and the highest frequency searched.
    """
    for m in range(start, stop):
        curve = curve_of(series, members[m])
        first, last = curve[3][0], curve[3][-1]
        scratch, work, _ = room_of(room, m, last - first)
        strong = max(STRONG, SURE / (last - first))
        lacks = np.inf
        for h in range(1, cycles[m] + 1):
            own, _, _ = scan_near(
                curve, frequency[m], 0.05 * width[m], ORDER * h, RANKING_PRIOR, HARMONIC_PRICE, scratch, work
            )
            for k in range(rhythm.size):
                if window_power(curve[0][first:last], rhythm[k]) < strong:
                    continue
                for side in range(2):
                    moved = abs(rhythm[k] + (h * frequency[m] if side else -h * frequency[m]))
                    trial = moved / h
                    if moved < 2.0 * width[m] or moved > fmax[m] or abs(trial - frequency[m]) < width[m]:
                        continue
                    score, place, _ = scan_near(
                        curve, trial, 0.15 * width[m] / h, ORDER * h, RANKING_PRIOR, HARMONIC_PRICE, scratch, work
                    )
                    if own - score < lacks:
                        lacks = own - score
                        out[m, 0], out[m, 1], out[m, 2] = place, k, lacks
