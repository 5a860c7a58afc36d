"""Requests about many rows: catalogs, pages, counts, histograms, the sky, thumbnails."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from lcscale.browse.answers import PlainResponse, arrow, csv, rounded
from lcscale.browse.columns import BEST, is_number, shown_first
from lcscale.browse.described import (
    CatalogVersion,
    Counts,
    Density,
    Histogram,
    LakeNames,
    NamedRows,
    Page,
    Sky,
    Thumbnail,
)
from lcscale.browse.opened import Opened, Workplace, bands_of
from lcscale.browse.parameters import MOST_ROWS, Catalogued, Chosen, Columns, Descending, Format, Place, Sort
from lcscale.browse.rows import BEST_FIRST, NEXT
from lcscale.errors import InputError
from lcscale.explore.sky import centres
from lcscale.lake import HEALPIX_COLUMN
from lcscale.models.labels.taxonomy import classes as taxonomy
from lcscale.products.judgements import label_names

router = APIRouter(prefix="/api", tags=["rows"])
_SKY_CELLS = 6000
_BINS = Annotated[int, Query(ge=2, le=400, description="Bins of each axis.")]
_MOST_THUMBNAILS = 200


@router.get("/lake", response_model=LakeNames, summary="Catalogs, labels and classes of the lake")
def lake(place: Place) -> Response:
    """Names only: nothing is opened."""
    classes = [{"name": each.name, "title": each.title, "parent": each.parent} for each in taxonomy().values()]
    return PlainResponse(
        {
            "lake": str(place.lake.root),
            "catalogs": place.names(),
            "labels": label_names(place.lake.root),
            "taxonomy": classes,
        }
    )


@router.get("/catalog", response_model=CatalogVersion, summary="A catalog's version, columns and what can be drawn")
def catalog(place: Place, opened: Catalogued) -> Response:
    """Columns with their units and meanings, the first ones to show, bands, and whether there is a newer version."""
    return PlainResponse(_about(place, opened))


class Renewal(BaseModel):
    """Which catalog is to be opened in its newest version."""

    catalog: str = Field(max_length=200)


@router.post("/renew", response_model=CatalogVersion, summary="Open the version that is current now")
def renew(place: Place, asked: Renewal) -> Response:
    """What `catalog` says of it."""
    return PlainResponse(_about(place, place.open(asked.catalog, renew=True)))


def _about(place: Workplace, opened: Opened) -> dict[str, Any]:
    schema, name = opened.database.schema, opened.catalog.source.folder.parent.name
    identity = opened.catalog.id_column_or_none
    columns = []
    for field in schema:
        said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
        columns.append(
            {
                "name": field.name,
                "type": str(field.type),
                "number": is_number(field),
                "unit": said.get("unit", ""),
                "description": said.get("description", ""),
                "from": opened.database.joined.get(field.name, ""),
            }
        )
    return {
        "name": name,
        "version": opened.version,
        "current": place.lake.current(name),
        "rows": len(opened.rows),
        "id_column": opened.identity,
        "ra": opened.catalog.source.ra,
        "dec": opened.catalog.source.dec,
        "columns": columns,
        "shown": shown_first(schema, identity),
        "classes": opened.rows.classes()[1],
        "bands": bands_of(opened),
        "light_curves": [f"{each.name} {each.source.version}" for each in opened.curves.catalogs],
        "no_light_curves": opened.curves.missing,
        "missing": list(opened.catalog.source.missing),
        "orders": [
            *([BEST_FIRST] if "doubt" in schema.names and BEST in schema.names else []),
            *([NEXT] if "uncertainty" in schema.names else []),
        ],
    }


@router.get("/rows", response_model=Page, summary="A page of the rows wanted, in an order")
def rows(
    wanted: Chosen,
    sort: Sort = None,
    descending: Descending = False,
    at: Annotated[int, Query(ge=0, le=1 << 40, description="Place of the first row.")] = 0,
    after: Annotated[int | None, Query(ge=0, le=1 << 40, description="Row number: begin behind it instead.")] = None,
    limit: Annotated[int, Query(ge=0, le=MOST_ROWS, description="Most rows of the page.")] = 100,
    columns: Columns = None,
    format: Format = "json",
) -> Response:
    """The page, with how many rows are wanted in all: `count` is what pages to the end hold together."""
    opened = wanted.opened
    mask = wanted.mask()
    if after is not None:
        at = _behind(opened, sort, descending, mask, after)
    chosen, count = opened.rows.page(sort, descending, mask, at, limit)
    table = _table(opened, chosen, csv(columns))
    if format == "arrow":
        return arrow(table)
    return PlainResponse({"count": count, "at": at, "rows": rounded(table)})


def _behind(opened: Opened, sort: str | None, descending: bool, mask: npt.NDArray[np.bool_] | None, after: int) -> int:
    """Place behind the row `after`, also where it is no longer wanted itself."""
    whole = opened.rows.order(sort, descending, None)
    found = np.flatnonzero(whole == after)
    if not found.size:
        raise InputError(f"there is no row {after}")
    before = whole[: found[0] + 1]
    return int(before.size if mask is None else np.count_nonzero(mask[before]))


def _table(opened: Opened, chosen: npt.NDArray[np.integer[Any]], columns: tuple[str, ...]) -> pa.Table:
    names = list(dict.fromkeys([opened.identity, *(columns or opened.database.schema.names)]))
    table = opened.database.take(chosen, names)
    identity = table.column(opened.identity).cast(pa.string())
    table = table.set_column(0, pa.field(opened.identity, pa.string()), identity)
    return table.add_column(0, "row", pa.array(chosen.astype(np.int64)))


class Objects(BaseModel):
    """Objects that are asked for by their names."""

    catalog: str = Field(max_length=200)
    ids: list[str] = Field(max_length=MOST_ROWS, description="Names of objects; those that are not there are left out.")
    columns: list[str] = Field(default=[], max_length=500)


@router.post("/rows", response_model=NamedRows, summary="Rows of many objects by their names")
def rows_by_name(place: Place, asked: Objects) -> Response:
    """In the order of the names; `missing` are those that are not there."""
    opened = place.open(asked.catalog)
    found = opened.rows_of(asked.ids)
    there = [name for name in dict.fromkeys(asked.ids) if name in found]
    table = _table(opened, np.array([found[name] for name in there], np.int64), tuple(asked.columns))
    missing = [name for name in asked.ids if name not in found]
    return PlainResponse({"count": len(there), "rows": rounded(table), "missing": missing})


@router.get("/counts", response_model=Counts, summary="How many rows are wanted, and how many of each class")
def counts(wanted: Chosen) -> Response:
    """Classes are counted without regard to which of them are chosen."""
    mask, all_classes = wanted.mask(), wanted.mask(without_classes=True)
    opened = wanted.opened
    count = len(opened.rows) if mask is None else int(np.count_nonzero(mask))
    return PlainResponse(
        {
            "count": count,
            "of": len(opened.rows),
            "classes": opened.rows.counts(all_classes),
            "hidden": wanted.hidden.size,
        }
    )


@router.get("/histogram", response_model=Histogram, summary="A histogram of a column over the rows wanted")
def histogram(wanted: Chosen, column: str, bins: _BINS = 60, log: bool = False) -> Response:
    """Counts between edges; the limits are those of all rows, without the outermost thousandths."""
    values, limits = _values(wanted.opened, column, log)
    mask = wanted.mask()
    counts, edges = np.histogram(values if mask is None else values[mask], bins, limits)
    return PlainResponse({"counts": counts.tolist(), "edges": edges.tolist(), "log": log})


@router.get("/density", response_model=Density, summary="How many of the rows wanted lie in each cell of two columns")
def density(wanted: Chosen, x: str, y: str, bins: _BINS = 80, log_x: bool = False, log_y: bool = False) -> Response:
    """Counts [bins of y][bins of x], from the lowest values up."""
    (a, a_limits), (b, b_limits) = _values(wanted.opened, x, log_x), _values(wanted.opened, y, log_y)
    mask = wanted.mask()
    if mask is not None:
        a, b = a[mask], b[mask]
    counts = _counted(a, b, a_limits, b_limits, bins)
    return PlainResponse({"counts": counts.tolist(), "x": a_limits, "y": b_limits, "log_x": log_x, "log_y": log_y})


def _values(opened: Opened, name: str, log: bool) -> tuple[npt.NDArray[np.float32], tuple[float, float]]:
    values = opened.rows.values(name)
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.log10(values)
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise InputError(f"{name} has no {'positive ' if log else ''}values")
    some = finite[:: max(1, finite.size // 200_000)]
    low, high = (float(value) for value in np.quantile(some, [0.001, 0.999]))
    return values, (low, high) if high > low else (low - 0.5, high + 0.5)


def _counted(
    a: npt.NDArray[np.float32],
    b: npt.NDArray[np.float32],
    a_limits: tuple[float, float],
    b_limits: tuple[float, float],
    bins: int,
) -> npt.NDArray[np.int64]:
    with np.errstate(invalid="ignore"):
        i = np.floor((a - a_limits[0]) / (a_limits[1] - a_limits[0]) * bins)
        j = np.floor((b - b_limits[0]) / (b_limits[1] - b_limits[0]) * bins)
        inside = (i >= 0) & (i < bins) & (j >= 0) & (j < bins)
    cell = (j[inside] * bins + i[inside]).astype(np.int64)
    return np.bincount(cell, minlength=bins * bins).reshape(bins, bins)


@router.get("/sky", response_model=Sky, summary="How many of the rows wanted lie in each part of the sky")
def sky(wanted: Chosen) -> Response:
    """Centres (degrees) and rows of HEALPix cells as small as a drawing can show; all rows are told by the manifest."""
    opened, mask = wanted.opened, wanted.mask()
    places = opened.sky
    for order in (8, 7, 6, 5, 4):
        places = opened.sky.at(order)
        if places.cells.size <= _SKY_CELLS:
            break
    cells, rows = places.cells, places.counts
    if mask is not None:
        index = opened.rows.cells(order)[mask]
        cells, rows = np.unique(index, return_counts=True)
    ra, dec = centres(cells, order) if cells.size else (np.empty(0), np.empty(0))
    told = {"ra": ra.round(5).tolist(), "dec": dec.round(5).tolist(), "rows": rows.tolist()}
    return PlainResponse({"order": order, "degrees": float(np.degrees(np.sqrt(np.pi / 3)) / 2**order), **told})


@router.get("/thumbnails", response_model=dict[str, Thumbnail | None], summary="Small folded light curves of rows")
def thumbnails(
    opened: Catalogued, rows: Annotated[str, Query(max_length=4000, pattern=r"^\d{1,12}(,\d{1,12})*$")]
) -> Response:
    """Points of each row as phase and brightness (0 bright, 255 faint) and band, in turn; null without light curve."""
    numbers = np.array(list(dict.fromkeys(map(int, rows.split(",")))), np.int64)[:_MOST_THUMBNAILS]
    numbers = numbers[numbers < len(opened.rows)]
    schema = opened.database.schema.names
    names = [name for name in dict.fromkeys((opened.identity, HEALPIX_COLUMN, "period", "epoch")) if name in schema]
    table = opened.database.take(numbers, names)
    told = [
        {**row, "row": int(number), "object_id": row[opened.identity], "index": row[HEALPIX_COLUMN]}
        for row, number in zip(table.to_pylist(), numbers, strict=True)
    ]
    found = opened.curves.thumbnails(told)
    return PlainResponse({str(number): each for number, each in zip(numbers.tolist(), found, strict=True)})
