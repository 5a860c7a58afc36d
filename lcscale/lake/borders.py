"""Which HEALPix ranges lie around positions, or around a partition: where rows that matter to it may be."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lcscale.lake.leaf import Ranges
from lcscale.lake.pixel import Pixel, Pixels

_CELLS_ACROSS = 6
_PIXELS_ACROSS = 3
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
    if index.size == 0:
        return np.empty((0, 2), np.int64)
    widest = _finest_wider_than(reach)
    if widest is None:
        return np.array([[0, 12 << 58]], np.int64)
    spread = int(index.max() ^ index.min())
    order = min(widest, max(0, 29 - (spread.bit_length() + 1) // 2) + _CELLS_ACROSS)
    shift = 2 * (29 - order)
    return _with_neighbours(distinct(index >> shift), order)


def _with_neighbours(cells: npt.NDArray[np.int64], order: int) -> Ranges:
    """HEALPix ranges of `cells` of `order`, sorted and distinct, and of the cells around them."""
    from cdshealpix.nested import neighbours

    around = np.asarray(neighbours(cells.astype(np.uint64), order)).astype(np.int64).ravel()
    cells = np.unique(np.concatenate([cells, around[around >= 0]]))
    shift = 2 * (29 - order)
    return united(np.column_stack([cells << shift, (cells + 1) << shift]))


def united(ranges: Ranges) -> Ranges:
    """The sorted, disjoint ranges that hold what any of `ranges`, sorted by their first index, holds."""
    behind = np.maximum.accumulate(ranges[:, 1])
    breaks = np.flatnonzero(ranges[1:, 0] > behind[:-1])
    first = ranges[np.concatenate([[0], breaks + 1]), 0]
    return np.column_stack([first, behind[np.concatenate([breaks, [len(ranges) - 1]])]])


def ranges_around_pixel(pixel: Pixel, reach: float) -> Ranges:
    """HEALPix ranges that hold every position in `pixel` or within `reach` arcseconds of it."""
    if reach <= 0:
        return np.array([pixel.span], np.int64)
    finer = min(pixel.order + _CELLS_ACROSS, 29)
    cells = np.arange(4 ** (finer - pixel.order)) + (pixel.pixel << 2 * (finer - pixel.order))
    return ranges_around(cells << 2 * (29 - finer), reach)


def ranges_around_pixels(pixels: Pixels, reach: float) -> Ranges:
    """HEALPix ranges that hold every position in any of `pixels` or within `reach` arcseconds of one."""
    widest = _finest_wider_than(reach)
    if not len(pixels) or widest is None:
        return np.array([[0, 12 << 58]] if len(pixels) else [], np.int64).reshape(-1, 2)
    if reach <= 0:
        return united(pixels[pixels.argsort()].spans)
    found = []
    for order in np.unique(pixels.order).tolist():
        numbers = np.sort(pixels.pixel[pixels.order == order])
        finer = min(order + _PIXELS_ACROSS, widest)
        if finer < order:
            cells = distinct(numbers >> 2 * (order - finer))
        else:
            children = 4 ** (finer - order)
            cells = (numbers[:, None] * children + np.arange(children)).ravel()
        found.append(_with_neighbours(cells, finer))
    ranges = np.concatenate(found)
    return united(ranges[np.argsort(ranges[:, 0], kind="stable")])


def ranges_around_each(pixels: Pixels, reach: float) -> Ranges:
    """For each pixel, ranges that hold every position in it or within `reach` arcseconds of it, int64 [n, m, 2].

    They are those of the pixel and of those around it (of a wider one that holds it, where the reach is wider): more
    than `ranges_around_pixels` gives, in a thousandth of the time. Where a pixel has fewer than `m`, the first are
    empty.
    """
    from cdshealpix.nested import neighbours

    if reach <= 0:
        return pixels.spans[:, None]
    widest = _finest_wider_than(reach)
    if widest is None:
        return np.full((len(pixels), 1, 2), [0, 12 << 58], np.int64)
    found = np.empty((len(pixels), 9, 2), np.int64)
    for order in np.unique(pixels.order).tolist():
        at = pixels.order == order
        wide = min(order, widest)
        cells = pixels.pixel[at] >> 2 * (order - wide)
        around = np.sort(np.asarray(neighbours(cells.astype(np.uint64), wide)).astype(np.int64), axis=1)
        exist, shift = around >= 0, 2 * (29 - wide)
        found[at] = np.stack([np.where(exist, around, 0) << shift, np.where(exist, around + 1, 0) << shift], axis=-1)
    return found


def _finest_wider_than(reach: float) -> int | None:
    """Finest order whose cells are wider than `reach` arcseconds; None where none is."""
    orders = np.arange(30)
    wider = orders[_NARROWEST * _CELL_ARCSEC / 2.0**orders > reach]
    return int(wider.max()) if wider.size else None


def distinct(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The sorted distinct `values`; quick where they are in order already, as the rows of a leaf are."""
    first = np.ones(values.size, np.bool_)
    step = np.diff(values)
    if (step < 0).any():
        return np.unique(values)
    first[1:] = step > 0
    return values[first]
