"""`CountObservations`: how many observations of each object a kernel could use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lcscale.lightcurves import clean_light_curves, declared_bands
from lcscale.lightcurves.columns import ReadsLightCurves
from lcscale.vocabulary import Column, append_columns, schema_of

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
class CountObservations(ReadsLightCurves):
    """Step that appends `n_observations` and, where there are several bands, `n_observations_<band>`.

    Those that `lcscale.lightcurves.clean` leaves count, in the bands that the catalog declares.
    """

    bands: tuple[str, ...] = ()
    """Bands counted one by one."""
    column: str = "lightcurve"
    """Name of the nested light-curve column."""
    version = 2

    @classmethod
    def of(cls, schema: pa.Schema, column: str = "lightcurve") -> CountObservations:
        """The step for a catalog of this schema: its bands stand in the metadata of the light-curve field."""
        bands = declared_bands(schema, column)
        return cls(bands if len(bands) > 1 else (), column)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """The counts."""
        return (N_OBSERVATIONS, *map(N_OBSERVATIONS_OF_BAND.of, self.bands))

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
        return append_columns(table, pa.table(arrays, schema=schema_of(self.gives(table.schema))))
