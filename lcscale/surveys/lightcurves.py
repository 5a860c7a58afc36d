"""The generic adapter for light curves: any table of objects, and any tables of detections."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.errors import InputError
from lcscale.surveys.nesting import light_curve_field
from lcscale.surveys.packed import Detections, object_list, pieces, without_observations
from lcscale.surveys.release import Part, Problem, expand, stamped
from lcscale.surveys.table import parts_of_tables


@dataclass(frozen=True)
class LightCurveTables:
    """Detections, one a row, of the objects in the table `objects`; the paths given are the tables of detections."""

    objects: str = ""
    """Path of the table of objects."""
    id: str = "object_id"
    """Column that names the object, in both tables."""
    ra: str = "ra"
    """Column of right ascension in the table of objects."""
    dec: str = "dec"
    """Column of declination in the table of objects."""
    time: str = "time"
    """Column of time, days."""
    mag: str = "mag"
    """Column of the magnitude."""
    mag_err: str | None = "mag_err"
    """Column of its error, or None."""
    band: str | None = None
    """Column of the band, or None where there is one band only."""
    bands: tuple[str, ...] = ("V",)
    """Names of the bands, primary band first."""
    label: str | None = None
    """Column of the class in the table of objects, or None."""
    time_offset: float = 0.0
    """Days to add to the times to make them MJD."""
    time_scale: str = ""
    """``UTC``, ``TDB``, ``TCB`` …, written down with the light curves."""
    name = "lightcurves"
    identity = "object_id"
    join_arcsec = 0.0
    properties: ClassVar[Mapping[str, str]] = {}

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """The table of objects, then the tables of detections."""
        if not self.objects:
            raise InputError("light curves need the table of their objects: give objects=PATH (--objects PATH)")
        objects = expand([self.objects])[0]
        return [Part(objects, "objects"), *stamped(parts_of_tables(paths, problems, "detections"), objects)]

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """Light curves in pieces; the table of objects gives every object an empty one."""
        field = light_curve_field(self.bands, time_scale=self.time_scale, time_origin="MJD")
        found: list[Problem] = []
        objects = _objects(self, found)
        if part.kind == "objects":
            problems += found
            yield without_observations(objects, field)
        else:
            columns = Detections(self.id, self.time, self.mag, self.mag_err, self.band, self.time_offset)
            yield from pieces(part, objects, columns, field, problems, band=self.bands[0])


def _objects(survey: LightCurveTables, problems: list[Problem]) -> pa.Table:
    path = expand([survey.objects])[0]
    stat = os.stat(path)
    table, found = _read_once(survey, path, (stat.st_mtime_ns, stat.st_size))
    problems += found
    return table


@functools.lru_cache(maxsize=2)
def _read_once(survey: LightCurveTables, path: str, identity: tuple[int, int]) -> tuple[pa.Table, tuple[Problem, ...]]:
    problems: list[Problem] = []
    table = object_list(path, problems, id=survey.id, ra=survey.ra, dec=survey.dec, label=survey.label)
    return table, tuple(problems)
