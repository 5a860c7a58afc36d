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
        left = np.empty_like(curve[2])
        _subtract(curve, place, order, scratch, work, left)
        found = found if math.isnan(tied[i]) else tied[i]
        out[i, 0] = found - math.log(max(fmax[i] * baseline, 1.0))
        walks = [walk_evidence((*curve[:2], each, *curve[3:]), DAMPING, STRENGTH) for each in (left, curve[2])]
        out[i, 1] = out[i, 0] + walks[0] - walks[1]
    return out


@kernel
def _subtract(curve: Curve, frequency: float, order: int, scratch: Any, work: Any, left: Floats) -> None:
    """What a series of each band leaves of `weighted`."""
    time, weight, weighted, cuts, share, coupling = curve
    for g in range(cuts.size - 1):
        a, b = cuts[g], cuts[g + 1]
        segment = (time, weight, weighted, cuts[g : g + 2], share[g : g + 1], coupling[g : g + 1])
        log_evidence(segment, frequency, order, RANKING_PRIOR, scratch, work)
        back_substitute(work[MATRIX], work[RIGHT], 2 * order + 1, work[COEFFICIENTS])
        for j in range(a, b):
            value = work[COEFFICIENTS, 0]
            for k in range(1, order + 1):
                c, s = cos_sin_turns(time[j] * frequency * k)
                value += work[COEFFICIENTS, 2 * k - 1] * c + work[COEFFICIENTS, 2 * k] * s
            left[j] = weighted[j] - weight[j] * value


@kernel
def walk_evidence(curve: Curve, damping: Floats, strength: Floats) -> float:
    """Log evidence of a damped random walk over a constant star, all pairs of `damping` and `strength` being as likely.

    The strength 0, a constant star, is among them: the result is never far below 0.
    """
    time, weight, weighted, cuts, share, _ = curve
    n = cuts[-1] - cuts[0]
    whole = 0.0
    for g in range(cuts.size - 1):
        for j in range(cuts[g], cuts[g + 1]):
            whole += share[g] * weighted[j] * weighted[j] / weight[j]
    values = np.zeros(damping.size * strength.size)
    for p in range(damping.size):
        for q in range(strength.size):
            square = 0.0
            logs = 0.0
            for g in range(cuts.size - 1):
                a, b = cuts[g], cuts[g + 1]
                part, log = _walk(time[a:b], weight[a:b], weighted[a:b], damping[p], strength[q] * (b - a))
                square += share[g] * part
                logs += log
            values[p * strength.size + q] = -0.5 * n * math.log(max(square / whole, 1e-12)) - 0.5 * logs
    highest = max(np.max(values), 0.0)
    total = math.exp(-highest)
    for value in values:
        total += math.exp(value - highest)
    return highest + math.log(total / (values.size + 1))


@kernel
def _walk(time: Floats, weight: Floats, weighted: Floats, damping: float, variance: float) -> tuple[float, float]:
    """Weighted sum of squares that the walk leaves, and log determinant of its covariance over that of the errors.

    A Kalman filter along the times (Kelly et al. 2009, eqs. 6-12), in units in which an observation of weight w has the
    variance 1 / w.
    """
    state = 0.0
    spread = variance
    square = 0.0
    logs = 0.0
    for j in range(time.size):
        if j:
            factor = math.exp(-(time[j] - time[j - 1]) / damping)
            state *= factor
            spread = factor * factor * spread + variance * (1.0 - factor * factor)
        noise = 1.0 / weight[j]
        total = spread + noise
        away = weighted[j] * noise - state
        square += away * away / total
        logs += math.log(total / noise)
        gain = spread / total
        state += gain * away
        spread *= 1.0 - gain
    return square, logs
