"""Is a star periodic? The evidence for its period, over a constant star and over one that wanders without any.

Quasars and young stars vary slowly, and a sinusoid fits them for a while: a small false-alarm probability rules out
white noise alone. So the star is a damped random walk (Kelly et al. 2009; MacLeod et al. 2010) of any amplitude and
damping time, with and without the Fourier series at the period. All models know the errors up to one factor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.harmonics import (
    COEFFICIENTS,
    MATRIX,
    RIGHT,
    Curve,
    back_substitute,
    segment_of,
)
from lcscale.kernels.turns import cos_sin_turns
from lcscale.periods.choice import HARMONIC_PRICE, ORDER, RANKING_PRIOR, scan_near
from lcscale.periods.each import curve_of, for_each, room_of
from lcscale.periods.evidence import log_evidence
from lcscale.periods.series import Series

DAMPING = np.geomspace(0.3, 3000.0, 7)
"""Damping times tried, days."""

STRENGTH = np.geomspace(0.03, 1e5, 8)
"""Variances of the walk tried, over that of the errors (the harmonic mean of a band's)."""


LOGS = 3
"""Row of log determinants in the memory of walks."""

_MEMORY = (4 + 2 * (3 + DAMPING.size), STRENGTH.size)
"""Shape of the memory of `walk_evidence` for two stars."""


def evidence_of_period(
    frequency: Floats, fmax: Floats, tied: Floats, series: Series, device: str = "cpu"
) -> npt.NDArray[np.float64]:
    """Log evidence of a Fourier series at the period of each star, over a constant and over a damped random walk.

    Parameters
    ----------
    frequency
        Cycles per day, float64 [n_objects]; NaN where there is none.
    fmax
        Highest frequency searched, float64 [n_objects]: the prior of the frequency is even over all independent ones.
    tied
        Log evidence of bands that share more than the period, over a constant star, float64 [n_objects]; NaN where
        they do not: then it is that of a series.
    series
        The stars; each band has a series, a walk and a mean of its own.
    device
        As torch names it.

    Returns
    -------
    float64 [n_objects, 2]
        NaN where there is no period.
    """
    out = np.full((frequency.size, 2), np.nan)
    members = np.flatnonzero((frequency > 0.0) & (series.baseline > 0.0))
    told = (frequency[members], fmax[members], tied[members], series.baseline[members], DAMPING, STRENGTH)
    out[members] = for_each(evidence_each, out[members], series, members, told, _MEMORY, device)
    return out


@kernel
def evidence_each(
    start: int,
    stop: int,
    out: Any,
    series: Any,
    members: Integers,
    frequency: Floats,
    fmax: Floats,
    tied: Floats,
    baseline: Floats,
    damping: Floats,
    strength: Floats,
    room: Any,
) -> None:
    """Both evidences of the stars `members` from `start` to `stop`; arguments as `evidence_of_period` gives them."""
    for m in range(start, stop):
        curve = curve_of(series, members[m])
        first, last = curve[3][0], curve[3][-1]
        scratch, work, memory = room_of(room, m, last - first)
        found, place, order = scan_near(
            curve, frequency[m], 0.02 / baseline[m], 2 * ORDER, RANKING_PRIOR, HARMONIC_PRICE, scratch, work
        )
        both = scratch[4:6]
        _subtract(curve, place, order, scratch, work, both)
        found = found if math.isnan(tied[m]) else tied[m]
        out[m, 0] = found - math.log(max(fmax[m] * baseline[m], 1.0))
        walk_evidence(curve, both, damping, strength, memory)
        out[m, 1] = out[m, 0] + memory[0, 0] - memory[1, 0]


@kernel
def _subtract(curve: Curve, frequency: float, order: int, scratch: Any, work: Any, both: Any) -> None:
    """What a series of each band leaves of `weighted`, and `weighted`, as the rows of `both`."""
    time, weight, weighted, cuts = curve[:4]
    for g in range(cuts.size - 1):
        a, b = cuts[g], cuts[g + 1]
        log_evidence(segment_of(curve, g), frequency, order, RANKING_PRIOR, scratch, work)
        back_substitute(work[MATRIX], work[RIGHT], 2 * order + 1, work[COEFFICIENTS])
        for j in range(a, b):
            value = work[COEFFICIENTS, 0]
            for k in range(1, order + 1):
                c, s = cos_sin_turns(time[j] * frequency * k)
                value += work[COEFFICIENTS, 2 * k - 1] * c + work[COEFFICIENTS, 2 * k] * s
            both[0, j - cuts[0]] = weighted[j] - weight[j] * value
            both[1, j - cuts[0]] = weighted[j]


@kernel
def walk_evidence(curve: Curve, weighted: Floats, damping: Floats, strength: Floats, memory: Any) -> None:
    """Log evidence of a damped random walk over a constant star, all pairs of `damping` and `strength` being as likely.

    The strength 0, a constant star, is among them: the result is never far below 0.

    Parameters
    ----------
    curve
        Gives times, weights and bands.
    weighted
        w y of several stars that were observed so, float64 [n_stars, n].
    damping, strength
        Days; variance over that of the errors.
    memory
        float64 [4 + n_stars (3 + n_damping), n_strength]; the results are the first of its first `n_stars` rows.
    """
    time, weight, _, cuts, share, _ = curve
    first, n, n_stars, n_damping = cuts[0], cuts[-1] - cuts[0], weighted.shape[0], damping.size
    square, state, whole = memory[:n_stars], memory[n_stars : 2 * n_stars], memory[2 * n_stars : 3 * n_stars, 0]
    walks, values = memory[3 * n_stars : 3 * n_stars + 4], memory[3 * n_stars + 4 :]
    for i in range(n_stars):
        total = 0.0
        for g in range(cuts.size - 1):
            for j in range(cuts[g], cuts[g + 1]):
                total += share[g] * weighted[i, j - first] * weighted[i, j - first] / weight[j]
        whole[i] = total
    for p in range(n_damping):
        square[:] = 0.0
        walks[LOGS] = 0.0
        for g in range(cuts.size - 1):
            a, b = cuts[g], cuts[g + 1]
            seen = weighted[:, a - first : b - first]
            _walk(time[a:b], weight[a:b], seen, damping[p], strength, share[g], square, state, walks)
        for i in range(n_stars):
            for q in range(strength.size):
                left = max(square[i, q] / whole[i], 1e-12)
                values[i * n_damping + p, q] = -0.5 * n * math.log(left) - 0.5 * walks[LOGS, q]
    for i in range(n_stars):
        highest = 0.0
        for p in range(i * n_damping, (i + 1) * n_damping):
            for q in range(strength.size):
                highest = max(highest, values[p, q])
        total = math.exp(-highest)
        for p in range(i * n_damping, (i + 1) * n_damping):
            for q in range(strength.size):
                total += math.exp(values[p, q] - highest)
        memory[i, 0] = highest + math.log(total / (n_damping * strength.size + 1))


@kernel
def _walk(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    damping: float,
    strength: Floats,
    share: float,
    square: Any,
    state: Any,
    walks: Any,
) -> None:
    """Add weighted sums of squares that walks leave, and log determinants of their covariances over that of the errors.

    A Kalman filter along the times (Kelly et al. 2009, eqs. 6-12), in units in which an observation of weight w has the
    variance 1 / w. The gains depend on times and weights alone: all walks and stars go through it together.
    """
    spread, total, growth, logs = walks[0], walks[1], walks[2], walks[LOGS]
    state[:] = 0.0
    growth[:] = 1.0
    for q in range(strength.size):
        spread[q] = strength[q] * time.size
    for j in range(time.size):
        factor = math.exp(-(time[j] - time[j - 1]) / damping) if j else 1.0
        noise = 1.0 / weight[j]
        for q in range(strength.size):
            spread[q] = factor * factor * spread[q] + strength[q] * time.size * (1.0 - factor * factor)
            total[q] = 1.0 / (spread[q] + noise)
            growth[q] *= total[q] * noise
        for i in range(square.shape[0]):
            for q in range(strength.size):
                away = weighted[i, j] * noise - factor * state[i, q]
                square[i, q] += share * away * away * total[q]
                state[i, q] = factor * state[i, q] + spread[q] * total[q] * away
        for q in range(strength.size):
            spread[q] *= noise * total[q]
        if j % 8 == 7 or j == time.size - 1:  # few logarithms; a product of more could leave the range of numbers
            for q in range(strength.size):
                logs[q] -= math.log(growth[q])
                growth[q] = 1.0
