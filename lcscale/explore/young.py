"""The report's list of alerts at young stellar objects, with links to what is known of them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from lcscale.explore.page import Link, details, figure, heading, paragraph, table
from lcscale.explore.sky import places_of, sky_maps
from lcscale.lake import Catalog
from lcscale.products.counterparts import OF_DEFINITION

_DATE = "Date"
_MOST_ROWS = 500
_OPEN_ROWS = 15
_SIMBAD = "https://simbad.cds.unistra.fr/simbad/sim-coo?Coord={}&Radius=5&Radius.unit=arcsec"
_GAIA_ALERT = re.compile(r"^Gaia\d{2}[a-z]{3}$")


def is_matched_alerts(catalog: Catalog) -> bool:
    """Whether the catalog is one of alerts with separations from young stellar objects (see `match_alerts`)."""
    return {"object_id", _DATE} <= set(catalog.column_names) and bool(OF_DEFINITION.found(catalog.schema))


def alerts_at_young_stars(catalog: Catalog) -> str:
    """The latest alerts that lie at a source of some definition."""
    columns = OF_DEFINITION.found(catalog.schema)
    wanted = ["object_id", _DATE, *columns.values(), *(c for c in ("label", "AlertMag") if c in catalog.column_names)]
    parts = []
    total = 0
    for batch in catalog.columns(*wanted).to_batches():
        total += batch.num_rows
        near = pc.is_valid(batch.column(next(iter(columns.values()))))
        for column in columns.values():
            near = pc.or_(near, pc.is_valid(batch.column(column)))
        parts.append(batch.filter(near))
    found = pa.concat_tables(parts).sort_by([(_DATE, "descending")])
    text = heading(catalog.name)
    counts = ", ".join(
        f"{len(found) - found.column(column).null_count:,} at {name}" for name, column in columns.items()
    )
    text += paragraph(
        f"{len(found):,} of {total:,} alerts lie at a source of one of {len(columns)} lists: {counts}. "
        f"From {catalog.name} {catalog.source.version}."
    )
    if not found.num_rows:
        return text
    marked = (found.column(name).to_numpy() for name in (catalog.source.ra, catalog.source.dec))
    caption = (
        f"Alerts, and those at a source of one of the lists (marked). From {catalog.name} {catalog.source.version}."
    )
    places = replace(places_of(catalog), marked=tuple(marked))
    text += figure(sky_maps([places], f"alerts {catalog.name}"), caption)
    rows = [_row(row, catalog, columns) for row in found.slice(0, _MOST_ROWS).to_pylist()]
    headings = ["alert", "time", "RA (°)", "Dec (°)", "mag", "class", *(f"{name} (″)" for name in columns), "around it"]
    latest = table(headings, rows[:_OPEN_ROWS], "The latest; separations in arcseconds.")
    if len(rows) <= _OPEN_ROWS:
        return text + latest
    return text + latest + details(f"The latest {len(rows):,}", table(headings, rows))


def _row(row: dict[str, Any], catalog: Catalog, columns: dict[str, str]) -> list[Any]:
    ra, dec = row[catalog.source.ra], row[catalog.source.dec]
    separations = [None if row[column] is None else f"{row[column]:.2f}" for column in columns.values()]
    mag = row.get("AlertMag")
    return [
        _name(str(row["object_id"])),
        "" if row[_DATE] is None else str(row[_DATE])[:16],
        f"{ra:.5f}",
        f"{dec:+.5f}",
        None if mag is None else f"{mag:.2f}",
        row.get("label"),
        *separations,
        Link("SIMBAD", _SIMBAD.format(quote(f"{ra:.6f} {dec:+.6f}"))),
    ]


def _name(name: str) -> Link | str:
    """The alert's name, with its page where it is one of Gaia's."""
    return Link(name, f"https://gsaweb.ast.cam.ac.uk/alerts/alert/{name}/") if _GAIA_ALERT.match(name) else name
