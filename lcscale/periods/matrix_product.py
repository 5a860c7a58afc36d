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

from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.harmonics import Floats, Integers, kernel
from lcscale.periods.turns import cos_sin_turns

_PRODUCT_BYTES = 1 << 19
_RESTART = 32


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
        width = 2 ** round(math.log2(max(math.sqrt(3.0 * grid.size), 16.0)))
        self.half = min(int(width), 1024) // 2
        self.n_levels = -(-grid.size // (2 * self.half))
        rows = _PRODUCT_BYTES // (12 * (self.half + 1) * self.dtype.itemsize)
        self.rows = max(min(rows, self.n_levels), 1)
        self._power = np.empty(self.rows * 2 * self.half, self.dtype)
        self._row = np.empty(2 * self.half, self.dtype)
        self._constants = drop_constants(self.dtype)
        self._products = np.empty((6, self.rows, 2, self.half + 1), self.dtype)

    def powers(self, time: Floats, weight: Floats, weighted: Floats, cuts: Integers, share: Floats) -> Iterator[Any]:
        """Power of one object (arrays as in `Series`), piece by piece from the lowest frequency.

        A piece is overwritten by the next one.
        """
        n_levels, half, width = self.n_levels, self.half, 2 * self.half
        n = time.size
        right = np.empty((2, 2, half + 1, n), self.dtype)
        _fine_phasors(time, self.grid.df, right)
        left = np.empty((6, self.rows, n), self.dtype)
        for level in range(0, n_levels, self.rows):
            rows = min(self.rows, n_levels - level)
            first = self.grid.fmin + self.grid.df * (level * width + half)
            _coarse_phasors(time, weight, weighted, first, self.grid.df * width, rows, left)
            size = min(rows * width, self.grid.size - level * width)
            self._power[:size] = 0.0
            for g in range(cuts.size - 1):
                inside = slice(int(cuts[g]), int(cuts[g + 1]))
                self._multiply(left[:, :rows, inside], right[..., inside], rows)
                scale = self.dtype.type(share[g])
                _add_power(self._products[:, :rows], scale, self._constants, self._power[:size], self._row)
            yield self._power[:size]

    def _multiply(self, left: Any, right: Any, rows: int) -> None:
        columns = 2 * (self.half + 1)
        n = left.shape[2]
        for part in range(6):
            product = self._products[part, :rows].reshape(rows, columns)
            np.matmul(left[part], right[part // 4].reshape(columns, n).T, out=product)


@kernel  # type: ignore[untyped-decorator]
def _fine_phasors(time: Floats, step: float, right: Any) -> None:
    """e^{ibθ} and e^{2ibθ} for b = 0 .. B/2 with θ = 2π `step` `time`, into [2, cos or sin, b, n]."""
    n = time.size
    c = np.empty(n)
    s = np.empty(n)
    c1 = np.empty(n)
    s1 = np.empty(n)
    for j in range(n):
        c1[j], s1[j] = cos_sin_turns(time[j] * step)
    for b in range(right.shape[2]):
        if b % _RESTART == 0:
            for j in range(n):
                c[j], s[j] = cos_sin_turns(time[j] * step * b)
        for j in range(n):
            right[0, 0, b, j] = c[j]
            right[0, 1, b, j] = s[j]
            right[1, 0, b, j] = c[j] * c[j] - s[j] * s[j]
            right[1, 1, b, j] = 2.0 * c[j] * s[j]
            turned = c[j] * c1[j] - s[j] * s1[j]
            s[j] = s[j] * c1[j] + c[j] * s1[j]
            c[j] = turned


@kernel  # type: ignore[untyped-decorator]
def _coarse_phasors(
    time: Floats, weight: Floats, weighted: Floats, first: float, step: float, rows: int, left: Any
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
            left[0, a, j] = weighted[j] * c[j]
            left[1, a, j] = weighted[j] * s[j]
            left[2, a, j] = weight[j] * c[j]
            left[3, a, j] = weight[j] * s[j]
            left[4, a, j] = weight[j] * (c[j] * c[j] - s[j] * s[j])
            left[5, a, j] = weight[j] * (2.0 * c[j] * s[j])
            turned = c[j] * c1[j] - s[j] * s1[j]
            s[j] = s[j] * c1[j] + c[j] * s1[j]
            c[j] = turned


@kernel  # type: ignore[untyped-decorator]
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


@kernel  # type: ignore[untyped-decorator]
def _add_power(products: Any, scale: Any, constants: Any, power: Any, row: Any) -> None:
    """Add `scale` times the drop at every frequency of the rows to `power`; `row` is scratch of B numbers."""
    half = products.shape[3] - 1
    size = power.size
    for a in range(products.shape[1]):
        p = products[:, a]
        for b in range(half):
            row[half + b] = floating_mean_drop(
                p[0, 0, b] - p[1, 1, b],
                p[1, 0, b] + p[0, 1, b],
                p[2, 0, b] - p[3, 1, b],
                p[3, 0, b] + p[2, 1, b],
                p[4, 0, b] - p[5, 1, b],
                p[5, 0, b] + p[4, 1, b],
                constants,
            )
        for d in range(1, half + 1):
            row[half - d] = floating_mean_drop(
                p[0, 0, d] + p[1, 1, d],
                p[1, 0, d] - p[0, 1, d],
                p[2, 0, d] + p[3, 1, d],
                p[3, 0, d] - p[2, 1, d],
                p[4, 0, d] + p[5, 1, d],
                p[5, 0, d] - p[4, 1, d],
                constants,
            )
        start = a * 2 * half
        for b in range(min(2 * half, size - start)):
            power[start + b] += scale * row[b]
