"""`match_tables`: the join of two Arrow tables by position, the kernel of a catalog's crossmatch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch.naming import joined_names, joined_schema
from lcscale.crossmatch.options import MatchOptions
from lcscale.crossmatch.ordering import Pairs
from lcscale.crossmatch.pairing import counterparts


def match_tables(
    left: pa.Table,
    right: pa.Table,
    options: MatchOptions,
    *,
    left_columns: tuple[str, str],
    right_columns: tuple[str, str],
    left_name: str = "the left catalog",
    right_name: str = "the right catalog",
    left_context: pa.Table | None = None,
) -> pa.Table:
    """Join each left row with the right rows that `options` call its counterparts.

    Parameters
    ----------
    left, right
        Any columns; the right table must hold every row within `reach_arcsec` of the left ones.
    options
        Radius, number of neighbours, kind of join.
    left_columns, right_columns
        Names of right ascension and declination (degrees); nulls and NaN match nothing, and are counted in a line of
        the log ``lcscale.crossmatch``.
    left_name, right_name
        What errors call the two.
    left_context
        Left rows of neighbouring partitions, within `context_reach_arcsec`: with `mutual` they compete for right rows,
        but stand not in the result.

    Returns
    -------
    pa.Table
        Left columns, right columns (`suffix` on clashes, without ``_healpix_29``), `separation_arcsec`, and
        `chance_probability` where asked for, in left order, of the schema that `joined_schema` says. With
        ``how="anti"`` the left columns only. Positions in the result are as they came, not moved.

    Examples
    --------
    >>> left = pa.table({"id": [1, 2], "ra": [10.0, 20.0], "dec": [0.0, 0.0]})
    >>> right = pa.table({"name": ["a"], "ra": [10.0001], "dec": [0.0]})
    >>> names = ("ra", "dec")
    >>> joined = match_tables(left, right, MatchOptions(how="left"), left_columns=names, right_columns=names)
    >>> joined.select(["id", "name"]).to_pylist()
    [{'id': 1, 'name': 'a'}, {'id': 2, 'name': None}]
    """
    competing = left
    if options.mutual and left_context is not None:
        competing = pa.concat_tables([left, left_context.select(left.column_names).cast(left.schema)])
    pairs, chances = counterparts(
        competing,
        right,
        options,
        left_columns=left_columns,
        right_columns=right_columns,
        left_name=left_name,
        right_name=right_name,
        n_own=left.num_rows,
    )
    return join_pairs(left, right, pairs, chances, options)


def join_pairs(
    left: pa.Table,
    right: pa.Table,
    pairs: Pairs,
    chances: list[npt.NDArray[np.float64]],
    options: MatchOptions,
    whole_left: pa.Schema | None = None,
) -> pa.Table:
    """The table of `pairs`, and of the unmatched left rows where they are asked for; see `match_tables`."""
    schema = joined_schema(left.schema, right.schema, options, whole_left)
    added = [pairs[2], *chances]
    if options.how == "anti":
        without = np.ones(left.num_rows, np.bool_)
        without[pairs[0]] = False
        return left.filter(pa.array(without))
    left_index, place = pairs[0], None
    right_index, mask = pairs[1], None
    if options.how == "left":
        left_index, place = _with_unmatched(pairs[0], left.num_rows)
        mask = np.ones(left_index.size, np.bool_)
        mask[place] = False
        right_index = _spread(pairs[1], place, left_index.size)
        added = [_spread(values, place, left_index.size) for values in added]
    names = joined_names(left.schema, right.schema, options, whole_left)
    left_rows = left if _is_whole(left_index, left.num_rows) else take(left, pa.array(left_index))
    right_rows = take(right.select([old for old, _ in names.right]), pa.array(right_index, mask=mask))
    columns = [*left_rows.columns, *right_rows.columns, *(pa.array(values, mask=mask) for values in added)]
    return pa.Table.from_arrays(columns, schema=schema)


def _with_unmatched(left: npt.NDArray[np.int64], n_left: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Left row of every row of a left join, and the places of the pairs among them."""
    left_index = np.repeat(np.arange(n_left), np.maximum(np.bincount(left, minlength=n_left), 1))
    place = np.searchsorted(left_index, left) + np.arange(left.size) - np.searchsorted(left, left)
    return left_index, place


def _spread(values: npt.NDArray[Any], place: npt.NDArray[np.int64], n: int) -> npt.NDArray[Any]:
    """`values` at their places among `n`, zeros elsewhere."""
    spread = np.zeros(n, values.dtype)
    spread[place] = values
    return spread


def _is_whole(index: npt.NDArray[np.int64], n: int) -> bool:
    return index.size == n and bool((index == np.arange(n)).all())


def take(table: pa.Table, index: pa.Array) -> pa.Table:
    """Rows of `table` at `index`, nulls where it is null; columns in one piece, which Arrow takes from fastest."""
    return table.combine_chunks().take(index)
