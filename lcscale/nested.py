"""Lists of rows as flat values and offsets: what Arrow's list columns are in memory, with the row each value is of."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Nested:
    """The lists of n rows; that of row *i* is ``values[offsets[i]:offsets[i + 1]]``.

    Examples
    --------
    >>> nested = Nested.of(pa.array([[7, 8], None, [9]]))
    >>> nested.owner.tolist(), nested.offsets.tolist()
    ([0, 0, 2], [0, 2, 2, 3])
    >>> Nested.owned(nested.values, nested.owner, 3).to_arrow().to_pylist()
    [[7, 8], [], [9]]
    """

    values: pa.Array
    """Values of all rows, one row behind the other."""
    offsets: Integers
    """int64 [n + 1], from 0 to the number of values."""

    @classmethod
    def of(cls, lists: pa.Array, readable: pa.Array | None = None) -> Nested:
        """The lists of an Arrow array; rows that are null, or not `readable` (bool [n]), have none."""
        if pa.types.is_fixed_size_list(lists.type):
            lists = lists.cast(pa.list_(lists.type.value_field))
        if lists.null_count or readable is not None:
            full = lists.is_valid() if readable is None else pc.and_(lists.is_valid(), readable)
            lists = pc.if_else(full, lists, pa.scalar([], lists.type))
        offsets = lists.offsets.to_numpy().astype(np.int64)
        start, end = int(offsets[0]), int(offsets[-1])
        return cls(lists.values.slice(start, end - start), offsets - start)

    @classmethod
    def owned(cls, values: pa.Array, owner: Integers, n: int) -> Nested:
        """The lists of `n` rows, of values that stand in order of the row they are of, int64 [n_values]."""
        return cls(values, np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n))]))

    @property
    def counts(self) -> Integers:
        """Length of each list, int64 [n]."""
        return np.diff(self.offsets)

    @cached_property
    def owner(self) -> Integers:
        """Row of each value, int64 [n_values]."""
        rows: Integers = np.repeat(np.arange(self.offsets.size - 1), self.counts)
        return rows

    def to_arrow(self) -> pa.ListArray:
        """The Arrow array [n]."""
        return pa.ListArray.from_arrays(pa.array(self.offsets.astype(np.int32)), self.values)


def is_list(kind: pa.DataType) -> bool:
    """Whether it is one of Arrow's types of lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def parts_of(nested: pa.Array, wanted: Container[str] | None = None) -> dict[str, Nested]:
    """The fields of a struct of lists, or of lists of structs, by name; of a null row all are empty.

    Those that are not `wanted` are left out (None: all are).
    """
    rows = Nested.of(nested) if is_list(nested.type) else None
    structs = nested if rows is None else rows.values
    parts = zip(structs.type.names, structs.flatten(), strict=True)
    return {
        name: Nested.of(part) if rows is None else Nested(part, rows.offsets)
        for name, part in parts
        if wanted is None or name in wanted
    }


def struct_of(
    parts: Mapping[str, Nested], fields: Sequence[pa.Field] | None = None, mask: pa.Array | None = None
) -> pa.StructArray:
    """A struct of lists from its parts; `fields` are theirs where they say more than the types, `mask` [n] is null."""
    arrays = [part.to_arrow() for part in parts.values()]
    if fields is None:
        return pa.StructArray.from_arrays(arrays, names=list(parts), mask=mask)
    return pa.StructArray.from_arrays(arrays, fields=list(fields), mask=mask)
