"""The last tasks of an ingest: gather a partition's rows from the spills and write its leaf."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from upath import UPath

from lcscale.errors import InputError
from lcscale.ingest.joining import join_pieces
from lcscale.ingest.planning import read_schema_text
from lcscale.lake import HEALPIX_COLUMN, Leaf, Pixel, write_leaf
from lcscale.lake.draft import link
from lcscale.lake.leaf import leaf_path

_EXAMPLES = 5


class Waiting(Protocol):
    """Rows that wait to be written: in spills, or come by a shuffle."""

    def within(self, span: tuple[int, int]) -> Iterator[pa.RecordBatch]:
        """Those whose index lies in the half-open `span`, always in the same order."""


def gather_leaf(
    rows: Waiting,
    pixel: Pixel,
    folder: UPath,
    schema: str,
    identity: str | None,
    joined: bool,
    base: Leaf | None = None,
    base_digest: str = "",
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the leaf of `pixel` into the version at `folder` from those of the waiting `rows` that lie there.

    Parameters
    ----------
    rows
        What was read of the release.
    pixel, folder, schema
        What to write, and where; the schema as `lcscale.ingest.planning.schema_text`.
    identity, joined
        Column that names an object, and whether rows of the same name are pieces of one.
    base, base_digest
        The leaf of the version before, and its digest: its rows stay, observations are added to objects it knows
        (each once), and where rows are no pieces, new ones replace those of the same name.
    options
        See `lcscale.lake.leaf.parquet_options`.

    Returns
    -------
    dict
        See `lcscale.lake.LeafWriter.result`; with ``duplicates`` (rows whose name another row of the partition has),
        ``examples`` of them, and ``stages``.
    """
    start = time.perf_counter()
    wanted = read_schema_text(schema)
    batches = [_cast(batch, wanted) for batch in rows.within(pixel.span)]
    before = base.read().cast(wanted) if base is not None else wanted.empty_table()
    table = pa.concat_tables([before, *batches])
    result: dict[str, Any] = {}
    if joined and identity is not None:
        table = join_pieces(table, identity, distinct=base is not None)
    else:
        if base is not None and identity is not None:
            table = _last_of_each(table, identity)
        index = table.column(HEALPIX_COLUMN).to_numpy()
        if np.any(np.diff(index) < 0):
            table = table.combine_chunks().take(pa.array(np.argsort(index, kind="stable")))
        result |= _duplicates(table.column(identity)) if identity is not None else {}
    gathered = time.perf_counter()
    if base is not None and table.equals(before):
        return link_leaf(base, base_digest, folder)
    result |= write_leaf(folder, pixel, table, options)
    return result | {"stages": {"gather": gathered - start, "write": time.perf_counter() - gathered}}


def link_leaf(base: Leaf, digest: str, folder: UPath) -> dict[str, Any]:
    """The leaf of the version before, as it is, in the version at `folder`; see `lcscale.lake.LeafWriter.result`."""
    link(base.upath, leaf_path(folder, base.pixel))
    with base.upath.open("rb") as stream:
        rows = pq.read_metadata(stream).num_rows
    return {"pixel": list(base.pixel), "rows": rows, "bytes": base.upath.stat().st_size, "digest": digest}


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """The batch in the common schema; columns its file does not have are null."""
    table = pa.Table.from_batches([batch])
    if table.schema.equals(schema, check_metadata=True):
        return table
    try:
        arrays = [
            table.column(field.name).cast(field.type)
            if field.name in table.column_names
            else pa.nulls(len(table), field.type)
            for field in schema
        ]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(f"the release's files do not agree on their columns: {error}") from error
    return pa.Table.from_arrays(arrays, schema=schema)


def _last_of_each(table: pa.Table, identity: str) -> pa.Table:
    """The last row of each name, and all rows without one, in their order."""
    codes = table.column(identity).combine_chunks().dictionary_encode().indices
    named = codes.fill_null(-1).to_numpy(zero_copy_only=False)
    keep = named < 0
    last = named.size - 1 - np.unique(named[::-1], return_index=True)[1]
    keep[last] = True
    return table if keep.all() else table.filter(pa.array(keep))


def _duplicates(ids: pa.ChunkedArray) -> dict[str, Any]:
    surplus = len(ids) - pc.count_distinct(ids, mode="all").as_py()
    if not surplus:
        return {}
    counts = pc.value_counts(ids.combine_chunks())
    repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    return {"duplicates": surplus, "examples": [str(value) for value in repeated.slice(0, _EXAMPLES).to_pylist()]}
