"""`Search`: the period search as a step that a catalog maps."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from lcscale.lightcurves import LightCurves, append_columns, appended_schema
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.search import N_PEAKS, PERIOD_SCHEMA, find


@dataclass(frozen=True)
class Search:
    """Append the columns of `find` to a catalog with light curves.

    Parameters
    ----------
    grid
        Trial frequencies; None takes each object's default.
    column
        Name of the nested light-curve column.
    n_peaks
        Peaks ranked.
    """

    grid: FrequencyGrid | None = None
    column: str = "lightcurve"
    n_peaks: int = N_PEAKS
    rowwise = True
    version = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """The light-curve column."""
        return (self.column,)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """`input_schema` with the columns of `find`."""
        return appended_schema(input_schema, PERIOD_SCHEMA)

    def fingerprint(self) -> str:
        """Its parameters and version."""
        return f"{self!r} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their periods."""
        return append_columns(table, find(LightCurves.from_arrow(table, self.column), self.grid, self.n_peaks))
