"""`gallery`: the folded light curves of a list of stars on one self-contained page."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.explore.candidate_page import Candidate, file_name, write_candidate
from lcscale.explore.contents import classes_of, contents_of
from lcscale.explore.folded import phase_zero, zero_of
from lcscale.explore.page import Section, page, paragraph, write_page
from lcscale.explore.thumbnails import HEIGHT, colours, thumbnails
from lcscale.lake import HEALPIX_COLUMN, Catalog, Lake
from lcscale.lightcurves import LightCurveFields, LightCurves
from lcscale.models.heads.columns import PROBABILITY
from lcscale.models.labels.taxonomy import classes as taxonomy
from lcscale.periods.columns import EPOCH, EPOCH_MINIMUM
from lcscale.vocabulary import NAME

TOP = 1_000
"""Most stars of a page, unless more are asked for."""
_PROBABILITY = "_probability"
_NO_CLASS = "Stars"


@dataclass(frozen=True)
class _Stars:
    """The stars of a page."""

    catalog: Catalog
    """The list they are of."""
    rows: pa.Table
    """Those that have a period and a light curve, in the order wanted."""
    curves: LightCurves
    """The light curve of each."""
    source: Catalog
    """Where the light curves are from."""
    listed: int
    """How many stars the list has for which the condition holds."""
    left_out: Mapping[str, int]
    """How many of the first ones are not on the page, by reason."""


def gallery(
    lake: Lake,
    path: str | os.PathLike[str],
    *,
    name: str = "variable_candidates",
    where: str | None = None,
    by: str | None = None,
    top: int = TOP,
    pages: bool = True,
    periodograms: bool = False,
    light_curves: LightCurveFields | None = None,
) -> Path:
    """Write one page with the folded light curves of a list of stars, each with what leads to its own page.

    Parameters
    ----------
    lake
        With the list, and the light curves it was made from.
    path
        HTML file to write.
    name
        Catalog with a column `period`, and `epoch`, `class` and probabilities if it has them.
    where
        Condition on its rows; see `lcscale.expressions`.
    by
        Column whose largest values come first; default: the probability of the class given, if there are classes, and
        those of which something speaks against it (`doubt`) last.
    top
        Most stars.
    pages
        Whether to write the page of each star (`show`) too, into the folder ``NAME_stars`` beside the file NAME.html,
        and link it: a star takes some milliseconds and 50 kB.
    periodograms
        Whether these pages have the periodogram too, which takes longer than all the rest of them.
    light_curves
        Names of the light curves' parts, where they are those of others.

    Raises
    ------
    InputError
        There is no such catalog or column, or no star to draw.
    """
    catalog = lake[name]
    found = _stars(lake, catalog, where, by, top, light_curves)
    target, rows = Path(path), found.rows.to_pylist()
    folder = target.with_name(f"{target.stem}_stars")
    if pages:
        _write_pages(found, lake, folder, periodograms)
    cards = _cards(found, rows, folder.name if pages else None, str(lake.root))
    order = [*(each for each in taxonomy() if each in cards), *(each for each in cards if each not in taxonomy())]
    sections = [Section(each, f'<div class="gallery">{"".join(cards[each])}</div>\n') for each in order]
    lead = f"{catalog.name} {catalog.source.version}{f', {where}' if where else ''}, lake {lake.root}"
    facts = [(f"{len(rows):,}", "stars on this page"), (f"{found.listed:,}", "in the list")]
    sections[0] = Section(order[0], paragraph(_caption(found)) + _legend(found.curves) + sections[0].body)
    return write_page(target, page(f"{catalog.name}, folded", lead, facts, sections, "Written by lcscale."))


def _write_pages(found: _Stars, lake: Lake, folder: Path, periodograms: bool) -> None:
    """The page of each star, from its whole row and the light curve that is drawn in the gallery."""
    catalog, names = found.catalog, found.rows.column(found.catalog.id_column).to_pylist()
    index = np.unique(found.rows.column(HEALPIX_COLUMN).to_numpy())
    whole = {row[catalog.id_column]: row for row in catalog.rows_within(_at(index)).to_pylist()}
    for i, star in enumerate(names):
        one = Candidate(catalog, whole[star], found.curves.between(i, i + 1), found.source)
        write_candidate(one, folder / file_name(star), str(star), lake, with_periodogram=periodograms)


def _at(index: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The ranges that hold these HEALPix indices and no other, int64 [n, 2]."""
    return np.column_stack([index, index + 1])


