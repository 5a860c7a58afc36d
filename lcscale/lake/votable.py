"""What the columns of a catalog mean, as the VOTable that Parquet files carry (VOParquet 1.0) and HATS reads."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pyarrow as pa

from lcscale.lightcurves.columns import COLUMNS as OF_LIGHT_CURVES
from lcscale.units import stated_unit
from lcscale.vocabulary import DEC, HEALPIX, RA

_CONTENT, _VERSION = b"IVOA.VOTable-Parquet.content", b"IVOA.VOTable-Parquet.version"
_DATATYPES = {
    pa.bool_(): "boolean",
    pa.uint8(): "unsignedByte",
    pa.int8(): "short",
    pa.int16(): "short",
    pa.uint16(): "int",
    pa.int32(): "int",
    pa.uint32(): "long",
    pa.int64(): "long",
    pa.uint64(): "long",
    pa.float16(): "float",
    pa.float32(): "float",
    pa.float64(): "double",
}
"""VOTable's words for numbers; all else is text there."""

_Said = Mapping[str, str]


def with_votable(schema: pa.Schema, *, ra: str, dec: str) -> pa.Schema:
    """`schema` with the VOTable in its metadata: types, units, UCDs and descriptions of its columns.

    Parameters
    ----------
    schema
        Units, UCDs and descriptions stand in the metadata of its fields.
    ra, dec
        Names of the columns of position.
    """
    said = {HEALPIX.name: HEALPIX, ra: replace(RA, name=ra), dec: replace(DEC, name=dec)}
    said |= {column.name: column for column in OF_LIGHT_CURVES}
    known = {name: _said(column.field) for name, column in said.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # units and UCDs of surveys, which go along as they are
        content = _votable(schema, known)
    return schema.with_metadata({**(schema.metadata or {}), _VERSION: b"1.0", _CONTENT: content})


def without_votable(schema: pa.Schema) -> pa.Schema:
    """`schema` as it was before: the VOTable tells of one version, and does not pass to what is made from it."""
    kept = {key: value for key, value in (schema.metadata or {}).items() if key not in (_VERSION, _CONTENT)}
    return schema.with_metadata(kept) if kept else schema.remove_metadata()


def _votable(schema: pa.Schema, known: Mapping[str, _Said]) -> bytes:
    from astropy.io.votable.tree import Field, FieldRef, Group, Param, Resource, TableElement, VOTableFile

    file = VOTableFile()
    resource, table = Resource(), TableElement(file)
    file.resources.append(resource)
    resource.tables.append(table)
    for column in schema:
        parts = list(_parts(column))
        group = Group(table, name=column.name)
        if parts:
            group.entries.append(Param(table, name="is_nested_column", datatype="boolean", value="t"))
            table.groups.append(group)
        for name, kind, own in parts or [(column.name, column.type, _said(column))]:
            said = {**known.get(name, {}), **own}
            number = len(table.fields)
            text = {} if kind in _DATATYPES else {"arraysize": "*"}
            field = Field(file, ID=f"column_{number}", name=name, datatype=_DATATYPES.get(kind, "unicodeChar"), **text)
            field.unit, field.ucd = said.get("unit"), said.get("ucd")
            field.description = said.get("description")
            table.fields.append(field)
            if parts:
                group.entries.append(FieldRef(table, ref=field.ID))
    stream = io.BytesIO()
    file.to_xml(stream)
    return stream.getvalue()


def _parts(column: pa.Field) -> Iterator[tuple[str, pa.DataType, _Said]]:
    """Name, type and what is said of each part of a nested column; nothing for others."""
    if not pa.types.is_struct(column.type) or not all(pa.types.is_list(part.type) for part in column.type):
        return
    pairs = (part.partition(":") for part in (stated_unit(column) or "").split(","))
    units = {name.strip(): unit.strip() for name, _, unit in pairs if unit}
    for part in column.type:
        unit = units.get(part.name, units.get(part.name.removesuffix("_err")))
        yield f"{column.name}.{part.name}", part.type.value_type, {"unit": unit} if unit else {}


def _said(field: pa.Field) -> dict[str, str]:
    """Unit, UCD and description that the metadata of a field tells."""
    metadata = field.metadata or {}
    keys = [key for key in ("unit", "ucd", "description") if metadata.get(key.encode())]
    return {key: metadata[key.encode()].decode(errors="replace") for key in keys}
