"""Palomar Transient Factory: light-curve tables of the archive (Law et al. 2009)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class Ptf(LightCurveTables):
    """IPAC tables or CSV of the light curves: a row an observation, filters by number, good photometry only."""

    id: str = "oid"
    time: str = "obsmjd"
    mag: str = "mag_autocorr"
    mag_err: str | None = "magerr_auto"
    band: str | None = "fid"
    bands: tuple[str, ...] = ("R", "g")
    where: str | None = "goodflag == 1"
    name = "ptf"
    band_names: ClassVar[Mapping[str, str]] = {"1": "g", "2": "R"}
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "AB"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Palomar Transient Factory light curves",
        "bib_reference": "2009PASP..121.1395L",
    }
