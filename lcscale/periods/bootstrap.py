"""False-alarm probability by resampling: how high the same sampling lets noise of the same distribution rise."""

from __future__ import annotations

import numpy as np

from lcscale.kernels.harmonics import Curve
from lcscale.periods.periodogram import Periodogram


def bootstrapped(periodogram: Periodogram, curve: Curve, power: float, n_resamples: int) -> float:
    """Share of resampled light curves (1 added to both counts) whose highest power reaches `power`.

    The times stay; magnitudes, with their errors, are drawn with replacement within each band (VanderPlas 2018, 7.4.2;
    astropy's ``method="bootstrap"``). The draws start at the same seed for every object, so that a row does not depend
    on its neighbours. Probabilities far below 1 / `n_resamples` cannot be told.

    Parameters
    ----------
    periodogram
        What the peak was found on.
    curve
        One object, as `Series.one` gives it.
    power
        Height of the peak, 0 to 1.
    n_resamples
        How many; each costs a periodogram.
    """
    rng = np.random.default_rng(0)
    reached = 0
    for _ in range(n_resamples):
        reached += max(float(piece.max()) for piece in periodogram.of(*_resampled(curve, rng)[:5])) >= power
    return (1 + reached) / (1 + n_resamples)


def _resampled(curve: Curve, rng: np.random.Generator) -> Curve:
    time, weight, weighted, cuts, share, coupling = curve
    new_weight, new_weighted, new_share = np.empty_like(weight), np.empty_like(weighted), share.copy()
    chi2 = 0.0
    for g in range(share.size):
        rows = slice(int(cuts[g]), int(cuts[g + 1]))
        drawn = rng.integers(0, rows.stop - rows.start, rows.stop - rows.start)
        w, y = weight[rows][drawn], (weighted[rows] / weight[rows])[drawn]
        y -= np.average(y, weights=w)
        chi2 += share[g] * np.sum(w * y * y)
        new_share[g] *= w.sum()
        new_weight[rows] = w / w.sum()
        new_weighted[rows] = w * y / w.sum()
    return time, new_weight, new_weighted, cuts, new_share / max(chi2, np.finfo(np.float64).tiny), coupling
