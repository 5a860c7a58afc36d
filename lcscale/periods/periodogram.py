"""The periodogram itself: floating mean, error weights, one or several bands, and the choice of method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats, Integers
from lcscale.kernels.threads import Lift, ProcessLimit
from lcscale.lightcurves import LightCurves, usable
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.matrix_product import MatrixProduct
from lcscale.periods.multi_harmonic import MultiHarmonic
from lcscale.periods.nufft import FourierTransform
from lcscale.periods.series import Series

Method = Literal["auto", "matrix", "nufft"]

MAX_HARMONICS = 6
"""Most harmonics of a periodogram."""

LONG = {"float32": 380, "float64": 220}
"""Observations above which the transform is faster than the matrix product of each type (measured)."""


class Backend(Protocol):
    """A way to compute the periodogram of one object, piece by piece."""

    def powers(self, time: Floats, weight: Floats, weighted: Floats, cuts: Integers, share: Floats) -> Iterator[Any]:
        """Pieces of the power, from the lowest frequency; each is overwritten by the next."""


class Periodogram:
    """Periodograms on one grid by whichever method suits an object's number of observations.

    Parameters
    ----------
    grid
        Trial frequencies.
    dtype
        float32 or float64.
    method
        As in `lomb_scargle`; series of several harmonics have one method only.
    n_harmonics
        Harmonics of the series fitted at each frequency, 1 to `MAX_HARMONICS`.
    """

    def __init__(
        self, grid: FrequencyGrid, dtype: npt.DTypeLike, method: Method = "auto", n_harmonics: int = 1
    ) -> None:
        if method not in ("auto", "matrix", "nufft"):
            raise InputError(f"periodogram method {method!r}: give auto, matrix or nufft")
        if not 1 <= n_harmonics <= MAX_HARMONICS:
            raise InputError(f"a periodogram takes 1 to {MAX_HARMONICS} harmonics, got {n_harmonics}")
        self.grid = grid
        self.n_harmonics = n_harmonics
        self._dtype = np.dtype(dtype)
        self._method = method
        self._backends: dict[str, Backend] = {}

    def powers(self, series: Series, i: int) -> Iterator[Any]:
        """Power of object `i` of `series`, between 0 and 1, piece by piece."""
        return self.of(*series.one(i)[:5])

    def of(self, time: Floats, weight: Floats, weighted: Floats, cuts: Integers, share: Floats) -> Iterator[Any]:
        """The same for the arrays of one object."""
        method: str = self._method
        if self.n_harmonics > 1:
            method = "harmonics"
        elif method == "auto":
            method = "nufft" if time.size > LONG[self._dtype.name] else "matrix"
        if method not in self._backends:
            self._backends[method] = self._make(method)
        return self._backends[method].powers(time, weight, weighted, cuts, share)

    def _make(self, method: str) -> Backend:
        tolerance = 1e-6 if self._dtype == np.float32 else 1e-14
        if method == "matrix":
            return MatrixProduct(self.grid, self._dtype)
        if method == "nufft":
            return FourierTransform(self.grid, tolerance)
        return MultiHarmonic(self.grid, self.n_harmonics, tolerance)


def _impose_one_thread() -> Lift:
    from threadpoolctl import threadpool_limits

    lift: Lift = threadpool_limits(1, user_api="blas").restore_original_limits
    return lift


ONE_THREAD = ProcessLimit(_impose_one_thread)
"""Context in which matrix products use one thread: a worker owns a core, and the products are small."""


def lomb_scargle(
    lcs: LightCurves,
    grid: FrequencyGrid,
    *,
    n_harmonics: int = 1,
    dtype: npt.DTypeLike = np.float64,
    method: Method = "auto",
) -> npt.NDArray[Any]:
    """Floating-mean, error-weighted Lomb-Scargle power of every light curve on `grid`.

    The power is the share of χ² about the mean that a sinusoid, or a Fourier series, takes away ("standard"
    normalisation); over several bands each has its own mean, amplitudes and phases, and their χ² add up (VanderPlas &
    Ivezić 2015, shared period).

    Parameters
    ----------
    lcs
        Any batch; unusable observations are left out.
    grid
        Trial frequencies.
    n_harmonics
        Harmonics of the series fitted at each frequency, 1 to 6.
    dtype
        float64 (error below 1e-8), or float32, twice as fast for one harmonic (below 1e-4).
    method
        ``"matrix"`` for short light curves, ``"nufft"`` for long ones; ``"auto"`` decides by the number of
        observations. Several harmonics are always made by transforms.

    Returns
    -------
    float [n_objects, n_frequencies]
        0 to 1; NaN for objects with fewer than 5 usable observations or constant magnitude.

    Notes
    -----
    Zechmeister & Kürster 2009, A&A 496, 577; the same as
    ``astropy.timeseries.LombScargle(t, m, e, nterms=n_harmonics).power``. `find` needs no such array and keeps none.
    """
    lcs, reasons = usable(lcs)
    series = Series.of(lcs)
    periodogram = Periodogram(grid, dtype, method, n_harmonics)
    result = np.full((len(lcs), grid.size), np.nan, dtype)
    with ONE_THREAD, np.errstate(over="ignore", invalid="ignore"):
        for i in range(len(lcs)):
            if reasons[i] is None:
                at = 0
                for piece in periodogram.powers(series, i):
                    np.clip(piece, 0.0, 1.0, out=result[i, at : at + piece.size])
                    at += piece.size
    return result
