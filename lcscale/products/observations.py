"""`CountObservations`: how many observations of each object a kernel could use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lcscale.lightcurves import clean_light_curves, declared_bands
from lcscale.vocabulary import Column, append_columns, appended_schema, schema_of

_MAKER = "lcscale.products"
N_OBSERVATIONS = Column(
    "n_observations",
    pa.int32(),
    "",
    "meta.number;obs",
    "Usable observations, in all bands that the catalog declares.",
    _MAKER,
    unmarked=True,
)
N_OBSERVATIONS_OF_BAND = Column(
    "n_observations_<band>",
    pa.int32(),
    "",
    "meta.number;obs",
    "Usable observations in <band>.",
    _MAKER,
    unmarked=True,
)

COLUMNS = (N_OBSERVATIONS, N_OBSERVATIONS_OF_BAND)
"""Columns of `CountObservations`."""


@dataclass(frozen=True)
class CountObservations:
    """Step that appends `n_observations` and, where there are several bands, `n_observations_<band>`.

    Those that `lcscale.lightcurves.clean` leaves count, in the bands that the catalog declares.
    """

    bands: tuple[str, ...] = ()
    """Bands counted one by one."""
    column: str = "lightcurve"
    """Name of the nested light-curve column."""
    rowwise = True
    version = 2

    @classmethod
    def of(cls, schema: pa.Schema, column: str = "lightcurve") -> CountObservations:
        """The step for a catalog of this schema: its bands stand in the metadata of the light-curve field."""
        bands = declared_bands(schema, column)
        return cls(bands if len(bands) > 1 else (), column)

    @property
    def columns(self) -> tuple[str, ...]:
        """The light-curve column."""
        return (self.column,)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """`input_schema` with the counts."""
        return appended_schema(input_schema, self._gives())

    def fingerprint(self) -> str:
        """Its parameters and version."""
        return f"{self!r} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their counts."""
        lcs = clean_light_curves(table, self.column)
        bands = declared_bands(table.schema, self.column)
        lcs = lcs.of_bands(bands) if bands else lcs
        owner = lcs.object_index()
        counts = [lcs.counts]
        for band in self.bands:
            code = lcs.bands.index(band) if band in lcs.bands else None
            chosen = owner[:0] if lcs.band is None or code is None else owner[lcs.band == code]
            counts.append(np.bincount(chosen, minlength=len(lcs)))
        arrays = [pa.array(count.astype(np.int32)) for count in counts]
        return append_columns(table, pa.table(arrays, schema=self._gives()))

    def _gives(self) -> pa.Schema:
        return schema_of([N_OBSERVATIONS, *map(N_OBSERVATIONS_OF_BAND.of, self.bands)])
