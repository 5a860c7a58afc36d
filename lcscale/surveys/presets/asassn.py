"""ASAS-SN: light curves of Sky Patrol, first and second version (Shappee et al. 2014; Hart et al. 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lcscale.surveys.lightcurves import LightCurveTables


@dataclass(frozen=True)
class Asassn(LightCurveTables):
    """Sky Patrol's CSV of either version (HJD and V, or JD and g), of named stars; give `objects`.

    Upper limits (``>13.6`` in the first version, 99.99 in the second) are left out and counted.
    """

    id: str = "asas_sn_id|id|object_id"
    time: str = "HJD|jd|JD"
    mag: str = "mag|Mag"
    mag_err: str | None = "mag_err|Mag Error|mag err"
    band: str | None = "Filter|phot_filter|filter"
    limit: str | None = "Limit|limit"
    name = "asassn"
    named_by_file: ClassVar[bool] = True
    other_band: ClassVar[str] = "V"
    sources: ClassVar[tuple[str, str]] = ("raj2000|ra_deg|RAJ2000|RA", "dej2000|dec_deg|DEJ2000|Dec|DEC")
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "V: Vega, g: AB"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "ASAS-SN light curves",
        "bib_reference": "2014ApJ...788...48S",
    }
