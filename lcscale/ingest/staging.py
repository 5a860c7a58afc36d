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
    names: list[str] = []
    rows = size = 0
    clock = {"read": 0.0, "spill": 0.0}
    waiting: list[pa.Table] = []
    now = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)

    def flush() -> None:
        nonlocal size, now
        clock["read"] += (begun := time.perf_counter()) - now
        names.append(f"{key}-{len(names)}")
        table = pa.concat_tables(waiting, promote_options="permissive").combine_chunks()
        write_spill(folder, names[-1], _sorted(table, survey))
        waiting.clear()
        size = 0
        clock["spill"] += (now := time.perf_counter()) - begun

    batches = survey.batches(part, problems)
    while True:
        try:
            table = next(batches, None)
        except ReleaseFileError as error:
            for name in names:
                for ending in ("arrow", "npy"):
                    (folder / f"{name}.{ending}").unlink(missing_ok=True)
            rows, names = 0, []
            waiting.clear()
            problems.append(Problem(part.path, str(error)))
            break
        if table is None:
            break
        table = placed(table, survey.ra, survey.dec, part.path, problems)
        if table.num_rows:
            waiting.append(table)
            rows += table.num_rows
            size += table.nbytes
            if size >= SPILL_BYTES:
                flush()
    if waiting:
        flush()
    return {"rows": rows, "spills": names, "problems": [astuple(problem) for problem in problems], "stages": clock}


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
