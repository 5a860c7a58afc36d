"""Kepler and K2: light-curve files of the archive (Jenkins et al. 2010)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class Kepler(LightCurveTables):
    """FITS files ``*_llc.fits``, ``*_slc.fits``: PDC fluxes of cadences without a flag.

    The zero point is that of a star of Kp 12, 1.74e5 electrons a second.
    """

    id: str = "KEPLERID"
    time: str = "TIME"
    flux: str | None = "PDCSAP_FLUX"
    flux_err: str | None = "PDCSAP_FLUX_ERR"
    zero_point: float | None = 25.1
    bands: tuple[str, ...] = ("Kp",)
    time_format: str | None = "bkjd"
    where: str | None = "SAP_QUALITY == 0"
    name = "kepler"
    sources: ClassVar[tuple[str, str]] = ("RA_OBJ", "DEC_OBJ")
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "Kp"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Kepler light curves",
        "bib_reference": "2010ApJ...713L..87J",
    }
