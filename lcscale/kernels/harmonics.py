"""Weighted Fourier series at a trial frequency, from trigonometric moments of one light curve.

The normal equations of a series with harmonics up to H hold only the sums ``Σ w e^{ikφ}`` for k to 2H and
``Σ w y e^{ikφ}`` for k to H (product-to-sum), which are cheap; a Cholesky factor of them gives, column by column, the
drop of χ² for every nested model at once.
"""

from __future__ import annotations

import math
from typing import Any

from lcscale.kernels.compiling import Floats, Integers, inlined, kernel
from lcscale.kernels.turns import cos_sin_turns, turned

MAX_HARMONICS = 8
"""Highest order of a Fourier series that the moments and matrices have room for."""

N_PARAMETERS = 2 * MAX_HARMONICS + 1

WORK_ROWS = 2 * N_PARAMETERS + 16
"""Rows of `N_PARAMETERS` numbers, float64, that kernels which fit a series are handed as `work`."""

MATRIX = slice(0, N_PARAMETERS)
MOMENTS = slice(N_PARAMETERS, N_PARAMETERS + 4)
RIGHT, DROPS, COEFFICIENTS, GRADIENT, VOLUMES, EVIDENCE = range(N_PARAMETERS + 4, N_PARAMETERS + 10)
TAKEN = slice(N_PARAMETERS + 10, 2 * N_PARAMETERS + 10)
SHARED = slice(2 * N_PARAMETERS + 10, 2 * N_PARAMETERS + 14)
COMMON, REDDENED = 2 * N_PARAMETERS + 14, 2 * N_PARAMETERS + 15

Curve = tuple[Floats, Floats, Floats, Integers, Floats, Floats]
"""Time, weight, weighted, cuts, share and coupling of one object, as in `Series`.

Segment g lies at ``cuts[g]:cuts[g + 1]``."""

RATIO, LOOSE, JOINT, DUSTY, OFFSET, NARROWNESS, BASE, FREEDOM = range(8)
"""Columns of a coupling: what ties a segment to the others of its object (see `lcscale.periods.coupling`)."""

FREE = (math.nan, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0)
"""The coupling of a segment with its own mean, amplitudes and phases; its narrowness is one over the observations."""

_SINGULAR = 1e-9


@inlined
def segment_of(curve: Curve, g: int) -> Curve:
    """Segment `g` of an object as a curve of its own."""
    time, weight, weighted, cuts, share, coupling = curve
    return (time, weight, weighted, cuts[g : g + 2], share[g : g + 1], coupling[g : g + 1])


@kernel
def trig_moments(
    time: Floats, weight: Floats, weighted: Floats, frequency: float, order: int, scratch: Any, moments: Any
) -> None:
    """Sums of ``w cos kφ, w sin kφ, w y cos kφ, w y sin kφ`` with φ = 2π `frequency` `time`.

    Parameters
    ----------
    time, weight, weighted
        Days, weights w (their sum is 1) and products w y, float64 [n].
    frequency
        Cycles per day.
    order
        H; the sums of w run to k = 2H, those of w y to H.
    scratch
        float64 [4, >= n].
    moments
        float64 [4, >= 2H + 1], written.
    """
    n = time.size
    c1 = scratch[0, :n]
    s1 = scratch[1, :n]
    c = scratch[2, :n]
    s = scratch[3, :n]
    for j in range(n):
        cosine, sine = cos_sin_turns(time[j] * frequency)
        c1[j] = cosine
        s1[j] = sine
        c[j] = cosine
        s[j] = sine
    a0 = 0.0
    b0 = 0.0
    for j in range(n):
        a0 += weight[j]
        b0 += weighted[j]
    moments[0, 0] = a0
    moments[1, 0] = 0.0
    moments[2, 0] = b0
    moments[3, 0] = 0.0
    for k in range(1, 2 * order + 1):
        wc = 0.0
        ws = 0.0
        if k <= order:
            yc = 0.0
            ys = 0.0
            for j in range(n):
                wc += weight[j] * c[j]
                ws += weight[j] * s[j]
                yc += weighted[j] * c[j]
                ys += weighted[j] * s[j]
            moments[2, k] = yc
            moments[3, k] = ys
        else:
            for j in range(n):
                wc += weight[j] * c[j]
                ws += weight[j] * s[j]
        moments[0, k] = wc
        moments[1, k] = ws
        if k < 2 * order:
            for j in range(n):
                c[j], s[j] = turned(c[j], s[j], c1[j], s1[j])


