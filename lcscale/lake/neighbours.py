"""The crossmatch step: pulls the rows around a partition out of the other catalog, and joins them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch import (
    EPOCH_COLUMN,
    MatchOptions,
    Reference,
    asked_of_rows,
    context_reach_arcsec,
    joined_names,
    joined_schema,
    reach_arcsec,
    referred,
    row_epoch,
)
from lcscale.crossmatch.naming import JoinedNames
from lcscale.errors import InputError, LcscaleError
from lcscale.expressions import names_in
from lcscale.lake.borders import distinct, ranges_around
from lcscale.lake.inputs import CROSSMATCH
from lcscale.lake.leaf import Ranges
from lcscale.lake.view import View
from lcscale.steps import Select
from lcscale.vocabulary import HEALPIX_COLUMN

if TYPE_CHECKING:
    from lcscale.crossmatch.ordering import Pairs

_ANY_EPOCH = 2000.0
"""Stands for an epoch that is not known yet, and for that of no rows."""
_MOST_YEARS = 400.0
"""Epochs lie between 1800 and 2200."""


@dataclass(frozen=True)
class Crossmatch:
    """Joins each row of `left` with its neighbours in `right`, wherever on the sky they are stored."""

    left: View
    right: View
    options: MatchOptions
    asked: tuple[str, ...] = field(init=False, repr=False)
    """Sides (`left`, `right`) whose rows tell their epoch when the step runs: nothing else does."""
    settings = ("options",)
    version = 4

    def __post_init__(self) -> None:
        for side, catalog in self._sides():
            if not all(step.rowwise for step in catalog.steps):
                raise InputError(f"crossmatch: write {catalog.name} first; it has steps that need whole partitions")
            missing = [name for name in self.options.columns_needed(side) if name not in catalog.column_names]
            if missing:
                raise InputError(f"crossmatch: {catalog.name} has no column {', '.join(missing)}")
        told = {side: reference(catalog) for side, catalog in self._sides()}
        asked = tuple(side for side, one in told.items() if asked_of_rows(self.options, side) and _in_rows(one))
        object.__setattr__(self, "asked", asked)
        sides = (replace(one, row_epoch=_ANY_EPOCH) if _in_rows(one) else one for one in told.values())
        options = referred(self.options, *sides)
        if not asked:
            object.__setattr__(self, "options", options)
        if not self._reads_left:  # only its columns matter, beside the rows given
            object.__setattr__(self, "left", self.left.without_rows())

    @property
    def inputs(self) -> tuple[tuple[str, View], ...]:
        """The right-hand catalog, by its role."""
        return ((CROSSMATCH, self.right),)

    def _sides(self) -> tuple[tuple[str, View], tuple[str, View]]:
        return ("left", self.left), ("right", self.right)

    @property
    def names(self) -> JoinedNames:
        """What the right and the added columns are called, whichever of the left columns are read."""
        return joined_names(self.left.schema, self.right.schema, self.options)

    @property
    def rowwise(self) -> bool:
        """Whether left rows are matched without regard to each other."""
        return not self.options.mutual

    @property
    def columns(self) -> tuple[str, ...]:
        """The left-hand position, and what motion, errors and gates read."""
        return (*self.left.source.position, *self.options.columns_needed("left"))

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """Names in the condition on the joined row: the left's, where the left has them."""
        return names_in(self.options.where) if self.options.where else ()

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """Left fields, right fields, the separation."""
        return joined_schema(input_schema, self.right.schema, self.options, self.left.schema)

    def narrowed(self, wanted: Collection[str]) -> Crossmatch:
        """The same of fewer right-hand columns; what decides stays, and so does what the names hang on."""
        if self.options.how == "anti":
            return self
        names = self.names
        added = tuple(old for old, _ in names.added)
        kept = {*self.deciding(), *(old for old, new in names.right if new in wanted or new.startswith(added))}
        suffixes = [new.removeprefix(old) for old, new in (*names.right, *names.added) if new != old]
        options = replace(self.options, suffix=suffixes[0]) if suffixes else self.options
        right = self.right.columns(*(name for name in self.right.column_names if name in kept))
        return Crossmatch(self.left, right, options)

    @property
    def others(self) -> tuple[tuple[View, float], ...]:
        """The right catalog; the left too where left rows compete with those of other partitions."""
        right, left = (self.right, self._farthest()), (self.left, 2 * self._farthest())
        return (right, left) if self._reads_left else (right,)

    @property
    def _reads_left(self) -> bool:
        """Whether left rows are read, beside those given."""
        return self.options.mutual or "left" in self.asked

    def reading(self, others: Sequence[View]) -> Crossmatch:
        """The same with other catalogs of the same columns."""
        right, *left = others
        return replace(self, left=left[0] if left else self.left, right=right)

    def fingerprint(self) -> str:
        """The right-hand content and the options; the left's too where left rows compete with each other."""
        return self.fingerprint_with([view.fingerprint() for view, _ in self.others])

    def fingerprint_with(self, contents: Sequence[str]) -> str:
        """The same, of parts of the other catalogs."""
        right, left = (*contents, "")[:2]
        return f"Crossmatch {left} {right} {self._options_text} v{self.version}"

    @cached_property
    def _options_text(self) -> str:
        return repr(self.options)

    def __call__(self, table: pa.Table) -> pa.Table:
        """Join the rows of `table` with those around them.

        The columns that decide are read of the whole border; the others only where there are counterparts.
        """
        from lcscale.crossmatch import counterparts, join_pairs  # compiled

        index = table.column(HEALPIX_COLUMN).to_numpy()
        options = self._dated(index) if self.asked else self.options
        ranges = ranges_around(index, reach_arcsec(options))
        late = self.options.how == "anti" or all(isinstance(step, Select) for step in self.right.steps)
        around = (self.right.columns(*self.deciding()) if late else self.right).rows_within(ranges)
        rivals = [self._rivals(index, table.schema, options)] if options.mutual and index.size else []
        left, right = self.left.source, self.right.source
        pairs, chances = counterparts(
            pa.concat_tables([table, *rivals]),
            around,
            options,
            left_columns=(left.ra, left.dec),
            right_columns=(right.ra, right.dec),
            left_name=left.name,
            right_name=right.name,
            n_own=table.num_rows,
            names=self.names if self.options.gated else None,
        )
        if late:
            around, pairs = self._whole_rows(around, pairs)
        return join_pairs(table, around, pairs, chances, self.options, self.left.schema)

    def association(self, left_id: str | None, right_id: str | None) -> tuple[str, ...]:
        """Names of what an association keeps: the ids of both sides, the separation and the chance probability."""
        if self.options.how == "anti":
            raise InputError("crossmatch: an association holds pairs; how='anti' has none")
        ids = [_identifier(view, given) for view, given in ((self.left, left_id), (self.right, right_id))]
        return (ids[0], dict(self.names.right)[ids[1]], *(new for _, new in self.names.added))

    def deciding(self) -> tuple[str, ...]:
        """Columns of the right catalog that decide which rows are counterparts."""
        if self.options.where is None:
            return self.options.columns_needed("right")
        told = names_in(self.options.where)
        return (*self.options.columns_needed("right"), *(old for old, new in self.names.right if new in told))

    def _whole_rows(self, around: pa.Table, pairs: Pairs) -> tuple[pa.Table, Pairs]:
        """All columns of the right rows that have a pair, and `pairs` with the places of those rows.

        Rows are found again by their HEALPix index; those that share one come with them, in the same order.
        """
        if self.options.how == "anti":
            return self.right.schema.empty_table(), pairs
        index = around.column(HEALPIX_COLUMN).to_numpy()
        found = np.zeros(index.size, np.bool_)
        found[pairs[1]] = True
        wanted = distinct(index[found])
        whole = self.right.rows_within(np.column_stack([wanted, wanted + 1]))
        if wanted.size < np.count_nonzero(found) or whole.num_rows > wanted.size:
            found = np.isin(index, wanted)
        if whole.num_rows != np.count_nonzero(found):
            raise LcscaleError(f"{self.right.name} changed while it was read; run the same command again")
        return whole, (pairs[0], (np.cumsum(found) - 1)[pairs[1]], pairs[2])

    def _farthest(self) -> float:
        """How far from a left row right rows may matter, in arcseconds, whatever epochs the rows tell."""
        motions = [each for each in (self.options.left_motion, self.options.right_motion) if each is not None]
        unknown = sum(motion.max_arcsec_per_year * _MOST_YEARS for motion in motions) if self.asked else 0.0
        return reach_arcsec(self.options) + unknown

    def _dated(self, index: npt.NDArray[np.int64]) -> MatchOptions:
        """The options with the epochs that the rows at `index` and those around them tell.

        Raises
        ------
        InputError
            Where these rows are of several epochs.
        """
        wide = ranges_around(index, self._farthest())
        told = []
        for side, catalog in self._sides():
            one = reference(catalog)
            if side in self.asked:
                ranges = wide if side == "right" else _around_all(index)
                one = replace(one, row_epoch=_first_epoch(catalog, ranges))
            told.append(one)
        options = referred(self.options, *told)
        left, right = context_reach_arcsec(options), reach_arcsec(options)
        for one, (side, catalog), reach in zip(told, self._sides(), (left, right), strict=True):
            if side in self.asked:
                ranges = ranges_around(index, reach) if reach else _around_all(index)
                source = catalog.source
                rows = [
                    source.layout.read(leaf, [EPOCH_COLUMN], ranges)
                    for leaf in source.leaves[source.leaves.within(ranges)]
                ]
                first = pa.table({EPOCH_COLUMN: pa.array([one.row_epoch], pa.float64())})
                row_epoch(pa.concat_tables([first, *rows], promote_options="permissive"), catalog.name)
        return options

    def _rivals(self, index: npt.NDArray[np.int64], schema: pa.Schema, options: MatchOptions) -> pa.Table:
        """Left rows of other partitions that may compete with those of the partition at `index`."""
        near = self.left.rows_within(ranges_around(index, context_reach_arcsec(options)))
        others = near.column(HEALPIX_COLUMN).to_numpy()
        rivals = near.filter(pa.array((others < index.min()) | (others > index.max())))
        return rivals.select(schema.names).cast(schema)

    def __repr__(self) -> str:
        asked = f", {EPOCH_COLUMN} of {' and '.join(self.asked)}" if self.asked else ""
        return f"Crossmatch({self.right.name}, {self.options!r}{asked})"


