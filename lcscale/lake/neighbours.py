"""The crossmatch step: pulls the rows around a partition out of the other catalog, and joins them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch import MatchOptions, joined_schema, match_tables, reach_arcsec
from lcscale.errors import InputError
from lcscale.lake.catalog import Catalog
from lcscale.lake.leaf import Ranges
from lcscale.lake.pixel import HEALPIX_COLUMN

_CELLS_ACROSS = 6


@dataclass(frozen=True)
class Crossmatch:
    """Joins each row with its neighbours in `right`, wherever on the sky they are stored."""

    right: Catalog
    options: MatchOptions
    ra: str
    dec: str
    rowwise = True
    version = 1

    def __post_init__(self) -> None:
        if not all(step.rowwise for step in self.right.steps):
            raise InputError(f"crossmatch: write {self.right.name} first; it has steps that need whole partitions")

    @property
    def columns(self) -> tuple[str, ...]:
        """The left-hand position."""
        return (HEALPIX_COLUMN, self.ra, self.dec)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """Left fields, right fields, the separation."""
        return joined_schema(input_schema, self.right.schema, self.options)

    def fingerprint(self) -> str:
        """The right-hand content and the options."""
        return f"Crossmatch {self.right.fingerprint()} {self.options!r} {self.ra} {self.dec} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """Join the rows of `table` with those around them."""
        source = self.right.source
        return match_tables(
            table,
            self.around(table),
            self.options,
            left_columns=(self.ra, self.dec),
            right_columns=(source.ra, source.dec),
        )

    def around(self, table: pa.Table) -> pa.Table:
        """Rows of the right catalog that may lie within reach of a row of `table`."""
        index = table.column(HEALPIX_COLUMN).to_numpy()
        ranges = ranges_around(index, reach_arcsec(self.options))
        plan = self.right.plan()
        found = [plan.schema.empty_table()]
        for leaf in self.right.source.leaves_within(ranges):
            found.extend(plan.tables(leaf, ranges))
        return pa.concat_tables(found).combine_chunks()

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
