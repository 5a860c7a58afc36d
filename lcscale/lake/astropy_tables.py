"""Arrow tables as astropy's: units, UCDs and descriptions from the fields' metadata, nulls masked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.units import astropy_unit, stated_unit

_PASSED_ON = ("ucd", "utype", "xtype")
"""Metadata of a field that a VOTable knows too."""


def to_astropy(table: pa.Table) -> Any:
    """The rows of `table` as an `astropy.table.Table`.

    Numbers keep their types; columns with nulls are masked, and a NaN stays a NaN. Times and dates become text
    (ISO 8601); lists and structs become columns of Python objects.
    """
    from astropy.table import Table

    columns = [_column(field, table.column(field.name)) for field in table.schema]
    return Table(columns, names=table.column_names, copy=False)


def _column(field: pa.Field, values: pa.ChunkedArray) -> Any:
    from astropy.table import Column, MaskedColumn

    told = {key.decode(): text.decode(errors="replace") for key, text in (field.metadata or {}).items()}
    unit = stated_unit(field)
    said: dict[str, Any] = {
        "unit": None if unit is None or pa.types.is_nested(field.type) else astropy_unit(unit),
        "description": told.get("description"),
        "meta": {name: told[name] for name in _PASSED_ON if name in told},
    }
    array = _array(values.combine_chunks())
    if not values.null_count:
        return Column(array, **said)
    kind = array.dtype
    filling = (
        {"fill_value": np.iinfo(kind).min if kind.kind == "i" else np.iinfo(kind).max} if kind.kind in "iu" else {}
    )
    return MaskedColumn(array, mask=np.asarray(values.is_null()), **filling, **said)


def _array(values: pa.Array) -> np.ndarray[Any, Any]:
    """Values as numpy holds them, with something in place of the nulls."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _array(values.dictionary_decode())
    if pa.types.is_boolean(kind):
        return np.asarray(pc.fill_null(values, False))
    if pa.types.is_floating(kind):
        return np.asarray(pc.fill_null(values, np.nan) if values.null_count else values)
    if pa.types.is_integer(kind):
        return np.asarray(pc.fill_null(values, 0))
    if pa.types.is_null(kind):
        return np.full(len(values), "", "U1")
    if pa.types.is_nested(kind):
        objects = np.empty(len(values), object)
        objects[:] = values.to_pylist()
        return objects
    is_time = pa.types.is_timestamp(kind)
    texts = pc.strftime(values, format="%Y-%m-%dT%H:%M:%S") if is_time else values.cast(pa.string())
    texts = pc.fill_null(texts, "")
    width = max(pc.max(pc.utf8_length(texts)).as_py() or 0, 1)
    return np.asarray(texts.to_numpy(zero_copy_only=False), dtype=f"U{width}")
