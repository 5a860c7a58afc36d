"""How well a Fourier series at a trial frequency explains a light curve, with the price of its freedom.

Few observations in clusters leave gaps in phase, and a free series fits anything by swinging through the gaps: its χ²
says little. So amplitudes get a Gaussian prior that narrows with the harmonic, which makes the marginal likelihood a
sum over the same Cholesky factor (Bretthorst 1988; MacKay 1992): the fit counts, and so does every direction of the
parameters that the observations had to pin down.
"""

from __future__ import annotations

import math
from typing import Any

from lcscale.kernels.compiling import Floats, kernel
from lcscale.kernels.harmonics import (
    DROPS,
    EVIDENCE,
    MATRIX,
    MOMENTS,
    RIGHT,
    VOLUMES,
    Curve,
    normal_equations,
    trig_moments,
)


@kernel
def log_evidence(curve: Curve, frequency: float, order: int, prior: float, scratch: Any, work: Any) -> None:
    """Logarithm of the marginal likelihood of every series up to `order`, relative to a constant star.

    Parameters
    ----------
    curve
        One object.
    frequency
        Cycles per day.
    order
        Highest number of harmonics, at most `MAX_HARMONICS`.
    prior
        Variance of the noise over that of the amplitudes at the first harmonic; it grows with the square of k.
    scratch
        float64 [4, >= n].
    work
        float64 [`WORK_ROWS`, `N_PARAMETERS`]; the result is the beginning of its row `EVIDENCE`.
    """
    time, weight, weighted, cuts, share = curve
    moments, matrix, right = work[MOMENTS], work[MATRIX], work[RIGHT]
    drops, volumes, evidence = work[DROPS], work[VOLUMES], work[EVIDENCE]
    for k in range(order):
        drops[k] = 0.0
        volumes[k] = 0.0
    for g in range(cuts.size - 1):
        a, b = cuts[g], cuts[g + 1]
        trig_moments(time[a:b], weight[a:b], weighted[a:b], frequency, order, scratch, moments)
        normal_equations(moments, order, matrix, right)
        _factor(matrix, right, order, prior / (b - a), share[g], drops, volumes)
    n = cuts[-1] - cuts[0]
    for k in range(order):
        evidence[k] = -0.5 * n * math.log(max(1.0 - drops[k], 1e-12)) - 0.5 * volumes[k]


@kernel
def _factor(
    matrix: Floats, right: Floats, order: int, narrowness: float, share: float, drops: Any, volumes: Any
) -> None:
    """Add one segment's drop of χ² and log determinant, for every order, by a Cholesky factor of the posterior."""
    drop = 0.0
    volume = 0.0
    for r in range(2 * order + 1):
        k = (r + 1) // 2
        prior = narrowness * k * k
        for q in range(r):
            value = matrix[r, q]
            for p in range(q):
                value -= matrix[r, p] * matrix[q, p]
            matrix[r, q] = value / matrix[q, q]
        pivot = matrix[r, r] + prior
        value = right[r]
        for p in range(r):
            pivot -= matrix[r, p] * matrix[r, p]
            value -= matrix[r, p] * right[p]
        pivot = max(pivot, 1e-14)
        matrix[r, r] = math.sqrt(pivot)
        right[r] = value / matrix[r, r]
        if r > 0:
            drop += right[r] * right[r]
            volume += math.log(pivot / prior)
            if r % 2 == 0:
                drops[k - 1] += share * drop
                volumes[k - 1] += volume
