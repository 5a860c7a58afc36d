"""The nested column with light curves, field by field."""

from __future__ import annotations

import pyarrow as pa

from lcscale.lightcurves.nested import LIGHTCURVE_TYPE
from lcscale.steps import Declared
from lcscale.vocabulary import Column

LIGHT_CURVE = Column(
    "lightcurve",
    LIGHTCURVE_TYPE,
    "",
    "meta.dataset;phot",
    "Light curve: lists of times, magnitudes or fluxes, their errors and bands, an entry an observation.",
)

COLUMNS = (
    LIGHT_CURVE,
    Column(
        "lightcurve.time",
        pa.float64(),
        "d",
        "time.epoch;obs",
        "Times of the observations; their origin and scale stand in the column's metadata.",
    ),
    Column("lightcurve.mag", pa.float32(), "mag", "phot.mag", "Magnitudes."),
    Column("lightcurve.mag_err", pa.float32(), "mag", "stat.error;phot.mag", "Standard errors of the magnitudes."),
    Column("lightcurve.flux", pa.float32(), "nJy", "phot.flux", "Fluxes, in catalogs that have no magnitudes."),
    Column("lightcurve.flux_err", pa.float32(), "nJy", "stat.error;phot.flux", "Standard errors of the fluxes."),
    Column("lightcurve.band", pa.string(), "", "meta.id;instr.bandpass", "Names of the bands."),
)
"""The nested column, and its fields, a list a row each."""


class ReadsLightCurves(Declared):
    """A step that reads the light curves in its `column`."""

    column: str

    @property
    def reads(self) -> tuple[Column, ...]:
        """The light curves."""
        return (LIGHT_CURVE.named(self.column),)
