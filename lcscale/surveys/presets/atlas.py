"""ATLAS: forced photometry in o and c (Tonry et al. 2018; Shingles et al. 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class Atlas(LightCurveTables):
    """Results of the forced photometry server, one position a file (named by it) or a column of names.

    The light curves are fluxes, converted from microjansky to nJy; zero and negative ones are observations (of these
    the server's own column of magnitudes has minus the magnitude of their absolute value).
    """

    id: str = "id|object_id"
    time: str = "MJD"
    flux: str | None = "uJy"
    flux_err: str | None = "duJy"
    zero_point: float | None = 23.9
    band: str | None = "F"
    bands: tuple[str, ...] = ("o", "c")
    name = "atlas"
    named_by_file: ClassVar[bool] = True
    sources: ClassVar[tuple[str, str]] = ("RA", "Dec")
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "AB"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "ATLAS forced photometry",
        "bib_reference": "2018PASP..130f4505T",
    }
