"""Lomb-Scargle periodograms of short light curves by a two-level matrix product.

With the frequency ``f_k = fmin + df k``, ``k = B a + B/2 + b`` and b from -B/2 to B/2, the phasor of an observation is
``e^{iω_k t} = E1[a] E2[b]``: sums over observations become matrix products of a few hundred rows and columns,
``(A × N)(N × B/2 + 1)``, and the pair ±b shares its product. The terms in 2ω come from the squares of the same factors.
Phasors are made in float64; only the products may run in float32 (error of the power about 3e-6).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.turns import cos_sin_turns, turned
from lcscale.periods.grid import FrequencyGrid

_PRODUCT_BYTES = 1 << 20
_WIDEST = 512
_RESTART = 32


def levels(grid: FrequencyGrid) -> tuple[int, int]:
    """How a grid is cut for the product: B/2, and the number of values of a."""
    width = 2 ** round(math.log2(max(math.sqrt(3.0 * grid.size), 16.0)))
    half = min(int(width), _WIDEST) // 2
    return half, -(-grid.size // (2 * half))


class MatrixProduct:
    """Periodograms on one grid; holds the scratch memory, so each thread needs its own.

    Parameters
    ----------
    grid
        Trial frequencies.
    dtype
        float32 or float64, of the matrix products.
    """

    def __init__(self, grid: FrequencyGrid, dtype: npt.DTypeLike = np.float32) -> None:
        self.grid = grid
        self.dtype = np.dtype(dtype)
        self.half, self.n_levels = levels(grid)
        rows = _PRODUCT_BYTES // (12 * (self.half + 1) * self.dtype.itemsize)
        self.rows = max(min(rows, self.n_levels), 1)
        self._power = np.empty(self.rows * 2 * self.half, self.dtype)
        self._row = np.empty(2 * self.half, self.dtype)
        self._constants = drop_constants(self.dtype)
        self._once = np.empty((self.rows, 4, 2, self.half + 1), self.dtype)
        self._twice = np.empty((self.rows, 2, 2, self.half + 1), self.dtype)

    def powers(self, time: Floats, weight: Floats, weighted: Floats, cuts: Integers, share: Floats) -> Iterator[Any]:
        """Power of one object (arrays as in `Series`), piece by piece from the lowest frequency.

        A piece is overwritten by the next one.
        """
        width, n = 2 * self.half, time.size
        right = np.empty((2, 2 * (self.half + 1), n), self.dtype)
        _fine_phasors(time, self.grid.df, right[0], right[1])
        once = np.empty((self.rows * 4, n), self.dtype)
        twice = np.empty((self.rows * 2, n), self.dtype)
        for level in range(0, self.n_levels, self.rows):
            rows = min(self.rows, self.n_levels - level)
            first = self.grid.fmin + self.grid.df * (level * width + self.half)
            _coarse_phasors(time, weight, weighted, first, self.grid.df * width, rows, once, twice)
            power = self._power[: min(rows * width, self.grid.size - level * width)]
            power[:] = 0.0
            for g in range(cuts.size - 1):
                inside = slice(int(cuts[g]), int(cuts[g + 1]))
                np.matmul(once[: 4 * rows, inside], right[0, :, inside].T, out=self._flat(self._once, rows))
                np.matmul(twice[: 2 * rows, inside], right[1, :, inside].T, out=self._flat(self._twice, rows))
                scale = self.dtype.type(share[g])
                _add_power(self._once[:rows], self._twice[:rows], scale, self._constants, power, self._row)
            yield power

    def _flat(self, products: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
        """The first rows of `products` as the matrix that a product of matrices writes."""
        return products[:rows].reshape(-1, 2 * (self.half + 1))


@kernel
def _fine_phasors(time: Floats, step: float, once: Any, twice: Any) -> None:
    """e^{ibθ} and e^{2ibθ} for b = 0 .. B/2 with θ = 2π `step` `time`; rows are all cosines, then all sines."""
    n = time.size
    c = np.empty(n)
    s = np.empty(n)
    c1 = np.empty(n)
    s1 = np.empty(n)
    for j in range(n):
        c1[j], s1[j] = cos_sin_turns(time[j] * step)
    count = once.shape[0] // 2
    for b in range(count):
        if b % _RESTART == 0:
            for j in range(n):
                c[j], s[j] = cos_sin_turns(time[j] * step * b)
        for j in range(n):
            once[b, j] = c[j]
            once[count + b, j] = s[j]
            twice[b, j] = c[j] * c[j] - s[j] * s[j]
            twice[count + b, j] = 2.0 * c[j] * s[j]
            c[j], s[j] = turned(c[j], s[j], c1[j], s1[j])


@kernel
def _coarse_phasors(
    time: Floats, weight: Floats, weighted: Floats, first: float, step: float, rows: int, once: Any, twice: Any
) -> None:
    """wy cos, wy sin, w cos, w sin at the frequencies `first` + a `step`, and w cos, w sin at twice those."""
    n = time.size
    c = np.empty(n)
    s = np.empty(n)
    c1 = np.empty(n)
    s1 = np.empty(n)
    for j in range(n):
        c1[j], s1[j] = cos_sin_turns(time[j] * step)
    for a in range(rows):
        if a % _RESTART == 0:
            for j in range(n):
                c[j], s[j] = cos_sin_turns(time[j] * (first + step * a))
        for j in range(n):
            once[4 * a + 0, j] = weighted[j] * c[j]
            once[4 * a + 1, j] = weighted[j] * s[j]
            once[4 * a + 2, j] = weight[j] * c[j]
            once[4 * a + 3, j] = weight[j] * s[j]
            twice[2 * a + 0, j] = weight[j] * (c[j] * c[j] - s[j] * s[j])
            twice[2 * a + 1, j] = weight[j] * (2.0 * c[j] * s[j])
            c[j], s[j] = turned(c[j], s[j], c1[j], s1[j])


@kernel
def floating_mean_drop(yc: Any, ys: Any, c: Any, s: Any, c2: Any, s2: Any, constants: Any) -> Any:
    """Drop of weighted mean square by a sinusoid with free mean (Zechmeister & Kürster 2009, eq. 5).

    All arguments are sums over observations with weights that sum to 1; `yc, ys` of the centred magnitudes, `c2, s2`
    of twice the angle. `constants` (see `drop_constants`) keep the arithmetic in its type. Where the observations do
    not determine the sinusoid (determinant too small) the drop is 0.
    """
    half, one, zero, smallest = constants[0], constants[1], constants[2], constants[3]
    cc = half * (one + c2) - c * c
    ss = half * (one - c2) - s * s
    cs = half * s2 - c * s
    determinant = cc * ss - cs * cs
    drop = (ss * yc * yc + cc * ys * ys - (cs + cs) * yc * ys) / max(determinant, smallest)
    return drop if determinant > smallest else zero


def drop_constants(dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """1/2, 1, 0 and the smallest determinant that `dtype` can tell from 0."""
    return np.array([0.5, 1.0, 0.0, 1e-5 if np.dtype(dtype).itemsize == 4 else 1e-12], dtype)


@kernel
def _add_power(once: Any, twice: Any, scale: Any, constants: Any, power: Any, row: Any) -> None:
    """Add `scale` times the drop at every frequency of the rows to `power`; `row` is scratch of B numbers."""
    half = once.shape[3] - 1
    size = power.size
    for a in range(once.shape[0]):
        p = once[a]
        q = twice[a]
        for b in range(half):
            row[half + b] = floating_mean_drop(
                p[0, 0, b] - p[1, 1, b],
                p[1, 0, b] + p[0, 1, b],
                p[2, 0, b] - p[3, 1, b],
                p[3, 0, b] + p[2, 1, b],
                q[0, 0, b] - q[1, 1, b],
                q[1, 0, b] + q[0, 1, b],
                constants,
            )
        for d in range(1, half + 1):
            row[half - d] = floating_mean_drop(
                p[0, 0, d] + p[1, 1, d],
                p[1, 0, d] - p[0, 1, d],
                p[2, 0, d] + p[3, 1, d],
                p[3, 0, d] - p[2, 1, d],
                q[0, 0, d] + q[1, 1, d],
                q[1, 0, d] - q[0, 1, d],
                constants,
            )
        start = a * 2 * half
        for b in range(min(2 * half, size - start)):
            power[start + b] += scale * row[b]
