"""Tables of any format as Arrow: CSV and its kin, Parquet, FITS, VOTable, IPAC; errors name the file."""

from __future__ import annotations

import contextlib
import csv
import os
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

from lcscale.surveys.ecsv import ecsv_header, with_units
from lcscale.surveys.release import Part, Problem, ReleaseFileError, require

GROUP_ROWS = 1_048_576
"""Rows of a part of a Parquet file, about."""

_STREAM_BYTES = 512 << 20
_BLOCK_BYTES = 32 << 20
_NULLS = ["", "null", "NULL", "nan", "NaN", "NAN", "--", "N/A"]
_COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")
_ASTROPY = {
    ".fits": "fits",
    ".fit": "fits",
    ".vot": "votable",
    ".votable": "votable",
    ".xml": "votable",
    ".tbl": "ascii.ipac",
}
_TEXT = {".csv": ",", ".ecsv": ",", ".tsv": "\t", ".psv": "|"}


def suffix(path: str) -> str:
    """The ending that says the format, without that of the compression: ``.csv`` of ``a.CSV.gz``."""
    stem, ending = os.path.splitext(path.lower())
    return os.path.splitext(stem)[1] if ending in _COMPRESSED else ending


def is_table(path: str) -> bool:
    """Whether the file's name says that it is a table we read."""
    return suffix(path) in (".parquet", ".pq", *_ASTROPY, *_TEXT)


def table_parts(path: str, kind: str = "") -> list[Part]:
    """The file as parts: runs of row groups of a Parquet file, the whole of any other."""
    if suffix(path) not in (".parquet", ".pq"):
        return [Part(path, kind)]
    with reading(path):
        metadata = pq.read_metadata(path)
    parts, start, rows = [], 0, 0
    for group in range(metadata.num_row_groups):
        rows += metadata.row_group(group).num_rows
        if rows >= GROUP_ROWS or group == metadata.num_row_groups - 1:
            parts.append(Part(path, kind, start, group + 1))
            start, rows = group + 1, 0
    return parts or [Part(path, kind)]


