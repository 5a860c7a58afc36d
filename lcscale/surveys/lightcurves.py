"""The generic adapter for light curves: tables of detections of any kind, and of their objects if there is one."""

from __future__ import annotations

import functools
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.expressions import holds, names_in
from lcscale.lightcurves import FLUX_TYPE, LIGHTCURVE_TYPE
from lcscale.surveys.identities import COLUMNS_OF_NAMES, Known
from lcscale.surveys.measurements import LIMIT, Measured, Observing
from lcscale.surveys.nesting import counted_bands, light_curve_field, nest
from lcscale.surveys.objects import object_list, objects_of_detections
from lcscale.surveys.packed import without_observations
from lcscale.surveys.reading import column_names, pick, read_batches, reading, table_parts
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand, leave_out, stamp_of
from lcscale.surveys.table import detection_files
from lcscale.surveys.times import parse_format
from lcscale.surveys.unfolding import unfolded
from lcscale.vocabulary import NAME

_NO_BAND = "V"


@dataclass(frozen=True)
class LightCurveTables:
    """Detections, one a row, of the objects in the table `objects`, or of those that the detections tell of.

    Where cells are lists, as in tables with an object a row, each element is a detection. The paths given are the
    tables of detections: of all objects, or of one object each. Rows that are no magnitudes or fluxes (upper limits,
    words, marks such as 99.99) are left out and counted. Column names may be several between bars: of ``HJD|jd`` the
    first is taken that the file has.
    """

    objects: str = ""
    """Path of the table of objects; empty: the detections have the positions."""
    id: str = "object_id"
    """Column that names the object, in both tables."""
    ra: str = "ra"
    """Column of right ascension in the table of objects."""
    dec: str = "dec"
    """Column of declination in the table of objects."""
    time: str = "time"
    """Column of time."""
    mag: str = "mag"
    """Column of the magnitude."""
    mag_err: str | None = "mag_err"
    """Column of its error, or None."""
    band: str | None = None
    """Column of the band, or None where there is one band only."""
    bands: tuple[str, ...] = ()
    """Names of the bands, primary band first; empty: those that the data have, most observations first."""
    label: str | None = None
    """Column of the class in the table of objects, or None."""
    time_offset: float | None = None
    """Days to add to the times to make them MJD."""
    time_scale: str = ""
    """``UTC``, ``TDB``, ``TCB`` …, written down with the light curves; empty: as the file says."""
    time_format: str | None = None
    """What the times are (``mjd``, ``hjd-2450000``, ``bjd-2455197.5/tcb``, ``iso`` …); None: told from the file."""
    flux: str | None = None
    """Column of fluxes in place of `mag`: the light curves are fluxes in nJy; zero and negative ones stay."""
    flux_err: str | None = None
    """Column of their errors."""
    zero_point: float | None = None
    """Magnitude of a flux of 1; None: AB, by the unit of the column."""
    band_columns: tuple[str, ...] = ()
    """Bands in columns of their own: ``W1=w1mpro:w1sigmpro``, or ``G=g_mag:g_err:g_time``."""
    columns: tuple[str, ...] = ()
    """Names of the columns by their place, for text without a line of names."""
    id_from_name: str | None = None
    """Regular expression that finds the object's name (its first group) in the name of the file."""
    where: str | None = None
    """Condition on the rows that are used, such as ``qual_frame > 0``."""
    keep_limits: bool = False
    """Keep upper limits: observations without a magnitude, with the field `limit`."""
    limit: str | None = None
    """Column of the limiting magnitude: an observation without a magnitude (or 99.99) there is an upper limit."""
    known_as: str | None = None
    """Column of a further name of the object, kept as `name`; None: `name`, `nick` or `nickname`, if there is one."""
    name = "lightcurves"
    identity = "object_id"
    join_arcsec = 0.0
    properties: ClassVar[Mapping[str, str]] = {}
    metadata: ClassVar[Mapping[str, str]] = {}
    """Further entries of the light curves' metadata; this and what follows is what surveys declare."""
    sources: ClassVar[tuple[str, str]] = ("", "")
    """Further names of the columns of position."""
    named_by_file: ClassVar[bool] = False
    """Whether a file without a column of the name is of one object, called as the file."""
    other_band: ClassVar[str] = ""
    """The band where no column names it, though one may."""
    band_names: ClassVar[Mapping[str, str]] = {}
    """What the survey's codes of bands mean."""
    zero_column: ClassVar[str] = ""
    """Column of the magnitude of a flux of 1."""
    no_flux: ClassVar[float] = np.nan
    """What stands for no flux."""

    def __post_init__(self) -> None:
        if self.time_format is not None:
            parse_format(self.time_format)
        if self.where is not None:
            names_in(self.where)
        if self.id_from_name is not None:
            try:
                re.compile(self.id_from_name)
            except re.error as error:
                raise InputError(f"id_from_name {self.id_from_name!r} is no regular expression: {error}") from error

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """The table of objects, then the tables of detections; of those of no objects, each with what tells them."""
        files = detection_files(paths)
        stamps: dict[tuple[str, ...], str] = {}
        if self.objects:
            objects = expand([self.objects])[0]
            beside: dict[str, tuple[str, ...]] = dict.fromkeys(files, (objects,))
            parts, stamps[(objects,)] = [Part(objects, "objects")], stamp_of([objects])
        else:
            self._check_positions(files)
            beside, parts = self._told_by(files, tuple(expand(paths))), []
        for file in files:
            telling = beside[file]
            if telling not in stamps:
                stamps[telling] = "" if telling == (file,) else stamp_of(detection_files(telling))
            try:
                more = table_parts(file, "detections")
            except ReleaseFileError as error:
                problems.append(Problem(file, str(error)))
                continue
            stamp = stamps[telling] + (os.path.basename(file) if self.id_from_name or self.named_by_file else "")
            parts += [replace(part, stamp=stamp, beside=telling) for part in more]
        return parts

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """Light curves in pieces; the table of objects, or the detections, give every object an empty one."""
        observing = self._observing()
        found: list[Problem] = []
        objects = self._objects(part, found)
        if part.kind == "objects":
            problems += found
            yield without_observations(objects, self._field({}))
            return
        known, reasons, orphans = Known(objects.column("object_id")), Counter[str](), 0
        others: Counter[str] = Counter()
        formats = None
        seen = np.zeros(objects.num_rows, bool)
        for table in self._rows(part, observing, problems):
            with reading(part.path):
                table = self._chosen(table, part.path, reasons)
                owner = known.rows(self._names(table, part.path))
                seen[owner[owner >= 0]] = True
                if formats is None or not all(one.kind for one in formats.values()):
                    formats = observing.formats(table, part.path)
                rows, values = observing.read(table, formats, part.path, reasons)
                listed = owner[rows] >= 0
                orphans += int(listed.size - listed.sum())
                others.update(self._other_bands(values["band"].filter(pa.array(listed))))
                bands = counted_bands(values["band"].filter(pa.array(listed))) if self._finds_bands else {}
                index, curves = nest(owner[rows], values)
                field = self._field(bands, formats[min(formats)].origin, formats[min(formats)].scale)
            yield objects.take(pa.array(index)).append_column(field, curves.cast(field.type))
        if not self.objects and formats:
            field = self._field({}, formats[min(formats)].origin, formats[min(formats)].scale)
            yield without_observations(objects.filter(pa.array(seen)), field)
        if orphans:
            problems.append(Problem(part.path, f"{orphans:,} detections belong to no object of the list"))
        if others:
            counts = ", ".join(f"{band}: {number:,}" for band, number in others.most_common())
            text = f"observations in bands other than those named ({', '.join(self.bands)}): {counts}; they are kept"
            problems.append(Problem(part.path, text, set_aside=False))
        leave_out(problems, reasons)

    def explain(self, part: Part) -> list[str]:
        """How names, times, values and bands of a part of detections are understood, for a person to check."""
        observing = self._observing()
        table = next(self._rows(part, observing, []), None)
        if table is None:
            return []
        present = table.column_names
        name = self._name_of(part.path)
        key = pick(self.id, present)
        lines = [
            f"name: {name!r}, from the file's name" if name else f"name: column {key!r}, {table.schema.field(key).type}"
        ]
        for column, how in observing.formats(table, part.path).items():
            lines.append(f"time: column {column!r} holds {how}; becomes {how.origin}")
        what = "flux" if self.flux is not None else "magnitude"
        for one in observing.measured:
            error = f", its error {pick(one.error, present)!r}" if one.error else ", without errors"
            lines.append(f"{what}{' in ' + one.band if one.band else ''}: column {pick(one.value, present)!r}{error}")
        if self.band and not self.band_columns:
            column = pick(self.band, present)
            lines.append(
                f"band: column {column!r}" if column in present else f"band: {self.other_band}, no column names it"
            )
        if self.where is not None:
            lines.append(f"rows: those for which {self.where}")
        return [*lines, f"positions: {self.objects or 'means of the detections'}"]

    @property
    def _finds_bands(self) -> bool:
        return self.band is not None and not self.bands and not self.band_columns

    def _other_bands(self, bands: pa.Array) -> dict[str, int]:
        """How many observations there are in bands that nobody named, where some are named."""
        if not self.bands or self.band is None or self.band_columns:
            return {}
        return {band: number for band, number in counted_bands(bands).items() if band not in self.bands}

    def _observing(self) -> Observing:
        if self.band_columns:
            measured = tuple(Measured.parse(text) for text in self.band_columns)
        elif self.flux is not None:
            measured = (Measured(self.flux, self.flux_err, "" if self.band else self._named()[0]),)
        else:
            measured = (Measured(self.mag, self.mag_err, "" if self.band else self._named()[0]),)
        return Observing(
            measured,
            self.time,
            None if self.band_columns else self.band,
            self.flux is not None,
            self.zero_point,
            self.time_format,
            self.time_offset,
            self.keep_limits,
            self.zero_column,
            self.other_band,
            self.band_names,
            self.no_flux,
            self.limit,
        )

    def _named(self) -> tuple[str, ...]:
        """Bands that are known before a file is read."""
        if self.bands or self._finds_bands:
            return self.bands
        return tuple(Measured.parse(text).band for text in self.band_columns) or (_NO_BAND,)

    def _field(self, bands: Mapping[str, int], origin: str = "", scale: str = "") -> pa.Field:
        """The field `lightcurve`; what is found in the data stands in it only where nobody said it."""
        told = parse_format(self.time_format) if self.time_format else None
        if told or self.time_offset is not None:
            origin, scale = (told.origin, told.scale) if told else ("MJD", "")
        said = {"time_scale": self.time_scale or scale, "time_origin": origin}
        said = {key: value for key, value in said.items() if value or (key == "time_scale" and origin)}
        kind = LIGHTCURVE_TYPE if self.flux is None else FLUX_TYPE
        kind = pa.struct([*kind, pa.field(LIMIT, pa.list_(pa.float32()))]) if self.keep_limits else kind
        return light_curve_field(self._named(), kind, found=bands, **said, **self.metadata)

    def _rows(self, part: Part, observing: Observing, problems: list[Problem]) -> Iterator[pa.Table]:
        columns = list(observing.columns)
        if self.where is not None:
            columns += [name for name in names_in(self.where) if name not in columns]
        ids = [] if self._name_of(part.path) else [self.id]
        optional = [*observing.optional, *([self.band] if self.band and self.other_band else [])]
        tables = read_batches(part, problems, [*ids, *columns], ids=ids, optional=optional, names=self.columns)
        return (unfolded(table, part.path) for table in tables)

    def _chosen(self, table: pa.Table, path: str, reasons: Counter[str]) -> pa.Table:
        """The rows for which the condition holds."""
        if self.where is None:
            return table
        chosen = table.filter(holds(self.where, table))
        reasons[f"not ({self.where})"] += table.num_rows - chosen.num_rows
        return chosen

    def _names(self, table: pa.Table, path: str) -> pa.Array | pa.ChunkedArray:
        name = self._name_of(path)
        if not name:
            return table.column(pick(self.id, table.column_names))
        return pa.array([name]).take(pa.array(np.zeros(len(table), np.int8)))

    def _name_of(self, path: str) -> str:
        """Name of the object that a file is of; empty where a column has the names."""
        if self.id_from_name is None:
            if (
                not self.named_by_file
                or pick(self.id, present := column_names(path, self.columns, asked=[self.id])) in present
            ):
                return ""
            return os.path.basename(path).split(".")[0]
        found = re.search(self.id_from_name, os.path.basename(path))
        if found is None:
            raise ReleaseFileError(f"{path}: its name does not match {self.id_from_name!r}, which finds the object")
        return str(found[1] if found.re.groups else found[0])

    @property
    def _position_from(self) -> tuple[str, str]:
        ra, dec = (
            f"{own}|{more}" if more else own for own, more in zip((self.ra, self.dec), self.sources, strict=True)
        )
        return ra, dec

    def _check_positions(self, files: Sequence[str]) -> None:
        """Without a list of objects, the detections must have positions."""
        for file in files:
            try:
                with reading(file):
                    present = column_names(file, self.columns, asked=self._position_from)
            except ReleaseFileError:
                continue  # reading it will say why
            if any(pick(name, present) not in present for name in self._position_from):
                raise InputError(
                    f"light curves need the table of their objects, or positions in the detections: {file} has no "
                    f"column {self.ra!r} and {self.dec!r}; give objects=PATH (--objects PATH), or --ra and --dec"
                )
            return

    def _told_by(self, files: Sequence[str], given: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """For each file those that tell the position of its objects: all, or those of the same name."""
        same: dict[str, list[str]] = {}
        for file in files:
            try:
                same.setdefault(self._name_of(file), []).append(file)
            except ReleaseFileError:
                same.setdefault(file, [file])  # reading it will say why
        told = {file: tuple(group) for group in same.values() for file in group}
        return told | dict.fromkeys(same.get("", []), given)

    def _objects(self, part: Part, problems: list[Problem]) -> pa.Table:
        files = (part.path,) if part.kind == "objects" else tuple(detection_files(part.beside))
        stats = tuple((stat.st_mtime_ns, stat.st_size) for stat in map(os.stat, files))
        table, found = _read_once(self, files, stats)
        problems += found
        return table

    def _read_objects(self, files: tuple[str, ...], problems: list[Problem]) -> pa.Table:
        id, ra, dec, label, sources = self.id, self.ra, self.dec, self.label, self._position_from
        also = self.known_as or COLUMNS_OF_NAMES
        if not self.objects:
            named = {file: self._name_of(file) or None for file in files}
            found = objects_of_detections(
                named, id=id, ra=ra, dec=dec, label=label, also=also, names=self.columns, sources=sources
            )
        else:
            detected = self._observing().columns
            found = object_list(
                files[0], problems, id=id, ra=ra, dec=dec, label=label, also=also, detected=detected, sources=sources
            )
        if self.known_as is not None and NAME.name not in found.column_names:
            raise ReleaseFileError(f"{files[0]} has no column {self.known_as!r} of further names")
        return found


@functools.lru_cache(maxsize=2)
def _read_once(
    survey: LightCurveTables, files: tuple[str, ...], stats: tuple[tuple[int, int], ...]
) -> tuple[pa.Table, tuple[Problem, ...]]:
    problems: list[Problem] = []
    table = survey._read_objects(files, problems)
    return table, tuple(problems)
