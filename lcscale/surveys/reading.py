"""Tables of any format as Arrow: CSV and its kin, Parquet, FITS, VOTable, IPAC; errors name the file."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from lcscale.surveys.delimited import delimited, header_of
from lcscale.surveys.ecsv import ecsv_header, with_units
from lcscale.surveys.release import Part, Problem, ReleaseFileError, require

GROUP_ROWS = 1_048_576
"""Rows of a part of a Parquet file, about."""

_BATCH_BYTES = 16 << 20
_BUFFER_BYTES = 128 << 10
_COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")
_ASTROPY = {
    ".fits": "fits",
    ".fit": "fits",
    ".vot": "votable",
    ".votable": "votable",
    ".xml": "votable",
    ".tbl": "ascii.ipac",
}
_COMMENTED = (".txt", ".dat")
"""Columns between blanks or tabs, named in the last line that starts with ``#``; too common an ending to look for."""
_BLANKS = {"format": "ascii.commented_header", "header_start": -1, "guess": False, "fast_reader": False}
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
        elif kind in _COMMENTED and len(header_of(part.path, "\t")[0]) > 1:
            yield from _text(part.path, "\t", problems, columns)
        elif kind in _ASTROPY or kind in _COMMENTED:
            table = _astropy(part.path, kind)
            require(table, columns or (), part.path)
            yield table if columns is None else table.select(list(columns))
        else:
            known = ", ".join([".parquet", *_TEXT, *_ASTROPY, *_COMMENTED])
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
    with pq.ParquetFile(part.path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
        require(file.schema_arrow, columns or (), part.path)
        groups = list(range(part.start, file.num_row_groups if part.stop is None else part.stop))
        names = None if columns is None else list(columns)
        if not file.num_row_groups:
            yield file.read(columns=names)
        rows = _rows_of_a_batch(file.metadata, groups, names)
        for batch in file.iter_batches(rows, row_groups=groups, columns=names, use_threads=False):
            table = pa.Table.from_batches([batch])
            yield table if names is None else table.select(names)


def _rows_of_a_batch(metadata: pq.FileMetaData, groups: Sequence[int], names: Sequence[str] | None) -> int:
    """Rows that take about `_BATCH_BYTES` in the columns `names`, at most `GROUP_ROWS`."""
    size = rows = 0
    for group in map(metadata.row_group, groups):
        rows += group.num_rows
        for column in map(group.column, range(group.num_columns)):
            if names is None or column.path_in_schema.split(".")[0] in names:
                size += max(column.total_uncompressed_size, 8 * column.num_values)
    return max(1, min(GROUP_ROWS, _BATCH_BYTES * rows // max(1, size)))


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


def _astropy(path: str, kind: str) -> pa.Table:
    """FITS, VOTable, IPAC and blank-separated tables through astropy; masked values are nulls, units are metadata."""
    import warnings

    import numpy as np
    from astropy.table import Table

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"format": _ASTROPY[kind]} if kind in _ASTROPY else _BLANKS
        table = Table.read(path, **options)
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
