"""Normal equations of the series that the bands of a star share, at many frequencies at once.

What `log_evidence` does one frequency after another, for a block of frequencies side by side, so that vector
instructions run over frequencies: a band of a sparse star has fewer observations than a vector has places.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, kernel
from lcscale.kernels.harmonics import DUSTY, JOINT, LOOSE, OFFSET, RATIO, Curve
from lcscale.kernels.turns import cos_sin_turns, turned

LANES = 32
"""Frequencies of a block."""


@kernel
def shared_equations(curve: Curve, frequency: Floats, order: int, scale: float, matrix: Any, right: Any) -> None:
    """Normal matrix and right-hand side without any prior of the amplitudes, with the means marginalised.

    Parameters
    ----------
    curve
        One object, with at least one tied segment.
    frequency
        Cycles per day, float64 [n].
    order
        Highest number of harmonics.
    scale
        What both sides are multiplied by.
    matrix
        float32 [order (2 order + 1), n], written: the lower triangle, row by row; coefficients go cosine, sine.
    right
        float32 [2 order, n], written.
    """
    time, weight, weighted, cuts, share, coupling = curve
    size = 2 * order
    block = np.empty(LANES)
    phasor = np.empty((4, LANES), np.float32)
    total = np.empty((2, size + 1, LANES), np.float32)
    data = np.empty((size, LANES), np.float32)
    seen = np.empty((size, LANES), np.float32)
    means = np.empty((2, size, LANES), np.float32)
    taken = np.empty((matrix.shape[0], LANES), np.float32)
    for start in range(0, frequency.size, LANES):
        for lane in range(LANES):
            block[lane] = frequency[min(start + lane, frequency.size - 1)]
        total[:] = np.float32(0.0)
        data[:] = np.float32(0.0)
        means[:] = np.float32(0.0)
        taken[:] = np.float32(0.0)
        for g in range(cuts.size - 1):
            link = coupling[g]
            if math.isnan(link[RATIO]):
                continue
            seen[:] = np.float32(0.0)
            strength = share[g] * link[RATIO]
            for j in range(cuts[g], cuts[g + 1]):
                w = strength * weight[j]
                y = strength * (weighted[j] - link[OFFSET] * weight[j])
                _add_point(time[j], w, y, link[RATIO], block, order, phasor, total, data, seen)
            _take(link, share[g] * link[RATIO] ** 2, order, total, means, seen, taken)
        count = min(LANES, frequency.size - start)
        for r in range(size):
            for lane in range(count):
                right[r, start + lane] = scale * data[r, lane]
        _subtract(total, means, order, taken)
        for place in range(taken.shape[0]):
            for lane in range(count):
                matrix[place, start + lane] = scale * taken[place, lane]


@kernel
def _add_point(
    time: float,
    w: float,
    y: float,
    ratio: float,
    block: Floats,
    order: int,
    phasor: Any,
    total: Any,
    data: Any,
    seen: Any,
) -> None:
    """Add one observation to the sums of its band, to those of the data, and to the higher ones of all weights."""
    c1, s1, c, s = phasor[0], phasor[1], phasor[2], phasor[3]
    once, much, value = np.float32(w), np.float32(w * ratio), np.float32(y)
    for lane in range(LANES):
        cosine, sine = cos_sin_turns(time * block[lane])
        c1[lane] = cosine
        s1[lane] = sine
    for lane in range(LANES):
        c[lane] = c1[lane]
        s[lane] = s1[lane]
    for k in range(order):
        cosines, sines, yc, ys = seen[2 * k], seen[2 * k + 1], data[2 * k], data[2 * k + 1]
        for lane in range(LANES):
            cosines[lane] += once * c[lane]
            yc[lane] += value * c[lane]
        for lane in range(LANES):
            sines[lane] += once * s[lane]
            ys[lane] += value * s[lane]
        for lane in range(LANES):
            c[lane], s[lane] = turned(c[lane], s[lane], c1[lane], s1[lane])
    for k in range(order + 1, 2 * order + 1):
        cosines, sines = total[0, k], total[1, k]
        for lane in range(LANES):
            cosines[lane] += much * c[lane]
            sines[lane] += much * s[lane]
        for lane in range(LANES):
            c[lane], s[lane] = turned(c[lane], s[lane], c1[lane], s1[lane])


@kernel
def _take(link: Floats, weight: float, order: int, total: Any, means: Any, seen: Any, taken: Any) -> None:
    """Add a band's sums to those of all, and what its free mean takes from the equations."""
    ratio, joint, dusty = np.float32(link[RATIO]), np.float32(link[JOINT]), np.float32(link[DUSTY])
    loose = np.float32(link[LOOSE])
    constant = np.float32(weight)
    for lane in range(LANES):
        total[0, 0, lane] += constant
    place = 0
    for r in range(2 * order):
        row, shared, common, reddened = seen[r], total[r % 2, r // 2 + 1], means[0, r], means[1, r]
        for lane in range(LANES):
            shared[lane] += ratio * row[lane]
        for lane in range(LANES):
            common[lane] += joint * row[lane]
            reddened[lane] += dusty * row[lane]
        for q in range(r + 1):
            column, out = seen[q], taken[place]
            for lane in range(LANES):
                out[lane] += loose * row[lane] * column[lane]
            place += 1


@kernel
def _subtract(total: Any, means: Any, order: int, taken: Any) -> None:
    """Replace what means take by what they leave of the normal matrix (product-to-sum, as in `normal_equations`)."""
    half = np.float32(0.5)
    place = 0
    for r in range(2 * order):
        k = r // 2 + 1
        common, reddened = means[0, r], means[1, r]
        for q in range(r + 1):
            m = q // 2 + 1
            kind = (r % 2 + q % 2) % 2  # 0: two cosines, or two sines; 1: sums of sines
            low, high, out = total[kind, k - m], total[kind, k + m], taken[place]
            up = half if r % 2 == 0 or q % 2 == 0 else -half
            down = half if kind == 0 or r % 2 == 1 else -half
            joint, dusty = means[0, q], means[1, q]
            for lane in range(LANES):
                out[lane] = down * low[lane] + up * high[lane] - out[lane]
            for lane in range(LANES):
                out[lane] -= common[lane] * joint[lane]
            for lane in range(LANES):
                out[lane] -= reddened[lane] * dusty[lane]
            place += 1
