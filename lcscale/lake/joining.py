"""The join step: columns of a catalog that was made from this one, row by row by their identity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.lake.inputs import JOIN
from lcscale.lake.pixel import HEALPIX_COLUMN, Pixel
from lcscale.lake.view import View
from lcscale.lightcurves import append_columns, appended_schema, maker_of


@dataclass(frozen=True)
class Join:
    """Appends to each row what `right` knows besides, from its row of the same identity and position.

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
        """The HEALPix index, by which the other rows are found, and the identity."""
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
        made = {name for name in theirs.names if maker_of(theirs, name)}
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
        """The right-hand content and the column."""
        how = "" if self.how == "left" else f" {self.how}"
        return f"Join {self.right.fingerprint()} {self.on}{how} v{self.version}"

    def fingerprint_near(self, pixels: Sequence[Pixel]) -> str:
        """The same for left rows in `pixels` only."""
        return f"Join {self.right.fingerprint(pixels)} {self.on} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table`; nulls where `right` has no such row, or without them."""
        index = table.column(HEALPIX_COLUMN).to_numpy()
        ranges = np.array([[index.min(), index.max() + 1]]) if index.size else np.empty((0, 2), np.int64)
        right = self.right.rows_within(ranges)
        at = pc.index_in(self._keys(table), value_set=self._keys(right), skip_nulls=True)
        added = self._added(table.schema)
        if self.how == "inner":
            table, at = table.filter(at.is_valid()), at.drop_null()
        return append_columns(table, pa.table([right.column(name).take(at) for name in added.names], schema=added))

    def _keys(self, table: pa.Table) -> pa.ChunkedArray:
        """Position and identity of each row as one text; null where the identity is."""
        texts = [table.column(name).cast(pa.string()) for name in (HEALPIX_COLUMN, self.on)]
        return pc.binary_join_element_wise(*texts, " ")

    def __repr__(self) -> str:
        return f"Join({self.right.name}, on={self.on!r}, how={self.how!r})"
