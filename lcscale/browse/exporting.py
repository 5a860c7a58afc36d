"""Requests for files: selections and light curves as CSV, Parquet or VOTable."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from lcscale.browse.answers import csv
from lcscale.browse.opened import Opened
from lcscale.browse.parameters import Catalogued, Chosen, Columns, Descending, OneRow, Sort
from lcscale.errors import InputError
from lcscale.lake.file_formats import FORMATS as WRITERS
from lcscale.lightcurves import Detections
from lcscale.vocabulary import HEALPIX_COLUMN

router = APIRouter(prefix="/api", tags=["files"])
FORMATS = "^(csv|parquet|votable)$"
_SUFFIX = {"csv": ".csv", "parquet": ".parquet", "votable": ".vot"}
_BATCH = 20_000
_MOST_CURVES = 5_000
_CURVES_AT_ONCE = 500
FileFormat = Annotated[str, Query(pattern=FORMATS, description="csv, parquet or votable.")]


@router.get("/export", summary="The rows wanted as a file")
def export(
    wanted: Chosen,
    sort: Sort = None,
    descending: Descending = False,
    columns: Columns = None,
    format: FileFormat = "csv",
) -> Response:
    """All of them, in their order."""
    opened = wanted.opened
    names = list(csv(columns)) or [name for name in opened.database.schema.names if name != HEALPIX_COLUMN]
    schema = pa.schema([opened.database.schema.field(opened_name(opened, name)) for name in names])
    order = opened.rows.order(sort, descending, wanted.mask())
    parts = (opened.database.take(order[a : a + _BATCH], names) for a in range(0, max(order.size, 1), _BATCH))
    return as_file(schema, parts, opened.catalog.source.folder.parent.name, format)


def opened_name(opened: Opened, name: str) -> str:
    """`name`, where it is that of a column."""
    opened.database.quoted(name)
    return name


@router.get("/light-curve/export", summary="The light curve of a star as a file")
def export_one(opened: Catalogued, one: OneRow, format: FileFormat = "csv") -> Response:
    """A row an observation."""
    parts = _detections(opened, np.array([one[0]], np.int64))
    return as_file(None, parts, "light-curve", format)


@router.get("/light-curves/export", summary="The light curves of the rows wanted as a file")
def export_curves(wanted: Chosen, format: FileFormat = "csv") -> Response:
    """A row an observation, beside the name of the object; of at most 5,000 objects."""
    order = wanted.opened.rows.order(None, False, wanted.mask())
    if order.size > _MOST_CURVES:
        raise InputError(
            f"{order.size:,} light curves are wanted; at most {_MOST_CURVES:,} go into a file here. "
            "lcscale export --light-curves long writes any number"
        )
    return as_file(None, _detections(wanted.opened, order), "light-curves", format)


def _detections(opened: Opened, rows: npt.NDArray[np.integer[Any]]) -> Iterator[pa.Table]:
    """A row an observation, with the object's name."""
    if not opened.curves.catalogs:
        raise InputError(opened.curves.missing)
    name, step = opened.identity, Detections("lightcurve")
    columns = list(dict.fromkeys((name, HEALPIX_COLUMN)))
    for start in range(0, rows.size, _CURVES_AT_ONCE):
        table = opened.database.take(rows[start : start + _CURVES_AT_ONCE], columns)
        told = [{"index": row[HEALPIX_COLUMN], "object_id": row[name]} for row in table.to_pylist()]
        there, lcs = opened.curves.many(told)
        if lcs is not None:
            names = pa.array([str(told[k]["object_id"]) for k in there])
            yield step(pa.table({name: names, "lightcurve": lcs.to_arrow()}))


def as_file(schema: pa.Schema | None, parts: Iterable[pa.Table], name: str, format: str) -> Response:
    """A file that is written whole, sent, and removed."""
    suffix = _SUFFIX[format]
    handle, path = tempfile.mkstemp(suffix, "lcscale-")
    os.close(handle)
    os.unlink(path)
    batches = iter(parts)
    with contextlib.ExitStack() as unless_whole:
        unless_whole.callback(Path(path).unlink, missing_ok=True)
        if schema is None:
            first = next(batches, None)
            if first is None:
                raise InputError("there is nothing to write")
            schema = first.schema
            batches = _before(first, batches)
        WRITERS[suffix](path, schema, batches)
        unless_whole.pop_all()
    return FileResponse(path, filename=f"{name}{suffix}", background=BackgroundTask(os.unlink, path))


def _before(first: pa.Table, rest: Iterator[pa.Table]) -> Iterator[pa.Table]:
    yield first
    yield from rest
