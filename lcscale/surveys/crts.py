"""Catalina Real-Time Transient Survey: periodic variables with V light curves (Drake et al. 2014, 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.surveys.nesting import light_curve_field
from lcscale.surveys.objects import object_list
from lcscale.surveys.packed import Detections, Packed
from lcscale.surveys.reading import read_table
from lcscale.surveys.release import Problem


def _objects(path: str, problems: list[Problem]) -> pa.Table:
    """Objects of the northern or southern catalog, which name the class differently."""
    names = read_table(path, []).column_names
    label = "cls" if "cls" in names else "type_name"
    return object_list(path, problems, id="id", label=label)


_RELEASE = Packed(
    objects=("objects.csv", "objects.csv.gz", "objects.parquet"),
    shape=_objects,
    photometry="photometry*.parquet",
    detections=Detections("id", "mjd", "mag", "magerr", first_time=0.0),  # a few are at MJD -2409998.5
    field=light_curve_field(("V",), time_scale="UTC", time_origin="MJD", mag_system="Vega (unfiltered, V_CSS)"),
    band="V",
)


@dataclass(frozen=True)
class Crts:
    """A folder with ``objects.csv`` (id, position, class) and ``photometry*.parquet`` (id, mjd, mag, magerr)."""

    name = "crts"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    join_arcsec = 0.0
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Catalina Surveys periodic variables",
        "bib_reference": "2014ApJS..213....9D",
    }

    parts = _RELEASE.parts
    batches = _RELEASE.batches
