"""One partition's Parquet file: reading the rows of some HEALPix ranges, writing it whole or not at all."""

from __future__ import annotations

import contextlib
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

from lcscale.engine.disk import move
from lcscale.errors import LcscaleError
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.pixel import Pixel
from lcscale.lake.storage import is_local, path_at
from lcscale.vocabulary import HEALPIX_COLUMN

Ranges = npt.NDArray[np.int64]
"""int64 [n, 2]: half-open ranges of HEALPix indices at order 29, sorted and disjoint."""

CELL_ORDER = 8
"""HEALPix order at which the rows of a leaf are counted."""

_ROW_GROUP_BYTES = 4 << 20
_ROW_GROUP_ROWS = (128, 65_536)
_BATCH_BYTES = 64 << 20


@dataclass(frozen=True)
class FileIndex:
    """A column of files with nested HEALPix indices."""

    name: str = HEALPIX_COLUMN
    """Name of the column."""
    order: int = 29
    """HEALPix order of the indices, at most 29."""

    @property
    def shift(self) -> int:
        """Bits between its indices and those of order 29."""
        return 2 * (29 - self.order)


OUR_INDEX = FileIndex()
"""The column `_healpix_29`, which every leaf written here has."""


@dataclass(frozen=True)
class Leaf:
    """Where the rows of one HEALPix pixel are."""

    pixel: Pixel
    """The pixel."""
    path: str
    """URL or path of the Parquet file (or folder of files)."""
    options: tuple[tuple[str, Any], ...] = ()
    """Storage options of its file system, as items."""
    is_folder: bool = False
    """Whether the path is a folder, whose Parquet files hold the rows together."""

    @property
    def upath(self) -> UPath:
        """The path with its file system."""
        return path_at(self.path, dict(self.options))

    def files(self) -> list[UPath]:
        """Its files, by name; those whose names start with ``_`` or ``.`` are no data."""
        path = self.upath
        if not self.is_folder:
            return [path]
        try:
            found = sorted(path.fs.find(path.path))
        except OSError as error:
            raise LcscaleError(f"cannot read the leaf {self.path}: {error}") from error
        start = len(path.path.rstrip("/")) + 1
        files = [name for name in found if not any(part[:1] in ("_", ".") for part in name[start:].split("/"))]
        if not files:
            raise LcscaleError(f"cannot read the leaf {self.path}: there is no file in it")
        return [path / name[start:] for name in files]

    def read(self, columns: Sequence[str] | None = None, ranges: Ranges | None = None) -> pa.Table:
        """The rows whose `_healpix_29` lies in `ranges` (default: all), with `columns` (default: all)."""
        names = self.schema().names if columns is None else list(columns)
        tables = []
        for table in self.batches(names if HEALPIX_COLUMN in names else [*names, HEALPIX_COLUMN], ranges):
            if ranges is not None:
                chosen = inside(table.column(HEALPIX_COLUMN).to_numpy(), ranges)
                table = table if chosen.all() else table.filter(pa.array(chosen))
            tables.append(table.select(names))
        return pa.concat_tables(tables).combine_chunks() if tables else self.schema().empty_table().select(names)

    def schema(self) -> pa.Schema:
        """Schema of its (first) file."""
        with self._open(self.files()[0]) as file:
            return file.schema_arrow

    def batches(
        self,
        columns: Sequence[str] | None = None,
        ranges: Ranges | None = None,
        index: FileIndex | None = OUR_INDEX,
    ) -> Iterator[pa.Table]:
        """What its files hold in row groups that may have rows in `ranges`, with those of `columns` that they have.

        Each table holds what comes next in the order of `index`, in any order in itself: some row groups at a time
        where their statistics say that they follow each other within the pixel; else everything at once.
        """
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(self._open(path)) for path in self.files()]
            groups = [(n, group) for n, file in enumerate(files) for group in range(file.num_row_groups)]
            bounds = _bounds([file.metadata for file in files], index)
            first, behind = self.pixel.span
            if bounds is None or len(bounds) == 0 or bounds.min() < first or bounds.max() >= behind:
                batches = iter([groups] if groups else [])
            else:
                order = np.lexsort((bounds[:, 1], bounds[:, 0]))
                gap = bounds[order[1:], 0] - bounds[order[:-1], 1]
                exact = index is not None and not index.shift and len(files) == 1
                follow = bool((gap >= (0 if exact else 1)).all())
                order = order if follow else np.arange(len(groups))
                chosen = [groups[at] for at in order if ranges is None or _overlap(bounds[at], ranges)]
                batches = _batched(files, chosen) if follow else iter([chosen] if chosen else [])
            for batch in batches:
                numbers = dict.fromkeys(number for number, _ in batch)
                tables = [_read(files[n], [group for number, group in batch if number == n], columns) for n in numbers]
                yield self._one(tables)

    def _one(self, tables: Sequence[pa.Table]) -> pa.Table:
        """The tables of its files as one, of the columns that any of them has."""
        if len(tables) == 1:
            return tables[0]
        try:
            return pa.concat_tables(tables, promote_options="permissive")
        except pa.ArrowException as error:
            raise LcscaleError(f"the files of the leaf {self.path} do not agree on their columns: {error}") from error

    def _open(self, path: UPath) -> pq.ParquetFile:
        try:
            if is_local(path):
                return pq.ParquetFile(path.path, memory_map=True)
            return pq.ParquetFile(path.path, filesystem=path.fs, pre_buffer=True)
        except (OSError, pa.ArrowInvalid) as error:
            raise LcscaleError(f"cannot read the leaf {path}: {error}") from error


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


