"""Light curves in cells, a row an object: a row for each element of the lists."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from lcscale.surveys.release import ReleaseFileError


def is_list(kind: pa.DataType) -> bool:
    """Whether cells of the type are lists, of any kind that Arrow has."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def unfolded(table: pa.Table, path: str) -> pa.Table:
    """The table with a row for each element of its lists, the other columns repeated; as it is where it has none.

    Raises
    ------
    ReleaseFileError
        The lists of a row differ in length.
    """
    lists = {one.name: table.column(one.name).combine_chunks() for one in table.schema if is_list(one.type)}
    if not lists:
        return table
    parents = [pc.list_parent_indices(each) for each in lists.values()]
    if any(not each.equals(parents[0]) for each in parents):
        raise ReleaseFileError(f"{path}: the lists in {', '.join(map(repr, lists))} differ in length within a row")
    arrays = [
        pc.list_flatten(lists[name]) if name in lists else table.column(name).take(parents[0])
        for name in table.column_names
    ]
    fields = [one.with_type(array.type) for one, array in zip(table.schema, arrays, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def fields_of(column: pa.ChunkedArray) -> list[pa.Array]:
    """The fields of structs, or of lists of structs as lists."""
    array = column.combine_chunks()
    if not is_list(array.type):
        return list(array.flatten())
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(lengths).cast(pa.int64())])
    return [pa.LargeListArray.from_arrays(offsets, each) for each in pc.list_flatten(array).flatten()]