def _identifier(catalog: View, given: str | None) -> str:
    """Column of the ids of `catalog`."""
    if given is not None and given not in catalog.column_names:
        names = ", ".join(catalog.column_names)
        raise InputError(f"crossmatch: {catalog.name} has no column {given!r} for its ids; there are {names}")
    return given or catalog.id_column


def reference(catalog: View) -> Reference:
    """What `catalog` says of its positions."""
    source = catalog.source
    return Reference(catalog.name, source.schema, source.ra, dict(source.properties))


def _in_rows(told: Reference) -> bool:
    """Whether nothing but the column `ref_epoch` tells the epoch."""
    return told.epoch is None and EPOCH_COLUMN in told.schema.names


def _first_epoch(catalog: View, ranges: Ranges) -> float | None:
    """The first epoch that a row within `ranges` tells; any where there are no rows, None where none tells it."""
    rows = 0
    leaves = catalog.source.leaves
    for leaf in leaves[leaves.within(ranges)]:
        for batch in catalog.source.layout.batches(leaf, [EPOCH_COLUMN], ranges):
            values = batch.column(EPOCH_COLUMN).drop_null()
            if len(values):
                return float(values[0].as_py())
            rows += batch.num_rows
    return None if rows else _ANY_EPOCH


def _around_all(index: npt.NDArray[np.int64]) -> Ranges:
    """The range from the first row to the last."""
    return np.array([[index.min(), index.max() + 1]]) if index.size else np.empty((0, 2), np.int64)
