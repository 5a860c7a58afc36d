"""The simulated survey's adapter: it reads the release files that `lcscale.simulation.release` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.simulation.release import BANDS, STARS, SimulatedRelease, write_release
from lcscale.surveys.nesting import light_curve_field
from lcscale.surveys.objects import object_list
from lcscale.surveys.packed import Detections, Packed
from lcscale.surveys.release import Problem

__all__ = ["BANDS", "Simulated", "SimulatedRelease", "write_release"]


def _stars(path: str, problems: list[Problem]) -> pa.Table:
    return object_list(path, problems, id="star", label="class")


_RELEASE = Packed(
    objects=(STARS,),
    shape=_stars,
    photometry="detections*",
    detections=Detections("star", "mjd", "mag", "magerr", band="filter"),
    field=light_curve_field(BANDS, time_scale="TDB", time_origin="MJD", mag_system="AB"),
)


@dataclass(frozen=True)
class Simulated:
    """A folder written by `write_release`: ``stars.csv`` and ``detections-*.csv``, in order of time."""

    name = "simulated"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    join_arcsec = 0.0
    properties: ClassVar[Mapping[str, str]] = {"obs_title": "Simulated two-band survey"}

    parts = _RELEASE.parts
    batches = _RELEASE.batches
