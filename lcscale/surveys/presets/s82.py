"""SDSS Stripe 82: light curves in ugriz (Ivezic et al. 2007; Sesar et al. 2010)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class Stripe82(LightCurveTables):
    """A table of observations with the number of the star and the band, and one of the stars (`objects`)."""

    id: str = "num|Num|ID|id"
    time: str = "time|mjd|MJD"
    mag_err: str | None = "magerr|mag_err"
    band: str | None = "band"
    bands: tuple[str, ...] = ("r", "g", "u", "i", "z")
    time_format: str | None = "mjd"
    name = "s82"
    named_by_file: ClassVar[bool] = True
    sources: ClassVar[tuple[str, str]] = ("RA|RAdeg", "Dec|DEC|DEdeg")
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "AB"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "SDSS Stripe 82 light curves",
        "bib_reference": "2010ApJ...708..717S",
    }
