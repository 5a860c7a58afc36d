"""The report's sections on a catalog of candidates: classes, best light curves, ranked lists, periods, the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lcscale.errors import InputError
from lcscale.explore.contents import Contents
from lcscale.explore.folded import find_light_curve, fold, folded_panels, phase_zero
from lcscale.explore.links import links_to
from lcscale.explore.page import Link, details, figure, heading, paragraph, table
from lcscale.explore.plots import class_bars, period_strips
from lcscale.explore.tally import THRESHOLDS, Tally
from lcscale.lake import Catalog
from lcscale.models.keeping.card import Card
from lcscale.models.labels.taxonomy import classes as taxonomy
from lcscale.products.published import precision_rows, reliability, tells_published

_MOST_REASONS = 12
_ARCHIVES = ("SIMBAD", "VSX", "Aladin Lite")
"""Archives that ranked objects are linked to."""


@dataclass(frozen=True)
class Candidates:
    """A catalog of candidates, the pass over it, and the card of its model where it was found."""

    catalog: Catalog
    """The candidates."""
    tally: Tally
    """What is in it."""
    card: Card | None
    """Card of the model that classified most of them."""

    @property
    def origin(self) -> str:
        """Catalog, version and model, for captions."""
        names = {} if self.card is None else {self.card.id: f"{self.card.name} "}
        models = [
            f"model {names.get(key, '')}({key}), trained on {trained} data"
            for (key, trained), _ in self.tally.models.most_common()
        ]
        return f"From {self.catalog.name} {self.catalog.source.version}" + "".join(f"; {text}" for text in models) + "."

    @property
    def tag(self) -> str:
        """What must be said beside a title: simulated light curves or training data."""
        if dict(self.catalog.source.properties).get("lcscale_survey") == "simulated":
            return "simulated light curves"
        return "model trained on simulated data" if "simulated" in self.tally.trained_on else ""

    @property
    def ordered(self) -> list[str]:
        """Classes with objects, in the order of the taxonomy, others behind."""
        known = [name for name in taxonomy() if self.tally.given[name]]
        return known + sorted(name for name in self.tally.given if name not in known)


def class_counts(found: Candidates) -> str:
    """Bars and table of the classes, and why the rest has none."""
    tally = found.tally
    names = sorted(tally.given, key=lambda name: (-tally.given[name], name))
    text = heading(found.catalog.name, found.tag)
    text += paragraph(f"{tally.classified:,} of {tally.rows:,} objects have a class.")
    if not names:
        return text + _reasons(tally)
    limit = THRESHOLDS[-1]
    svg = class_bars(
        names,
        [tally.given[name] for name in names],
        [tally.above[limit][name] for name in names],
        limit,
        f"classes {found.catalog.name}",
    )
    text += figure(svg, f"Objects by the class of the highest probability. {found.origin}")
    rows = [[name, _title(name), tally.given[name], *(tally.above[t][name] for t in THRESHOLDS)] for name in names]
    headings = ["class", "", "objects", *(f"probability ≥ {t:g}" for t in THRESHOLDS)]
    return text + details("The numbers", table(headings, rows)) + _reasons(tally)


def _title(name: str) -> str:
    return taxonomy()[name].title if name in taxonomy() else ""


def _reasons(tally: Tally) -> str:
    if not tally.reasons:
        return ""
    rows = [[reason, n] for reason, n in tally.reasons.most_common(_MOST_REASONS)]
    return table(["why an object has no class", "objects"], rows)


def best_candidates(found: Candidates, contents: Contents) -> str:
    """Folded light curves of the most probable object of each class."""
    try:
        light_curves = contents.light_curves_of(found.catalog)
    except InputError as error:  # the version they were made from was removed
        return heading(found.catalog.name, found.tag) + paragraph(str(error), "warning")
    curves, sources, missing = [], {}, []
    for name in found.ordered:
        ranked = found.tally.ranked.get(name)
        if not ranked:
            continue
        believed = [row for row in ranked if is_believed(row)]
        row = {**(believed or ranked)[0], "class": name}
        place = find_light_curve(light_curves, row) if believed else None
        if place is None:
            missing.append(name)
            continue
        lcs, catalog = place
        sources[catalog.name] = catalog.source.version
        subtitle = f"{row.get('name') or row.get('object_id', '')}   P = {_period(row['period'])}"
        curves.append(fold(lcs, row, f"{name}   {row['probability']:.2f}", subtitle))
    if not curves:
        return ""
    text = heading(found.catalog.name, found.tag)
    caption = (
        "The most probable object of each class whose period nothing speaks against, folded with it; beside the class "
        "its probability, below it the object and the period in days. Brightest at the top, two cycles, "
        f"{phase_zero(found.catalog.schema)}; further bands are shifted by "
        f"what the legend says. {found.origin} Light curves from "
        + ", ".join(f"{name} {version}" for name, version in sorted(sources.items()))
        + "."
    )
    text += figure(folded_panels(curves), caption)
    if missing:
        text += paragraph(
            f"Without a period that can be believed, or a light curve in this lake: {', '.join(missing)}."
        )
    return text


def is_believed(row: Mapping[str, Any]) -> bool:
    """Whether a candidate has a period that neither the rhythm of the observations nor a wandering star explains.

    Examples
    --------
    >>> is_believed({"period": 0.55}), is_believed({"period": 0.997, "alias": "1/day"}), is_believed({"period": None})
    (True, False, False)
    """
    walk = row.get("evidence_walk")
    doubtful = row.get("doubt") is not None or row.get("alias") is not None or (walk is not None and walk <= 0.0)
    return bool(row.get("period")) and not doubtful


def ranked_lists(found: Candidates) -> str:
    """The most probable objects of each class, each with what leads to its place in archives."""
    text = ""
    for name in found.ordered:
        rows = [_ranked(row) for row in found.tally.ranked.get(name, [])]
        if not rows:
            continue
        of = found.tally.given[name]
        title = f"{name}: the {len(rows)} most probable of {of:,}" if of > len(rows) else f"{name}: all {of:,}"
        text += details(title, table(["object", "probability", "period (d)", "RA", "Dec", *_ARCHIVES], rows))
    if not text:
        return ""
    told = f"lcscale show OBJECT --name {found.catalog.name} writes the page of one of them. {found.origin}"
    return heading(found.catalog.name, found.tag) + text + paragraph(told)


def _ranked(row: dict[str, Any]) -> list[Any]:
    ra, dec, period = row["ra"], row["dec"], row.get("period")
    pages = {link.name: link.url for link in links_to(ra, dec)}
    named = str(row.get("name") or row.get("object_id") or "")
    told = [f"{row['probability']:.3f}", f"{period:.6g}" if period else None, f"{ra:.5f}", f"{dec:+.5f}"]
    return [named, *told, *(Link("open", pages[name]) for name in _ARCHIVES)]


def _period(period: float) -> str:
    return f"{period:.6f} d" if period < 1 else f"{period:.5f} d" if period < 10 else f"{period:.2f} d"


def period_distribution(found: Candidates) -> str:
    """How the periods of each class are distributed."""
    histograms = {name: found.tally.periods[name] for name in found.ordered if name in found.tally.periods}
    histograms = {name: histogram for name, histogram in histograms.items() if histogram.any()}
    if not histograms:
        return ""
    svg = period_strips(histograms, f"periods {found.catalog.name}")
    caption = f"Periods found in each class; every strip has its own scale. {found.origin}"
    return heading(found.catalog.name, found.tag) + figure(svg, caption)


def model_card(card: Card) -> str:
    """What the model's card says of its training and its figures on the test set."""
    note = "figures from simulated data" if card.trained_on == "simulated" else ""
    text = heading(f"{card.name} ({card.id})", note)
    sets = card.data.get("sets", {})
    trained = ", ".join(f"{n:,} {what}" for what, n in sets.items())
    text += paragraph(
        (f"{len(card.classes)} classes; " if card.classes else "")
        + f"trained on {card.trained_on} data"
        + (f" ({trained}), split by HEALPix pixel" if trained else "")
        + "."
    )
    test = card.metrics.get("test")
    if not test:
        return text
    name = f"network on {card.preparation.view} images" if "images" in card.preparation.kinds else card.network
    if card.network == "stacked" and "images" in card.preparation.kinds:
        name += " with trees on numbers"
    rows: list[list[Any]] = [[name, *_figures(card, test)]]
    baselines = [card.metrics[name] for name in ("baseline", "random_forest") if name in card.metrics]
    rows += [[str(each.get("what", "baseline")), *_figures(card, each)] for each in baselines]
    text += table(["on the test set", "objects", *card.head.shown], rows)
    if "per_class" not in test:
        return text
    per_class = [
        [name, each["n"], f"{each['precision']:.3f}", f"{each['recall']:.3f}", f"{each['f1']:.3f}"]
        for name, each in test["per_class"].items()
    ]
    text += details("Each class", table(["class", "objects", "precision", "recall", "F1"], per_class))
    return text + (_precision(card) if tells_published(card) else "")


def _precision(card: Card) -> str:
    """What share of the alerts called published is, where few are worth it."""
    rows = [[f"{share:g}", f"{100 * precision:.1f} %"] for share, precision in precision_rows(reliability(card))]
    note = "About half of the test set are published alerts; where they are rarer, precision is lower:"
    return paragraph(note) + table(["prevalence of published alerts", "precision"], rows)


def _figures(card: Card, metrics: Any) -> list[Any]:
    return [int(metrics["n"]), *(f"{metrics[key]:.3f}" for key in card.head.shown.values())]
