"""ECSV: a header that says types and units, and cells that may hold JSON (astropy APE 6; Gaia's bulk files)."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from lcscale.surveys.formats import head_of
from lcscale.surveys.release import ReleaseFileError

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
_ARRAY = re.compile(r"^(\w+)\[[^,\]]*\]$")
"""Subtype of a column whose cells are arrays of one dimension: ``float64[null]``, ``int64[3]``."""


@dataclass(frozen=True)
class EcsvHeader:
    """What an ECSV header says."""

    delimiter: str
    """Between the fields of a row."""
    types: dict[str, pa.DataType] = field(default_factory=dict)
    """Arrow type of each column as it is written: JSON is text."""
    said: dict[str, dict[str, str]] = field(default_factory=dict)
    """Unit, UCD and description of each column, as far as the header tells them."""
    arrays: dict[str, pa.DataType] = field(default_factory=dict)
    """Type of the elements, for columns of arrays; null for any other JSON."""


def ecsv_header(path: str) -> EcsvHeader | None:
    """The header of the file at `path`, or None where it is no ECSV.

    Raises
    ------
    ReleaseFileError
        Where the header is broken: the message says in which line.
    """
    text = head_of(path)
    if not text.startswith(b"# %ECSV"):
        return None
    from astropy.table.meta import YamlParseError, get_header_from_yaml

    lines = []
    for line in text.decode("utf-8", errors="replace").splitlines()[1:]:
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    try:
        header = get_header_from_yaml(lines)
        columns = [
            (one["name"], one["datatype"].strip(), (one.get("subtype") or "").strip()) for one in header["datatype"]
        ]
    except YamlParseError as error:
        raise ReleaseFileError(f"cannot read {path}: its ECSV header is broken{_where(error, lines)}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ReleaseFileError(
            f"cannot read {path}: its ECSV header is broken: every column under 'datatype:' needs a name and a datatype"
        ) from error
    return EcsvHeader(
        header.get("delimiter", " "),
        {name: pa.string() if subtype else _TYPES.get(kind, pa.string()) for name, kind, subtype in columns},
        {one["name"]: _said(one) for one in header["datatype"]},
        {name: _elements(subtype) for name, _, subtype in columns if subtype},
    )


def _elements(subtype: str) -> pa.DataType:
    found = _ARRAY.match(subtype)
    return _TYPES.get(found[1], pa.null()) if found else pa.null()


def _where(error: Exception, lines: list[str]) -> str:
    """What YAML's parser says is wrong, and in which line of the file."""
    cause: Any = error.__cause__ or error.__context__
    mark = getattr(cause, "context_mark", None) or getattr(cause, "problem_mark", None)
    if mark is None:
        return ""
    line = lines[mark.line] if mark.line < len(lines) else ""
    what = " ".join(str(one) for one in (cause.context, cause.problem) if one)
    return f" in line {mark.line + 2}, {line.strip()[:80]!r}: {what}"


def described(table: pa.Table, header: EcsvHeader, path: str) -> pa.Table:
    """The table with JSON as values, and what the header says of its columns in the metadata of its fields."""
    for name, kind in header.arrays.items():
        if name in table.column_names:
            place = table.column_names.index(name)
            cells = table.column(name).combine_chunks()
            try:
                plain = not (pa.types.is_null(kind) or pa.types.is_string(kind))
                values = parsed_arrays(cells, kind) if plain else _any_json(cells)
            except (ValueError, pa.ArrowException) as error:
                raise ReleaseFileError(
                    f"cannot read {path}: column {name!r} does not hold the JSON it says: {error}"
                ) from error
            table = table.set_column(place, name, values)
    return with_said(table, header.said)


def _said(column: dict[str, Any]) -> dict[str, str]:
    """Unit, UCD and description of a column in a header."""
    told = {"ucd": (column.get("meta") or {}).get("ucd"), **column}
    return {key: str(told[key]) for key in ("unit", "ucd", "description") if told.get(key)}


def with_said(table: pa.Table, said: dict[str, dict[str, str]]) -> pa.Table:
    """The table with what is said of its columns (``unit``, ``ucd``, ``description``) in the metadata of its fields."""
    fields = [one.with_metadata(said[one.name]) if said.get(one.name) else one for one in table.schema]
    return table.cast(pa.schema(fields, table.schema.metadata))


def parsed_arrays(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cells such as ``[1.5, NaN, null]`` as lists of `kind`, numbers or booleans: all are parsed as one column."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    inside = pc.replace_substring(pc.utf8_trim(cells, characters="[] \t"), " ", "")
    filled = pc.and_(pc.is_valid(inside), pc.not_equal(pc.fill_null(inside, ""), ""))
    counts = pc.if_else(filled, pc.add(pc.count_substring(inside, ","), 1), pa.scalar(0, pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(counts.cast(pa.int32()))])
    lines = "\n".join(inside.filter(filled).to_pylist()).replace(",", "\n")
    options = pv.ConvertOptions(
        column_types={"it": kind}, null_values=["", "null", *_NOT_A_NUMBER], strings_can_be_null=True
    )
    if not lines:
        flat = pa.array([], kind)
    else:
        read = pv.ReadOptions(column_names=["it"], use_threads=False)
        parse = pv.ParseOptions(ignore_empty_lines=False)
        flat = pv.read_csv(io.BytesIO(lines.encode()), read, parse, options).column(0).combine_chunks()
    lists = pa.ListArray.from_arrays(offsets, flat)
    return pc.if_else(cells.is_valid(), lists, pa.scalar(None, lists.type)) if cells.null_count else lists


_NOT_A_NUMBER = ["NaN", "nan", "None", '""']


def _any_json(cells: pa.Array) -> pa.Array:
    """Each distinct cell read once; text where they do not agree on a type."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    coded = cells.dictionary_encode()
    values = [json.loads(text) for text in coded.dictionary.to_pylist()]
    try:
        plain = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        plain = pa.array([value if isinstance(value, str) else json.dumps(value) for value in values])
    return plain.take(coded.indices)
