"""Sorting the values of every object of a ragged batch.

NumPy sorts with vector instructions, which loops of numba do not, but a call costs as much as sorting a short light
curve. So short ones are laid out as the rows of matrices, which one call sorts; and float32 sorts twice as fast as
float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats, Integers, kernel

LONGEST_ROW = 256
"""Longer objects are sorted one by one."""

STEP = 16
"""Rows are as long as the next multiple of this."""


def sort_segments(values: npt.NDArray[Any], offsets: Integers, zero: Floats) -> Floats:
    """`values` (float32 or float64 [n]) minus `zero` of their object, sorted within it, float64 [n].

    Examples
    --------
    >>> sort_segments(np.array([3.0, 1.0, 2.0, 5.0, 4.0]), np.array([0, 3, 5]), np.array([1.0, 0.0])).tolist()
    [0.0, 1.0, 2.0, 4.0, 5.0]
    """
    result = np.empty(values.size)
    for length, members in widths(offsets, LONGEST_ROW):
        rows = np.empty((members.size, length), values.dtype)
        _gather(values, offsets, members, rows)
        rows.sort(axis=1)
        _scatter(rows, offsets, zero, members, result)
    for i in np.flatnonzero(np.diff(offsets) > LONGEST_ROW):
        inside = slice(offsets[i], offsets[i + 1])
        np.subtract(np.sort(values[inside]), zero[i], out=result[inside], dtype=np.float64)
    return result


def argsort_segments(values: Floats, offsets: Integers, members: npt.NDArray[np.bool_], rows: Integers) -> None:
    """Write to `rows` (int64 [n]) the places of `values` (finite) in ascending order, object by object.

    Objects that are not `members` (bool [n_objects]) are left as they are. Equal values come in any order.
    """
    for length, those in widths(offsets, LONGEST_ROW):
        those = those[members[those]]
        block = np.empty((those.size, length))
        _gather(values, offsets, those, block)
        _place(block.argsort(axis=1), offsets, those, rows)
    for i in np.flatnonzero(members & (np.diff(offsets) > LONGEST_ROW)):
        inside = slice(offsets[i], offsets[i + 1])
        rows[inside] = offsets[i] + np.argsort(values[inside])


def widths(offsets: Integers, longest: int | None = None) -> Iterator[tuple[int, Integers]]:
    """Objects that fill rows of one length, a multiple of `STEP` (about an eighth of long ones), with that length.

    Examples
    --------
    >>> [(length, members.tolist()) for length, members in widths(np.array([0, 3, 3, 13, 33]))]
    [(16, [0, 2]), (32, [3])]
    """
    counts = np.diff(offsets)
    step = np.maximum(STEP, 2 ** np.ceil(np.log2(np.maximum(counts, 1))).astype(np.int64) // 8)
    width = -(-counts // step) * step
    chosen = counts > 0 if longest is None else (counts > 0) & (counts <= longest)
    for length in np.unique(width[chosen]):
        yield int(length), np.flatnonzero(chosen & (width == length))


@kernel
def _gather(values: Any, offsets: Integers, members: Integers, rows: Any) -> None:
    """Copy the objects `members` into `rows`, filled up with infinity."""
    for r in range(members.size):
        inside = values[offsets[members[r]] : offsets[members[r] + 1]]
        row = rows[r]
        for j in range(inside.size):
            row[j] = inside[j]
        for j in range(inside.size, row.size):
            row[j] = np.inf


@kernel
def _scatter(rows: Any, offsets: Integers, zero: Floats, members: Integers, result: Any) -> None:
    """Copy sorted `rows` back, minus the zero of each object."""
    for r in range(members.size):
        inside = result[offsets[members[r]] : offsets[members[r] + 1]]
        row = rows[r]
        for j in range(inside.size):
            inside[j] = float(row[j]) - zero[members[r]]


@kernel
def _place(order: Any, offsets: Integers, members: Integers, rows: Integers) -> None:
    """Copy the places within each of `members` into `rows`, as places in the batch."""
    for r in range(members.size):
        a, b = offsets[members[r]], offsets[members[r] + 1]
        for j in range(b - a):
            rows[a + j] = a + order[r, j]
