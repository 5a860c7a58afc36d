"""ZTF: forced photometry on difference images (Masci et al. 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class ZtfForced(LightCurveTables):
    """Text of the forced photometry service, one position a file, which its header has (or `objects`).

    The light curves are fluxes of the differences to the reference image in nJy, by the zero point of each row; zero
    and negative ones are observations.
    """

    id: str = "object_id|id"
    time: str = "jd"
    flux: str | None = "forcediffimflux"
    flux_err: str | None = "forcediffimfluxunc"
    band: str | None = "filter"
    bands: tuple[str, ...] = ("g", "r", "i")
    name = "ztf_forced"
    named_by_file: ClassVar[bool] = True
    sources: ClassVar[tuple[str, str]] = ("Requested input R.A.", "Requested input Dec.")
    zero_column: ClassVar[str] = "zpdiff"
    band_names: ClassVar[Mapping[str, str]] = {"ZTF_g": "g", "ZTF_r": "r", "ZTF_i": "i"}
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "AB, of differences to the reference image"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "ZTF forced photometry",
        "bib_reference": "2023arXiv230516279M",
    }
