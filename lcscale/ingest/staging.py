"""The first task of an ingest: read one part of a release into spills."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from upath import UPath

from lcscale.ingest.spills import remove_spills, write_spill
from lcscale.lake import HEALPIX_COLUMN, spatial_index
from lcscale.lake.storage import writing
from lcscale.surveys.identities import kept_identities
from lcscale.surveys.meanings import with_meanings
from lcscale.surveys.nesting import common_field
from lcscale.surveys.positions import placed
from lcscale.surveys.release import Findings, Part, Problem, ReleaseFileError, Survey
from lcscale.vocabulary import HEALPIX

_SPILL_BYTES = 128 << 20
_SPILL_SHARE = 12
"""The rows of a spill stand in memory twice while they are sorted, beside what is being read."""

Floats = npt.NDArray[np.float64]


def listed(problems: Sequence[Problem]) -> dict[str, Any]:
    """Have the ledger keep what was found when the release was listed, and how many observations were left out."""
    counts = dict(problems.left_out) if isinstance(problems, Findings) else {}
    return {"problems": [astuple(problem) for problem in problems], "left_out": counts}


def stage(survey: Survey, part: Part, folder: UPath, memory: int, key: str) -> dict[str, Any]:
    """Read `part`, and write its rows, sorted by position, as spills into `folder`, within `memory` bytes.

    A part that turns out damaged leaves none: it is named among the problems, and the task has done its work.

    Returns
    -------
    dict
        ``spills`` (their names; None where the part is damaged), ``rows``, ``problems`` (path, text, set_aside),
        ``left_out`` (observations by reason) and ``stages``.
    """
    return _staged(survey, part, folder, memory, key, whole=True)


def count(survey: Survey, part: Part, folder: UPath, memory: int, key: str) -> dict[str, Any]:
    """As `stage`, but put positions and names aside only: the rows are read again when the partitions are known."""
    return _staged(survey, part, folder, memory, key, whole=False)


def _staged(survey: Survey, part: Part, folder: UPath, memory: int, key: str, *, whole: bool) -> dict[str, Any]:
    problems = Findings()
    names: list[str] = []
    columns = None if whole else [HEALPIX_COLUMN, *([survey.identity] if survey.identity else [])]
    rows, spilling, start = 0, 0.0, time.perf_counter()
    try:
        for table in sorted_tables(survey, part, memory, problems):
            begun = time.perf_counter()
            names.append(f"{key}-{len(names)}")
            with writing(folder):
                write_spill(folder, names[-1], table, columns)
            rows += table.num_rows
            spilling += time.perf_counter() - begun
    except ReleaseFileError as error:
        remove_spills(folder, names)
        problems.append(Problem(part.path, str(error)))
        return {"rows": 0, "spills": None, **listed(problems)}
    stages = {"read": time.perf_counter() - start - spilling, "spill": spilling}
    return {"rows": rows, "spills": names, "stages": stages, **listed(problems)}


def sorted_tables(survey: Survey, part: Part, memory: int, problems: list[Problem]) -> Iterator[pa.Table]:
    """The rows of `part` that have a position, in tables that fit into `memory`, each sorted by `_healpix_29`.

    Raises
    ------
    ReleaseFileError
        Where the part cannot be read.
    """
    size = min(_SPILL_BYTES, memory // _SPILL_SHARE)
    waiting: list[pa.Table] = []
    for table in survey.batches(part, problems):
        table = placed(table, survey.ra, survey.dec, part.path, problems)
        if table.num_rows:
            waiting.append(table)
        if sum(each.nbytes for each in waiting) >= size:
            yield _sorted(waiting, survey, part.path)
            waiting = []
    if waiting:
        yield _sorted(waiting, survey, part.path)


def with_common_field(table: pa.Table, schemas: Sequence[pa.Schema]) -> pa.Table:
    """`table` with what the light curves of all `schemas` say; see `lcscale.surveys.nesting.common_field`."""
    fields = [schema.field("lightcurve") for schema in schemas if "lightcurve" in schema.names]
    if len(set(map(_said, fields))) < 2:
        return table
    at = table.column_names.index("lightcurve")
    return table.set_column(at, common_field(fields), table.column(at))


def _said(field: pa.Field) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(sorted((field.metadata or {}).items()))


def _sorted(tables: list[pa.Table], survey: Survey, path: str) -> pa.Table:
    """The rows of `tables` with `_healpix_29` in front, in its order, their ids as catalogs keep them."""
    table = with_common_field(pa.concat_tables(tables, promote_options="permissive"), [one.schema for one in tables])
    if survey.identity is not None:
        table = kept_identities(table, survey.identity, path)
    index = spatial_index(*(table.column(name).to_numpy() for name in (survey.ra, survey.dec)))
    if HEALPIX_COLUMN in table.column_names:
        table = table.drop_columns([HEALPIX_COLUMN])
    table = table.cast(with_meanings(table.schema, survey))
    if np.any(np.diff(index) < 0):
        order = np.argsort(index, kind="stable")
        table, index = table.take(pa.array(order)), index[order]
    return table.add_column(0, HEALPIX.field, pa.array(index))
