"""`match_tables`: the join of two Arrow tables by position, the kernel of a catalog's crossmatch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch.matching import coordinates, match
from lcscale.crossmatch.naming import joined_names, joined_schema
from lcscale.crossmatch.options import MatchOptions
from lcscale.crossmatch.ordering import Pairs
from lcscale.errors import InputError


def match_tables(
    left: pa.Table,
    right: pa.Table,
    options: MatchOptions,
    *,
    left_columns: tuple[str, str],
    right_columns: tuple[str, str],
    left_name: str = "the left catalog",
    right_name: str = "the right catalog",
) -> pa.Table:
    """Join each left row with the right rows that `options` call its counterparts.

    Parameters
    ----------
    left, right
        Any columns; the right table must hold every row within `reach_arcsec` of the left ones.
    options
        Radius, number of neighbours, kind of join.
    left_columns, right_columns
        Names of right ascension and declination (degrees); nulls and NaN match nothing.
    left_name, right_name
        What errors call the two.

    Returns
    -------
    pa.Table
        Left columns, right columns (`suffix` on clashes, without ``_healpix_29``) and `separation_arcsec`, in left
        order, of the schema that `joined_schema` says. With ``how="anti"`` the left columns only.

    Examples
    --------
    >>> left = pa.table({"id": [1, 2], "ra": [10.0, 20.0], "dec": [0.0, 0.0]})
    >>> right = pa.table({"name": ["a"], "ra": [10.0001], "dec": [0.0]})
    >>> names = ("ra", "dec")
    >>> joined = match_tables(left, right, MatchOptions(how="left"), left_columns=names, right_columns=names)
    >>> joined.select(["id", "name"]).to_pylist()
    [{'id': 1, 'name': 'a'}, {'id': 2, 'name': None}]
    """
    left_position = _position(left, left_columns, left_name)
    right_position = _position(right, right_columns, right_name)
    schema = joined_schema(left.schema, right.schema, options)
    pairs = match(*left_position, *right_position, options.radius_arcsec, options.n_neighbors, mutual=options.mutual)
    return _join(left, right, pairs, options, schema)


def _join(left: pa.Table, right: pa.Table, pairs: Pairs, options: MatchOptions, schema: pa.Schema) -> pa.Table:
    """The table of `pairs`, and of the unmatched left rows where they are asked for."""
    if options.how == "anti":
        without = np.ones(left.num_rows, np.bool_)
        without[pairs[0]] = False
        return left.filter(pa.array(without))
    left_index, right_index, separation, missing = _with_unmatched(pairs, left.num_rows, options.how == "left")
    mask = None if missing is None else missing
    names = joined_names(left.schema, right.schema, options)
    left_rows = left if _is_whole(left_index, left.num_rows) else take(left, pa.array(left_index))
    right_rows = take(right.select([old for old, _ in names.right]), pa.array(right_index, mask=mask))
    columns = [*left_rows.columns, *right_rows.columns, pa.array(separation, mask=mask)]
    return pa.Table.from_arrays(columns, schema=schema)


def _with_unmatched(
    pairs: Pairs, n_left: int, keep_all: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """The pairs, with every other left row in its place when `keep_all`, and the mask of those without counterpart."""
    left, right, separation = pairs
    if not keep_all:
        return left, right, separation, None
    counts = np.maximum(np.bincount(left, minlength=n_left), 1)
    left_index = np.repeat(np.arange(n_left), counts)
    place = np.searchsorted(left_index, left) + np.arange(left.size) - np.searchsorted(left, left)
    missing = np.ones(left_index.size, np.bool_)
    missing[place] = False
    right_index = np.zeros(left_index.size, np.int64)
    right_index[place] = right
    separations = np.zeros(left_index.size)
    separations[place] = separation
    return left_index, right_index, separations, missing


def _is_whole(index: npt.NDArray[np.int64], n: int) -> bool:
    return index.size == n and bool((index == np.arange(n)).all())


def take(table: pa.Table, index: pa.Array) -> pa.Table:
    """Rows of `table` at `index`, nulls where it is null; columns in one piece, which Arrow takes from fastest."""
    return table.combine_chunks().take(index)


def _position(
    table: pa.Table, columns: tuple[str, str], name: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The two coordinate columns as float64 degrees, nulls as NaN."""
    position = []
    for column in columns:
        if column not in table.column_names:
            raise InputError(f"{name} has no column {column!r}; there are {', '.join(table.column_names)}")
        values = table.column(column)
        if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
            raise InputError(f"column {column!r} of {name} holds {values.type}, not degrees")
        position.append(values.cast(pa.float64()).to_numpy())
    return coordinates(*position, *(f"{column!r} of {name}" for column in columns))
