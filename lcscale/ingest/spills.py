"""Spills: rows read from a release, sorted by position and put aside in Arrow files until their leaf is written."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from upath import UPath

from lcscale.engine.disk import make_folder, move
from lcscale.lake import HEALPIX_COLUMN
from lcscale.lake.leaf import Ranges
from lcscale.lake.storage import is_local
from lcscale.nested import Nested

STAGING = "staging"
"""Folder in a version's folder for what is gone when it is published."""

CELL_ORDER = 8
"""HEALPix order of the spills' histograms."""

_BATCH_BYTES = 4 << 20
_ROWS_SCHEMA = b"lcscale.rows"
_STARTS = b"lcscale.starts"


@dataclass(frozen=True)
class Histogram:
    """Rows and bytes of each occupied cell of `CELL_ORDER`."""

    cells: npt.NDArray[np.int64]
    """int64 [n], ascending."""
    rows: npt.NDArray[np.int64]
    """int64 [n]."""
    bytes: npt.NDArray[np.int64]
    """int64 [n]."""


@dataclass(frozen=True)
class Spills:
    """Rows that wait in the spills `names` in `folder`."""

    folder: UPath
    names: tuple[str, ...]

    def within(self, ranges: Ranges) -> Iterator[pa.RecordBatch]:
        """Those whose index lies in `ranges`, spill by spill."""
        for name in self.names:
            yield from read_ranges(self.folder, name, ranges)


def write_spill(folder: UPath, name: str, table: pa.Table, columns: Sequence[str] | None = None) -> None:
    """Write `columns` (default: all) of `table`, sorted by `_healpix_29`, and its histogram.

    Both are complete when they are there. Histogram and schema are those of the whole table in any case.
    """
    if is_local(folder):
        make_folder(folder.path)
    index = table.column(HEALPIX_COLUMN).to_numpy()
    cells, starts = np.unique(index >> 2 * (29 - CELL_ORDER), return_index=True)
    sizes = np.concatenate([[0], np.cumsum(_row_bytes(table))])
    edges = np.append(starts, index.size)
    counts = np.stack([cells, np.diff(edges), np.diff(sizes[edges])]).astype(np.int64)
    buffer = io.BytesIO()
    np.save(buffer, counts)
    put(folder / f"{name}.npy", buffer.getvalue())
    if columns is not None:
        note = {_ROWS_SCHEMA: table.schema.serialize().to_pybytes()}
        table = table.select(columns).replace_schema_metadata(note)
    rows = max(1, _BATCH_BYTES * table.num_rows // max(1, table.nbytes))
    begins = {_STARTS: index[::rows].tobytes()}
    beside = folder / f".{uuid.uuid4().hex}"
    try:
        with beside.open("wb") as stream, pa.ipc.new_file(stream, table.schema, metadata=begins) as writer:
            writer.write_table(table, max_chunksize=rows)
        _put_there(beside, folder / f"{name}.arrow")
    finally:
        beside.unlink(missing_ok=True)


def read_histogram(folder: UPath, name: str) -> Histogram:
    """The histogram of a spill."""
    cells, rows, sizes = np.load(io.BytesIO((folder / f"{name}.npy").read_bytes()))
    return Histogram(cells, rows, sizes)


def read_schema(folder: UPath, name: str) -> pa.Schema:
    """The schema of the rows of a spill."""
    schema = _open(folder / f"{name}.arrow").schema
    noted = (schema.metadata or {}).get(_ROWS_SCHEMA)
    return schema if noted is None else pa.ipc.read_schema(pa.py_buffer(noted))


def read_ranges(folder: UPath, name: str, ranges: Ranges) -> Iterator[pa.RecordBatch]:
    """The rows of a spill whose index lies in `ranges`; no other batches are read, and local files are mapped."""
    reader = _open(folder / f"{name}.arrow")
    starts = np.frombuffer(reader.metadata[_STARTS], np.int64)
    first = np.maximum(np.searchsorted(starts, ranges[:, 0]) - 1, 0)  # rows of one index may begin in the batch before
    behind = np.searchsorted(starts, ranges[:, 1])
    for i in np.unique(np.concatenate([np.arange(*each) for each in zip(first, behind, strict=True)])).tolist():
        yield from cut(reader.get_batch(i), ranges)


def cut(batch: pa.RecordBatch, ranges: Ranges) -> Iterator[pa.RecordBatch]:
    """The rows of a sorted batch whose index lies in `ranges`, if there are any."""
    starts, stops = np.searchsorted(batch.column(HEALPIX_COLUMN).to_numpy(), ranges.T)
    some = np.flatnonzero(stops > starts)
    if some.size == 1:
        yield batch.slice(starts[some[0]], stops[some[0]] - starts[some[0]])
    elif some.size:
        yield batch.take(pa.array(np.concatenate([np.arange(starts[i], stops[i]) for i in some])))


def remove_spills(folder: UPath, names: Iterable[str]) -> None:
    """Remove spills and their histograms, those half written too."""
    for name in names:
        for ending in ("arrow", "npy"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)


def _open(path: UPath) -> Any:
    if is_local(path):
        return pa.ipc.open_file(pa.memory_map(path.path))
    return pa.ipc.open_file(path.fs.open(path.path, "rb", cache_type="none"))


def put(path: UPath, content: bytes) -> None:
    """Write a small file that is complete when it is there."""
    beside = path.with_name(f".{uuid.uuid4().hex}")
    try:
        beside.write_bytes(content)
        _put_there(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _put_there(beside: UPath, path: UPath) -> None:
    """Rename a complete file; the ledger that will name it must not outlive it."""
    if is_local(path):
        move(beside.path, path.path)
    else:
        beside.rename(path)


def _row_bytes(table: pa.Table) -> npt.NDArray[np.float64]:
    """Bytes of every row in memory, about: nested columns by their observations, the others evenly."""
    size = np.zeros(table.num_rows)
    for name in table.column_names:
        column = table.column(name)
        counts = _observations(column)
        share = column.nbytes / max(1, table.num_rows if counts is None else counts.sum())
        size += share if counts is None else share * counts
    return size


def _observations(column: pa.ChunkedArray) -> npt.NDArray[np.int64] | None:
    """Observations of each row, where `column` is a struct of lists."""
    kind = column.type
    if not (pa.types.is_struct(kind) and kind.num_fields and pa.types.is_list(kind.field(0).type)):
        return None
    counts = [Nested.of(chunk.field(0)).counts for chunk in column.chunks]
    return np.concatenate([np.empty(0, np.int64), *counts])
