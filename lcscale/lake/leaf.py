"""One partition's Parquet file: reading the rows of some HEALPix ranges, writing it whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from upath import UPath

from lcscale.errors import LcscaleError
from lcscale.lake.pixel import HEALPIX_COLUMN, Pixel
from lcscale.lake.storage import is_local, path_at

Ranges = npt.NDArray[np.int64]
"""int64 [n, 2]: half-open ranges of HEALPix indices at order 29, sorted and disjoint."""

CELL_ORDER = 8
"""HEALPix order at which the rows of a leaf are counted."""

_ROW_GROUP_BYTES = 4 << 20
_ROW_GROUP_ROWS = (128, 65_536)
_BATCH_BYTES = 64 << 20


@dataclass(frozen=True)
class Leaf:
    """Where the rows of one HEALPix pixel are."""

    pixel: Pixel
    """The pixel."""
    path: str
    """URL or path of the Parquet file (or folder of files)."""
    options: tuple[tuple[str, Any], ...] = ()
    """Storage options of its file system, as items."""

    @property
    def upath(self) -> UPath:
        """The path with its file system."""
        return path_at(self.path, dict(self.options))

    def read(self, columns: Sequence[str] | None = None, ranges: Ranges | None = None) -> pa.Table:
        """The rows whose `_healpix_29` lies in `ranges` (default: all), with `columns` (default: all)."""
        batches = list(self.batches(columns, ranges))
        if batches:
            return pa.concat_tables(batches).combine_chunks()
        with self._open() as file:
            schema = file.schema_arrow
        return schema.empty_table() if columns is None else schema.empty_table().select(list(columns))

    def batches(self, columns: Sequence[str] | None = None, ranges: Ranges | None = None) -> Iterator[pa.Table]:
        """The same rows in order, some row groups at a time."""
        with self._open() as file:
            names = None if columns is None else list(columns)
            for groups in _batched(file.metadata, _groups_within(file.metadata, ranges)):
                table = file.read_row_groups(groups, columns=names, use_threads=False)
                if names is not None:
                    table = table.select(names)
                if ranges is not None:
                    index = (
                        table
                        if HEALPIX_COLUMN in table.column_names
                        else file.read_row_groups(groups, [HEALPIX_COLUMN])
                    )
                    wanted = inside(index.column(HEALPIX_COLUMN).to_numpy(), ranges)
                    table = table if wanted.all() else table.filter(pa.array(wanted))
                yield table

    def _open(self) -> pq.ParquetFile:
        path = self.upath
        try:
            if path.is_dir():  # npix_suffix "/": a folder of one file
                (path,) = sorted(path.glob("*.parquet"), key=str)
            if is_local(path):
                return pq.ParquetFile(path.path, memory_map=True)
            return pq.ParquetFile(path.path, filesystem=path.fs, pre_buffer=True)
        except (OSError, pa.ArrowInvalid) as error:
            raise LcscaleError(f"cannot read the leaf {self.path}: {error}") from error


def inside(index: npt.NDArray[np.int64], ranges: Ranges) -> npt.NDArray[np.bool_]:
    """Which of `index` lie in the sorted, disjoint half-open `ranges`."""
    at = np.searchsorted(ranges[:, 0], index, side="right") - 1
    result: npt.NDArray[np.bool_] = (at >= 0) & (index < ranges[np.maximum(at, 0), 1]) if len(ranges) else index < index
    return result


def cells_of(index: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Nested pixels of order 8 in which HEALPix indices lie, ascending, and how many in each.

    Examples
    --------
    >>> [part.tolist() for part in cells_of(np.array([0, 1, 1 << 42]))]
    [[0, 1], [2, 1]]
    """
    cells, rows = np.unique(index >> 2 * (29 - CELL_ORDER), return_counts=True)
    return cells, rows.astype(np.int64)


def _groups_within(metadata: pq.FileMetaData, ranges: Ranges | None) -> list[int]:
    """Row groups that may hold rows of `ranges`, by their statistics."""
    every = list(range(metadata.num_row_groups))
    column = next((i for i in range(metadata.num_columns) if metadata.schema.column(i).path == HEALPIX_COLUMN), None)
    if ranges is None or column is None:
        return every
    chosen = []
    for group in every:
        statistics = metadata.row_group(group).column(column).statistics
        if statistics is not None and statistics.has_min_max:
            first = np.searchsorted(ranges[:, 1], statistics.min, side="right")
            if first == len(ranges) or ranges[first, 0] > statistics.max:
                continue
        chosen.append(group)
    return chosen


