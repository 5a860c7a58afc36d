"""The first task of an ingest: read one part of a release into spills."""

from __future__ import annotations

import time
from dataclasses import astuple
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from upath import UPath

from lcscale.ingest.spills import write_spill
from lcscale.lake import HEALPIX_COLUMN
from lcscale.surveys.positions import placed
from lcscale.surveys.release import Part, Problem, ReleaseFileError, Survey

SPILL_BYTES = 128 << 20
"""Bytes of rows gathered before they are sorted and written."""

Floats = npt.NDArray[np.float64]


def stage(survey: Survey, part: Part, folder: UPath, key: str) -> dict[str, Any]:
    """Read `part`, and write its rows, sorted by position, as spills into `folder`.

    A part that turns out damaged leaves none: it is named among the problems, and the task has done its work.

    Returns
    -------
    dict
        ``spills`` (their names), ``rows``, ``problems`` (path, text, set_aside) and ``stages``.
    """
    problems: list[Problem] = []
    start = time.perf_counter()
    spills = _Spills(survey, folder, key)
    batches = survey.batches(part, problems)
    while True:
        try:
            table = next(batches, None)
        except ReleaseFileError as error:
            spills.discard()
            problems.append(Problem(part.path, str(error)))
            break
        if table is None:
            break
        spills.add(placed(table, survey.ra, survey.dec, part.path, problems))
    spills.flush()
    stages = {"read": time.perf_counter() - start - spills.seconds, "spill": spills.seconds}
    found = [astuple(problem) for problem in problems]
    return {"rows": spills.rows, "spills": spills.names, "problems": found, "stages": stages}


class _Spills:
    """Gathers rows of one part, and writes a spill whenever there are enough."""

    def __init__(self, survey: Survey, folder: UPath, key: str) -> None:
        self._survey, self._folder, self._key = survey, folder, key
        self._waiting: list[pa.Table] = []
        self.names: list[str] = []
        self.rows = 0
        self.seconds = 0.0
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, table: pa.Table) -> None:
        """Take more rows."""
        if table.num_rows:
            self._waiting.append(table)
            self.rows += table.num_rows
        if sum(waiting.nbytes for waiting in self._waiting) >= SPILL_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if not self._waiting:
            return
        start = time.perf_counter()
        table = pa.concat_tables(self._waiting, promote_options="permissive").combine_chunks()
        self._waiting.clear()
        name = f"{self._key}-{len(self.names)}"
        write_spill(self._folder, name, _sorted(table, self._survey))
        self.names.append(name)
        self.seconds += time.perf_counter() - start

    def discard(self) -> None:
        """Forget all rows of the part, and remove what was written."""
        for name in self.names:
            for ending in ("arrow", "npy"):
                (self._folder / f"{name}.{ending}").unlink(missing_ok=True)
        self.names.clear()
        self._waiting.clear()
        self.rows = 0


def spatial_index(ra: Floats, dec: Floats) -> npt.NDArray[np.int64]:
    """Nested HEALPix index at order 29 of positions in degrees, as `hats` computes it.

    With the library beneath it: importing hats itself would cost every worker of a job two seconds.
    """
    import cdshealpix
    from astropy.coordinates import Latitude, Longitude

    lon, lat = Longitude(ra, unit="deg"), Latitude(dec, unit="deg")
    return np.asarray(cdshealpix.lonlat_to_healpix(lon, lat, 29)).astype(np.int64)


def _sorted(table: pa.Table, survey: Survey) -> pa.Table:
    """`table` with `_healpix_29` in front, in its order."""
    index = spatial_index(*(table.column(name).to_numpy() for name in (survey.ra, survey.dec)))
    if HEALPIX_COLUMN in table.column_names:
        table = table.drop_columns([HEALPIX_COLUMN])
    if np.any(np.diff(index) < 0):
        order = np.argsort(index, kind="stable")
        table, index = table.take(pa.array(order)), index[order]
    return table.add_column(0, pa.field(HEALPIX_COLUMN, pa.int64()), pa.array(index))
