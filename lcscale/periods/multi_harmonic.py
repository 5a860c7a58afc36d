"""Periodograms of Fourier series of several harmonics, on the whole grid.

At every frequency the drop of χ² by a weighted series with free mean (``astropy.timeseries.LombScargle(nterms=K)``)
needs the sums ``Σ w e^{ikωt}`` for k to 2K and ``Σ w y e^{ikωt}`` for k to K. Each k is a non-uniform fast Fourier
transform (finufft) with the angles stretched by k; a Cholesky factor of 2K + 1 columns makes the power of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.harmonics import N_PARAMETERS, nested_drops, normal_equations
from lcscale.kernels.turns import cos_sin_turns, nearest_angle
from lcscale.periods.grid import FrequencyGrid

_PIECE = 1 << 15
"""Frequencies transformed at a time: memory does not grow with the grid."""


class MultiHarmonic:
    """Periodograms on one grid, like `MatrixProduct`, of series with several harmonics.

    Parameters
    ----------
    grid
        Trial frequencies.
    n_harmonics
        Harmonics K of the series.
    tolerance
        Relative precision asked of the transforms.
    """

    def __init__(self, grid: FrequencyGrid, n_harmonics: int, tolerance: float) -> None:
        import finufft

        self.grid = grid
        self._n_harmonics = n_harmonics
        self._size = min(_PIECE, grid.size)
        self._pair = finufft.Plan(1, (self._size,), 2, eps=tolerance, isign=1, nthreads=1)
        self._single = finufft.Plan(1, (self._size,), 1, eps=tolerance, isign=1, nthreads=1)

    def powers(self, time: Floats, weight: Floats, weighted: Floats, cuts: Integers, share: Floats) -> Iterator[Any]:
        """Power of one object (arrays as in `Series`), piece by piece from the lowest frequency."""
        w = np.empty((2 * self._n_harmonics, self._size), np.complex128)
        wy = np.empty((self._n_harmonics, self._size), np.complex128)
        for start in range(0, self.grid.size, self._size):
            power = np.zeros(min(self._size, self.grid.size - start))
            middle = self.grid.fmin + self.grid.df * (start + self._size // 2)
            for g in range(cuts.size - 1):
                inside = slice(int(cuts[g]), int(cuts[g + 1]))
                self._transform(time[inside], weight[inside], weighted[inside], middle, w, wy)
                _add_power(w, wy, share[g], power)
            yield power

    def _transform(self, time: Floats, weight: Floats, weighted: Floats, middle: float, w: Any, wy: Any) -> None:
        """Fill the sums of the harmonics k + 1, rows of `w` and `wy`, around the frequency `middle`."""
        angle = np.empty(time.size)
        strength = np.empty((2, time.size), np.complex128)
        for k in range(1, 2 * self._n_harmonics + 1):
            _strengths(time, weight, weighted, k * middle, k * self.grid.df, angle, strength)
            if k <= self._n_harmonics:
                self._pair.setpts(angle)
                w[k - 1], wy[k - 1] = self._pair.execute(strength)
            else:
                self._single.setpts(angle)
                w[k - 1] = self._single.execute(strength[0])


@kernel
def _strengths(
    time: Floats, weight: Floats, weighted: Floats, middle: float, step: float, angle: Any, strength: Any
) -> None:
    """Angles per mode in [-π, π), and w and w y turned to the frequency `middle`."""
    for j in range(time.size):
        angle[j] = nearest_angle(time[j] * step)
        c, s = cos_sin_turns(time[j] * middle)
        strength[0, j] = complex(weight[j] * c, weight[j] * s)
        strength[1, j] = complex(weighted[j] * c, weighted[j] * s)


@kernel
def _add_power(w: Any, wy: Any, scale: float, power: Any) -> None:
    n_harmonics = wy.shape[0]
    moments = np.zeros((4, N_PARAMETERS))
    matrix = np.empty((N_PARAMETERS, N_PARAMETERS))
    right = np.empty(N_PARAMETERS)
    drops = np.empty(n_harmonics)
    moments[0, 0] = 1.0
    for f in range(power.size):
        for k in range(2 * n_harmonics):
            moments[0, k + 1] = w[k, f].real
            moments[1, k + 1] = w[k, f].imag
        for k in range(n_harmonics):
            moments[2, k + 1] = wy[k, f].real
            moments[3, k + 1] = wy[k, f].imag
        normal_equations(moments, n_harmonics, matrix, right)
        nested_drops(matrix, right, n_harmonics, drops)
        power[f] += scale * drops[n_harmonics - 1]
