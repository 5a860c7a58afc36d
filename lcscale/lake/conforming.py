"""Tables of files made to fit a catalog's schema: missing columns null, others left out, types cast."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def plain(kind: pa.DataType) -> pa.DataType:
    """The type in which a column is handed on: dictionaries decoded, views as ordinary texts.

    Examples
    --------
    >>> plain(pa.dictionary(pa.int8(), pa.string()))
    DataType(string)
    """
    if pa.types.is_dictionary(kind):
        return plain(kind.value_type)
    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_binary_view(kind):
        return pa.binary()
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(plain(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(plain(kind.value_type)))
    if pa.types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(plain(kind.value_type)))
    return kind


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """`table` with the columns and types of `schema`.

    Raises
    ------
    pyarrow.ArrowException
        A value does not go over into its column's type without harm; the message names the column.
    """
    if table.schema == schema:
        return table.cast(schema)
    arrays = []
    for field in schema:
        if field.name not in table.column_names:
            arrays.append(pa.nulls(table.num_rows, field.type))
            continue
        column = table.column(field.name)
        try:
            arrays.append(_chunked(column, field.type))
        except pa.ArrowException as error:
            raise pa.ArrowInvalid(f"column {field.name!r}, {column.type} for {field.type}: {error}") from error
    nullable = [field.with_nullable(True) for field in schema]
    return pa.Table.from_arrays(arrays, schema=pa.schema(nullable, schema.metadata))


def _chunked(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([_cast(chunk, kind) for chunk in column.chunks], kind)


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """`array` as `kind`; of structs field by field, by name."""
    if array.type == kind:
        return array
    if pa.types.is_struct(kind) and pa.types.is_struct(array.type):
        own = dict(zip(array.type.names, array.flatten(), strict=True))
        fields = [
            _cast(own[field.name], field.type) if field.name in own else pa.nulls(len(array), field.type)
            for field in kind
        ]
        return pa.StructArray.from_arrays(fields, fields=list(kind), mask=array.is_null())
    if pa.types.is_dictionary(array.type):
        return _cast(array.dictionary_decode(), kind)
    cast = array.cast(kind)
    if pa.types.is_floating(kind) and pc.any(pc.and_(pc.is_inf(cast), pc.is_finite(array.cast(pa.float64())))).as_py():
        raise pa.ArrowInvalid(f"a number is too large for {kind}")
    return cast
