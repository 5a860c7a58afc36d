"""Is a star periodic? The evidence for its period, over a constant star and over one that wanders without any.

Quasars and young stars vary slowly, and a sinusoid fits them for a while: a small false-alarm probability rules out
white noise alone. So the star is a damped random walk (Kelly et al. 2009; MacLeod et al. 2010) of any amplitude and
damping time, with and without the Fourier series at the period. All models know the errors up to one factor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, kernel
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
from lcscale.periods.evidence import log_evidence
from lcscale.periods.series import Series

DAMPING = np.geomspace(0.3, 3000.0, 7)
"""Damping times tried, days."""

STRENGTH = np.geomspace(0.03, 1e5, 8)
"""Variances of the walk tried, over that of the errors (the harmonic mean of a band's)."""


def evidence_of_period(frequency: Floats, fmax: Floats, tied: Floats, series: Series) -> Floats:
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

    Returns
    -------
    float64 [n_objects, 2]
        NaN where there is no period.
    """
    out = np.full((frequency.size, 2), np.nan)
    scratch, work = series.room()
    for i in np.flatnonzero((frequency > 0.0) & (series.baseline > 0.0)).tolist():
        curve, baseline = series.one(i), float(series.baseline[i])
        step = 0.02 / baseline
        found, place, order = scan_near(
            curve, float(frequency[i]), step, 2 * ORDER, RANKING_PRIOR, HARMONIC_PRICE, scratch, work
        )
        both = np.stack([curve[2], curve[2]])
        _subtract(curve, place, order, scratch, work, both[0])
        found = found if math.isnan(tied[i]) else tied[i]
        out[i, 0] = found - math.log(max(fmax[i] * baseline, 1.0))
        left, whole = walk_evidence(curve, both, DAMPING, STRENGTH)
        out[i, 1] = out[i, 0] + left - whole
    return out


@kernel
def _subtract(curve: Curve, frequency: float, order: int, scratch: Any, work: Any, left: Floats) -> None:
    """What a series of each band leaves of `weighted`."""
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
            left[j] = weighted[j] - weight[j] * value


@kernel
def walk_evidence(curve: Curve, weighted: Floats, damping: Floats, strength: Floats) -> Floats:
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

    Returns
    -------
    float64 [n_stars]
    """
    time, weight, _, cuts, share, _ = curve
    n = cuts[-1] - cuts[0]
    n_stars = weighted.shape[0]
    whole = np.zeros(n_stars)
    for g in range(cuts.size - 1):
        for i in range(n_stars):
            for j in range(cuts[g], cuts[g + 1]):
                whole[i] += share[g] * weighted[i, j] * weighted[i, j] / weight[j]
    values = np.zeros((n_stars, damping.size, strength.size))
    square = np.empty((n_stars, strength.size))
    for p in range(damping.size):
        square[:] = 0.0
        logs = np.zeros(strength.size)
        for g in range(cuts.size - 1):
            a, b = cuts[g], cuts[g + 1]
            _walk(time[a:b], weight[a:b], weighted[:, a:b], damping[p], strength * (b - a), share[g], square, logs)
        for i in range(n_stars):
            for q in range(strength.size):
                values[i, p, q] = -0.5 * n * math.log(max(square[i, q] / whole[i], 1e-12)) - 0.5 * logs[q]
    out = np.empty(n_stars)
    for i in range(n_stars):
        highest = max(np.max(values[i]), 0.0)
        total = math.exp(-highest) + np.sum(np.exp(values[i] - highest))
        out[i] = highest + math.log(total / (values[i].size + 1))
    return out


@kernel
def _walk(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    damping: float,
    variance: Floats,
    share: float,
    square: Any,
    logs: Any,
) -> None:
    """Add weighted sums of squares that walks leave, and log determinants of their covariances over that of the errors.

    A Kalman filter along the times (Kelly et al. 2009, eqs. 6-12), in units in which an observation of weight w has the
    variance 1 / w. The gains depend on times and weights alone: all `variance` and stars go through it together.
    """
    n_walks = variance.size
    state = np.zeros(square.shape)
    spread = variance.copy()
    total = np.empty(n_walks)
    growth = np.ones(n_walks)
    for j in range(time.size):
        factor = math.exp(-(time[j] - time[j - 1]) / damping) if j else 1.0
        noise = 1.0 / weight[j]
        for q in range(n_walks):
            spread[q] = factor * factor * spread[q] + variance[q] * (1.0 - factor * factor)
            total[q] = 1.0 / (spread[q] + noise)
            growth[q] *= total[q] * noise
        for i in range(square.shape[0]):
            for q in range(n_walks):
                away = weighted[i, j] * noise - factor * state[i, q]
                square[i, q] += share * away * away * total[q]
                state[i, q] = factor * state[i, q] + spread[q] * total[q] * away
        for q in range(n_walks):
            spread[q] *= noise * total[q]
        if j % 8 == 7 or j == time.size - 1:  # few logarithms; a product of more could leave the range of numbers
            for q in range(n_walks):
                logs[q] -= math.log(growth[q])
                growth[q] = 1.0
