"""The header of an ECSV file, which says the types and units of its columns (astropy APE 6; Gaia's bulk files)."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

_TYPES = {
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint32": pa.uint32(),
    "uint64": pa.uint64(),
    "float16": pa.float32(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
}


@dataclass(frozen=True)
class EcsvHeader:
    """What an ECSV header says."""

    delimiter: str
    """Between the fields of a row."""
    types: dict[str, pa.DataType] = field(default_factory=dict)
    """Arrow type of each column; arrays and objects are text."""
    units: dict[str, str] = field(default_factory=dict)
    """Units of those columns that have one."""


def ecsv_header(path: str) -> EcsvHeader | None:
    """The header of the file at `path`, or None where it is no ECSV."""
    with pa.input_stream(path) as stream:
        text = stream.read(1 << 20)
    if not text.startswith(b"# %ECSV"):
        return None
    from astropy.table.meta import get_header_from_yaml

    lines = []
    for line in text.decode("utf-8", errors="replace").splitlines()[1:]:
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    header = get_header_from_yaml(lines)
    columns = header["datatype"]
    return EcsvHeader(
        header.get("delimiter", " "),
        {one["name"]: pa.string() if "subtype" in one else _TYPES.get(one["datatype"], pa.string()) for one in columns},
        {one["name"]: str(one["unit"]) for one in columns if one.get("unit")},
    )


def with_units(table: pa.Table, units: dict[str, str]) -> pa.Table:
    """The table with the units in the metadata of its fields."""
    fields = [one.with_metadata({"unit": units[one.name]}) if one.name in units else one for one in table.schema]
    return table.cast(pa.schema(fields, table.schema.metadata))
