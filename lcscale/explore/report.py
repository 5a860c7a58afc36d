"""`write_report`: one HTML file that shows what is in a lake, and how it came there."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from lcscale.crossmatch.naming import SEPARATION
from lcscale.errors import LcscaleError
from lcscale.explore.agreement import agreement
from lcscale.explore.alerts import alert_section
from lcscale.explore.candidates import (
    Candidates,
    best_candidates,
    class_counts,
    model_card,
    period_distribution,
    ranked_lists,
)
from lcscale.explore.cards import find_card
from lcscale.explore.contents import Contents, contents_of, separations_of
from lcscale.explore.luminosity import period_luminosity
from lcscale.explore.page import Section, figure, heading, page, paragraph, table, write_page
from lcscale.explore.plots import separations
from lcscale.explore.rrlyrae import is_metallicities, metallicity_section, validations
from lcscale.explore.runs import Run, run_of
from lcscale.explore.sky import Places, places_of, sky_maps
from lcscale.explore.tally import tally
from lcscale.explore.young import alerts_at_young_stars, is_matched_alerts
from lcscale.explore.yso import is_yso_candidates, yso_section
from lcscale.lake import Catalog, Lake

T = TypeVar("T", Catalog, Candidates)
R = TypeVar("R")


def write_report(
    lake: Lake | str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    title: str = "Report of the lake",
    models: Sequence[str | os.PathLike[str]] = (),
) -> Path:
    """Write one self-contained HTML file about everything in a lake.

    What a catalog is shows in its columns, not in its name. The file needs nothing from elsewhere: pictures are inline
    SVG, the style stands in the page, there are no scripts.

    Parameters
    ----------
    lake
        The lake, or its URL.
    path
        File to write, whole or not at all.
    title
        Heading of the page.
    models
        Folders of models whose cards are to be shown and used, beside those shipped.

    Returns
    -------
    Path
        The file written.
    """
    opened = lake if isinstance(lake, Lake) else Lake(lake)
    contents = contents_of(opened)
    runs = [run_of(catalog) for catalog in contents.catalogs]
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = page(
        title,
        f"{opened.root}, {now}",
        _facts(contents, runs),
        _sections(contents, runs, models),
        "Written by lcscale. Every figure says which version of which catalog it was made from.",
    )
    return write_page(path, text)


def _facts(contents: Contents, runs: Sequence[Run]) -> list[tuple[str, str]]:
    rows = {run.name: run.rows for run in runs}
    facts = [(f"{len(runs):,}", "catalogs"), (f"{sum(rows.values()):,}", "rows")]
    facts += (
        [(f"{sum(rows[c.name] for c in contents.light_curves):,}", "light curves")] if contents.light_curves else []
    )
    facts += [(f"{sum(rows[c.name] for c in contents.candidates):,}", "candidates")] if contents.candidates else []
    set_aside = sum(run.set_aside for run in runs)
    return facts + ([(f"{set_aside:,}", "tasks set aside")] if set_aside else [])


def _sections(contents: Contents, runs: Sequence[Run], models: Sequence[str | os.PathLike[str]]) -> list[Section]:
    """All sections that have something to show."""
    broken = dict(contents.broken)

    def each(function: Callable[[T], str], catalogs: Iterable[T]) -> str:
        return "".join(_readable(function, catalogs, broken))

    wanted = [catalog for catalog in contents.candidates if not is_yso_candidates(catalog)]
    candidates = _readable(lambda catalog: _pass_over(catalog, models), wanted, broken)
    young = [catalog for catalog in contents.matched if is_matched_alerts(catalog)]
    names = {one.name for one in young}
    others = [catalog for catalog in contents.catalogs if catalog.name not in names]
    matched = [catalog for catalog in contents.matched if catalog.name not in names]
    cards = {one.card.id: one.card for one in candidates if one.card is not None}
    metallicities = [catalog for catalog in contents.catalogs if is_metallicities(catalog)]
    bodies = {
        "Classes": each(class_counts, candidates),
        "Best candidates": each(lambda one: best_candidates(one, contents), candidates),
        "Ranked lists": each(ranked_lists, candidates),
        "Periods": each(period_distribution, candidates),
        "Period and luminosity": each(period_luminosity, candidates),
        "Agreement with labels": each(agreement, candidates),
        "Candidates for young stars": each(yso_section, filter(is_yso_candidates, contents.catalogs)),
        "Metallicities of RR Lyrae stars": each(metallicity_section, metallicities),
        "Validation of metallicities": validations(metallicities, models),
        "Alert statistics": "".join(alert_section(name, rows) for name, rows in contents.statistics.items()),
        "Alerts at young stellar objects": each(alerts_at_young_stars, young),
        "Crossmatches": each(_separations, matched),
        "Models": "".join(model_card(card) for card in cards.values()),
        "Sky": _sky(_readable(places_of, others, broken)),
        "What ran": _what_ran(runs),
    }
    bodies["Broken"] = "".join(paragraph(f"{name}: {why}", "warning") for name, why in broken.items())
    return [Section(title, body) for title, body in bodies.items() if body]


def _readable(function: Callable[[T], R], catalogs: Iterable[T], broken: dict[str, str]) -> list[R]:
    """`function` of each catalog; one whose leaves cannot be read is left out, and named in `broken`."""
    found = []
    for catalog in catalogs:
        try:
            found.append(function(catalog))
        except (LcscaleError, OSError) as error:
            broken[catalog.catalog.name if isinstance(catalog, Candidates) else catalog.name] = str(error)
    return found


def _pass_over(catalog: Catalog, models: Sequence[str | os.PathLike[str]]) -> Candidates:
    card = None
    if "model_id" in catalog.column_names:
        ids = catalog.columns("model_id").head(1)["model_id"].tolist()
        card = find_card(str(ids[0]), models) if ids else None
    return Candidates(catalog, tally(catalog, card), card)


def _what_ran(runs: Sequence[Run]) -> str:
    if not runs:
        return paragraph("There is no catalog in this lake yet.")
    rows = [
        [
            run.name,
            run.version,
            run.rows,
            run.partitions,
            _megabytes(run.bytes) if run.bytes else None,
            run.tasks or None,
            f"{run.seconds:,.1f}" if run.tasks else None,
            f"{run.rate:,.0f}" if run.rate else None,
            _stages(run),
            run.created.removesuffix("UTC").replace("T", " "),
        ]
        for run in runs
    ]
    headings = ["catalog", "version", "rows", "leaves", "MB", "tasks", "work (s)", "rows/s", "of which", "made (UTC)"]
    caption = (
        "Current version of each catalog, from its ledger. Work is the time of all its tasks, summed over workers; "
        "rows/s are rows in a second of one worker."
    )
    text = table(headings, rows, caption)
    builders = sorted({run.builder for run in runs if run.builder})
    text += paragraph(f"Made by {'; '.join(builders)}.") if builders else ""
    for run in runs:
        if run.set_aside:
            text += paragraph(
                f"{run.name}: {run.set_aside} task{'s' * (run.set_aside > 1)} set aside; run the same command again "
                "to complete it.",
                "warning",
            )
    return text


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f}" if size >= 1e5 else f"{size / 1e6:.3f}"


def _stages(run: Run) -> str | None:
    """Where the time went, as shares; the largest first."""
    total = sum(run.stages.values())
    if total <= 0:
        return None
    ordered = sorted(run.stages.items(), key=lambda item: -item[1])
    return ", ".join(f"{stage} {100 * seconds / total:.0f} %" for stage, seconds in ordered if seconds >= 0.005 * total)


def _separations(catalog: Catalog) -> str:
    """A histogram for each column of separations."""
    text = ""
    for column in separations_of(catalog.schema):
        parts = [
            table.column(column).drop_null().to_numpy().astype(np.float64)
            for table in catalog.columns(column).to_batches()
        ]
        values = np.concatenate([np.empty(0), *parts])
        if not values.size:
            continue
        text += heading(f"{catalog.name}: {column}" if column != SEPARATION.name else catalog.name)
        svg = separations(values, float(values.max()) or 1.0, f"separations {catalog.name} {column}")
        caption = (
            f"Separations of {values.size:,} pairs; median {np.median(values):.3f}″, 95 % within "
            f"{np.quantile(values, 0.95):.3f}″. From {catalog.name} {catalog.source.version}."
        )
        text += figure(svg, caption)
    return text


def _sky(every: Sequence[Places]) -> str:
    places = [place for place in every if place.cells.size]
    if not places:
        return ""
    caption = (
        "Rows of the catalogs in HEALPix cells. On maps of the whole sky, equal-area after Mollweide, right ascension "
        "grows to the left and the line is the plane of the Galaxy."
    )
    return figure(sky_maps(places, "sky"), caption)
