"""Periodograms of one sinusoid that several bands share, of several families of stars at once.

As `matrix_product`, but at each frequency there is one amplitude and phase, of which a band shows a multiple, and the
means have the Gaussian prior of `coupling`. For B bands that takes B + 2 products: the data once, the weights at twice
the frequency once, the weights of each band once. Families whose ratios are the same (see `families.alike`) share all
of them, since what their colours take from the data is a sum over the weights of the bands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.harmonics import BASE, DUSTY, JOINT, LOOSE, OFFSET, RATIO, Curve
from lcscale.kernels.turns import cos_sin_turns, turned
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.matrix_product import _fine_phasors, levels

_ROWS = 64
_RESTART = 32
_SUMS = 13


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
        self._sums = np.empty((_SUMS, self.half), np.float32)

    def powers(self, curve: Curve, couplings: Floats) -> Iterator[Any]:
        """Powers of one object for each of several families, float32 [n_families, any length], piece by piece.

        A piece is overwritten by the next one.

        Parameters
        ----------
        curve
            As in `Series`.
        couplings
            Of the bands in each family, float64 [n_families, n_bands, n_links]; the ratios are the same in all.
        """
        time, weight, weighted, cuts, share, _ = curve
        n, width, n_bands, n_families = time.size, 2 * self.half, cuts.size - 1, couplings.shape[0]
        w, wy = np.empty(n), np.empty(n)
        means = np.empty((n_families, n_bands, 4), np.float32)
        scales = np.empty(2 + n_families, np.float32)
        _weigh(weight, weighted, cuts, share, couplings, w, wy, means, scales)
        fine = np.empty((2, 2 * (self.half + 1), n), np.float32)
        _fine_phasors(time, self.grid.df, fine[0], fine[1])
        coarse = np.empty((3, 2 * _ROWS, n), np.float32)
        products = np.empty((n_bands + 2, 2 * _ROWS, 2 * (self.half + 1)), np.float32)
        seen = np.empty((2 * n_bands, self.half), np.float32)
        powers = np.empty((n_families, _ROWS * width), np.float32)
        for level in range(0, self.n_levels, _ROWS):
            rows = min(_ROWS, self.n_levels - level)
            first = self.grid.fmin + self.grid.df * (level * width + self.half)
            _coarse_phasors(time, w, wy, first, self.grid.df * width, rows, coarse)
            np.matmul(coarse[0, : 2 * rows], fine[0].T, out=products[0, : 2 * rows])
            np.matmul(coarse[1, : 2 * rows], fine[1].T, out=products[1, : 2 * rows])
            for g in range(n_bands):
                inside = slice(int(cuts[g]), int(cuts[g + 1]))
                np.matmul(coarse[2, : 2 * rows, inside], fine[0, :, inside].T, out=products[g + 2, : 2 * rows])
            piece = powers[:, : min(rows * width, self.grid.size - level * width)]
            shape = (n_bands + 2, _ROWS, 2, 2, self.half + 1)
            _add_power(products.reshape(shape), rows, means, scales, self._sums, seen, piece)
            yield piece


@kernel
def _weigh(
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    couplings: Floats,
    w: Floats,
    wy: Floats,
    means: Any,
    scales: Any,
) -> None:
    """Weights times ratio squared and data times ratio; what means take; all weight, the prior, the χ² of a constant.

    Data are those about the colours of the first family. Bands of unknown ratio go with their own scatter: for a scan
    that is near enough.
    """
    total = 0.0
    for g in range(cuts.size - 1):
        first = couplings[0, g]
        ratio = 1.0 if np.isnan(first[RATIO]) else first[RATIO]
        strength = share[g] * ratio
        for j in range(cuts[g], cuts[g + 1]):
            w[j] = strength * ratio * weight[j]
            wy[j] = strength * (weighted[j] - first[OFFSET] * weight[j])
        for j in range(cuts[g], cuts[g + 1]):
            total += w[j]
        for k in range(couplings.shape[0]):
            link = couplings[k, g]
            loose = 1.0 / share[g] if np.isnan(link[RATIO]) else link[LOOSE]
            means[k, g, 0] = loose / (ratio * ratio)
            means[k, g, 1] = link[JOINT] / ratio
            means[k, g, 2] = link[DUSTY] / ratio
            means[k, g, 3] = (link[OFFSET] - first[OFFSET]) / ratio
    scales[0] = total
    scales[1] = 1e-3 * total
    for k in range(couplings.shape[0]):
        scales[2 + k] = couplings[k, 0, BASE]


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
def _add_power(products: Any, rows: int, means: Any, scales: Any, sums: Any, seen: Any, powers: Any) -> None:
    """Drop of χ² at every frequency of the rows, as a share of that of a constant star, for each family.

    `seen` has room for the sums of the bands. Loops touch few arrays each: a compiler gives up vector instructions
    where it must rule out that many overlap.
    """
    half = products.shape[4] - 1
    size = powers.shape[1]
    n_bands = means.shape[1]
    for a in range(rows):
        start = a * 2 * half + half
        for side in range(2):  # the frequencies of the level and above, and those below, from the level on
            sign = np.float32(1.0 if side == 0 else -1.0)
            for g in range(n_bands):
                _turn(products[g + 2, a], side, sign, seen[2 * g], seen[2 * g + 1])
            _turn(products[0, a], side, sign, sums[0], sums[1])
            _turn(products[1, a], side, sign, sums[2], sums[3])
            for k in range(means.shape[0]):
                drop = _drop(means[k], scales[0], scales[1], scales[2 + k], seen, sums)
                if side == 0:
                    for b in range(max(min(half, size - start), 0)):
                        powers[k, start + b] = drop[b]
                else:
                    for b in range(half):
                        if start - 1 - b < size:
                            powers[k, start - 1 - b] = drop[b]


@kernel
def _drop(means: Any, total: Any, prior: Any, base: Any, seen: Any, sums: Any) -> Any:
    """What one family's sinusoid explains; `sums` are those of data and of weights at twice the frequency, and room."""
    yc, ys, c2, s2 = sums[0], sums[1], sums[2], sums[3]
    cc, ss, cs, jc, js, dc, ds, rc, rs = (
        sums[4],
        sums[5],
        sums[6],
        sums[7],
        sums[8],
        sums[9],
        sums[10],
        sums[11],
        sums[12],
    )
    half = cc.size
    for b in range(half):
        cc[b] = np.float32(0.5) * (total + c2[b]) + prior
        ss[b] = np.float32(0.5) * (total - c2[b]) + prior
    for b in range(half):
        cs[b] = np.float32(0.5) * s2[b]
    for b in range(half):
        rc[b] = yc[b]
        rs[b] = ys[b]
    sums[7:11] = np.float32(0.0)
    for g in range(0, means.shape[0], 2):  # two bands at a time: sums are loaded and stored half as often
        other = min(g + 1, means.shape[0] - 1)
        c, s, c_other, s_other = seen[2 * g], seen[2 * g + 1], seen[2 * other], seen[2 * other + 1]
        one = np.float32(1.0 if other > g else 0.0)
        loose, joint, dusty, offset = means[g, 0], means[g, 1], means[g, 2], means[g, 3]
        looser, jointer, dustier = one * means[other, 0], one * means[other, 1], one * means[other, 2]
        further = one * means[other, 3]
        for b in range(half):
            cc[b] -= loose * c[b] * c[b] + looser * c_other[b] * c_other[b]
            rc[b] -= offset * c[b] + further * c_other[b]
        for b in range(half):
            ss[b] -= loose * s[b] * s[b] + looser * s_other[b] * s_other[b]
            rs[b] -= offset * s[b] + further * s_other[b]
        for b in range(half):
            jc[b] += joint * c[b] + jointer * c_other[b]
            dc[b] += dusty * c[b] + dustier * c_other[b]
        for b in range(half):
            js[b] += joint * s[b] + jointer * s_other[b]
            ds[b] += dusty * s[b] + dustier * s_other[b]
        for b in range(half):
            cs[b] -= loose * c[b] * s[b] + looser * c_other[b] * s_other[b]
    for b in range(half):
        cc[b] -= jc[b] * jc[b] + dc[b] * dc[b]
    for b in range(half):
        ss[b] -= js[b] * js[b] + ds[b] * ds[b]
    for b in range(half):
        cs[b] -= jc[b] * js[b] + dc[b] * ds[b]
    tiny = np.float32(1e-6) * total * total
    for b in range(half):
        drop = ss[b] * rc[b] * rc[b] + cc[b] * rs[b] * rs[b] - np.float32(2.0) * cs[b] * rc[b] * rs[b]
        jc[b] = drop / (max(cc[b] * ss[b] - cs[b] * cs[b], tiny) * base)
    return jc


@kernel
def _turn(product: Any, side: int, sign: Any, cosine: Any, sine: Any) -> None:
    """Sums of cosines and sines at the level's frequency, turned up (`side` 0) or down by each of the fine phasors."""
    cc, sc, cs, ss = product[0, 0, side:], product[1, 0, side:], product[0, 1, side:], product[1, 1, side:]
    for b in range(cosine.size):
        cosine[b] = cc[b] - sign * ss[b]
    for b in range(sine.size):
        sine[b] = sc[b] + sign * cs[b]
