"""Lomb-Scargle periodograms of long light curves by non-uniform fast Fourier transforms (finufft)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.turns import cos_sin_turns, nearest_angle
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.matrix_product import drop_constants, floating_mean_drop

_PIECE = 1 << 19
"""Frequencies transformed at a time: memory does not grow with the grid."""


class FourierTransform:
    """Periodograms on one grid, like `MatrixProduct`, at a cost that hardly grows with the number of observations.

    Parameters
    ----------
    grid
        Trial frequencies.
    tolerance
        Relative precision asked of the transforms.
    """

    def __init__(self, grid: FrequencyGrid, tolerance: float = 1e-6) -> None:
        import finufft

        self.grid = grid
        self._size = min(_PIECE, grid.size)
        self._pair = finufft.Plan(1, (self._size,), 2, eps=tolerance, isign=1, nthreads=1)
        self._single = finufft.Plan(1, (self._size,), 1, eps=tolerance, isign=1, nthreads=1)
        self._constants = drop_constants(np.float64)

    def powers(self, time: Floats, weight: Floats, weighted: Floats, cuts: Integers, share: Floats) -> Iterator[Any]:
        """Power of one object (arrays as in `Series`), piece by piece from the lowest frequency."""
        for start in range(0, self.grid.size, self._size):
            power = np.zeros(min(self._size, self.grid.size - start))
            middle = self.grid.fmin + self.grid.df * (start + self._size // 2)
            for g in range(cuts.size - 1):
                inside = slice(int(cuts[g]), int(cuts[g + 1]))
                angle = np.empty((2, inside.stop - inside.start))
                strength = np.empty((3, angle.shape[1]), np.complex128)
                _strengths(time[inside], weight[inside], weighted[inside], middle, self.grid.df, angle, strength)
                self._pair.setpts(angle[0])
                first = self._pair.execute(strength[:2])
                self._single.setpts(angle[1])
                second = self._single.execute(strength[2])
                _add_power(first, second, share[g], self._constants, power)
            yield power


@kernel
def _strengths(
    time: Floats, weight: Floats, weighted: Floats, middle: float, step: float, angle: Any, strength: Any
) -> None:
    """Angles per mode in [-π, π) and strengths turned to the middle of the grid, for ω (two rows) and 2ω (one)."""
    for j in range(time.size):
        for k in range(2):
            angle[k, j] = nearest_angle(time[j] * step * (k + 1))
        c, s = cos_sin_turns(time[j] * middle)
        strength[0, j] = complex(weighted[j] * c, weighted[j] * s)
        strength[1, j] = complex(weight[j] * c, weight[j] * s)
        c, s = cos_sin_turns(2.0 * time[j] * middle)
        strength[2, j] = complex(weight[j] * c, weight[j] * s)


@kernel
def _add_power(first: Any, second: Any, scale: float, constants: Floats, power: Any) -> None:
    for k in range(power.size):
        y = first[0, k]
        w = first[1, k]
        w2 = second[k]
        power[k] += scale * floating_mean_drop(y.real, y.imag, w.real, w.imag, w2.real, w2.imag, constants)
