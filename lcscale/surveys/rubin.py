"""Rubin: tables of a data release as the science platform exports them, forced photometry with times by visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.expressions import names_in
from lcscale.lightcurves.fields import RUBIN_BANDS, RUBIN_FLAGS
from lcscale.surveys.lightcurves import LightCurveTables
from lcscale.surveys.measurements import Observing
from lcscale.surveys.reading import column_names, pick, read_batches, read_table, reading, table_parts
from lcscale.surveys.release import Part, Problem, ReleaseFileError, leave_out, stamp_of
from lcscale.surveys.table import detection_files

_TIME = "expMidptMJD"


@dataclass(frozen=True)
class Rubin(LightCurveTables):
    """``ForcedSource`` with ``Object``, or ``ForcedSourceOnDiaObject`` with ``DiaObject``, and ``Visit``.

    Which table a file has is told from its columns. The photometry has no times: they are those of the middle of its
    visit, MJD TAI. Fluxes are those of the sources as they are (``psfFlux``, nJy); observations with a flag that the
    tutorials of Data Preview 1 cut on are left out and counted.
    """

    id: str = "diaObjectId|objectId"
    time: str = f"midpointMjdTai|{_TIME}"
    flux: str | None = "psfFlux"
    flux_err: str | None = "psfFluxErr"
    zero_point: float | None = 31.4
    band: str | None = "band"
    bands: tuple[str, ...] = RUBIN_BANDS
    time_format: str | None = "mjd/tai"
    visits: str = ""
    """Path of the table of visits; empty: it is among the paths given."""
    flags: tuple[str, ...] = RUBIN_FLAGS
    """Observations for which any of these is true are left out; ``none`` keeps all."""
    name = "rubin"
    sources: ClassVar[tuple[str, str]] = ("coord_ra", "coord_dec")
    metadata: ClassVar[Mapping[str, str]] = {"mag_system": "AB"}
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Rubin data release",
        "bib_reference": "2019ApJ...873..111I",
    }

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """The table of objects, then those of photometry, each with what it needs beside it."""
        kinds: dict[str, list[str]] = {"objects": [], "visits": [], "photometry": []}
        for file in dict.fromkeys([*detection_files(paths), *filter(None, (self.objects, self.visits))]):
            try:
                with reading(file):
                    kinds[self._kind(file)].append(file)
            except ReleaseFileError as error:
                problems.append(Problem(file, str(error)))
        if len(kinds["objects"]) != 1:
            found = ", ".join(kinds["objects"]) or "none"
            raise InputError(f"rubin needs one table of objects (diaObjectId or objectId, ra, dec); there is {found}")
        objects, visits = kinds["objects"][0], kinds["visits"]
        parts = [Part(objects, "objects")]
        stamp = stamp_of([objects, *visits])
        for file in kinds["photometry"]:
            more = table_parts(file, "detections")
            parts += [replace(part, stamp=stamp, beside=(objects, *visits)) for part in more]
        return parts

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """Light curves in pieces; the table of objects gives every object an empty one."""
        yield from super(Rubin, self._told(part)).batches(part, problems)

    def explain(self, part: Part) -> list[str]:
        """As for any light curves, and which flags leave an observation out."""
        return [
            *super(Rubin, self._told(part)).explain(part),
            f"rows: those without {', '.join(self.flags) or 'any flag'}",
        ]

    def _told(self, part: Part) -> Rubin:
        """The adapter that knows the tables beside those of a part."""
        objects, *visits = (part.path,) if part.kind == "objects" else part.beside
        return replace(self, objects=objects, visits=",".join(visits))

    def _kind(self, file: str) -> str:
        present = column_names(file)
        if "diaSourceId" in present:
            raise ReleaseFileError(
                f"{file} is a table DiaSource: its fluxes are those of difference images, which are not joined to the "
                "sources' own"
            )
        if "psfFlux" in present and "visit" in present:
            return "photometry"
        if "visit" in present and _TIME in present:
            return "visits"
        if pick(self.id, present) in present:
            return "objects"
        raise ReleaseFileError(f"{file} is no table of objects, of visits or of forced photometry of Rubin")

    def _rows(self, part: Part, observing: Observing, problems: list[Problem]) -> Iterator[pa.Table]:
        present = column_names(part.path)
        flags = [name for name in self.flags if name in present]
        asked = names_in(self.where) if self.where is not None else ()
        columns = [self.id, *(name for name in observing.columns if name != self.time), *flags, *asked]
        timed = pick(self.time, present) in present
        reasons: Counter[str] = Counter()
        for table in read_batches(part, problems, [*columns, self.time if timed else "visit"], ids=[self.id]):
            with reading(part.path):
                table = _unflagged(table, flags, reasons)
                yield table if timed else self._with_times(table, part.path, reasons)
        leave_out(problems, reasons)

    def _with_times(self, table: pa.Table, path: str, reasons: Counter[str]) -> pa.Table:
        """The rows with the time of their visit; those of an unknown visit have none."""
        if not self.visits:
            raise ReleaseFileError(f"{path} has no times: give the table Visit too, which has them ({_TIME})")
        tables = [read_table(file, [], ids=["visit"], wanted=[_TIME]) for file in self.visits.split(",")]
        visits = pa.concat_tables([one.select(["visit", _TIME]) for one in tables])
        at = pc.index_in(table.column("visit"), value_set=visits.column("visit").cast(table.column("visit").type))
        reasons["of a visit that the table of visits lacks"] += at.null_count
        time = visits.column(_TIME).cast(pa.float64()).combine_chunks().take(at.combine_chunks())
        known = table.append_column(_TIME, time)
        return known.filter(time.is_valid()) if at.null_count else known


def _unflagged(table: pa.Table, flags: Sequence[str], reasons: Counter[str]) -> pa.Table:
    """The rows without any of the flags; a row counts for the first that it has."""
    bad = np.zeros(table.num_rows, np.bool_)
    for name in flags:
        column = table.column(name)
        if pa.types.is_string(column.type):
            column = pc.is_in(pc.utf8_lower(column), value_set=pa.array(["true", "t", "1"]))
        its = np.asarray(pc.fill_null(column.cast(pa.bool_()), False).to_numpy())
        reasons[f"flagged {name}"] += int((its & ~bad).sum())
        bad |= its
    return table.filter(pa.array(~bad)) if bad.any() else table
