"""Fourier series of the folded light curve: amplitudes, amplitude ratios and phase differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.batch import SCRATCH_ROWS
from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, inlined, kernel
from lcscale.kernels.harmonics import COEFFICIENTS, DROPS, GRADIENT, MATRIX, RIGHT, back_substitute, fitted

MAX_ORDER = 6
"""Highest order of the series."""

_SERIES = "m = a0 + Σ_k A_k cos(2πk t/P + φ_k), weights 1/σ², order 1 to 6 of the least BIC; null above that order"
_SOURCE = "Simon & Lee 1981; Deb & Singh 2009"


def _feature(name: str, order: int, unit: str, formula: str, source: str = "") -> Feature:
    """A feature that needs a series of this order."""
    return Feature(name, unit, formula, source, min_observations=2 * order + 4)


_HIGHER = range(2, MAX_ORDER)

FEATURES = (
    _feature("fourier_order", 1, "", f"order of the series {_SERIES}", "Schwarz 1978 for the criterion"),
    _feature("fourier_r2", 1, "", "1 - χ²(series) / χ²(constant)"),
    *(_feature(f"a{k}", k, "mag", f"A_{k} of {_SERIES}", _SOURCE) for k in range(1, MAX_ORDER + 1)),
    *(_feature(f"r{k}1", k, "", f"A_{k} / A_1", _SOURCE) for k in _HIGHER),
    *(_feature(f"phi{k}1", k, "rad", f"φ_{k} - {k} φ_1 in [0, 2π), cosine series", _SOURCE) for k in _HIGHER),
    _feature(
        "a1_error", 1, "mag", "standard error of A_1 from the fit's covariance, scaled by the scatter of residuals"
    ),
    *(_feature(f"r{k}1_error", k, "", f"standard error of A_{k} / A_1, like a1_error") for k in _HIGHER),
    *(_feature(f"phi{k}1_error", k, "rad", f"standard error of φ_{k}1, like a1_error") for k in _HIGHER),
)

_A = 2
_R = _A + MAX_ORDER
_PHI = _R + MAX_ORDER - 2
_ERRORS = _PHI + MAX_ORDER - 2


@kernel
def fourier(
    time: Floats, mag: Floats, error: Floats, start: float, period: float, scratch: Any, work: Any, out: Any
) -> None:
    """The features of this family for one light curve, phase 0 at `start`, into `out`.

    `scratch` is float64 [`SCRATCH_ROWS`, >= n], `work` float64 [`WORK_ROWS`, `N_PARAMETERS`].
    """
    order, rest, chi2 = _fit(time, mag, error, start, period, scratch, work)
    if order == 0:
        return
    out[0] = order
    out[1] = 1.0 - rest / chi2
    _shape(work[COEFFICIENTS], order, out)
    _errors(work[MATRIX], work[COEFFICIENTS], work[GRADIENT], order, rest / (mag.size - 2 * order - 1), out)


@kernel
def first_harmonic(
    time: Floats, mag: Floats, error: Floats, start: float, period: float, scratch: Any, work: Any
) -> tuple[float, float]:
    """Amplitude A_1 and phase φ_1 (at `start`) of the series that `fourier` fits; NaN where there is none."""
    order, _, _ = _fit(time, mag, error, start, period, scratch, work)
    if order == 0:
        return np.nan, np.nan
    coefficients = work[COEFFICIENTS]
    return math.hypot(coefficients[1], coefficients[2]), math.atan2(-coefficients[2], coefficients[1])


@kernel
def _fit(
    time: Floats, mag: Floats, error: Floats, start: float, period: float, scratch: Any, work: Any
) -> tuple[int, float, float]:
    """Order of the series (0 where there is none), its χ² and that of a constant star.

    The Cholesky factor and the coefficients are left in `work`.
    """
    n = mag.size
    most = min(MAX_ORDER, (n - 4) // 2)
    determined, chi2 = series(time, mag, error, start, period, most, 0.0, 0.0, scratch, work)
    if determined == 0:
        return 0, 0.0, 0.0
    order = best_order(work[DROPS, :determined], chi2, n)
    back_substitute(work[MATRIX], work[RIGHT], 2 * order + 1, work[COEFFICIENTS])
    return order, max(chi2 - work[DROPS, order - 1], 0.0), chi2


@kernel
def series(
    time: Floats,
    mag: Floats,
    error: Floats,
    start: float,
    period: float,
    most: int,
    floor: float,
    ridge: float,
    scratch: Any,
    work: Any,
) -> tuple[int, float]:
    """How many harmonics, up to `most`, the observations determine, and Σ w y² about the weighted mean.

    Weights (their sum is 1) are 1/(σ² + floor (mean σ)²); `ridge` is added to the harmonics' diagonal. The Cholesky
    factor and the drops of Σ w y² are left in `work`; weights, w y and times since `start` in the last rows of
    `scratch`.
    """
    n = mag.size
    if most < 1:
        return 0, 0.0
    weight, weighted, since = scratch[4, :n], scratch[5, :n], scratch[6, :n]
    chi2 = _weigh(mag, error, floor, weight, weighted)
    for j in range(n):
        since[j] = time[j] - start
    return fitted(since, weight, weighted, 1.0 / period, most, ridge, scratch, work), chi2


@kernel
def _weigh(mag: Floats, error: Floats, floor: float, weight: Any, weighted: Any) -> float:
    """Fill the weights and w y with y about the weighted mean; returns Σ w y²."""
    least = 0.0
    if floor > 0.0:
        for j in range(mag.size):
            least += error[j]
        least = floor * (least / mag.size) ** 2
    for j in range(mag.size):
        weight[j] = 1.0 / (error[j] * error[j] + least)
    total = 0.0
    mean = 0.0
    for j in range(mag.size):
        total += weight[j]
        mean += weight[j] * mag[j]
    mean /= total
    for j in range(mag.size):
        weight[j] /= total
        weighted[j] = weight[j] * (mag[j] - mean)
    chi2 = 0.0
    for j in range(mag.size):
        chi2 += weighted[j] * (mag[j] - mean)
    return chi2


@kernel
def best_order(drops: Floats, chi2: float, n: int) -> int:
    """Order with the least Bayesian information criterion ``n ln χ² + 2 order ln n`` among the nested series."""
    best = 1
    least = np.inf
    for order in range(1, drops.size + 1):
        rest = max(chi2 - drops[order - 1], 1e-12 * chi2)
        criterion = n * math.log(rest) + 2 * order * math.log(n)
        if criterion < least:
            least = criterion
            best = order
    return best


@kernel
def _shape(coefficients: Floats, order: int, out: Any) -> None:
    """Amplitudes, ratios and phase differences."""
    first = math.hypot(coefficients[1], coefficients[2])
    phase = math.atan2(-coefficients[2], coefficients[1])
    for k in range(1, order + 1):
        amplitude = math.hypot(coefficients[2 * k - 1], coefficients[2 * k])
        out[_A + k - 1] = amplitude
        if 2 <= k < MAX_ORDER:
            out[_R + k - 2] = amplitude / first
            difference = math.atan2(-coefficients[2 * k], coefficients[2 * k - 1]) - k * phase
            turns = difference / (2.0 * math.pi)
            out[_PHI + k - 2] = (turns - math.floor(turns)) * 2.0 * math.pi


@kernel
def _errors(matrix: Floats, coefficients: Floats, gradient: Any, order: int, variance: float, out: Any) -> None:
    """Standard errors by propagation through the covariance ``variance (L L^T)^-1``."""
    n_parameters = 2 * order + 1
    a1, b1 = coefficients[1], coefficients[2]
    first = a1 * a1 + b1 * b1
    for k in range(1, min(order, MAX_ORDER - 1) + 1):
        for part in range(2):  # the amplitude or ratio, then the phase difference
            if k == 1 and part == 1:
                continue
            for r in range(n_parameters):
                gradient[r] = 0.0
            a, b = coefficients[2 * k - 1], coefficients[2 * k]
            square = a * a + b * b
            if part == 0:
                scale = 1.0 / math.sqrt(square * (first if k > 1 else 1.0))
                gradient[2 * k - 1] = a * scale
                gradient[2 * k] = b * scale
                if k > 1:
                    ratio = math.sqrt(square / first)
                    gradient[1] = -ratio * a1 / first
                    gradient[2] = -ratio * b1 / first
            else:
                gradient[2 * k - 1] = b / square
                gradient[2 * k] = -a / square
                gradient[1] = -k * b1 / first
                gradient[2] = k * a1 / first
            error = math.sqrt(variance * _quadratic_form(matrix, gradient, n_parameters))
            if k == 1:
                out[_ERRORS] = error
            else:
                out[_ERRORS + 1 + part * (MAX_ORDER - 2) + k - 2] = error


@kernel
def _quadratic_form(matrix: Floats, vector: Any, size: int) -> float:
    """``|L^-1 vector|²``; `vector` is overwritten."""
    total = 0.0
    for r in range(size):
        value = vector[r]
        for k in range(r):
            value -= matrix[r, k] * vector[k]
        vector[r] = value / matrix[r, r]
        total += vector[r] * vector[r]
    return total


@inlined
def own_room(room: Any, i: int, n: int) -> tuple[Any, Any]:
    """What object `i` with `n` observations has of a batch's `room`, as `scratch` and `work`."""
    scratch, places, work = room
    rows = scratch[places[i] : places[i] + SCRATCH_ROWS * n].reshape((SCRATCH_ROWS, n))
    return rows, work[min(i, work.shape[0] - 1)]


@kernel
def _each(
    start: int,
    stop: int,
    out: Any,
    offsets: Integers,
    time: Floats,
    mag: Floats,
    error: Floats,
    period: Floats,
    room: Any,
) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b - a >= 6 and period[i] > 0.0:
            scratch, work = own_room(room, i, b - a)
            fourier(time[a:b], mag[a:b], error[a:b], time[a], period[i], scratch, work, out[i])


FAMILY = Family(
    "fourier",
    FEATURES,
    _each,
    lambda batch: (batch.time, batch.mag, batch.error, batch.period, batch.room),
    periodic=True,
)
