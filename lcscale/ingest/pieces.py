"""Pieces of objects become whole: rows of one id or of one place are joined, their observations in order of time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import LcscaleError
from lcscale.ingest.grouping import heads, with_members_once
from lcscale.lake import HEALPIX_COLUMN
from lcscale.nested import parts_of
from lcscale.surveys import Survey
from lcscale.surveys.nesting import MEMBERS, gathered

NESTED = ("lightcurve", MEMBERS)
"""Columns, structs of lists, that pieces bring parts of; in order of their first field."""

Integers = npt.NDArray[np.int64]


def join_pieces(table: pa.Table, identity: str, *, renewed: bool = False, distinct: bool = False) -> pa.Table:
    """One row for every object of `table`, in order of `_healpix_29`, then of first appearance.

    Parameters
    ----------
    table
        Pieces: rows that share `identity` and position belong to one object; all columns but the `NESTED` are taken
        from the first of them.
    identity
        Column that names the object.
    renewed
        Later rows bring news of the objects in earlier ones: those of one `identity` belong together wherever they
        are, all columns but the nested are taken from the last, and observations are `distinct`.
    distinct
        Whether observations that equal another of the object in all fields are left out.
    """
    index = table.column(HEALPIX_COLUMN).to_numpy()
    code = _codes(table.column(identity))
    if renewed:
        index = _of_the_last(index, code)
    order = np.lexsort((code, index))
    changes = (np.diff(index[order], prepend=-1) != 0) | (np.diff(code[order], prepend=-2) != 0)
    starts = np.flatnonzero(changes)
    chosen = order[np.append(starts[1:], order.size) - 1 if renewed else starts]
    objects = np.empty(order.size, np.int64)
    objects[order] = np.cumsum(changes) - 1
    return _joined(table, objects, chosen, renewed or distinct)


def join_neighbours(table: pa.Table, survey: Survey, span: tuple[int, int]) -> pa.Table:
    """One row for every object in `span`, in order of `_healpix_29`, whatever the order of the pieces.

    Parameters
    ----------
    table
        Pieces in `span` and within `lcscale.ingest.grouping.reach_arcsec` of it; see there what belongs together. An
        object stands where its head is, and has its columns but the `NESTED`.
    survey
        Its columns of identity and position, and `join_arcsec`.
    span
        Half-open range of indices.
    """
    order = pc.sort_indices(table, [(name, "ascending") for name in (survey.identity, survey.ra, survey.dec)])
    index = table.column(HEALPIX_COLUMN).take(order).to_numpy()
    ra, dec = (table.column(name).take(order).to_numpy() for name in (survey.ra, survey.dec))
    head = heads(ra, dec, survey.join_arcsec or 0.0)
    own = (index[head] >= span[0]) & (index[head] < span[1])
    chosen = np.flatnonzero(own & (head == np.arange(head.size)))
    chosen = chosen[np.argsort(index[chosen], kind="stable")]
    number = np.empty(head.size, np.int64)
    number[chosen] = np.arange(chosen.size)
    pieces, objects = table.take(order.filter(pa.array(own))), number[head[own]]
    place = np.cumsum(own) - 1
    repeated = np.unique(np.column_stack([objects, _codes(pieces.column(survey.identity))]), axis=0)
    if len(repeated) == objects.size:
        return _joined(pieces, objects, place[chosen], distinct=False)
    return with_members_once(_joined(pieces, objects, place[chosen], distinct=True))


def _codes(names: pa.ChunkedArray) -> Integers:
    """A number for each name, in order of first appearance; -1 where there is none."""
    indices = names.combine_chunks().dictionary_encode().indices
    return np.asarray(indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64))


def _of_the_last(index: Integers, code: Integers) -> Integers:
    """For each row the index of the last row of its code; rows without one (negative) keep theirs."""
    newest = np.zeros(int(code.max(initial=-1)) + 1, np.int64)
    newest[code[code >= 0]] = index[code >= 0]  # of equal places, the last assignment stays
    return np.where(code >= 0, newest[code], index) if newest.size else index


def _joined(table: pa.Table, objects: Integers, chosen: Integers, distinct: bool) -> pa.Table:
    """The rows `chosen` [n_objects], with the nested columns of all pieces, which belong to `objects` [n_pieces]."""
    nested = [name for name in table.column_names if name in NESTED]
    joined = table.drop_columns(nested).take(pa.array(chosen))
    for name in nested:
        at = table.column_names.index(name)
        curves = _gather(table.column(name).combine_chunks(), objects, chosen.size, distinct)
        joined = joined.add_column(at, table.schema.field(name), curves)
    return joined


def _gather(curves: pa.Array, objects: Integers, n: int, distinct: bool) -> pa.StructArray:
    """Light curves of `n` objects from pieces that belong to `objects` [n_pieces], in order of the first field."""
    parts = parts_of(curves)
    leading = next(iter(parts))
    owner = objects[parts[leading].owner]
    values = {name: part.values for name, part in parts.items()}
    if owner.size >= 2**31:
        raise LcscaleError(
            f"a partition would hold {owner.size:,} observations, more than an Arrow list column can (2^31); "
            "ingest with smaller partitions (--partition-rows)"
        )
    time = values[leading].to_numpy(zero_copy_only=False)
    step = np.diff(owner)
    rows: Integers | None = None
    if not np.all((step > 0) | ((step == 0) & (np.diff(time) >= 0))):
        rows = np.lexsort((time, owner))
    if distinct:
        rows = _distinct(owner, values, np.arange(owner.size) if rows is None else rows)
        owner = owner[rows]
    if rows is not None:
        values = {name: value.take(pa.array(rows)) for name, value in values.items()}
    return gathered(owner, n, values)


def _distinct(owner: Integers, values: Mapping[str, pa.Array], rows: Integers) -> Integers:
    """Those of `rows` that are the first of their kind."""
    table = pa.table({"owner": owner, **values, "row": np.arange(owner.size)})
    keys = ["owner", *values]
    first = table.group_by(keys, use_threads=False).aggregate([("row", "min")]).column("row_min").to_numpy()
    keep = np.zeros(owner.size, bool)
    keep[first] = True
    return rows[keep[rows]]
