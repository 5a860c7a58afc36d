"""Periodograms of one sinusoid that several bands share, by the two-level matrix product.

As `matrix_product`, but at each frequency there is one amplitude and phase, of which a band shows a multiple, and the
means have the Gaussian prior of `coupling`. For B bands that takes B + 2 products: the data once, the weights at twice
the frequency once, the weights of each band once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.harmonics import BASE, DUSTY, JOINT, LOOSE, OFFSET, RATIO
from lcscale.kernels.turns import cos_sin_turns, turned
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.matrix_product import _fine_phasors, levels

_ROWS = 32
_RESTART = 32
_SUMS = 9


class SharedScan:
    """Periodograms on one grid; holds the scratch memory, so each thread needs its own.

    Parameters
    ----------
    grid
        Trial frequencies.
    """

    def __init__(self, grid: FrequencyGrid) -> None:
        self.grid = grid
        self.half, self.n_levels = levels(grid)
        self._sums = np.empty((_SUMS, 2 * self.half), np.float32)
        self._power = np.empty(_ROWS * 2 * self.half, np.float32)

    def powers(
        self, time: Floats, weight: Floats, weighted: Floats, cuts: Integers, share: Floats, coupling: Floats
    ) -> Iterator[Any]:
        """Power of one object (arrays as in `Series`), piece by piece; each is overwritten by the next."""
        n, width, n_bands = time.size, 2 * self.half, cuts.size - 1
        w, wy = np.empty(n), np.empty(n)
        means = np.empty((n_bands, 3), np.float32)
        scales = np.empty(3, np.float32)
        _weigh(weight, weighted, cuts, share, coupling, w, wy, means, scales)
        fine = np.empty((2, 2 * (self.half + 1), n), np.float32)
        _fine_phasors(time, self.grid.df, fine[0], fine[1])
        coarse = np.empty((3, 2 * _ROWS, n), np.float32)
        products = np.empty((n_bands + 2, 2 * _ROWS, 2 * (self.half + 1)), np.float32)
        for level in range(0, self.n_levels, _ROWS):
            rows = min(_ROWS, self.n_levels - level)
            first = self.grid.fmin + self.grid.df * (level * width + self.half)
            _coarse_phasors(time, w, wy, first, self.grid.df * width, rows, coarse)
            np.matmul(coarse[0, : 2 * rows], fine[0].T, out=products[0, : 2 * rows])
            np.matmul(coarse[1, : 2 * rows], fine[1].T, out=products[1, : 2 * rows])
            for g in range(n_bands):
                inside = slice(int(cuts[g]), int(cuts[g + 1]))
                np.matmul(coarse[2, : 2 * rows, inside], fine[0, :, inside].T, out=products[g + 2, : 2 * rows])
            power = self._power[: min(rows * width, self.grid.size - level * width)]
            shape = (n_bands + 2, _ROWS, 2, 2, self.half + 1)
            _add_power(products.reshape(shape), rows, means, scales, self._sums, power)
            yield power


@kernel
def _weigh(
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    coupling: Floats,
    w: Floats,
    wy: Floats,
    means: Any,
    scales: Any,
) -> None:
    """Weights times ratio squared and data times ratio; what means take; all weight, the prior, the χ² of a constant.

    Bands of unknown ratio go with their own scatter: for a scan that is near enough.
    """
    total = 0.0
    for g in range(cuts.size - 1):
        known = not np.isnan(coupling[g, RATIO])
        ratio = coupling[g, RATIO] if known else 1.0
        strength = share[g] * ratio
        for j in range(cuts[g], cuts[g + 1]):
            w[j] = strength * ratio * weight[j]
            wy[j] = strength * (weighted[j] - (coupling[g, OFFSET] * weight[j] if known else 0.0))
        for j in range(cuts[g], cuts[g + 1]):
            total += w[j]
        means[g, 0] = (coupling[g, LOOSE] if known else 1.0 / share[g]) / (ratio * ratio)
        means[g, 1] = coupling[g, JOINT] / ratio
        means[g, 2] = coupling[g, DUSTY] / ratio
    scales[0] = total
    scales[1] = 1e-3 * total
    scales[2] = coupling[0, BASE]


@kernel
def _coarse_phasors(time: Floats, w: Floats, wy: Floats, first: float, step: float, rows: int, coarse: Any) -> None:
    """wy, w at twice the angle, and w times cosine and sine at the frequencies `first` + a `step`."""
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
            coarse[0, 2 * a, j] = wy[j] * c[j]
            coarse[0, 2 * a + 1, j] = wy[j] * s[j]
            coarse[1, 2 * a, j] = w[j] * (c[j] * c[j] - s[j] * s[j])
            coarse[1, 2 * a + 1, j] = w[j] * (2.0 * c[j] * s[j])
            coarse[2, 2 * a, j] = w[j] * c[j]
            coarse[2, 2 * a + 1, j] = w[j] * s[j]
            c[j], s[j] = turned(c[j], s[j], c1[j], s1[j])


@kernel
def _add_power(products: Any, rows: int, means: Any, scales: Any, sums: Any, power: Any) -> None:
    """Drop of χ² at every frequency of the rows, as a share of that of a constant star.

    Loops touch few arrays each: a compiler gives up vector instructions where it must rule out that many overlap.
    """
    half = products.shape[4] - 1
    size = power.size
    c, s, cc, ss, cs = sums[0], sums[1], sums[2], sums[3], sums[4]
    jc, js, dc, ds = sums[5], sums[6], sums[7], sums[8]
    for a in range(rows):
        for side in range(2):  # the frequencies of the level and above, and those below, from the level on
            sign = np.float32(1.0 if side == 0 else -1.0)
            low = slice(side, half + side)
            _turn(products[1, a, 0, 0, low], products[1, a, 1, 1, low], -sign, c)
            _turn(products[1, a, 1, 0, low], products[1, a, 0, 1, low], sign, s)
            for b in range(half):
                cc[b] = np.float32(0.5) * (scales[0] + c[b]) + scales[1]
                ss[b] = np.float32(0.5) * (scales[0] - c[b]) + scales[1]
            for b in range(half):
                cs[b] = np.float32(0.5) * s[b]
            sums[5:9, :half] = np.float32(0.0)
            for g in range(means.shape[0]):
                _turn(products[g + 2, a, 0, 0, low], products[g + 2, a, 1, 1, low], -sign, c)
                _turn(products[g + 2, a, 1, 0, low], products[g + 2, a, 0, 1, low], sign, s)
                loose, joint, dusty = means[g, 0], means[g, 1], means[g, 2]
                for b in range(half):
                    cc[b] -= loose * c[b] * c[b]
                    jc[b] += joint * c[b]
                    dc[b] += dusty * c[b]
                for b in range(half):
                    ss[b] -= loose * s[b] * s[b]
                    js[b] += joint * s[b]
                    ds[b] += dusty * s[b]
                for b in range(half):
                    cs[b] -= loose * c[b] * s[b]
            for b in range(half):
                cc[b] -= jc[b] * jc[b] + dc[b] * dc[b]
            for b in range(half):
                ss[b] -= js[b] * js[b] + ds[b] * ds[b]
            for b in range(half):
                cs[b] -= jc[b] * js[b] + dc[b] * ds[b]
            _turn(products[0, a, 0, 0, low], products[0, a, 1, 1, low], -sign, c)
            _turn(products[0, a, 1, 0, low], products[0, a, 0, 1, low], sign, s)
            tiny = np.float32(1e-6) * scales[0] * scales[0]
            for b in range(half):
                drop = ss[b] * c[b] * c[b] + cc[b] * s[b] * s[b] - np.float32(2.0) * cs[b] * c[b] * s[b]
                jc[b] = drop / (max(cc[b] * ss[b] - cs[b] * cs[b], tiny) * scales[2])
            start = a * 2 * half + half
            if side == 0:
                for b in range(max(min(half, size - start), 0)):
                    power[start + b] = jc[b]
            else:
                for b in range(half):
                    if start - 1 - b < size:
                        power[start - 1 - b] = jc[b]


@kernel
def _turn(first: Any, second: Any, sign: Any, out: Any) -> None:
    """`first` + `sign` `second`, which turns a product of phasors up or down."""
    for b in range(first.size):
        out[b] = first[b] + sign * second[b]
