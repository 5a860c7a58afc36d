"""Spills: rows read from a release, sorted by position and put aside in Arrow files until their leaf is written."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from upath import UPath

from lcscale.lake import HEALPIX_COLUMN

STAGING = "staging"
"""Folder in a version's folder for what is gone when it is published."""

CELL_ORDER = 8
"""HEALPix order of the spills' histograms."""

_BATCH_BYTES = 4 << 20
_ROWS_SCHEMA = b"lcscale.rows"


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

    def within(self, span: tuple[int, int]) -> Iterator[pa.RecordBatch]:
        """Those whose index lies in the half-open `span`, spill by spill."""
        for name in self.names:
            yield from read_span(self.folder, name, span)


def write_spill(folder: UPath, name: str, table: pa.Table, *, whole: bool = True) -> None:
    """Write `table`, sorted by `_healpix_29`, and its histogram; both are complete when they are there.

    Not `whole`, only the index is written; histogram and schema are still those of the table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = table.column(HEALPIX_COLUMN).to_numpy()
    cells, starts = np.unique(index >> 2 * (29 - CELL_ORDER), return_index=True)
    sizes = np.concatenate([[0], np.cumsum(_row_bytes(table))])
    edges = np.append(starts, index.size)
    counts = np.stack([cells, np.diff(edges), np.diff(sizes[edges])]).astype(np.int64)
    buffer = io.BytesIO()
    np.save(buffer, counts)
    put(folder / f"{name}.npy", buffer.getvalue())
    if not whole:
        note = {_ROWS_SCHEMA: table.schema.serialize().to_pybytes()}
        table = table.select([HEALPIX_COLUMN]).replace_schema_metadata(note)
    rows = max(1, _BATCH_BYTES * table.num_rows // max(1, table.nbytes))
    beside = folder / f".{uuid.uuid4().hex}"
    try:
        with beside.open("wb") as stream, pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table, max_chunksize=rows)
        beside.rename(folder / f"{name}.arrow")
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


def read_span(folder: UPath, name: str, span: tuple[int, int]) -> Iterator[pa.RecordBatch]:
    """The rows of a spill whose index lies in the half-open `span`; local files are mapped, not read."""
    reader = _open(folder / f"{name}.arrow")
    first = _bisect(reader, span[0])
    for i in range(first, reader.num_record_batches):
        batch = reader.get_batch(i)
        index = batch.column(HEALPIX_COLUMN)
        if len(index) and index[0].as_py() >= span[1]:
            return
        yield from cut(batch, span)


def cut(batch: pa.RecordBatch, span: tuple[int, int]) -> Iterator[pa.RecordBatch]:
    """The rows of a sorted batch whose index lies in the half-open `span`, if there are any."""
    start, stop = np.searchsorted(batch.column(HEALPIX_COLUMN).to_numpy(), span).tolist()
    if stop > start:
        yield batch.slice(start, stop - start)


def remove_spills(folder: UPath, names: Iterable[str]) -> None:
    """Remove spills and their histograms, those half written too."""
    for name in names:
        for ending in ("arrow", "npy"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)


def _bisect(reader: Any, value: int) -> int:
    """The last record batch that starts below `value` (the first, where none does)."""
    low, high = 0, reader.num_record_batches
    while high - low > 1:
        middle = (low + high) // 2
        if reader.get_batch(middle).column(HEALPIX_COLUMN)[0].as_py() < value:
            low = middle
        else:
            high = middle
    return low


def _open(path: UPath) -> Any:
    if path.protocol in ("", "file"):
        return pa.ipc.open_file(pa.memory_map(path.path))
    return pa.ipc.open_file(path.read_bytes())


def put(path: UPath, content: bytes) -> None:
    """Write a small file that is complete when it is there."""
    beside = path.with_name(f".{uuid.uuid4().hex}")
    try:
        beside.write_bytes(content)
        beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)


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
    counts = [np.diff(chunk.field(0).offsets.to_numpy()) for chunk in column.chunks]
    return np.concatenate([np.empty(0, np.int64), *counts])
