"""Requests about one star: its row, light curve, periodogram, neighbours, and what the network saw."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Query
from starlette.responses import Response

from lcscale.browse.answers import PlainResponse
from lcscale.browse.described import LightCurve, Neighbour, Numbers, Periodogram, Sight, Star
from lcscale.browse.frequencies import MOST_HARMONICS, Frequencies, frequencies_of
from lcscale.browse.network import sight
from lcscale.browse.parameters import Catalogued, OneRow, Place
from lcscale.errors import InputError
from lcscale.explore.folded import phase_zero
from lcscale.explore.links import links_to
from lcscale.lake import HEALPIX_COLUMN
from lcscale.lightcurves import LightCurves
from lcscale.lightcurves.fluxes import ab_zero_point
from lcscale.lightcurves.nested import time_reference

router = APIRouter(prefix="/api", tags=["one star"])
_KEPT = 24
_SIGMA = 3.0
"""Fluxes below so many errors are upper limits as magnitudes."""
_periodograms: OrderedDict[tuple[Any, ...], Frequencies] = OrderedDict()
_lock = threading.Lock()


@router.get("/star", response_model=Star, summary="All that the lake knows of a star, but for its light curve")
def star(place: Place, opened: Catalogued, one: OneRow) -> Response:
    """The row, links to archives, where the row came from and the commands that make it again."""
    number, row = one
    catalog, source = opened.catalog, opened.catalog.source
    name = source.folder.parent.name
    identity = str(row[opened.identity])
    told = dict(source.properties)
    return PlainResponse(
        {
            "row": number,
            "object_id": identity,
            "values": {key: value for key, value in row.items() if key != HEALPIX_COLUMN},
            "ra": row[source.ra],
            "dec": row[source.dec],
            "links": [vars(link) for link in links_to(row[source.ra], row[source.dec])],
            "provenance": {
                "catalog": f"{name} {source.version}",
                "made_from": [str(each) for each in catalog.inputs],
                "steps": told.get("lcscale_steps", ""),
                "code": told.get("lcscale_code", ""),
                "command": _command(place, name),
                "show": f"lcscale show {_shell(identity)} --name {name} --lake {_shell(str(place.lake.root))}",
            },
        }
    )


def _command(place: Place, name: str) -> str:
    """The command that wrote the catalog, from its ledger."""
    ran = [job for job in place.lake.jobs() if job.name == name and job.command]
    return f"lcscale {' '.join(map(_shell, ran[-1].command or ()))}" if ran else ""


def _shell(text: str) -> str:
    import shlex

    return shlex.quote(text)


@router.get("/light-curve", response_model=LightCurve, summary="The light curve of a star")
def light_curve(opened: Catalogued, one: OneRow) -> Response:
    """All observations; `used` says which of them periods, features and classes are computed from.

    `limit` is the magnitude (AB) that an observation of fluxes below three errors is fainter than.
    """
    curve = opened.curve(one[1])
    lcs = curve.lcs
    bands = curve.bands()
    field = curve.source.schema.field("lightcurve")
    said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    mag, mag_err = _magnitudes(lcs)
    band = np.zeros(lcs.time.size, np.int64) if lcs.band is None else lcs.band.astype(np.int64)
    place = np.array([bands.index(name) for name in lcs.bands] or [0])
    return PlainResponse(
        {
            "time": lcs.time.tolist(),
            "mag": mag.astype(np.float64).round(6).tolist(),
            "mag_err": mag_err.astype(np.float64).round(6).tolist(),
            "flux": lcs.flux.astype(np.float64).tolist() if lcs.fluxes else None,
            "flux_err": lcs.flux_err.astype(np.float64).tolist() if lcs.fluxes else None,
            "limit": _limits(lcs),
            "unit": lcs.unit,
            "band": np.where(band >= 0, place[np.maximum(band, 0)], -1).tolist(),
            "used": curve.used().tolist(),
            "bands": list(bands),
            "system": said.get("mag_system", ""),
            "time_scale": time_reference(field),
            "source": f"{curve.source.name} {curve.source.source.version}",
            "phase_zero": phase_zero(opened.catalog.schema),
        }
    )


def _limits(lcs: LightCurves) -> list[float | None] | None:
    """AB magnitudes that fluxes below `_SIGMA` errors are fainter than, None for others; None where none is known."""
    if not lcs.fluxes:
        return None
    try:
        zero = ab_zero_point(lcs.unit)
    except InputError:  # fluxes in a unit of their own
        return None
    error = lcs.flux_err.astype(np.float64)
    unseen = np.isfinite(lcs.flux) & np.isfinite(error) & (error > 0) & (lcs.flux < _SIGMA * error)
    limit = zero - 2.5 * np.log10(np.where(unseen, _SIGMA * error, 1.0))
    return [float(value) if below else None for value, below in zip(limit.round(4), unseen, strict=True)]


def _magnitudes(lcs: LightCurves) -> tuple[npt.NDArray[np.floating[Any]], npt.NDArray[np.floating[Any]]]:
    """Magnitudes and errors; NaN where nothing is known of them."""
    try:
        found = lcs.in_magnitudes()
    except InputError:  # fluxes in a unit of their own
        return np.full(lcs.time.size, np.nan), np.full(lcs.time.size, np.nan)
    return found.mag, found.mag_err


@router.get("/periodogram", response_model=Periodogram, summary="Periodogram and window function of a star")
def periodogram(
    opened: Catalogued,
    one: OneRow,
    fmax: Annotated[float, Query(gt=0, le=100, description="Highest frequency, cycles per day.")] = 25.0,
    low: Annotated[float | None, Query(ge=0, le=100, description="Lowest frequency drawn.")] = None,
    high: Annotated[float | None, Query(gt=0, le=100, description="Highest frequency drawn.")] = None,
    period: Annotated[float | None, Query(gt=0, le=1e7, description="Peaks are named after this period.")] = None,
    prewhiten: Annotated[
        list[Annotated[float, Query(gt=0, le=1e7)]] | None,
        Query(max_length=5, description="Periods whose series are taken out first."),
    ] = None,
    harmonics: Annotated[int, Query(ge=1, le=MOST_HARMONICS, description="Harmonics of these series.")] = 3,
) -> Response:
    """At most 1,600 points, each the highest of its stretch of frequencies, and the highest peaks with their names."""
    key = (opened.database.folder, one[0], fmax, tuple(prewhiten or ()), harmonics)
    with _lock:
        found = _periodograms.get(key)
    if found is None:
        found = frequencies_of(opened.curve(one[1]).lcs, fmax, prewhiten or (), harmonics)
        with _lock:
            _periodograms[key] = found
            while len(_periodograms) > _KEPT:
                _periodograms.popitem(last=False)
    return PlainResponse({**found.drawn(low, high), "peaks": found.peaks(period), "baseline": found.baseline})


@router.get("/usual", response_model=dict[str, Numbers], summary="What is usual for a class in this catalog")
def usual(opened: Catalogued, of_class: Annotated[str, Query(alias="class", max_length=100)]) -> Response:
    """The 5 %, 50 % and 95 % quantiles of every number."""
    return PlainResponse(opened.usual(of_class))


@router.get(
    "/neighbours", response_model=list[Neighbour], summary="What else is near a star, in every catalog of the lake"
)
def neighbours(
    place: Place, opened: Catalogued, one: OneRow, radius: Annotated[float, Query(gt=0, le=120)] = 10.0
) -> Response:
    """The nearest first, with separations in arcseconds."""
    return PlainResponse(place.neighbours(opened, one[1], radius))


@router.get(
    "/network",
    response_model=Sight,
    summary="What the network saw of a star, and what it says at each candidate period",
)
def network(
    place: Place,
    opened: Catalogued,
    one: OneRow,
    of_class: Annotated[str | None, Query(alias="class", max_length=100)] = None,
) -> Response:
    """Drawn again from the light curve, the same bits as in the job; `svg` is a picture."""
    return PlainResponse(vars(sight(opened.curve(one[1]), one[1], of_class, place.options.models)))
