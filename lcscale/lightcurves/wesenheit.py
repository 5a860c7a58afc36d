"""The reddening-free brightness of Cepheids and RR Lyrae stars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lightcurves.batch import LightCurves
from lcscale.lightcurves.columns import ReadsLightCurves
from lcscale.lightcurves.nested import declared_bands
from lcscale.lightcurves.sharing import clean_light_curves
from lcscale.vocabulary import Column, append_columns, schema_of

WESENHEIT = Column(
    "wesenheit",
    pa.float32(),
    "mag",
    "phot.mag.reddFree",
    "Wesenheit index I - 1.55 (V - I) of the mean magnitudes: a brightness that reddening leaves alone.",
    "lcscale.lightcurves",
)


@dataclass(frozen=True)
class Wesenheit(ReadsLightCurves):
    """Step that appends the Wesenheit index ``I - 1.55 (V - I)`` of the mean magnitudes (Soszyński et al. 2015).

    Null where either band has no usable observation. It is a brightness: a model that takes it knows the distance of
    what it was trained on, and is of no use elsewhere.

    Parameters
    ----------
    blue, red
        Names of the bands.
    ratio
        Of the extinction in the red band to the reddening between the two.
    column
        Name of the nested light-curve column.
    """

    blue: str = "V"
    red: str = "I"
    ratio: float = 1.55
    column: str = "lightcurve"
    version = 2

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """`wesenheit`, magnitudes.

        Raises
        ------
        InputError
            The catalog declares its bands, and one of the two is not among them.
        """
        bands = declared_bands(input_schema, self.column)
        missing = [band for band in (self.blue, self.red) if bands and band not in bands]
        if missing:
            raise InputError(f"a Wesenheit index needs the band {', '.join(missing)}; there are {', '.join(bands)}")
        return (WESENHEIT,)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their index."""
        lcs = clean_light_curves(table, self.column)
        blue, red = (_mean(lcs, band) for band in (self.blue, self.red))
        index = red - self.ratio * (blue - red)
        value = pa.array(index.astype(np.float32), mask=~np.isfinite(index))
        return append_columns(table, pa.table([value], schema=schema_of([WESENHEIT])))


def _mean(lcs: LightCurves, band: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Mean magnitude of each object in a band; NaN where there is none."""
    if band not in lcs.bands or lcs.band is None:
        return np.full(len(lcs), np.nan)
    return lcs.select_band(band).in_magnitudes().mean_mag
