"""TESS: light-curve files of the mission's pipeline (Jenkins et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class Tess(LightCurveTables):
    """FITS files ``*_lc.fits``: PDC fluxes of cadences without a flag.

    The zero point, 20.44 for one electron a second, is that of the instrument's handbook.
    """

    id: str = "TICID"
    time: str = "TIME"
    flux: str | None = "PDCSAP_FLUX"
    flux_err: str | None = "PDCSAP_FLUX_ERR"
    zero_point: float | None = 20.44
    bands: tuple[str, ...] = ("T",)
    time_format: str | None = "btjd"
    where: str | None = "QUALITY == 0"
    name = "tess"
    sources: ClassVar[tuple[str, str]] = ("RA_OBJ", "DEC_OBJ")
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "T"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "TESS light curves",
        "bib_reference": "2016SPIE.9913E..3EJ",
    }
