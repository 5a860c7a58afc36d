"""Periods that the rhythm of the observations confuses with the one found: f, mirrored at it or moved by it.

Observations once a day cannot well tell f from 1/d - f, 1/d + f, f - 1/d: a signal of 3.437 d has a peak at 1.410 d.
Of those rhythms of `NAMED_FREQUENCIES` that the window function of a star shows, the frequency that explains the
light curve best is offered, and flagged where it explains it nearly as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, kernel
from lcscale.periods.aliases import NAMED_FREQUENCIES, STRONG, SURE, window_power
from lcscale.periods.choice import HARMONIC_PRICE, ORDER, RANKING_PRIOR, scan_near
from lcscale.periods.series import Series

DOUBT = 10.0
"""By how much the log evidence may favour the period found over its mirror where that is flagged."""

RHYTHMS = tuple(name for name, value in NAMED_FREQUENCIES if value <= 4.0 and "Gaia" not in name)
"""Those whose mirrored frequencies are tried: sampling seldom repeats faster."""


def mirrored(frequency: Floats, other: Floats, fmax: Floats, series: Series) -> tuple[Floats, Floats, list[str | None]]:
    """The best mirrored period of each star, and by how much the log evidence favours the one found over it.

    Parameters
    ----------
    frequency, other
        Of the period and of the other one of P and 2P, cycles per day, float64 [n_objects]; NaN has no mirror.
    fmax
        Highest frequency searched, float64 [n_objects].
    series
        The stars.

    Returns
    -------
    float64 [n_objects], float64 [n_objects], list of str or None
        Days and log evidence, NaN where no rhythm shows; and the name of the rhythm where they differ by less than
        `DOUBT`.
    """
    named = dict(NAMED_FREQUENCIES)
    rhythm = np.array([named[name] for name in RHYTHMS])
    period, margin = np.full((2, frequency.size), np.nan)
    names: list[str | None] = [None] * frequency.size
    scratch, work = series.room()
    for i in np.flatnonzero((frequency > 0.0) & (series.baseline > 0.0)).tolist():
        curve, width = series.one(i), 1.0 / float(series.baseline[i])
        cycles = 2 if abs(other[i] / frequency[i] - 2.0) < 0.02 else 1
        found = _best(curve, rhythm, float(frequency[i]), cycles, width, float(fmax[i]), scratch, work)
        if found[0] > 0.0:
            period[i], margin[i] = 1.0 / found[0], found[2]
            names[i] = RHYTHMS[int(found[1])] if found[2] < DOUBT else None
    return period, margin, names


@kernel
def _best(
    curve: Any, rhythm: Floats, frequency: float, cycles: int, width: float, fmax: float, scratch: Any, work: Any
) -> tuple[float, int, float]:
    """Frequency of the best mirror (0 where there is none), its rhythm, and what it lacks in log evidence.

    `cycles`: of the peak in one of the period.

    One that is twice that of a peak is mirrored as it stands and as the peak.
    """
    time = curve[0]
    strong = max(STRONG, SURE / time.size)
    best = 0.0
    which = -1
    lacks = np.inf
    for h in range(1, cycles + 1):
        own, _, _ = scan_near(curve, frequency, 0.05 * width, ORDER * h, RANKING_PRIOR, HARMONIC_PRICE, scratch, work)
        for k in range(rhythm.size):
            if window_power(time, rhythm[k]) < strong:
                continue
            for side in range(2):
                moved = abs(rhythm[k] + (h * frequency if side else -h * frequency))
                trial = moved / h
                if moved < 2.0 * width or moved > fmax or abs(trial - frequency) < width:
                    continue
                score, place, _ = scan_near(
                    curve, trial, 0.15 * width / h, ORDER * h, RANKING_PRIOR, HARMONIC_PRICE, scratch, work
                )
                if own - score < lacks:
                    lacks = own - score
                    best = place
                    which = k
    return best, which, lacks