def _batched(metadata: pq.FileMetaData, groups: Sequence[int]) -> Iterator[list[int]]:
    """Consecutive row groups gathered to about `_BATCH_BYTES`."""
    batch: list[int] = []
    size = 0
    for group in groups:
        batch.append(group)
        size += metadata.row_group(group).total_byte_size
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def parquet_options(schema: pa.Schema) -> dict[str, Any]:
    """How hats writes leaves of `schema`: encodings, compression, page sizes, for `pyarrow.parquet.ParquetWriter`.

    Importing hats takes seconds: the driver asks once, and workers are handed the answer.
    """
    from hats.io.file_io.file_io import get_parquet_write_table_kwargs

    wanted = {"compression": "zstd", "compression_level": 3}
    options: dict[str, Any] = get_parquet_write_table_kwargs(schema, write_table_kwargs=wanted)
    options.pop("row_group_size")
    return options


def leaf_name(pixel: Pixel) -> str:
    """Place of the leaf of `pixel` below the folder of its version, as HATS has it.

    Examples
    --------
    >>> leaf_name(Pixel(6, 12345))
    'dataset/Norder=6/Dir=10000/Npix=12345.parquet'
    """
    directory = pixel.pixel // 10_000 * 10_000
    return f"dataset/Norder={pixel.order}/Dir={directory}/Npix={pixel.pixel}.parquet"


def leaf_path(folder: UPath, pixel: Pixel) -> UPath:
    """Place of the leaf of `pixel` in the version at `folder`."""
    return folder / leaf_name(pixel)


class LeafWriter:
    """Writes a leaf beside its place and moves it there when it is complete.

    `options` are those of `parquet_options`, asked for here where they are not given.

    Use as a context manager; tables come in order of `_healpix_29`. Where the block raises, nothing is left. After
    it, `rows`, `bytes`, `digest` (SHA-256 of the file's content: most processors have instructions for it) and `cells`
    (rows in each pixel of order 8) describe the leaf.
    """

    def __init__(
        self, folder: UPath, pixel: Pixel, schema: pa.Schema, options: Mapping[str, Any] | None = None
    ) -> None:
        self.folder, self.pixel, self.schema = folder, pixel, schema
        self.options = options
        self.rows = self.bytes = 0
        self.digest = ""
        self.cells: Counter[int] = Counter()
        self._local = is_local(folder)
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> LeafWriter:
        partial = self.folder.path + "/partial" if self._local else tempfile.gettempdir()
        os.makedirs(partial, exist_ok=True)
        self._beside = os.path.join(partial, f"{uuid.uuid4().hex}.parquet")
        return self

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        if self._writer is None:
            options = parquet_options(self.schema) if self.options is None else self.options
            self._group_rows = row_group_rows(table)
            self._writer = pq.ParquetWriter(self._beside, self.schema, **options)
        self._writer.write_table(table.cast(self.schema), row_group_size=self._group_rows)
        self.rows += table.num_rows
        cells, rows = cells_of(table.column(HEALPIX_COLUMN).to_numpy())
        self.cells.update(dict(zip(cells.tolist(), rows.tolist(), strict=True)))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
                if kind is None:
                    self._move()
        finally:
            if os.path.exists(self._beside):
                os.unlink(self._beside)

    def _move(self) -> None:
        with open(self._beside, "rb") as stream:
            self.digest = hashlib.file_digest(stream, "sha256").hexdigest()[:32]
        self.bytes = os.path.getsize(self._beside)
        place = leaf_path(self.folder, self.pixel)
        if self._local:
            os.makedirs(os.path.dirname(place.path), exist_ok=True)
            os.replace(self._beside, place.path)
        else:
            with open(self._beside, "rb") as stream, place.open("wb") as out:
                shutil.copyfileobj(stream, out, 8 << 20)

    def result(self) -> dict[str, Any]:
        """What the ledger keeps of the leaf: pixel, rows, bytes, digest, rows by cell of order 8."""
        cells = sorted(self.cells)
        counted = {"cells": cells, "cell_rows": [self.cells[cell] for cell in cells]}
        return {"pixel": list(self.pixel), "rows": self.rows, "bytes": self.bytes, "digest": self.digest, **counted}


def write_leaf(
    folder: UPath, pixel: Pixel, table: pa.Table, options: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write `table`, sorted by `_healpix_29`, as the leaf of `pixel`; see `LeafWriter` for `options` and the result."""
    index = table.column(HEALPIX_COLUMN)
    if table.num_rows > 1 and not pc.all(pc.less_equal(index[:-1], index[1:])).as_py():
        table = table.take(pc.sort_indices(index))
    with LeafWriter(folder, pixel, table.schema, options) as writer:
        writer.write(table)
    return writer.result()


def row_group_rows(table: pa.Table) -> int:
    """Rows of a row group of about 4 MiB, so that a cone or a border strip reads little."""
    per_row = max(1, table.nbytes // max(1, table.num_rows))
    low, high = _ROW_GROUP_ROWS
    return int(min(max(_ROW_GROUP_BYTES // per_row, low), high))