def read_batches(part: Part, problems: list[Problem], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The rows of `part`, some at a time; `columns` (default: all) in the order given.

    Raises
    ------
    ReleaseFileError
        Where the file cannot be read or lacks a column.
    """
    with reading(part.path):
        if os.path.getsize(part.path) == 0:
            raise ReleaseFileError(f"{part.path} is empty")
        kind = suffix(part.path)
        if kind in (".parquet", ".pq"):
            yield from _parquet(part, columns)
        elif kind in _TEXT:
            yield from _text(part.path, _TEXT[kind], problems, columns)
        elif kind in _ASTROPY:
            table = _astropy(part.path, _ASTROPY[kind])
            require(table, columns or (), part.path)
            yield table if columns is None else table.select(list(columns))
        else:
            known = ", ".join([".parquet", *_TEXT, *_ASTROPY])
            raise ReleaseFileError(f"{part.path}: unknown kind of file; known endings are {known}")


def read_table(path: str, problems: list[Problem], columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of the file at `path`."""
    return pa.concat_tables(read_batches(Part(path), problems, columns), promote_options="permissive")


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn whatever a damaged file raises into `ReleaseFileError` with the file's name."""
    try:
        yield
    except ReleaseFileError:
        raise
    except (OSError, EOFError, ValueError, zlib.error, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None and not os.access(path, os.R_OK):
            raise ReleaseFileError(f"cannot open {path}: {error.strerror}") from error
        raise ReleaseFileError(f"cannot read {path}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{text[0][:300]}" if text else type(error).__name__


def _parquet(part: Part, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    with pq.ParquetFile(part.path, memory_map=True) as file:
        require(file.schema_arrow, columns or (), part.path)
        groups = list(range(part.start, file.num_row_groups if part.stop is None else part.stop))
        names = None if columns is None else list(columns)
        if not file.num_row_groups:
            yield file.read(columns=names)
        for batch in file.iter_batches(GROUP_ROWS, row_groups=groups, columns=names, use_threads=False):
            table = pa.Table.from_batches([batch])
            yield table if names is None else table.select(names)


def _text(path: str, delimiter: str, problems: list[Problem], columns: Sequence[str] | None) -> Iterator[pa.Table]:
    """A delimited text with a header line, which comment lines (``#``) may precede."""
    ecsv = ecsv_header(path)
    names, skip = header_of(path, ecsv.delimiter if ecsv else delimiter)
    require(pa.schema([(name, pa.null()) for name in names]), columns or (), path)
    if ecsv is None:
        yield from delimited(path, delimiter, problems, columns, skip=skip, names=names)
        return
    for table in delimited(path, ecsv.delimiter, problems, columns, skip=skip, names=names, types=ecsv.types):
        yield with_units(table, ecsv.units)


def header_of(path: str, delimiter: str) -> tuple[list[str], int]:
    """Column names of a delimited text, and the number of lines before its first row.

    The header is the first line that does not start with ``#``; or the last that does, where it has as many fields
    as the line behind it and all of them are names (``#Name, Date``). Blanks around names are taken away.
    """
    with pa.input_stream(path) as stream:
        lines = stream.read(1 << 20).decode("utf-8", errors="ignore").splitlines()[:2000]
    comments = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if comments and comments < len(lines):
        marked, plain = (_fields(line, delimiter) for line in (lines[comments - 1][1:], lines[comments]))
        if len(marked) == len(plain) > 1 and _are_names(marked) and not _are_names(plain):
            return marked, comments
    if comments == len(lines):
        raise ReleaseFileError(f"{path} {'has no header line' if lines else 'is empty'}")
    return _fields(lines[comments], delimiter), comments + 1


def _fields(line: str, delimiter: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])]


def _are_names(fields: list[str]) -> bool:
    return all(field.isidentifier() for field in fields)


def delimited(
    path: str,
    delimiter: str,
    problems: list[Problem],
    columns: Sequence[str] | None = None,
    *,
    skip: int = 0,
    names: Sequence[str] | None = None,
    types: dict[str, pa.DataType] | None = None,
) -> Iterator[pa.Table]:
    """Rows of a delimited text; lines with too few or too many fields are left out and added to `problems`."""
    broken: list[Any] = []

    def leave_out(row: Any) -> str:
        broken.append(row)
        return "skip"

    read = pv.ReadOptions(
        use_threads=False, block_size=_BLOCK_BYTES, skip_rows=skip, column_names=list(names) if names else None
    )
    parse = pv.ParseOptions(delimiter=delimiter, invalid_row_handler=leave_out)
    convert = pv.ConvertOptions(
        null_values=_NULLS,
        strings_can_be_null=True,
        column_types=types,
        include_columns=list(columns) if columns is not None else None,
    )
    if os.path.getsize(path) > _STREAM_BYTES:
        with pv.open_csv(path, read, parse, convert) as reader:
            for batch in reader:
                yield _in_utf8(pa.Table.from_batches([batch]), path)
    else:
        yield _in_utf8(pv.read_csv(path, read, parse, convert), path)
    if broken:
        first = f"first: {broken[0].text[:80]!r}" if broken[0].text else "the first is empty"
        text = f"{len(broken)} lines do not have {broken[0].expected_columns} fields ({first})"
        problems.append(Problem(path, text))


def _in_utf8(table: pa.Table, path: str) -> pa.Table:
    """The table, unless a column of text is none: Arrow then takes it for bytes."""
    strange = [field.name for field in table.schema if pa.types.is_binary(field.type)]
    if strange:
        raise ReleaseFileError(f"cannot read {path}: column {', '.join(strange)} is not UTF-8")
    return table


def _astropy(path: str, format_name: str) -> pa.Table:
    """FITS, VOTable and IPAC tables through astropy; masked values are nulls, units go to the fields' metadata."""
    import warnings

    import numpy as np
    from astropy.table import Table

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = Table.read(path, format=format_name)
    arrays, fields = [], []
    for name in table.colnames:
        column = table[name]
        mask = np.asarray(column.mask) if getattr(column, "mask", None) is not None else None
        values = np.asarray(column)
        if values.dtype.kind == "S":
            values = np.char.decode(values, "utf-8")
        if values.dtype.byteorder == ">":
            values = values.astype(values.dtype.newbyteorder("="))
        if values.ndim > 1 or values.dtype.kind == "O":
            values, mask = np.array([str(value) for value in column], dtype=object), None
        array = pa.array(values, mask=mask)
        unit = getattr(column, "unit", None)
        fields.append(pa.field(name, array.type, metadata={"unit": str(unit)} if unit is not None else None))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
