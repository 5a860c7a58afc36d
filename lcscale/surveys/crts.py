"""Catalina Real-Time Transient Survey: periodic variables with V light curves (Drake et al. 2014, 2017)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from lcscale.surveys.nesting import light_curve_field
from lcscale.surveys.packed import Detections, companion, object_list, pieces, read_objects, without_observations
from lcscale.surveys.reading import read_table, table_parts
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand, stamped
from lcscale.surveys.table import tables_in

_OBJECTS = ("objects.csv", "objects.csv.gz", "objects.parquet")
_DETECTIONS = Detections("id", "mjd", "mag", "magerr")
_FIELD = light_curve_field(("V",), time_scale="UTC", time_origin="MJD", mag_system="Vega (unfiltered, V_CSS)")


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

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """The list of objects, and the detections in runs of row groups."""
        parts: list[Part] = []
        for path in expand(paths):
            try:
                objects = companion(path, _OBJECTS)
            except ReleaseFileError as error:
                problems.append(Problem(path, str(error)))
                continue
            parts.append(Part(objects, "objects"))
            files = [file for file in tables_in(path) if os.path.basename(file).startswith("photometry")]
            if not files:
                problems.append(Problem(path, f"{path} has no light curves: none of its files is photometry*.parquet"))
            for file in files:
                try:
                    parts += stamped(table_parts(file, "detections"), objects)
                except ReleaseFileError as error:
                    problems.append(Problem(file, str(error)))
        return list(dict.fromkeys(parts))

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """Light curves in pieces; the list of objects gives every object an empty one."""
        found: list[Problem] = []
        objects = read_objects(companion(part.path, _OBJECTS), _objects, found)
        if part.kind == "objects":
            problems += found
            yield without_observations(objects, _FIELD)
        else:
            yield from pieces(part, objects, _DETECTIONS, _FIELD, problems, band="V")


def _objects(path: str, problems: list[Problem]) -> pa.Table:
    """Objects of the northern or southern catalog, which name the class differently."""
    names = read_table(path, []).column_names
    label = "cls" if "cls" in names else "type_name"
    return object_list(path, problems, id="id", label=label)
