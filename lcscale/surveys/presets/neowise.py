"""NEOWISE: single exposures in W1 and W2 (Mainzer et al. 2014)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class Neowise(LightCurveTables):
    """Tables of single-exposure sources from the archive: both bands of a row, frames of quality 0 left out."""

    id: str = "allwise_cntr|object_id|id"
    time: str = "mjd"
    band_columns: tuple[str, ...] = ("W1=w1mpro:w1sigmpro", "W2=w2mpro:w2sigmpro")
    where: str | None = "qual_frame > 0"
    name = "neowise"
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "Vega"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "NEOWISE-R single exposures",
        "bib_reference": "2014ApJ...792...30M",
    }
