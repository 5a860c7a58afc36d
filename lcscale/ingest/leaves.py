"""The last tasks of an ingest: gather a partition's rows from the spills and write its leaf."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from upath import UPath

from lcscale.errors import InputError
from lcscale.ingest.duplicates import write_names
from lcscale.ingest.grouping import reach_arcsec, taken_apart, without_repeated
from lcscale.ingest.moving import of_strangers
from lcscale.ingest.pieces import join_neighbours, join_pieces
from lcscale.ingest.planning import read_schema_text
from lcscale.ingest.spills import STAGING
from lcscale.lake import HEALPIX_COLUMN, Leaf, LeafWriter, Pixel
from lcscale.lake.borders import ranges_around_pixel
from lcscale.lake.draft import link
from lcscale.lake.leaf import Ranges, leaf_path
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.storage import writing
from lcscale.surveys import Survey

_PORTION_BYTES = 32 << 20


class Waiting(Protocol):
    """Rows that wait to be written: in spills, or come by a shuffle."""

    def within(self, ranges: Ranges) -> Iterator[pa.RecordBatch]:
        """Those whose index lies in `ranges`, always in the same order."""


@dataclass(frozen=True)
class Before:
    """What the version before has for a partition."""

    leaf: Leaf | None = None
    """Its leaf: rows stay, objects that are pieces get their new observations, other rows of a known name give way."""
    record: LeafRecord | None = None
    """What is known of it."""
    others: tuple[Leaf, ...] = ()
    """Further leaves that its objects may come from: neighbours, or where objects that moved here were."""
    departures: tuple[Pixel, ...] = ()
    """Partitions that objects known here have moved to."""


_NOTHING = Before()


def gather_leaf(
    rows: Waiting,
    pixel: Pixel,
    folder: UPath,
    schema: str,
    survey: Survey,
    before: Before = _NOTHING,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the leaf of `pixel` into the version at `folder` from those of the waiting `rows` that matter to it.

    Parameters
    ----------
    rows
        What was read of the release.
    pixel, folder, schema
        What to write, and where; the schema as `lcscale.ingest.planning.schema_text`.
    survey
        What names an object, and which rows are pieces of one.
    before
        What is there already.
    options
        See `lcscale.lake.leaf.parquet_options`.

    Returns
    -------
    dict
        The `LeafRecord` as JSON, without rows where nothing is left here; with ``stages``. Where rows are no
        pieces, the keys of their names are put aside (see `lcscale.ingest.duplicates`). `unobserved` counts the
        objects without an observation.
    """
    start = time.perf_counter()
    wanted = read_schema_text(schema)
    if before.leaf is None and not before.others:
        tables = _portions(rows, pixel, survey, wanted)
    else:
        known = wanted.empty_table() if before.leaf is None else before.leaf.read().cast(wanted)
        after = _renewed(rows, pixel, folder, survey, known, before)
        if before.leaf is not None and before.record is not None and after.equals(known):
            return link_leaf(before.leaf, before.record, folder)
        tables = (table for table in [after])
    names: list[pa.Array] = []
    spent, empty = 0.0, 0
    with writing(folder), LeafWriter(folder, pixel, wanted, options) as writer:
        for table in tables:
            if not table.num_rows:
                continue
            if survey.identity is not None and survey.join_arcsec is None:
                names += table.column(survey.identity).chunks
            empty += _unobserved(table)
            begun = time.perf_counter()
            writer.write(table)
            spent += time.perf_counter() - begun
    stages = {"gather": time.perf_counter() - start - spent, "write": spent}
    if names:
        with writing(folder):
            write_names(folder / STAGING, pixel, pa.chunked_array(names))
    counted = {"unobserved": empty} if "lightcurve" in wanted.names else {}
    return writer.record().to_json() | {"stages": stages, **counted}


def _unobserved(table: pa.Table) -> int:
    """Number of the objects that have a light curve without an observation."""
    if "lightcurve" not in table.column_names:
        return 0
    times = table.column("lightcurve").combine_chunks().field(0)
    return int(pc.sum(pc.equal(pc.list_value_length(times), 0)).as_py() or 0)


def _portions(rows: Waiting, pixel: Pixel, survey: Survey, wanted: pa.Schema) -> Iterator[pa.Table]:
    """The rows of `pixel` as they are written, of about `_PORTION_BYTES` each."""
    if not survey.join_arcsec:
        for batches in _by_span(rows, pixel.span):
            yield _in_order(_cast(batches, wanted), survey)
        return
    size = sum(batch.nbytes for batch in rows.within(np.array([pixel.span])))
    finer = (size // _PORTION_BYTES).bit_length() // 2
    for number in range(pixel.pixel << 2 * finer, (pixel.pixel + 1) << 2 * finer):
        part = Pixel(pixel.order + finer, number)
        if any(True for _ in rows.within(np.array([part.span]))):
            around = rows.within(ranges_around_pixel(part, reach_arcsec(survey)))
            yield join_neighbours(_cast(list(around), wanted), survey, part.span)


def _renewed(rows: Waiting, pixel: Pixel, folder: UPath, survey: Survey, known: pa.Table, before: Before) -> pa.Table:
    """The `known` rows of the version before with what came for them, in order of the index."""
    wanted = known.schema
    around = ranges_around_pixel(pixel, reach_arcsec(survey))
    new = _cast(list(rows.within(around)), wanted)
    if survey.join_arcsec:
        others = [leaf.read(ranges=around).cast(wanted) for leaf in before.others]
        pieces = taken_apart(pa.concat_tables([known, *others]), survey)
        pieces = without_repeated(pieces, new, str(survey.identity))
        return join_neighbours(pa.concat_tables([pieces, new]), survey, pixel.span)
    if survey.identity is None:
        return _in_order(pa.concat_tables([known, new]), survey)
    known = of_strangers(known, survey.identity, folder / STAGING, before.departures, invert=True)
    if survey.join_arcsec is None:
        return _in_order(_last_of_each(pa.concat_tables([known, new]), survey.identity), survey)
    arrivals = [
        of_strangers(batch.cast(wanted), survey.identity, folder / STAGING, [pixel])
        for leaf in before.others
        for batch in leaf.batches()
    ]
    known = without_repeated(pa.concat_tables([known, *arrivals]), new, survey.identity)
    return join_pieces(pa.concat_tables([known, new]), survey.identity, renewed=True)


def _in_order(table: pa.Table, survey: Survey) -> pa.Table:
    """`table` in order of the index; where its rows are pieces of objects, they are joined."""
    if survey.join_arcsec is not None and survey.identity is not None:
        return join_pieces(table, survey.identity, distinct=getattr(survey, "repeats", False))
    index = table.column(HEALPIX_COLUMN).to_numpy()
    if np.all(np.diff(index) >= 0):
        return table
    return table.take(pa.array(np.argsort(index, kind="stable")))


def _by_span(rows: Waiting, span: tuple[int, int]) -> Iterator[list[pa.RecordBatch]]:
    """The rows in `span` by consecutive parts of it, of about `_PORTION_BYTES` each."""
    batches = list(rows.within(np.array([span])))
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
        if some := list(rows.within(np.array([(low, high)]))):
            yield some


def link_leaf(base: Leaf, record: LeafRecord, folder: UPath) -> dict[str, Any]:
    """Link the leaf of the version before into the version at `folder`; returns its record as JSON."""
    link(base.upath, leaf_path(folder, base.pixel))
    return record.to_json()


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
