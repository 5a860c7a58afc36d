"""`write_judging_report`: what models are worth on other surveys, on one page; and the same tables as Markdown."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lcscale.explore.page import Section, details, heading, page, paragraph, table, write_page
from lcscale.products.yso.labels import CLASSES

_MISTAKES = 3
"""Pairs of classes that are told of a survey that was left out."""
_NONE = "Not judged: lcscale judge has not written into its card."


@dataclass(frozen=True)
class Table:
    """One table of a judgement."""

    title: str
    """What it is of."""
    headings: Sequence[str]
    """Of the columns."""
    rows: Sequence[Sequence[Any]]
    """Numbers as text."""
    caption: str
    """What the numbers are."""
    long: bool = False
    """Whether it is folded away on the page, and left out of Markdown."""


def write_judging_report(judgements: Mapping[str, Mapping[str, Any]], path: str | os.PathLike[str]) -> Path:
    """Write one page about what models are worth.

    Parameters
    ----------
    judgements
        By the name of the model, what `judge` found of it; empty for a model that was not judged.
    path
        HTML file to write.
    """
    sections = [Section(name, _body(judgement)) for name, judgement in judgements.items()]
    lead = (
        "Every figure is of stars that what was judged had not seen, with their number. No star is on both "
        "sides because two surveys have it."
    )
    facts = [(f"{sum(map(bool, judgements.values()))} of {len(judgements)}", "models judged")]
    return write_page(path, page("What the models are worth", lead, facts, sections, "Written by lcscale judge."))


def _body(judgement: Mapping[str, Any]) -> str:
    if not judgement:
        return paragraph(_NONE)
    text = ""
    for each in tables_of(judgement):
        drawn = table(each.headings, each.rows, each.caption)
        text += details(each.title, drawn) if each.long else heading(each.title) + drawn
    return text + paragraph(_aside(judgement))


def as_markdown(judgement: Mapping[str, Any]) -> str:
    """The short tables of a judgement as Markdown."""
    if not judgement:
        return f"{_NONE}\n"
    parts = [table_as_markdown(each) for each in tables_of(judgement) if not each.long]
    return "\n\n".join([*parts, _aside(judgement)]) + "\n"


def table_as_markdown(told: Table) -> str:
    """A table as Markdown, below its title and what the numbers are."""
    return f"**{told.title}.** {told.caption}\n\n{rows_as_markdown(told.headings, told.rows)}"


def rows_as_markdown(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The rows of a table as Markdown, nothing for None."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    lines += ["| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def tables_of(judgement: Mapping[str, Any]) -> Iterator[Table]:
    """All tables, the most important first."""
    if judgement.get("bars"):
        yield _bars(judgement["bars"])
    yield from contamination_tables(judgement.get("contamination", {}))
    if judgement.get("as_shipped"):
        yield _as_shipped(judgement["as_shipped"])
        yield from _in_sets(judgement["as_shipped"])
        yield from _at_shares(judgement["as_shipped"])
    if judgement.get("few"):
        yield _few(judgement["few"])
    left_out = {name: row for name, row in judgement.get("left_out", {}).items() if row["left_out"]}
    if left_out:
        what = judgement.get("refit", "boosted trees on the model's numbers")
        yield from _left_out(left_out, judgement, what, "Each survey left out in turn")
        yield from _mistakes(left_out)
    forgetting = {name: row for name, row in judgement.get("forgetting", {}).items() if row["left_out"]}
    if forgetting:
        yield from _left_out(forgetting, judgement, "trees that forget the survey", "Trees that forget the survey")
        yield from _mistakes(forgetting)
    if judgement.get("unknown"):
        yield _unknown(judgement["unknown"])
    if judgement.get("probes"):
        yield _probes(judgement["probes"])
    for name, row in left_out.items():
        yield _classes(f"{name} left out, by class", row["left_out"], row["by_sky"])
    for name, row in judgement.get("as_shipped", {}).items():
        if row.get("per_class"):
            yield _classes(f"{name} as shipped, by class", row, None)


def _bars(rows: Sequence[Mapping[str, Any]]) -> Table:
    cells = [
        [row["what"], row["n"], row["of_them"], _f(row["value"]), _interval(row), row.get("bar") or ""] for row in rows
    ]
    headings = ["what", "stars", "of the class", "value", "90 % interval", "bar"]
    caption = "Intervals are of the same number of stars drawn again with replacement, by class."
    return Table("Figures with a bar", headings, cells, caption)


def contamination_tables(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Table]:
    """Which stars a model of young stars confuses, by latitude and by reddening."""
    own = "The model's own answers, of trees that had not seen the star's part of the sky, all catalogs together: "
    own += "share of wrong ones (others called YSO, YSO called others), the number of stars, 95 % interval."
    titles = {
        "latitude": ("Contamination by galactic latitude", "degrees from the plane", own),
        "reddening": ("Contamination by reddening", "J - H", f"{own} J - H is the star's own: no map of dust is used."),
    }
    for what, rows in parts.items():
        title, axis, caption = titles[what]
        names = [name for name in CLASSES if any(name in row["classes"] for row in rows)]
        cells = [[_between(row["low"], row["high"]), *(_share(row["classes"].get(n)) for n in names)] for row in rows]
        headings = [f"{n} missed" if n == "YSO" else f"{n} called YSO" for n in names]
        yield Table(title, [axis, *headings], cells, caption)


def _between(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"below {high:g}" if low is None else f"{low:g} and above"
    return f"{low:g} to {high:g}"


def _share(row: Mapping[str, Any] | None) -> str | None:
    if row is None:
        return None
    return f"{_f(row['wrong'] / row['n'])} of {row['n']:,} ({row['low']:.3f} to {row['high']:.3f})"


def _as_shipped(surveys: Mapping[str, Any]) -> Table:
    rows = []
    for name, row in surveys.items():
        known = row["n"] > 0 and "accuracy" in row
        apart = row["by_label"].values() if known else ({"n": 0}, {"n": 0})
        rows.append(
            [
                name,
                "yes" if row["in_training"] else "no",
                row["n"],
                row.get("pixels"),
                *(_f(row[key]) if known else None for key in ("accuracy", "macro_f1", "log_loss", "ece_excess")),
                *(f"{_f(each['accuracy'])} of {each['n']:,}" if each["n"] else None for each in apart),
                f"{100 * row['coverage']:.1f} %" if known and "coverage" in row else None,
                _f(row.get("set_size"), 2),
            ]
        )
    headings = ["survey", "in training", "stars", "pixels", "accuracy", "macro-F1", "log loss", "ECE excess"]
    headings += ["exact labels", "group labels", "in 90 % sets", "classes in a set"]
    caption = (
        "The model's own answers; of surveys that were in training, on the part of the sky that was its test set. "
        "ECE excess: calibration error less that of perfect calibration with as many stars."
    )
    return Table("As shipped", headings, rows, caption)


def _in_sets(surveys: Mapping[str, Any]) -> Iterator[Table]:
    found = {name: row["in_sets"] for name, row in surveys.items() if row.get("in_sets")}
    groups = list(dict.fromkeys(group for row in found.values() for group in row))
    rows = []
    for name, row in found.items():
        cells = [row.get(group) for group in groups]
        rows.append(
            [name, *(f"{100 * c['coverage']:.1f} % of {c['n']:,}, {c['set_size']:.2f}" if c else None for c in cells)]
        )
    if rows:
        caption = "Stars whose class is in their prediction set, by the widest group of their class; classes in a set."
        yield Table("In 90 % sets, by class", ["survey", *groups], rows, caption)


def _few(ranges: Sequence[Mapping[str, Any]]) -> Table:
    keys = ("accuracy", "told", "ece_excess", "log_loss")
    rows: list[list[Any]] = []
    for row in ranges:
        covered = f"{100 * row['coverage']:.1f} %"
        name, size = f"{row['low']} to {row['high']}", _f(row["set_size"], 2)
        rows.append([name, row["n"], *(_f(row[key]) for key in keys), covered, size])
    headings = ["observations", "stars", "accuracy", "mean P of the class given", "ECE excess", "log loss"]
    headings += ["in 90 % sets", "classes in a set"]
    caption = (
        "The model's own answers on stars that it has not seen, at most 2,000 of all surveys, thinned at random to so "
        "many observations; periods are those that the search finds in these. Accuracy, P and ECE of exact labels."
    )
    return Table("Few observations", headings, rows, caption)


def _at_shares(surveys: Mapping[str, Any]) -> Iterator[Table]:
    rows = []
    for name, row in surveys.items():
        if "at_shares" in row:
            each = [row["at_shares"][how][key] for key in ("accuracy", "log_loss") for how in ("as_is", "declared")]
            rare = [f"{100 * row['at_shares'][how]['rare']:.2f} %" for how in ("as_is", "declared")]
            rows.append([name, row["at_shares"]["n"], *map(_f, each), *rare])
    headings = ["survey", "stars", "accuracy, as it is", "shares declared", "log loss, as it is", "shares declared"]
    headings += ["wrongly of a rare class, as it is", "shares declared"]
    caption = (
        "The same stars, each weighing as much as its label is frequent in the whole survey; probabilities as they "
        "are, and with the survey's shares as --prevalence. Rare are classes of at most 1 %."
    )
    if rows:
        yield Table("At the survey's own shares", headings, rows, caption)


def _left_out(surveys: Mapping[str, Any], judgement: Mapping[str, Any], what: str, title: str) -> Iterator[Table]:
    caption = (
        f"{what[0].upper()}{what[1:]}, fitted without the survey (left out), and with it but without the star's part "
        f"of the sky (by sky: {judgement['folds']} folds, HEALPix order {judgement['order']}); both of the same stars. "
        "Known are stars of a class (or a group with one) that has 50 stars with this exact label in the other surveys."
    )
    both = ("left_out", "by_sky")
    rows = [
        [
            name,
            row["n"],
            *(row[part]["accuracy"] for part in both),
            *(row[part]["wide_accuracy"] for part in both),
            row["known"]["n"],
            *((row["known"][part] or {"accuracy": None})["accuracy"] for part in both),
            row["removed"],
        ]
        for name, row in surveys.items()
    ]
    headings = ["survey", "stars", "accuracy, left out", "by sky", "widest classes, left out", "by sky"]
    headings += ["stars of known classes", "accuracy, left out", "by sky", "removed as the same star"]
    yield Table(title, headings, _with_mean(rows), caption)
    keys = ("macro_f1", "log_loss", "ece_excess")
    rows = [[name, row["n"], *(row[part][key] for key in keys for part in both)] for name, row in surveys.items()]
    headings = ["survey", "stars", "macro-F1, left out", "by sky", "log loss, left out", "by sky"]
    headings += ["ECE excess, left out", "by sky"]
    yield Table("The same: F1 and probabilities", headings, _with_mean(rows), "As above.")


def _mistakes(surveys: Mapping[str, Any]) -> Iterator[Table]:
    """What the stars of surveys that are left out are most often taken for, where the card tells it."""
    rows = []
    for name, row in surveys.items():
        pairs = [
            (n, true, given)
            for true, others in row["left_out"].get("taken_for", {}).items()
            for given, n in others.items()
        ]
        most = ", ".join(f"{true} as {given} ({n:,})" for n, true, given in sorted(pairs, reverse=True)[:_MISTAKES])
        rows += [[name, row["n"], sum(n for n, _, _ in pairs), most]] if pairs else []
    if rows:
        caption = "As above, left out: stars that are given another class, and the most frequent mistakes."
        yield Table("The same: mistakes", ["survey", "stars", "wrong", "most frequent"], rows, caption)


def _unknown(turns: Sequence[Mapping[str, Any]]) -> Table:
    both, keys = ("probability", "agreement"), ("auc", "unknown_kept")
    rows = [
        [", ".join(row["left_out"]), row["n_unknown"], row["n_known"], row["known_sure"]]
        + [row[score][key] for key in keys for score in both]
        for row in turns
    ]
    headings = ["left out", "unknown stars", "known stars", "known of P ≥ 0.9"]
    headings += ["AUC of the largest P", "of the agreement", "unknown kept, by the largest P", "by the agreement"]
    caption = (
        "Trees that were never taught two of the classes: how well a score tells stars of these from stars of the "
        "others in a part of the sky that was not taught. Kept is the share of unknown stars above the threshold that "
        "keeps as many known ones as P ≥ 0.9 does. Agreement: geometric mean of the probability of the class given, by "
        "boosted trees and by extremely randomised ones that see one band."
    )
    return Table("None of these", headings, _with_mean(rows, "mean"), caption)


def _with_mean(rows: Sequence[Sequence[Any]], what: str = "mean of the surveys") -> list[list[Any]]:
    """Rows of a name, counts and figures as text; below them the means of the figures."""
    means: list[Any] = [what]
    for column in list(zip(*rows, strict=True))[1:]:
        values = [value for value in column if isinstance(value, float)]
        means.append(_f(float(np.mean(values))) if values else None)
    return [*([_f(cell) if isinstance(cell, float) else cell for cell in row] for row in rows), means]


def _probes(probes: Mapping[str, Any]) -> Table:
    names = list(next(iter(probes.values())))
    rows: list[list[Any]] = []
    for what, found in probes.items():
        told = found["survey"]
        survey = [_f(told["accuracy"]), _f(told["chance"])] if told else [None, None]
        others = [found[name] for name in names if name not in ("n", "survey")]
        rows.append([what, found["n"], *survey, *(x for each in others for x in _r2(each))])
    headings = ["from", "stars", "survey told", "by chance"]
    for name in names:
        if name not in ("n", "survey"):
            headings += [f"R² of {name.replace('_', ' ')}", "within surveys"]
    return Table(
        "Probes", headings, rows, "What boosted trees tell of stars in parts of the sky that they have not seen."
    )


def _r2(row: Mapping[str, Any] | None) -> list[str | None]:
    return [None, None] if row is None else [_f(row["r2"]), _f(row["r2_within"])]


def _classes(title: str, row: Mapping[str, Any], other: Mapping[str, Any] | None) -> Table:
    headings = ["class", "stars", "recall", "false positives"]
    rows: list[list[Any]] = []
    for name, each in row["per_class"].items():
        cells = [name, each["n"], _f(each["recall"]) if each["n"] else None, _f(each["false_positive_rate"], 4)]
        if other is not None:
            twin = other["per_class"].get(name)
            cells += [_f(twin["recall"]) if twin and twin["n"] else None]
            cells += [_f(twin["false_positive_rate"], 4) if twin else None]
        rows.append(cells)
    headings += ["recall, by sky", "false positives, by sky"] if other is not None else []
    caption = "False positives: share of the stars of other classes that are given the class."
    return Table(title, headings, rows, caption, long=True)


def _aside(judgement: Mapping[str, Any]) -> str:
    parts = [f"{what}: {n:,}" for what, n in judgement.get("left_aside", {}).items()]
    return f"Not judged: {'; '.join(parts)}." if parts else ""


def _interval(row: Mapping[str, Any]) -> str | None:
    return None if row.get("low") is None else f"{row['low']:.3f} to {row['high']:.3f}"


def _f(value: float | None, digits: int = 3) -> str | None:
    return None if value is None or value != value else f"{value:.{digits}f}"
