"""The last tasks of an ingest: gather a partition's rows from the spills and write its leaf."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from lcscale.errors import InputError
from lcscale.ingest.duplicates import write_keys
from lcscale.ingest.joining import join_pieces
from lcscale.ingest.planning import read_schema_text
from lcscale.ingest.spills import STAGING
from lcscale.lake import HEALPIX_COLUMN, Leaf, LeafWriter, Pixel
from lcscale.lake.draft import link
from lcscale.lake.leaf import leaf_path
from lcscale.lake.storage import writing

_PORTION_BYTES = 32 << 20


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
        See `lcscale.lake.LeafWriter.result`; with ``stages``. Where rows are no pieces, the keys of their names are
        put aside (see `lcscale.ingest.duplicates`).
    """
    start = time.perf_counter()
    wanted = read_schema_text(schema)
    pieces = identity if joined else None
    if base is None:
        tables = (_in_order(_cast(batches, wanted), pieces) for batches in _portions(rows, pixel.span))
    else:
        before = base.read().cast(wanted)
        after = _merged(before, _cast(list(rows.within(pixel.span)), wanted), identity, joined)
        if after.equals(before):
            return link_leaf(base, base_digest, folder)
        tables = (table for table in [after])
    names: list[pa.Array] = []
    spent = 0.0
    with writing(folder), LeafWriter(folder, pixel, wanted, options) as writer:
        for table in tables:
            if identity is not None and not joined:
                names += table.column(identity).chunks
            begun = time.perf_counter()
            writer.write(table)
            spent += time.perf_counter() - begun
    stages = {"gather": time.perf_counter() - start - spent, "write": spent}
    if names:
        with writing(folder):
            write_keys(folder / STAGING, pixel, pa.chunked_array(names))
    return writer.result() | {"stages": stages}


def _merged(before: pa.Table, new: pa.Table, identity: str | None, joined: bool) -> pa.Table:
    """The rows of the version before with what came for them, in order of the index."""
    table = pa.concat_tables([before, new])
    if identity is not None and not joined:
        table = _last_of_each(table, identity)
    return _in_order(table, identity if joined else None, renewed=True)


def _in_order(table: pa.Table, pieces: str | None, *, renewed: bool = False) -> pa.Table:
    """`table` in order of the index; where rows are `pieces` of the objects that column names, they are joined."""
    if pieces is not None:
        return join_pieces(table, pieces, renewed=renewed)
    index = table.column(HEALPIX_COLUMN).to_numpy()
    if np.all(np.diff(index) >= 0):
        return table
    return table.take(pa.array(np.argsort(index, kind="stable")))


def _portions(rows: Waiting, span: tuple[int, int]) -> Iterator[list[pa.RecordBatch]]:
    """The rows in `span` by consecutive parts of it, of about `_PORTION_BYTES` each."""
    batches = list(rows.within(span))
    parts = sum(batch.nbytes for batch in batches) // _PORTION_BYTES + 1
    if parts == 1:
        yield batches
        return
    index = np.concatenate([batch.column(HEALPIX_COLUMN).to_numpy() for batch in batches])
    del batches
    places = np.arange(1, parts) * index.size // parts
    edges = [span[0], *np.unique(np.partition(index, places)[places]).tolist(), span[1]]
    del index
    for low, high in itertools.pairwise(edges):
        if some := list(rows.within((low, high))):
            yield some


def link_leaf(base: Leaf, digest: str, folder: UPath) -> dict[str, Any]:
    """The leaf of the version before, as it is, in the version at `folder`; see `lcscale.lake.LeafWriter.result`."""
    link(base.upath, leaf_path(folder, base.pixel))
    with base.upath.open("rb") as stream:
        rows = pq.read_metadata(stream).num_rows
    return {"pixel": list(base.pixel), "rows": rows, "bytes": base.upath.stat().st_size, "digest": digest}


def _cast(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    """The batches as one table of the common schema; columns a file does not have are null."""
    return pa.concat_tables(
        [schema.empty_table(), *(_cast_one(pa.Table.from_batches([one]), schema) for one in batches)]
    )


def _cast_one(table: pa.Table, schema: pa.Schema) -> pa.Table:
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
