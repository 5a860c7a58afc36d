"""The periodogram itself: floating mean, error weights, one or several bands, and the choice of method."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves, usable
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.harmonics import Floats, Integers
from lcscale.periods.matrix_product import MatrixProduct
from lcscale.periods.nufft import FourierTransform
from lcscale.periods.series import Series

Method = Literal["auto", "matrix", "nufft"]

LONG = {"float32": 380, "float64": 220}
"""Observations above which the transform is faster than the matrix product of each type (measured)."""


class Backend(Protocol):
    """A way to compute the periodogram of one object, piece by piece."""

    def powers(self, time: Floats, weight: Floats, weighted: Floats, cuts: Integers, share: Floats) -> Iterator[Any]:
        """Pieces of the power, from the lowest frequency; each is overwritten by the next."""


class Periodogram:
    """Periodograms on one grid by whichever method suits an object's number of observations."""

    def __init__(self, grid: FrequencyGrid, dtype: npt.DTypeLike, method: Method = "auto") -> None:
        if method not in ("auto", "matrix", "nufft"):
            raise InputError(f"periodogram method {method!r}: give auto, matrix or nufft")
        self.grid = grid
        self._dtype = np.dtype(dtype)
        self._method = method
        self._backends: dict[str, Backend] = {}

    def powers(self, series: Series, i: int) -> Iterator[Any]:
        """Power of object `i` of `series`, between 0 and 1, piece by piece."""
        rows = series.rows(i)
        method = self._method
        if method == "auto":
            method = "nufft" if rows.stop - rows.start > LONG[self._dtype.name] else "matrix"
        segments = slice(int(series.objects[i]), int(series.objects[i + 1]))
        return self._backend(method).powers(
            series.time[rows], series.weight[rows], series.weighted[rows], series.cuts(i), series.share[segments]
        )

    def _backend(self, method: str) -> Backend:
        if method not in self._backends:
            self._backends[method] = (
                MatrixProduct(self.grid, self._dtype)
                if method == "matrix"
                else FourierTransform(self.grid, 1e-6 if self._dtype == np.float32 else 1e-11)
            )
        return self._backends[method]


def one_thread() -> AbstractContextManager[Any]:
    """Context in which matrix products use one thread: a worker owns a core, and the products are small."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def lomb_scargle(
    lcs: LightCurves, grid: FrequencyGrid, *, dtype: npt.DTypeLike = np.float64, method: Method = "auto"
) -> npt.NDArray[Any]:
    """Floating-mean, error-weighted Lomb-Scargle power of every light curve on `grid`.

    The power is the share of χ² about the mean that a sinusoid takes away ("standard" normalisation); over several
    bands each has its own mean, amplitude and phase, and their χ² add up (VanderPlas & Ivezić 2015, shared period).

    Parameters
    ----------
    lcs
        Any batch; unusable observations are left out.
    grid
        Trial frequencies.
    dtype
        float64 (error below 1e-8), or float32, twice as fast (below 1e-4).
    method
        ``"matrix"`` for short light curves, ``"nufft"`` for long ones; ``"auto"`` decides by the number of
        observations.

    Returns
    -------
    float [n_objects, n_frequencies]
        0 to 1; NaN for objects with fewer than 10 usable observations or constant magnitude.

    Notes
    -----
    Zechmeister & Kürster 2009, A&A 496, 577; the same as ``astropy.timeseries.LombScargle(t, m, e).power``.
    `find` needs no such array and keeps none.
    """
    lcs, reasons = usable(lcs)
    series = Series.of(lcs)
    periodogram = Periodogram(grid, dtype, method)
    result = np.full((len(lcs), grid.size), np.nan, dtype)
    with one_thread():
        for i in range(len(lcs)):
            if reasons[i] is None:
                at = 0
                for piece in periodogram.powers(series, i):
                    np.clip(piece, 0.0, 1.0, out=result[i, at : at + piece.size])
                    at += piece.size
    return result
