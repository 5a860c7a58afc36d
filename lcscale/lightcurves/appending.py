"""How a step adds its columns to a table: later values replace earlier ones, reasons are joined."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_MAKER = b"made_by"


def made_field(name: str, type_: pa.DataType, maker: str, unit: str = "") -> pa.Field:
    """A field that says who made its values, and their unit where they have one."""
    metadata = {_MAKER: maker.encode()}
    if unit:
        metadata[b"unit"] = unit.encode()
    return pa.field(name, type_, metadata=metadata)


def maker_of(schema: pa.Schema, name: str) -> str | None:
    """Who made the column `name`: None for one that a survey or a user brought, or that is not there.

    A survey's own `period` is not that of a search, though they share the name.
    """
    metadata = schema.field(name).metadata if name in schema.names else None
    return metadata[_MAKER].decode() if metadata and _MAKER in metadata else None


def brought_field(field: pa.Field) -> pa.Field:
    """The field of a column that came from another catalog: what was made of other light curves is not ours."""
    return field.with_metadata({key: value for key, value in (field.metadata or {}).items() if key != _MAKER} or None)


def append_columns(table: pa.Table, new: pa.Table) -> pa.Table:
    """`table` with the columns of `new` (same number of rows) appended.

    A column of the same name is replaced, at the end; but a `reason` is joined to that of an earlier step
    (``"a; b"``), so that no step hides why another could not do its work.

    Examples
    --------
    >>> fields = pa.schema([("id", pa.int64()), made_field("reason", pa.string(), "first")])
    >>> left = pa.table({"id": [1, 2], "reason": ["too few", None]}, schema=fields)
    >>> append_columns(left, pa.table({"period": [None, 0.5], "reason": ["no peak", None]})).to_pylist()
    [{'id': 1, 'period': None, 'reason': 'too few; no peak'}, {'id': 2, 'period': 0.5, 'reason': None}]
    """
    result = table
    for field in new.schema:
        values = new.column(field.name)
        if field.name in result.column_names:
            if field.name == "reason" and maker_of(result.schema, "reason"):
                values = _join_reasons(result.column("reason"), values)
            result = result.drop_columns([field.name])
        result = result.append_column(field, values)
    return result


def appended_schema(schema: pa.Schema, new: pa.Schema) -> pa.Schema:
    """Schema of `append_columns` for tables of `schema` and `new`."""
    kept = [field for field in schema if field.name not in new.names]
    return pa.schema([*kept, *new], schema.metadata)


def _join_reasons(first: pa.ChunkedArray, second: pa.ChunkedArray) -> pa.ChunkedArray:
    same = pc.equal(first, second)
    joined = pc.binary_join_element_wise(first, second, "; ")
    return pc.coalesce(pc.if_else(same, first, joined), first, second)
