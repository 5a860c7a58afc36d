"""The later tasks of an ingest: decide on the partitions, then gather each from the spills and write its leaf."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from upath import UPath

from lcscale.errors import InputError
from lcscale.ingest.joining import join_pieces
from lcscale.ingest.spills import CELL_ORDER, Histogram, read_histogram, read_schema, read_span
from lcscale.ingest.tiling import tile
from lcscale.lake import HEALPIX_COLUMN, Pixel, write_leaf

_FINER = 4
_FINEST = 24
_EXAMPLES = 5


def plan_leaves(folder: UPath, names: Sequence[str], rows: int, size: int) -> dict[str, Any]:
    """The partitions for the spills `names`: at most `rows` rows and `size` bytes (in memory) each.

    Returns
    -------
    dict
        ``pixels``: [order, pixel, indices of the spills with rows there]; ``schema``: base64 of the common schema.
    """
    histograms = [read_histogram(folder, name) for name in names]
    total = _sum(histograms)
    weights = np.maximum(total.rows / rows, total.bytes / size)
    pixels: list[Pixel] = []
    for pixel in tile(total.cells, weights, CELL_ORDER, 1.0):
        heavy = pixel.order == CELL_ORDER and weights[np.searchsorted(total.cells, pixel.pixel)] > 1.0
        pixels += (
            _refine(folder, names, histograms, pixel, float(weights.sum() / total.rows.sum())) if heavy else [pixel]
        )
    schema = pa.unify_schemas([read_schema(folder, name) for name in names], promote_options="permissive")
    return {
        "pixels": [[*pixel, _touched(histograms, pixel)] for pixel in pixels],
        "schema": base64.b64encode(_without_nulls(schema).serialize().to_pybytes()).decode(),
    }


def _sum(histograms: Sequence[Histogram]) -> Histogram:
    cells, inverse = np.unique(np.concatenate([one.cells for one in histograms]), return_inverse=True)

    def added(parts: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
        return np.bincount(inverse, np.concatenate(parts), cells.size).astype(np.int64)

    return Histogram(cells, added([one.rows for one in histograms]), added([one.bytes for one in histograms]))


def _touched(histograms: Sequence[Histogram], pixel: Pixel) -> list[int]:
    """Which histograms have a cell in (or around) `pixel`."""
    low, high = (value >> 2 * (29 - CELL_ORDER) for value in (pixel.span[0], pixel.span[1] - 1))
    return [
        i
        for i, one in enumerate(histograms)
        if np.searchsorted(one.cells, low) < np.searchsorted(one.cells, high, side="right")
    ]


def _refine(
    folder: UPath, names: Sequence[str], histograms: Sequence[Histogram], pixel: Pixel, weight: float
) -> list[Pixel]:
    """Smaller pixels for one that holds too much, from the rows' own indices; `weight` is that of a row."""
    order = min(pixel.order + _FINER, _FINEST)
    parts = [
        batch.column(HEALPIX_COLUMN).to_numpy()
        for i in _touched(histograms, pixel)
        for batch in read_span(folder, names[i], pixel.span)
    ]
    cells, counts = np.unique(np.concatenate(parts) >> 2 * (29 - order), return_counts=True)
    weights = dict(zip(cells.tolist(), (counts * weight).tolist(), strict=True))
    found: list[Pixel] = []
    for finer in tile(cells, counts * weight, order, 1.0):
        heavy = finer.order == order < _FINEST and weights[finer.pixel] > 1.0
        found += _refine(folder, names, histograms, finer, weight) if heavy else [finer]
    return found


def _without_nulls(schema: pa.Schema) -> pa.Schema:
    """Columns in which no file has a value get a type that every reader knows."""
    fields = [field.with_type(pa.string()) if pa.types.is_null(field.type) else field for field in schema]
    return pa.schema(fields, schema.metadata)


def gather_leaf(
    spills: UPath, names: Sequence[str], pixel: Pixel, folder: UPath, schema: str, identity: str | None, joined: bool
) -> dict[str, Any]:
    """Write the leaf of `pixel` into the version at `folder` from the rows that the spills `names` have there.

    Returns
    -------
    dict
        See `lcscale.lake.LeafWriter.result`; with ``duplicates`` (rows whose id another row of the partition has),
        ``examples`` of them, and ``stages``.
    """
    start = time.perf_counter()
    wanted = read_schema_text(schema)
    batches = [_cast(batch, wanted) for name in names for batch in read_span(spills, name, pixel.span)]
    table = pa.concat_tables([wanted.empty_table(), *batches])
    result: dict[str, Any] = {}
    if joined and identity is not None:
        table = join_pieces(table, identity)
    elif len(names) > 1:
        index = table.column(HEALPIX_COLUMN).to_numpy()
        if np.any(np.diff(index) < 0):
            table = table.combine_chunks().take(pa.array(np.argsort(index, kind="stable")))
    if identity is not None and not joined:
        result |= _duplicates(table.column(identity))
    gathered = time.perf_counter()
    result |= write_leaf(folder, pixel, table)
    return result | {"stages": {"gather": gathered - start, "write": time.perf_counter() - gathered}}


def read_schema_text(text: str) -> pa.Schema:
    """The schema in a result of `plan_leaves`."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """The batch in the common schema; columns its file does not have are null."""
    table = pa.Table.from_batches([batch])
    if table.schema.equals(schema, check_metadata=True):
        return table
    arrays = [
        table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    try:
        return pa.Table.from_arrays(arrays, schema=schema)
    except pa.ArrowInvalid as error:
        raise InputError(f"the release's files do not agree on their columns: {error}") from error


def _duplicates(ids: pa.ChunkedArray) -> dict[str, Any]:
    surplus = len(ids) - pc.count_distinct(ids, mode="all").as_py()
    if not surplus:
        return {}
    counts = pc.value_counts(ids.combine_chunks())
    repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    return {"duplicates": surplus, "examples": [str(value) for value in repeated.slice(0, _EXAMPLES).to_pylist()]}
