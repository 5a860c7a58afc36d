"""Catalina Surveys: light curves as the web service gives them (Drake et al. 2009)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class CrtsWeb(LightCurveTables):
    """CSV of the service: a row a detection, with the master's id and the detection's position."""

    id: str = "MasterID|masterID|Catalina_ID|ID"
    time: str = "MJD"
    mag: str = "Mag"
    mag_err: str | None = "Magerr|magerr"
    name = "crts_web"
    sources: ClassVar[tuple[str, str]] = ("RA", "Dec|Decl|DEC")
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "Vega (unfiltered, V_CSS)"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Catalina Surveys light curves",
        "bib_reference": "2009ApJ...696..870D",
    }
