"""The Lomb-Scargle power of one light curve, by transforms of a library: a page waits for no compiled kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves import LightCurves

if TYPE_CHECKING:
    from lcscale.periods import FrequencyGrid

_FEWEST = 5
_TOLERANCE = 1e-6
_SMALLEST = 1e-12
"""Determinants below leave a sinusoid undetermined."""

_Floats = npt.NDArray[np.float64]


def power_of_one(lcs: LightCurves, grid: FrequencyGrid) -> _Floats:
    """What `lcscale.periods.lomb_scargle` gives for one clean light curve of 10 observations or more, to 1e-5.

    Parameters
    ----------
    lcs
        A batch of one object, cleaned.
    grid
        Trial frequencies, cycles per day.

    Returns
    -------
    float64 [n_frequencies]
        0 to 1, over all bands of 5 observations or more.
    """
    band = np.zeros(lcs.time.size, np.int8) if lcs.band is None else lcs.band
    counts = np.bincount(band, minlength=1)
    time, mag, error = lcs.time - lcs.time.min(), lcs.faintness.astype(np.float64), lcs.error.astype(np.float64)
    known = np.isfinite(error)
    error[~known] = np.exp(np.log(error[known]).mean()) if known.any() else 1.0
    power, total = np.zeros(grid.size), 0.0
    for code in np.flatnonzero(counts >= min(_FEWEST, counts.max())):
        rows = band == code
        weight = error[rows] ** -2.0
        share = weight.sum()
        weight /= share
        deviation = mag[rows] - weight @ mag[rows]
        total += share * (weight @ deviation**2)
        power += share * _drop(time[rows], weight, weight * deviation, grid)
    return np.clip(power / total, 0.0, 1.0) if total > 0 else power


def _drop(time: _Floats, weight: _Floats, weighted: _Floats, grid: FrequencyGrid) -> _Floats:
    """Drop of the weighted mean square by a sinusoid with free mean (Zechmeister & Kürster 2009, eq. 5)."""
    y, w, w2 = (
        _transform(time, weighted, grid, 1),
        _transform(time, weight, grid, 1),
        _transform(time, weight, grid, 2),
    )
    cc = 0.5 * (1.0 + w2.real) - w.real**2
    ss = 0.5 * (1.0 - w2.real) - w.imag**2
    cs = 0.5 * w2.imag - w.real * w.imag
    determinant = cc * ss - cs**2
    drop = ss * y.real**2 + cc * y.imag**2 - 2.0 * cs * y.real * y.imag
    return np.where(determinant > _SMALLEST, drop / np.maximum(determinant, _SMALLEST), 0.0)


def _transform(time: _Floats, strength: _Floats, grid: FrequencyGrid, multiple: int) -> npt.NDArray[np.complex128]:
    """Sums of `strength` e^{iωt} at `multiple` times the frequencies of the grid, complex128 [n_frequencies]."""
    from finufft import nufft1d1

    middle = multiple * (grid.fmin + grid.df * (grid.size // 2))
    turns = multiple * grid.df * time
    angle = 2.0 * np.pi * (turns - np.round(turns))
    turned = strength * np.exp(2j * np.pi * (middle * time % 1.0))
    sums: npt.NDArray[np.complex128] = nufft1d1(angle, turned, grid.size, isign=1, eps=_TOLERANCE, nthreads=1)
    return sums
