"""The join step: columns of a catalog that was made from this one, row by row by their ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.lake.inputs import JOIN
from lcscale.lake.view import View
from lcscale.vocabulary import HEALPIX_COLUMN, append_columns, appended_schema, is_made


@dataclass(frozen=True)
class Join:
    """Appends to each row what `right` knows besides, from its row of the same id and position.

    A column that both have stays as it is on the left, being a copy on the right; but what a step made on the right
    takes the place of the left one: a survey's own quantity of the same name, or what an earlier step had made.
    """

    right: View
    on: str
    how: str = "left"
    """`left` keeps all rows, `inner` those that `right` has too."""
    rowwise = True
    version = 3

    def __post_init__(self) -> None:
        if self.how not in ("left", "inner"):
            raise InputError(f"join: how must be left or inner, not {self.how!r}")
        if self.on not in self.right.column_names:
            raise InputError(f"join: {self.right.name} has no column {self.on!r}")

    @property
    def inputs(self) -> tuple[tuple[str, View], ...]:
        """The right-hand catalog, by its role."""
        return ((JOIN, self.right),)

    @property
    def columns(self) -> tuple[str, ...]:
        """The HEALPix index, by which the other rows are found, and the id."""
        return (HEALPIX_COLUMN, self.on)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """The input's fields, and those that are appended."""
        theirs = self.right.schema
        if theirs.field(self.on).type != input_schema.field(self.on).type:
            raise InputError(
                f"join: {self.on} is {input_schema.field(self.on).type} here, "
                f"{theirs.field(self.on).type} in {self.right.name}"
            )
        return appended_schema(input_schema, self._added(input_schema))

    def _added(self, schema: pa.Schema) -> pa.Schema:
        theirs = self.right.schema
        made = {name for name in theirs.names if is_made(theirs, name)}
        return pa.schema([field for field in theirs if field.name not in schema.names or field.name in made])

    def narrowed(self, wanted: Collection[str]) -> Join:
        """The same of fewer columns."""
        kept = [name for name in self.right.column_names if name in wanted or name == self.on]
        return Join(self.right.columns(*kept), self.on, self.how)

    @property
    def others(self) -> tuple[tuple[View, float], ...]:
        """The other catalog; rows belong together at one position."""
        return ((self.right, 0.0),)

    def reading(self, others: Sequence[View]) -> Join:
        """The same from another catalog of the same columns."""
        return replace(self, right=others[0])

    def fingerprint(self) -> str:
        """The right-hand content, the column, and which rows are kept."""
        return self.fingerprint_with([self.right.fingerprint()])

    def fingerprint_with(self, contents: Sequence[str]) -> str:
        """The same, of parts of the right-hand catalog."""
        how = "" if self.how == "left" else f" {self.how}"
        return f"Join {contents[0]} {self.on}{how} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table`; nulls where `right` has no such row, or without them."""
        index = table.column(HEALPIX_COLUMN).to_numpy()
        ranges = np.array([[index.min(), index.max() + 1]]) if index.size else np.empty((0, 2), np.int64)
        right = self.right.rows_within(ranges)
        at = same_rows(table, right, self.on)
        added = self._added(table.schema)
        if self.how == "inner":
            table, at = table.filter(at.is_valid()), at.drop_null()
        return append_columns(table, pa.table([right.column(name).take(at) for name in added.names], schema=added))

    def __repr__(self) -> str:
        return f"Join({self.right.name}, on={self.on!r}, how={self.how!r})"


def same_rows(table: pa.Table, other: pa.Table, on: str) -> pa.Array:
    """For each row of `table` the first row of `other` with the same `_healpix_29` and the same `on`, int64 [n].

    Null where there is none, and where `on` is null. Rows are found by their index; their names are looked up only
    where several rows of `other` share one.
    """
    index, theirs = (each.column(HEALPIX_COLUMN).to_numpy() for each in (table, other))
    names, their_names = (_comparable(each.column(on)) for each in (table, other))
    order = np.argsort(theirs, kind="stable")
    ordered = theirs[order]
    first = np.searchsorted(ordered, index)
    there = np.append(ordered, -1)[first] == index
    followed = np.append(ordered[1:] == ordered[:-1], [False, False])  # by one of the same index
    places = np.full(index.size, -1, np.int64)

    alone = np.flatnonzero(there & ~followed[first])
    candidates = order[first[alone]]
    same = pc.equal(names.take(pa.array(alone)), their_names.take(pa.array(candidates))).fill_null(False)
    same = same.to_numpy(zero_copy_only=False)
    places[alone[same]] = candidates[same]

    among = np.flatnonzero(there & followed[first])
    if among.size:
        crowd = order[followed[: order.size] | np.append(False, followed[: order.size - 1])]
        known = _keys(theirs[crowd], their_names.take(pa.array(crowd)))
        at = pc.index_in(_keys(index[among], names.take(pa.array(among))), value_set=known, skip_nulls=True)
        found = at.is_valid().to_numpy(zero_copy_only=False)
        places[among[found]] = crowd[at.drop_null().to_numpy()]
    return pa.array(places, mask=places < 0)


def _comparable(names: pa.ChunkedArray) -> pa.Array:
    """Names in one piece, as numbers where they are whole ones, else as text."""
    kind = names.type if pa.types.is_integer(names.type) else pa.string()
    return names.cast(kind).combine_chunks()


def _keys(index: npt.NDArray[np.int64], names: pa.Array) -> pa.Array:
    """Index and name of each row as one text; null where the name is."""
    return pc.binary_join_element_wise(pa.array(index).cast(pa.string()), names.cast(pa.string()), " ")
