"""Light curves released as two tables: objects, and detections of all objects one a row in any order."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

import pyarrow as pa
import pyarrow.compute as pc

from lcscale.surveys.identities import Known
from lcscale.surveys.nesting import band_array, empty_light_curves, nest
from lcscale.surveys.reading import read_batches, reading
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand, leave_out, stamped
from lcscale.surveys.table import parts_of_tables, tables_in
from lcscale.units import column_in

POSITION = {"ra": {"unit": "deg", "frame": "ICRS"}, "dec": {"unit": "deg", "frame": "ICRS"}}
"""Metadata of the columns of position."""

_ABSURD_MAG = 90.0
NO_MAGNITUDE = "no magnitude, or a mark of none (99.99 and the like)"
"""Why observations of a release are left out."""


@dataclass(frozen=True)
class Detections:
    """Which columns of a table of detections mean what; a unit that the file states is honoured."""

    id: str
    """Key of the object."""
    time: str
    """Time of the observation, days."""
    mag: str
    """Magnitude; beyond +-90 it means none."""
    mag_err: str | None
    """Its error, or None where there is none."""
    band: str | None = None
    """Name of the band, or None where the whole file is of one."""
    time_offset: float = 0.0
    """Days to add to the time to make it MJD."""
    first_time: float = -math.inf
    """Earlier times, as the file has them, mean none."""

    @property
    def columns(self) -> list[str]:
        """All columns there are."""
        return [name for name in (self.id, self.time, self.mag, self.mag_err, self.band) if name is not None]


@dataclass(frozen=True)
class Packed:
    """A release as folders of two tables; adapters of such take their `parts` and `batches` from it."""

    objects: tuple[str, ...]
    """Names that the list of objects may have."""
    shape: Callable[[str, list[Problem]], pa.Table]
    """Reads the list: `object_id`, `ra`, `dec`, `label`, then further columns. A module-level function."""
    photometry: str
    """Pattern of the names of the tables of detections."""
    detections: Detections
    """Their columns."""
    field: pa.Field
    """The field `lightcurve`."""
    band: str = ""
    """Name of the band, where no column says it."""

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """The list of objects, and the detections in runs of row groups."""
        parts: list[Part] = []
        for path in expand(paths):
            try:
                objects = companion(path, self.objects)
            except ReleaseFileError as error:
                problems.append(Problem(path, str(error)))
                continue
            parts.append(Part(objects, "objects"))
            files = [file for file in tables_in(path) if fnmatch(os.path.basename(file), self.photometry)]
            if files:
                parts += stamped(parts_of_tables(files, problems, "detections"), objects)
            else:
                problems.append(Problem(path, f"{path} has no light curves: none of its files is {self.photometry}"))
        return list(dict.fromkeys(parts))

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """Light curves in pieces; the list of objects gives every object an empty one."""
        found: list[Problem] = []
        objects = read_objects(companion(part.path, self.objects), self.shape, found)
        if part.kind == "objects":
            problems += found
            yield without_observations(objects, self.field)
        else:
            yield from pieces(part, objects, self.detections, self.field, problems, band=self.band)


def pieces(
    part: Part,
    objects: pa.Table,
    detections: Detections,
    field: pa.Field,
    problems: list[Problem],
    *,
    band: str = "",
    key: str = "object_id",
) -> Iterator[pa.Table]:
    """The light curves of what stands in `part` of a file of detections, with the columns of their objects.

    Parameters
    ----------
    part
        Of the file of detections.
    objects
        All objects; `key` is the column that `detections.id` refers to.
    detections
        The columns.
    field
        The field `lightcurve`.
    problems
        Gets the number of detections without an object.
    band
        Name of the band, where no column says it.
    key
        Column of `objects`; one whose name starts with ``_`` is left out of the result.
    """
    known = Known(objects.column(key))
    rest = objects.drop_columns([key]) if key.startswith("_") else objects
    orphans = missing = 0
    for table in read_batches(part, problems, detections.columns, ids=[detections.id]):
        with reading(part.path):
            owner = known.rows(table.column(detections.id))
            values = _values(table, detections, band)
            index, curves = nest(owner, values)
        missing += values["mag"].null_count
        orphans += int((owner < 0).sum())
        yield rest.take(pa.array(index)).append_column(field, curves)
    if orphans:
        problems.append(Problem(part.path, f"{orphans:,} detections belong to no object of the list"))
    leave_out(problems, {NO_MAGNITUDE: missing})


def _values(table: pa.Table, detections: Detections, band: str) -> dict[str, pa.Array]:
    def numbers(name: str, unit: str) -> pa.Array:
        return column_in(table, name, unit).combine_chunks().cast(pa.float64(), safe=False)

    mag = numbers(detections.mag, "mag")
    mag = pc.if_else(pc.less(pc.abs(mag), _ABSURD_MAG), mag, None)
    nothing = pa.nulls(table.num_rows, pa.float32())
    time = numbers(detections.time, "d")
    time = pc.if_else(pc.less(time, detections.first_time), None, time)
    return {
        "time": pc.add(time, detections.time_offset) if detections.time_offset else time,
        "mag": mag,
        "mag_err": nothing if detections.mag_err is None else numbers(detections.mag_err, "mag"),
        "band": band_array(band, table.num_rows)
        if detections.band is None
        else table.column(detections.band).cast(pa.string()).combine_chunks(),
    }


def without_observations(objects: pa.Table, field: pa.Field, key: str = "object_id") -> pa.Table:
    """Every object with an empty light curve, so that those never detected have a row too."""
    rest = objects.drop_columns([key]) if key.startswith("_") else objects
    return rest.append_column(field, empty_light_curves(rest.num_rows, field.type))


def read_objects(path: str, shape: Callable[[str, list[Problem]], pa.Table], problems: list[Problem]) -> pa.Table:
    """The list of objects at `path` as the module-level function `shape` reads it; read once a process."""
    stat = os.stat(path)
    table, found = _cached(path, shape, (stat.st_mtime_ns, stat.st_size))
    problems += found
    return table


@functools.lru_cache(maxsize=8)
def _cached(
    path: str, shape: Callable[[str, list[Problem]], pa.Table], identity: tuple[int, int]
) -> tuple[pa.Table, tuple[Problem, ...]]:
    problems: list[Problem] = []
    table = shape(path, problems)
    return table, tuple(problems)


def companion(path: str, names: Sequence[str]) -> str:
    """The file among `names` that lies beside `path`.

    Raises
    ------
    ReleaseFileError
        Where there is none.
    """
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    for name in names:
        if os.path.exists(os.path.join(folder, name)):
            return os.path.join(folder, name)
    raise ReleaseFileError(f"{path}: no {' or '.join(names)} beside it")
