"""Pieces of objects become whole: rows of one id are joined, their observations in order of time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import LcscaleError
from lcscale.lake import HEALPIX_COLUMN

Integers = npt.NDArray[np.int64]


def join_pieces(table: pa.Table, identity: str, nested: str = "lightcurve", *, renewed: bool = False) -> pa.Table:
    """One row for every object of `table`, in order of `_healpix_29`, then of first appearance.

    Parameters
    ----------
    table
        Pieces: rows that share `identity` and position belong to one object; all columns but `nested` are taken from
        the first of them.
    identity
        Column that names the object.
    nested
        Column of light curves, a struct of lists with a field ``time``.
    renewed
        Later rows bring news of the objects in earlier ones: those of one `identity` belong together wherever they
        are, all columns but `nested` are taken from the last, and observations that equal another of the object in
        all fields are left out.
    """
    index = table.column(HEALPIX_COLUMN).to_numpy()
    names = table.column(identity).combine_chunks().dictionary_encode().indices
    code = names.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    if renewed:
        index = _of_the_last(index, code)
    order = np.lexsort((code, index))
    changes = (np.diff(index[order], prepend=-1) != 0) | (np.diff(code[order], prepend=-2) != 0)
    starts = np.flatnonzero(changes)
    chosen = order[np.append(starts[1:], order.size) - 1 if renewed else starts]
    objects = np.empty(order.size, np.int64)
    objects[order] = np.cumsum(changes) - 1
    curves = _gather(table.column(nested).combine_chunks(), objects, chosen.size, renewed)
    joined = table.drop_columns([nested]).take(pa.array(chosen))
    at = table.column_names.index(nested)
    return joined.add_column(at, table.schema.field(nested), curves)


def _of_the_last(index: Integers, code: Integers) -> Integers:
    """For each row the index of the last row of its code; rows without one (negative) keep theirs."""
    newest = np.zeros(int(code.max(initial=-1)) + 1, np.int64)
    newest[code[code >= 0]] = index[code >= 0]  # of equal places, the last assignment stays
    return np.where(code >= 0, newest[code], index) if newest.size else index


def _gather(curves: pa.Array, objects: Integers, n: int, distinct: bool) -> pa.StructArray:
    """Light curves of `n` objects from pieces that belong to `objects` [n_pieces]."""
    lists = dict(zip(curves.type.names, curves.flatten(), strict=True))
    offsets = lists["time"].offsets.to_numpy().astype(np.int64)
    owner = np.repeat(objects, np.diff(offsets))
    values = {name: column.values.slice(offsets[0], owner.size) for name, column in lists.items()}
    if owner.size >= 2**31:
        raise LcscaleError(
            f"a partition would hold {owner.size:,} observations, more than an Arrow list column can (2^31); "
            "ingest with smaller partitions (--partition-rows)"
        )
    time = values["time"].to_numpy(zero_copy_only=False)
    step = np.diff(owner)
    rows: Integers | None = None
    if not np.all((step > 0) | ((step == 0) & (np.diff(time) >= 0))):
        rows = np.lexsort((time, owner))
    if distinct:
        rows = _distinct(owner, values, np.arange(owner.size) if rows is None else rows)
        owner = owner[rows]
    if rows is not None:
        values = {name: value.take(pa.array(rows)) for name, value in values.items()}
    ends = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=n))])
    bounds = pa.array(ends.astype(np.int32))
    return pa.StructArray.from_arrays(
        [pa.ListArray.from_arrays(bounds, value) for value in values.values()], names=list(values)
    )


def _distinct(owner: Integers, values: Mapping[str, pa.Array], rows: Integers) -> Integers:
    """Those of `rows` that are the first of their kind."""
    table = pa.table({"owner": owner, **values, "row": np.arange(owner.size)})
    keys = ["owner", *values]
    first = table.group_by(keys, use_threads=False).aggregate([("row", "min")]).column("row_min").to_numpy()
    keep = np.zeros(owner.size, bool)
    keep[first] = True
    return rows[keep[rows]]
