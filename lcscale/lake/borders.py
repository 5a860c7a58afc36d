"""Which HEALPix ranges lie around positions, or around a partition: where rows that matter to it may be."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lcscale.lake.leaf import Ranges
from lcscale.lake.pixel import Pixel

_CELLS_ACROSS = 6
_CELL_ARCSEC = math.degrees(math.sqrt(math.pi / 3.0)) * 3600.0
"""Side of a square of the area of a cell of order 0."""
_NARROWEST = 0.625
"""Least distance across a cell in units of that side; the true one is 0.68 and more."""


def ranges_around(index: npt.NDArray[np.int64], reach: float) -> Ranges:
    """HEALPix ranges that hold every position within `reach` arcseconds of the positions at `index`.

    The positions' cells at a coarse order and the cells around those: a point outside them is at least one cell's
    smallest width away. The order is fine enough to be a thin border around a partition, and coarse enough that a
    cell is wider than the reach.
    """
    from cdshealpix.nested import neighbours

    if index.size == 0:
        return np.empty((0, 2), np.int64)
    orders = np.arange(30)
    widest = orders[_NARROWEST * _CELL_ARCSEC / 2.0**orders > reach]
    if widest.size == 0:
        return np.array([[0, 12 << 58]], np.int64)
    spread = int(index.max() ^ index.min())
    order = min(int(widest.max()), max(0, 29 - (spread.bit_length() + 1) // 2) + _CELLS_ACROSS)
    shift = 2 * (29 - order)
    cells = distinct(index >> shift)
    around = np.asarray(neighbours(cells.astype(np.uint64), order)).astype(np.int64).ravel()
    cells = np.unique(np.concatenate([cells, around[around >= 0]]))
    breaks = np.flatnonzero(np.diff(cells) > 1)
    first = cells[np.concatenate([[0], breaks + 1])]
    last = cells[np.concatenate([breaks, [cells.size - 1]])]
    return np.column_stack([first << shift, (last + 1) << shift])


def ranges_around_pixel(pixel: Pixel, reach: float) -> Ranges:
    """HEALPix ranges that hold every position in `pixel` or within `reach` arcseconds of it."""
    if reach <= 0:
        return np.array([pixel.span], np.int64)
    finer = min(pixel.order + _CELLS_ACROSS, 29)
    cells = np.arange(4 ** (finer - pixel.order)) + (pixel.pixel << 2 * (finer - pixel.order))
    return ranges_around(cells << 2 * (29 - finer), reach)


def distinct(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The sorted distinct `values`; quick where they are in order already, as the rows of a leaf are."""
    first = np.ones(values.size, np.bool_)
    step = np.diff(values)
    if (step < 0).any():
        return np.unique(values)
    first[1:] = step > 0
    return values[first]