def _stars(
    lake: Lake, catalog: Catalog, where: str | None, by: str | None, top: int, fields: LightCurveFields | None
) -> _Stars:
    if "period" not in catalog.column_names:
        raise InputError(f"{catalog.name} has no column period to fold with: lcscale features and classify make one")
    if top < 1:
        raise InputError(f"a gallery shows one star or more, not {top}")
    names = {PROBABILITY.of(each).name: each for each in classes_of(catalog.schema)}
    probabilities = list(names)
    ours = (catalog.id_column, NAME.name, "class", "period", EPOCH.name, EPOCH_MINIMUM.name, *probabilities)
    wanted = [*ours, *(["doubt"] if by is None else [by])]
    kept = [each for each in dict.fromkeys(wanted) if each in catalog.column_names or each == by]
    rows = (catalog if where is None else catalog.where(where)).columns(kept).to_arrow()
    listed, rows = rows.num_rows, _with_probability(rows, names)
    if by is not None or probabilities:
        rows = rows.take(pc.sort_indices(rows, [(by or _PROBABILITY, "descending")]))
    if by is None and "doubt" in rows.column_names:
        doubtful = rows.column("doubt").is_valid()
        rows = pa.concat_tables([rows.filter(pc.invert(doubtful)), rows.filter(doubtful)])
    first = rows.slice(0, top)
    folded = first.filter(pc.greater(pc.fill_null(first.column("period"), 0.0), 0.0))
    source = _light_curves_of(lake, catalog, fields)
    here, curves = _with_light_curves(folded, catalog.id_column, source)
    if not here.num_rows:
        raise InputError(
            f"{catalog.name} has no star with a period and a light curve{f' and {where}' if where else ''}"
        )
    left_out = {
        "beyond the first": listed - first.num_rows,
        "without a period": first.num_rows - folded.num_rows,
        "without a light curve": folded.num_rows - here.num_rows,
    }
    return _Stars(catalog, here, curves, source, listed, left_out)


def _with_probability(rows: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """The rows with the probability of the class that each was given."""
    given = [
        pc.if_else(pc.equal(rows.column("class"), name), rows.column(column), None) for column, name in names.items()
    ]
    value = pc.coalesce(*given) if given else pa.nulls(rows.num_rows, pa.float64())
    return rows.append_column(_PROBABILITY, value)


def _light_curves_of(lake: Lake, catalog: Catalog, fields: LightCurveFields | None) -> Catalog:
    if "lightcurve" in catalog.column_names or catalog.inputs:
        return catalog.light_curves(fields)
    known = contents_of(lake).light_curves
    if not known:
        raise InputError(f"no catalog of the lake at {lake.root} has light curves")
    return known[0]


def _with_light_curves(rows: pa.Table, identity: str, source: Catalog) -> tuple[pa.Table, LightCurves]:
    """The rows that have a light curve of their name at their place, and it; each leaf is read once."""
    index = np.unique(rows.column(HEALPIX_COLUMN).to_numpy())
    found = source.columns(source.id_column, "lightcurve").rows_within(_at(index))
    names = found.column(source.id_column).cast(pa.string()).combine_chunks()
    place = pc.index_in(rows.column(identity).cast(pa.string()), value_set=names)
    here = pc.is_valid(place)
    return rows.filter(here), LightCurves.from_arrow(found.take(place.filter(here)))


def _cards(found: _Stars, rows: Sequence[Mapping[str, Any]], folder: str | None, lake: str) -> dict[str, list[str]]:
    """A card for each star, by its class."""
    period = np.array([row["period"] for row in rows], np.float64)
    zeros = [zero_of(row) for row in rows]
    epoch = np.array([np.nan if zero is None else zero for zero in zeros], np.float64)
    pictures, ranges = thumbnails(found.curves, period, epoch)
    cards: dict[str, list[str]] = {}
    for row, picture, ends in zip(rows, pictures, ranges, strict=True):
        star = row[found.catalog.id_column]
        title = escape(str(row.get(NAME.name) or star))
        if folder is not None:
            title = f'<a href="{escape(folder)}/{escape(file_name(star))}">{title}</a>'
            more = ""
        else:
            told = shlex.join(["lcscale", "show", str(star), "--name", found.catalog.name, "--lake", lake])
            more = f"<details><summary>show</summary><code>{escape(told)}</code></details>"
        chance = "" if row[_PROBABILITY] is None else f" {row[_PROBABILITY]:.2f}"
        facts = f"{escape(row.get('class') or '')}{chance} · {row['period']:.6g} d · {ends[1]:.2f}–{ends[0]:.2f} mag"
        image = f'<img src="{picture}" width="{2 * HEIGHT}" height="{HEIGHT}" alt="folded light curve" loading="lazy">'
        card = f'<div class="card"><h3>{title}</h3>{image}<p>{facts.removeprefix(" · ")}</p>{more}</div>\n'
        cards.setdefault(row.get("class") or _NO_CLASS, []).append(card)
    return cards


def _legend(curves: LightCurves) -> str:
    """Which colour is which band; nothing where there is one."""
    if len(curves.bands) < 2:
        return ""
    bands = (f'<span style="color:{colour}">●</span> {escape(band)}' for band, colour in colours(curves).items())
    return f'<p class="legend">Bands: {" &nbsp; ".join(bands)}</p>\n'


def _caption(found: _Stars) -> str:
    missing = "; ".join(f"{n:,} {reason}" for reason, n in found.left_out.items() if n)
    return (
        f"Two cycles, brightest at the top, {phase_zero(found.catalog.schema)}; every picture over the range of its "
        f"star, further bands moved onto the fullest one. Light curves from {found.source.name} "
        f"{found.source.source.version}.{f' Not shown: {missing}.' if missing else ''}"
    )
