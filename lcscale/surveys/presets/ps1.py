"""Pan-STARRS1: detections of single exposures (Chambers et al. 2016; Flewelling et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class Ps1(LightCurveTables):
    """The archive's table Detection: PSF fluxes in jansky (here nJy), filters by number, -999 where there is none."""

    id: str = "objID"
    time: str = "obsTime"
    flux: str | None = "psfFlux"
    flux_err: str | None = "psfFluxErr"
    zero_point: float | None = 8.9
    band: str | None = "filterID"
    bands: tuple[str, ...] = ("r", "g", "i", "z", "y")
    name = "ps1"
    no_flux: ClassVar[float] = -999.0
    band_names: ClassVar[Mapping[str, str]] = {"1": "g", "2": "r", "3": "i", "4": "z", "5": "y"}
    sources: ClassVar[tuple[str, str]] = ("raMean", "decMean")
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "AB"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Pan-STARRS1 detections",
        "bib_reference": "2020ApJS..251....7F",
    }
