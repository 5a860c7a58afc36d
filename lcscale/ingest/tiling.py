"""The adaptive HATS tiling: the fewest pixels that hold no more than so much each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.lake import Pixel

Integers = npt.NDArray[np.int64]


def tile(
    cells: Integers, weights: npt.NDArray[Any], order: int, threshold: float, taken: Integers | None = None
) -> list[Pixel]:
    """Pixels that cover `cells`, each the smallest around all it holds, of total weight at most `threshold`.

    The same tiling as `hats.pixel_math.generate_alignment` with ``drop_empty_siblings``, from a sparse histogram of
    any order.

    Parameters
    ----------
    cells
        int64 [n], numbers of the occupied pixels at `order` (nested), ascending.
    weights
        [n], rows (or bytes) of each.
    order
        HEALPix order of the histogram.
    threshold
        Largest weight of a pixel; a cell above it becomes a pixel of its own.
    taken
        int64 [m, 2], half-open spans at order 29 (ascending, disjoint) that no pixel may overlap; a cell that does
        becomes a pixel of its own.

    Returns
    -------
    list of Pixel
        In order of the sky.

    Examples
    --------
    >>> tile(np.array([0, 1, 100]), np.array([5, 5, 5]), 4, 10)
    [Pixel(order=3, pixel=0), Pixel(order=4, pixel=100)]
    """
    total = np.concatenate([[0.0], np.cumsum(weights, dtype=np.float64)])
    found: list[Pixel] = []
    pending = [(0, len(cells), 0)] if len(cells) else []
    while pending:
        start, stop, at = pending.pop()
        children = cells[start:stop] >> 2 * (order - at)
        starts = start + np.flatnonzero(np.diff(children, prepend=-1))
        for first, last in zip(starts.tolist(), [*starts[1:].tolist(), stop], strict=True):
            pixel = _around(int(cells[first]), int(cells[last - 1]), order)
            fits = total[last] - total[first] <= threshold and not overlaps(pixel, taken)
            if fits or at == order:
                found.append(pixel)
            else:
                pending.append((first, last, at + 1))
    return sorted(found, key=lambda pixel: pixel.span)


def overlaps(pixel: Pixel, taken: Integers | None) -> bool:
    """Whether the pixel overlaps one of the spans `taken`."""
    if taken is None or not len(taken):
        return False
    low, high = pixel.span
    after = int(np.searchsorted(taken[:, 1], low, side="right"))
    return after < len(taken) and int(taken[after, 0]) < high


def covered(cells: Integers, order: int, taken: Integers) -> npt.NDArray[np.bool_]:
    """Which of the `cells` at `order` lie in the spans `taken` altogether."""
    lengths = np.concatenate([[0], np.cumsum(np.diff(taken).ravel())])

    def below(index: Integers) -> Integers:
        before = np.searchsorted(taken[:, 0], index)
        over = np.maximum(taken[before - 1, 1] - index, 0) if len(taken) else 0
        return np.asarray(lengths[before] - np.where(before > 0, over, 0))

    shift = 2 * (29 - order)
    return np.asarray(below((cells + 1) << shift) - below(cells << shift) == 1 << shift)


def within(index: Integers, taken: Integers) -> npt.NDArray[np.bool_]:
    """Which of the indices at order 29 lie in the spans `taken`."""
    if not len(taken):
        return np.zeros(index.size, bool)
    at = np.searchsorted(taken[:, 0], index, side="right") - 1
    return np.asarray((at >= 0) & (index < taken[np.maximum(at, 0), 1]))


def _around(first: int, last: int, order: int) -> Pixel:
    """The smallest pixel that holds the cells `first` and `last`."""
    up = ((first ^ last).bit_length() + 1) // 2
    return Pixel(order - up, first >> 2 * up)