@kernel
def normal_equations(moments: Floats, order: int, matrix: Any, right: Any) -> None:
    """Lower triangle of the normal matrix and the right-hand side of a series of `order` harmonics.

    Column 0 is the constant, columns 2k-1 and 2k the cosine and sine of harmonic k.
    """
    matrix[0, 0] = moments[0, 0]
    right[0] = moments[2, 0]
    for k in range(1, order + 1):
        row = 2 * k - 1
        matrix[row, 0] = moments[0, k]
        matrix[row + 1, 0] = moments[1, k]
        right[row] = moments[2, k]
        right[row + 1] = moments[3, k]
        for m in range(1, k + 1):
            col = 2 * m - 1
            matrix[row, col] = 0.5 * (moments[0, k - m] + moments[0, k + m])
            matrix[row + 1, col + 1] = 0.5 * (moments[0, k - m] - moments[0, k + m])
            matrix[row + 1, col] = 0.5 * (moments[1, k + m] + moments[1, k - m])
            if m < k:
                matrix[row, col + 1] = 0.5 * (moments[1, k + m] - moments[1, k - m])


@kernel
def nested_drops(matrix: Floats, right: Floats, n_harmonics: int, drops: Any) -> int:
    """Factor the normal equations in place and write the drop of χ² of every nested model.

    Parameters
    ----------
    matrix, right
        As `normal_equations` leaves them; replaced by the Cholesky factor L and ``L^-1 right``.
    n_harmonics
        Number of harmonics.
    drops
        float64 [n_harmonics], written: ``χ²(constant) - χ²(first i + 1 harmonics)``.

    Returns
    -------
    int
        How many harmonics the observations determine; the drops of later ones repeat the last.
    """
    done = 0
    drop = 0.0
    for r in range(2 * n_harmonics + 1):
        diagonal = matrix[r, r]
        for q in range(r):
            value = matrix[r, q]
            for k in range(q):
                value -= matrix[r, k] * matrix[q, k]
            matrix[r, q] = value / matrix[q, q]
        pivot = diagonal
        for k in range(r):
            pivot -= matrix[r, k] * matrix[r, k]
        if not pivot > _SINGULAR:
            break
        matrix[r, r] = math.sqrt(pivot)
        value = right[r]
        for k in range(r):
            value -= matrix[r, k] * right[k]
        right[r] = value / matrix[r, r]
        if r > 0:
            drop += right[r] * right[r]
        if r > 0 and r % 2 == 0:
            drops[done] = drop
            done += 1
    last = drops[done - 1] if done else 0.0
    for i in range(done, n_harmonics):
        drops[i] = last
    return done


@kernel
def back_substitute(matrix: Floats, right: Floats, n_parameters: int, coefficients: Any) -> None:
    """Coefficients of the series from the Cholesky factor, float64 [n_parameters]."""
    for r in range(n_parameters - 1, -1, -1):
        value = right[r]
        for k in range(r + 1, n_parameters):
            value -= matrix[k, r] * coefficients[k]
        coefficients[r] = value / matrix[r, r]


@kernel
def fitted(
    time: Floats, weight: Floats, weighted: Floats, frequency: float, order: int, ridge: float, scratch: Any, work: Any
) -> int:
    """Harmonics of the series that one segment determines; the factored equations and drops are left in `work`.

    `ridge` is added to the diagonal of the normal equations, of the harmonics only.
    """
    moments, matrix, right = work[MOMENTS], work[MATRIX], work[RIGHT]
    trig_moments(time, weight, weighted, frequency, order, scratch, moments)
    normal_equations(moments, order, matrix, right)
    for k in range(1, 2 * order + 1):
        matrix[k, k] += ridge
    return int(nested_drops(matrix, right, order, work[DROPS]))