def _bounds(files: Sequence[pq.FileMetaData], index: FileIndex | None) -> npt.NDArray[np.int64] | None:
    """First and last index (order 29) of every row group, int64 [n, 2]; None where statistics do not say."""
    found: list[tuple[int, int]] = []
    for metadata in files:
        names = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
        if index is None or index.name not in names:
            return None
        column = names.index(index.name)
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(column).statistics
            if statistics is None or not statistics.has_min_max or statistics.null_count:
                return None
            if not (isinstance(statistics.min, int) and 0 <= statistics.min <= statistics.max < 12 << 2 * index.order):
                return None
            found.append((statistics.min << index.shift, ((statistics.max + 1) << index.shift) - 1))
    return np.array(found, np.int64).reshape(-1, 2)


def _overlap(bounds: npt.NDArray[np.int64], ranges: Ranges) -> bool:
    """Whether any of the `ranges` has indices from the first to the last of `bounds`."""
    first = np.searchsorted(ranges[:, 1], bounds[0], side="right")
    return bool(first < len(ranges) and ranges[first, 0] <= bounds[1])


def _batched(files: Sequence[pq.ParquetFile], groups: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Consecutive row groups gathered to about `_BATCH_BYTES`."""
    batch: list[tuple[int, int]] = []
    size = 0
    for file, group in groups:
        batch.append((file, group))
        size += files[file].metadata.row_group(group).total_byte_size
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(file: pq.ParquetFile, groups: Sequence[int], columns: Sequence[str] | None) -> pa.Table:
    """Row groups of a file, with those of `columns` that it has, in that order."""
    if columns is None:
        return file.read_row_groups(list(groups), use_threads=False)
    present = set(file.schema_arrow.names)  # which makes the schema anew each time: milliseconds where it is wide
    names = [name for name in columns if name in present]
    return file.read_row_groups(list(groups), columns=names, use_threads=False).select(names)


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
    it, `record` describes the leaf. (SHA-256: most processors have instructions for it.)
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
            move(self._beside, place.path)
        else:
            with open(self._beside, "rb") as stream, place.open("wb") as out:
                shutil.copyfileobj(stream, out, 8 << 20)

    def record(self) -> LeafRecord:
        """The leaf that was written."""
        cells = sorted(self.cells)
        rows = [self.cells[cell] for cell in cells]
        return LeafRecord(self.pixel, self.rows, self.bytes, self.digest, cells, rows)


def write_leaf(folder: UPath, pixel: Pixel, table: pa.Table, options: Mapping[str, Any] | None = None) -> LeafRecord:
    """Write `table`, sorted by `_healpix_29`, as the leaf of `pixel`; see `LeafWriter` for `options`."""
    index = table.column(HEALPIX_COLUMN)
    if table.num_rows > 1 and not pc.all(pc.less_equal(index[:-1], index[1:])).as_py():
        table = table.take(pc.sort_indices(index))
    with LeafWriter(folder, pixel, table.schema, options) as writer:
        writer.write(table)
    return writer.record()


def row_group_rows(table: pa.Table) -> int:
    """Rows of a row group of about 4 MiB, so that a cone or a border strip reads little."""
    per_row = max(1, table.nbytes // max(1, table.num_rows))
    low, high = _ROW_GROUP_ROWS
    return int(min(max(_ROW_GROUP_BYTES // per_row, low), high))
