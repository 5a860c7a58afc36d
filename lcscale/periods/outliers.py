"""Constant stars whose errors have long tails: what else a few bright or faint points may be than a pulsation.

Templates have so many shapes, phases and periods that one of them explains a few real outliers. So where bands share
templates a period has to be likelier than a constant star with errors of Student's distribution too.
"""

from __future__ import annotations

import math

import numpy as np

from lcscale.kernels.compiling import Floats, kernel
from lcscale.kernels.harmonics import Curve
from lcscale.periods.series import Series

TAILS = np.array([1.0, 2.0, 4.0])
"""Degrees of freedom of Student's distribution that are tried."""

_PASSES = 25


def tail_gain(series: Series) -> Floats:
    """By how much the best of `TAILS` explains constant stars better than Gaussian errors, float64 [n_objects].

    Natural logarithms of the greatest likelihoods; both know errors up to one factor, and each band has its mean. 0
    where Gaussian errors are as good.
    """
    log_gamma = [math.lgamma(0.5 * (nu + 1.0)) - math.lgamma(0.5 * nu) - 0.5 * math.log(nu * math.pi) for nu in TAILS]
    out = np.zeros(series.baseline.size)
    for i in np.flatnonzero(series.chi2 > 0.0).tolist():
        out[i] = _gain(series.one(i), TAILS, np.array(log_gamma))
    return out


@kernel
def _gain(curve: Curve, tails: Floats, log_peak: Floats) -> float:
    """Expectation and maximisation (Lange, Little & Taylor 1989) for each number of degrees of freedom."""
    _, weight, weighted, cuts, share, _ = curve
    n = cuts[-1] - cuts[0]
    best = 0.0
    gaussian = 0.0
    for g in range(cuts.size - 1):
        for j in range(cuts[g], cuts[g + 1]):
            gaussian += share[g] * weighted[j] * weighted[j] / weight[j]
    gaussian /= n
    for t in range(tails.size):
        nu = tails[t]
        variance = gaussian
        mean = np.zeros(cuts.size - 1)
        for _ in range(_PASSES):
            square = 0.0
            for g in range(cuts.size - 1):
                over = under = 0.0
                for j in range(cuts[g], cuts[g + 1]):
                    away = weighted[j] / weight[j] - mean[g]
                    trust = weight[j] / (nu + share[g] * weight[j] * away * away / variance)
                    over += trust * weighted[j] / weight[j]
                    under += trust
                mean[g] = over / under
                for j in range(cuts[g], cuts[g + 1]):
                    away = weighted[j] / weight[j] - mean[g]
                    residual = share[g] * weight[j] * away * away
                    square += (nu + 1.0) * residual / (nu + residual / variance)
            variance = max(square / n, 1e-12 * gaussian)
        value = n * (log_peak[t] - 0.5 * math.log(variance))
        for g in range(cuts.size - 1):
            for j in range(cuts[g], cuts[g + 1]):
                away = weighted[j] / weight[j] - mean[g]
                value -= 0.5 * (nu + 1.0) * math.log1p(share[g] * weight[j] * away * away / (variance * nu))
        best = max(best, value + 0.5 * n * (math.log(2.0 * math.pi * gaussian) + 1.0))
    return best
