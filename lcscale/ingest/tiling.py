"""The adaptive HATS tiling: the fewest pixels that hold no more than so much each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.lake import Pixel

Integers = npt.NDArray[np.int64]


def tile(cells: Integers, weights: npt.NDArray[Any], order: int, threshold: float) -> list[Pixel]:
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
    pending = [(0, len(cells), 0)]
    while pending:
        start, stop, at = pending.pop()
        children = cells[start:stop] >> 2 * (order - at)
        starts = start + np.flatnonzero(np.diff(children, prepend=-1))
        for first, last in zip(starts.tolist(), [*starts[1:].tolist(), stop], strict=True):
            if total[last] - total[first] <= threshold or at == order:
                found.append(_around(int(cells[first]), int(cells[last - 1]), order))
            else:
                pending.append((first, last, at + 1))
    return sorted(found, key=lambda pixel: pixel.span)


def _around(first: int, last: int, order: int) -> Pixel:
    """The smallest pixel that holds the cells `first` and `last`."""
    up = ((first ^ last).bit_length() + 1) // 2
    return Pixel(order - up, first >> 2 * up)
