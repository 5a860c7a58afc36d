"""The manifest of a version: a small Parquet file with a row a leaf, made from what the tasks said of their leaves."""

from __future__ import annotations

import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from upath import UPath

from lcscale.lake.leaf import CELL_ORDER, Leaf, cells_of, leaf_path
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.pixel import Pixel, Pixels
from lcscale.lake.storage import content_of, replace_file
from lcscale.vocabulary import HEALPIX_COLUMN

MANIFEST_FILE = "leaves.parquet"

_SCHEMA = pa.schema(
    [
        pa.field("order", pa.int8(), nullable=False),
        pa.field("pixel", pa.int64(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("digest", pa.string(), nullable=False),
        pa.field("cells", pa.list_(pa.int32()), nullable=False),
        pa.field("cell_rows", pa.list_(pa.int64()), nullable=False),
    ]
)


@dataclass(frozen=True)
class Manifest:
    """What a version knows of its leaves, in order of the sky.

    Opening, planning, sky maps and publishing read it instead of the leaves. The columns of `table`: ``order`` and
    ``pixel`` of the leaf, its ``rows``, ``bytes`` and ``digest`` (SHA-256 of the file, 32 digits); ``cells``, nested
    pixels of order 8 that hold rows of it, and ``cell_rows``, how many each. A leaf finer than order 8 lies in one.
    """

    table: pa.Table

    @classmethod
    def of(cls, records: Iterable[LeafRecord], folder: UPath) -> Self:
        """The manifest of leaves that stand in the version at `folder`.

        Records from before manifests do not tell the cells; these are counted in the leaf's index.
        """
        options = tuple(folder.storage_options.items())

        def counted(record: LeafRecord) -> LeafRecord:
            return described(Leaf(record.pixel, str(leaf_path(folder, record.pixel)), options), record.digest)

        rows = list(records)
        if older := [row for row in rows if row.cells is None]:
            with ThreadPoolExecutor(8) as pool:
                rows = [row for row in rows if row.cells is not None] + list(pool.map(counted, older))
        pixels = {"order": [row.pixel.order for row in rows], "pixel": [row.pixel.pixel for row in rows]}
        told = {name: [getattr(row, name) for row in rows] for name in _SCHEMA.names[2:]}
        table = pa.table(pixels | told, schema=_SCHEMA)
        return cls(table.take(pa.array(cls(table).pixels.argsort())))

    @classmethod
    def read(cls, folder: UPath) -> Self | None:
        """The manifest of the version at `folder`; None where it has none: others' catalogs, and ours of before."""
        try:
            content = content_of(folder / MANIFEST_FILE)
        except PermissionError:  # what a bucket that may not be listed says of a file that is not there
            content = None
        return None if content is None else cls(pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False))

    def write(self, folder: UPath) -> None:
        """Write it into the version at `folder`."""
        stream = io.BytesIO()
        pq.write_table(self.table, stream, compression="zstd", compression_level=3)
        replace_file(folder / MANIFEST_FILE, stream.getvalue())

    @property
    def pixels(self) -> Pixels:
        """Pixels of the leaves, in order of the sky."""
        return Pixels(*(self.table[name].to_numpy().astype(np.int64) for name in ("order", "pixel")))

    @property
    def rows(self) -> int:
        """Rows of the version."""
        return int(pc.sum(self.table["rows"]).as_py() or 0)

    @property
    def bytes(self) -> int:
        """Bytes of its leaves."""
        return int(pc.sum(self.table["bytes"]).as_py() or 0)

    def digests(self, pixels: Pixels) -> list[str]:
        """What stands for the content of the leaves of `pixels`."""
        at = np.searchsorted(self.pixels.spans[:, 0], pixels.spans[:, 0])
        return list(self.table["digest"].take(pa.array(at)).to_pylist())

    def records(self) -> dict[Pixel, LeafRecord]:
        """Each leaf by its pixel."""
        columns = (self.table[name].to_pylist() for name in _SCHEMA.names[2:])
        return {pixel: LeafRecord(pixel, *row) for pixel, *row in zip(self.pixels, *columns, strict=True)}

    def counts(self, order: int) -> npt.NDArray[np.int64]:
        """Rows in each nested pixel of `order` (at most 8), int64 [12 · 4^order]."""
        cells = self.table["cells"].combine_chunks().flatten().to_numpy() >> 2 * (CELL_ORDER - order)
        counts = np.zeros(12 << 2 * order, np.int64)
        np.add.at(counts, cells, self.table["cell_rows"].combine_chunks().flatten().to_numpy())
        return counts


def described(leaf: Leaf, digest: str) -> LeafRecord:
    """The record of `leaf`, counted in its index; `digest` stands for its content."""
    index = leaf.read([HEALPIX_COLUMN]).column(HEALPIX_COLUMN).to_numpy()
    cells, cell_rows = cells_of(index)
    return LeafRecord(
        leaf.pixel, index.size, int(leaf.upath.stat().st_size), digest, cells.tolist(), cell_rows.tolist()
    )
