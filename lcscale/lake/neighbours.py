"""The crossmatch step: pulls the rows around a partition out of the other catalog, and joins them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch import MatchOptions, context_reach_arcsec, joined_schema, match_tables, reach_arcsec
from lcscale.crossmatch.expressions import names_in
from lcscale.errors import InputError
from lcscale.lake.catalog import Catalog
from lcscale.lake.leaf import Ranges
from lcscale.lake.pixel import HEALPIX_COLUMN

_CELLS_ACROSS = 6


@dataclass(frozen=True)
class Crossmatch:
    """Joins each row of `left` with its neighbours in `right`, wherever on the sky they are stored."""

    left: Catalog
    right: Catalog
    options: MatchOptions
    version = 1

    def __post_init__(self) -> None:
        for side in (self.left, self.right):
            if not all(step.rowwise for step in side.steps):
                raise InputError(f"crossmatch: write {side.name} first; it has steps that need whole partitions")
        missing = [name for name in self.options.columns_needed("right") if name not in self.right.column_names]
        if missing:
            raise InputError(f"crossmatch: {self.right.name} has no column {', '.join(missing)}")

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
        return joined_schema(input_schema, self.right.schema, self.options)

    def fingerprint(self) -> str:
        """The right-hand content and the options; the left's too where left rows compete with each other."""
        left = self.left.fingerprint() if self.options.mutual else ""
        return f"Crossmatch {left} {self.right.fingerprint()} {self.options!r} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """Join the rows of `table` with those around them."""
        index = table.column(HEALPIX_COLUMN).to_numpy()
        left, right = self.left.source, self.right.source
        return match_tables(
            table,
            self.right.rows_within(ranges_around(index, reach_arcsec(self.options))),
            self.options,
            left_columns=(left.ra, left.dec),
            right_columns=(right.ra, right.dec),
            left_name=left.name,
            right_name=right.name,
            left_context=self._rivals(index) if self.options.mutual and index.size else None,
        )

    def _rivals(self, index: npt.NDArray[np.int64]) -> pa.Table:
        """Left rows of other partitions that may compete with those of the partition at `index`."""
        near = self.left.rows_within(ranges_around(index, context_reach_arcsec(self.options)))
        others = near.column(HEALPIX_COLUMN).to_numpy()
        return near.filter(pa.array((others < index.min()) | (others > index.max())))

    def __repr__(self) -> str:
        return f"Crossmatch({self.right.name}, {self.options!r})"


def ranges_around(index: npt.NDArray[np.int64], reach: float) -> Ranges:
    """HEALPix ranges that hold every position within `reach` arcseconds of the positions at `index`.

    The positions' cells at a coarse order and the cells around those: a point outside them is at least one cell's
    smallest width away. The order is fine enough to be a thin border around a partition, and coarse enough that a
    cell is wider than the reach.
    """
    from cdshealpix.nested import neighbours
    from hats.pixel_math.healpix_shim import order2mindist

    if index.size == 0:
        return np.empty((0, 2), np.int64)
    orders = np.arange(30)
    widest = orders[order2mindist(orders) * 60 > reach]
    if widest.size == 0:
        return np.array([[0, 12 << 58]], np.int64)
    spread = int(index.max() ^ index.min())
    order = min(int(widest.max()), max(0, 29 - (spread.bit_length() + 1) // 2) + _CELLS_ACROSS)
    shift = 2 * (29 - order)
    cells = np.unique(index >> shift)
    around = np.asarray(neighbours(cells.astype(np.uint64), order)).astype(np.int64).ravel()
    cells = np.unique(np.concatenate([cells, around[around >= 0]]))
    breaks = np.flatnonzero(np.diff(cells) > 1)
    first = cells[np.concatenate([[0], breaks + 1])]
    last = cells[np.concatenate([breaks, [cells.size - 1]])]
    return np.column_stack([first << shift, (last + 1) << shift])
