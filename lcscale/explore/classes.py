"""`write_classes`: a page for each class of a judged model, and one that leads to them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lcscale.explore.candidate_page import file_name
from lcscale.explore.class_curves import simulated_pictures
from lcscale.explore.class_figures import Counts, JudgedModel, judged_model
from lcscale.explore.judging import contamination_tables, rows_as_markdown
from lcscale.explore.page import Link, Section, heading, page, panels, paragraph, table, write_page
from lcscale.lightcurves.cleaning import MIN_OBSERVATIONS
from lcscale.models.judging.ranges import QUANTILES
from lcscale.models.labels.taxonomy import ancestors
from lcscale.models.labels.taxonomy import classes as taxonomy
from lcscale.products.completeness.counting import wilson

INDEX = "index.html"
FEW = 50
"""Judged stars below which a page says that they are few."""
_QUANTITIES = {
    "n_observations": "observations",
    "period": "period (days)",
    "amplitude": "amplitude (mag)",
    "g": "Gaia G (mag)",
    "k": "2MASS K (mag)",
    "w1": "WISE W1 (mag)",
}
_OLD = "This is not in the model's card: judge the model again."
_FOOT = "Written by lcscale classes from the model's card."


def write_classes(model: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Path:
    """Write a page for each class of a judged model, and an index of them; returns the index.

    A page has simulated light curves, what the class was taught with, recall and false positives by survey, and what it
    is taken for, and what for it.

    Parameters
    ----------
    model
        Name of a shipped model, or folder of one, with the figures of `lcscale judge` in its card.
    folder
        Where the pages go; it is made where there is none.

    Raises
    ------
    InputError
        There is no such model, it has no classes, or it was not judged.
    """
    told, target = judged_model(model), Path(folder)
    confused = told.taken_for()
    for name in told.classes:
        write_page(target / file_name(name), _page(told, name, confused))
    return write_page(target / INDEX, _index(told, confused))


def classes_as_markdown(model: str | os.PathLike[str]) -> str:
    """The table of the index as Markdown."""
    told = judged_model(model)
    return f"{rows_as_markdown(*_rows(told, told.taken_for()))}\n"


def _index(told: JudgedModel, confused: Mapping[str, Counter[str]]) -> str:
    headings, rows = _rows(told, confused)
    linked = [[Link(str(row[0]), file_name(str(row[0]))), *row[1:]] for row in rows]
    caption = (
        "Of stars that the model had not seen, all surveys together. False positives: share of the stars of other "
        "classes that are given the class. Which class is taken for which: the most frequent one, with its stars."
    )
    n = sum(row["n"] for row in told.as_shipped.values())
    surveys = [[name, _yes(row.get("in_training")), row["n"]] for name, row in told.as_shipped.items()]
    body = table(headings, linked, caption)
    sections = [
        Section("Classes", body),
        Section("Judged on", table(["survey", "in training", "stars"], surveys)),
    ]
    drawn = [(name, simulated_pictures(name, told.bands, 1)[:1]) for name in told.classes] if told.bands else []
    if pictures := [each for _, some in drawn for each in some]:
        sections.insert(1, Section("Typical light curves, simulated", panels(pictures) + paragraph(_SIMULATED)))
    lead = f"Model {told.id}, trained on {told.trained_on} data"
    facts = [(f"{len(told.classes)}", "classes"), (f"{n:,}", "stars judged")]
    return page(f"Classes of {told.name}", lead, facts, sections, _FOOT)


_SIMULATED = (
    "Simulated stars, folded with their true period where they have one, as a survey from the ground would see them; "
    "the amplitude is that of the light curve shown. No real star is on this page."
)


def _rows(told: JudgedModel, confused: Mapping[str, Counter[str]]) -> tuple[list[str], list[list[Any]]]:
    """A row a class."""
    rows = []
    for name in told.classes:
        counts, one = told.counts(name), told.described(name)
        most, taken = confused[name].most_common(1), _taken_for_it(confused, name).most_common(1)
        rows.append(
            [name, one.title, counts.n, _percent(counts.right, counts.n), _percent(counts.wrong, counts.others)]
            + [f"{other} ({n:,})" if n else None for other, n in (*(most or [("", 0)]), *(taken or [("", 0)]))]
        )
    headings = ["class", "what it is", "stars judged", "recall", "false positives", "taken for", "taken for it"]
    return headings, rows


def _page(told: JudgedModel, name: str, confused: Mapping[str, Counter[str]]) -> str:
    counts, one = told.counts(name), told.described(name)
    simulated = ", simulated ones too" if told.bands and told.trained_on != "real" else ""
    bodies = {
        "Typical light curves, simulated": _curves(told, name) if told.bands else "",
        "Limits": _limits(told, name, counts),
        "By survey": _by_survey(told, name),
        "By place and dust": _contamination(told),
        "Confusions": _confusions(confused, name, counts) if told.knows_confusions else paragraph(_OLD),
        "Place in the taxonomy": _place(told, name),
        "Other classes": _others(told, name),
    }
    facts = [
        (_percent(counts.right, counts.n) or "unknown", f"recall, of {counts.n:,} stars"),
        (_percent(counts.wrong, counts.others) or "unknown", f"of {counts.others:,} others are given it"),
        (f"{told.labels.get(name, 0):,}", f"labelled stars for training, validation and test{simulated}"),
    ]
    lead = f"{one.title}; a class of model {told.name} ({told.id})"
    sections = [Section(title, body) for title, body in bodies.items() if body]
    return page(name, lead, facts, sections, _FOOT)


def _curves(told: JudgedModel, name: str) -> str:
    drawn = simulated_pictures(name, told.bands)
    return panels(drawn) + paragraph(_SIMULATED) if drawn else paragraph("No light curve of this class is simulated.")


def _limits(told: JudgedModel, name: str, counts: Counts) -> str:
    text = ""
    if not told.bands:
        text += paragraph("This model sees brightness, colours, parallaxes and motions, and no light curve.")
    else:
        text += paragraph(
            f"A star needs {MIN_OBSERVATIONS} usable observations; with fewer it has a reason and no class."
        )
    if 0 < counts.n < FEW:
        text += paragraph(f"Only {counts.n} stars were judged: the figures of this page are uncertain.", "warning")
    if not counts.n:
        text += paragraph("No star of this class was judged: how many are found is not known.", "warning")
    known = told.judged.get("labelled")
    if known is None:
        return text + heading("Labelled stars") + paragraph(_OLD)
    rows: list[list[Any]] = []
    for label in (each for each in _lineage(told, name) if each in known):
        for quantity, values in known[label].items():
            if quantity != "n":
                rows.append([label, known[label]["n"], _QUANTITIES[quantity], *(f"{value:.4g}" for value in values)])
    headings = ["label", "stars", "quantity", *(_quantile(share) for share in QUANTILES)]
    caption = (
        "Labelled stars of the surveys in training: nine tenths lie between the first and the last value, and outside "
        "these little was taught of the class."
    )
    if told.bands:
        caption += (
            " Periods are those that the search found, which may be aliases; amplitudes are from the 2nd to the 98th "
            "percentile, with the scatter of the measurements; stars with the label of a group teach all of its "
            "classes."
        )
    return text + table(headings, rows, caption) if rows else text + paragraph("No labelled star has this name.")


def _quantile(share: float) -> str:
    return "median" if share == 0.5 else f"{100 * share:.0f} %"


def _by_survey(told: JudgedModel, name: str) -> str:
    rows = [
        [survey, _yes(row.get("in_training")), *_figures(Counts.of(name, row))]
        for survey, row in told.as_shipped.items()
    ]
    headings = ["survey", "in training", "stars", "recall", "95 % interval", "others", "false positives"]
    headings.append("95 % interval")
    caption = (
        "The model's own answers on stars that it had not seen: of surveys in training those of a part of the sky. "
        "Intervals after Wilson (1927)."
    )
    text = heading("As shipped") + table(headings, [row for row in rows if row[2] or row[5]], caption)
    left = []
    for survey, row in told.left_out.items():
        out, by_sky = (Counts.of(name, row[part]) for part in ("left_out", "by_sky"))
        if out.n or out.wrong:
            recall, false = (
                (_percent(out.right, out.n), _percent(by_sky.right, by_sky.n)),
                _percent(out.wrong, out.others),
            )
            left.append([survey, out.n, *recall, out.others, false, _percent(by_sky.wrong, by_sky.others)])
    if left:
        headings = ["survey", "stars", "recall, left out", "by sky", "others"]
        headings += ["false positives, left out", "by sky"]
        caption = (
            f"{told.judged.get('refit', 'boosted trees on the same numbers').capitalize()}: what to expect on a survey "
            "that is not in training (left out), beside the same of trees that knew the survey, and not the star's "
            "part of the sky. No model answers for a class that it was not taught."
        )
        text += heading("Where the survey is new") + table(headings, left, caption)
    return text


def _contamination(told: JudgedModel) -> str:
    tables = contamination_tables(told.judged.get("contamination", {}))
    return "".join(heading(each.title) + table(each.headings, each.rows, each.caption) for each in tables)


def _figures(counts: Counts) -> list[Any]:
    return [
        counts.n,
        _percent(counts.right, counts.n),
        _interval(counts.right, counts.n),
        counts.others,
        _percent(counts.wrong, counts.others),
        _interval(counts.wrong, counts.others),
    ]


def _confusions(confused: Mapping[str, Counter[str]], name: str, counts: Counts) -> str:
    text = ""
    for title, found, n, of in (
        (f"What {name} is taken for", confused[name], counts.n, f"of the {counts.n:,} stars of the class"),
        (f"What is taken for {name}", _taken_for_it(confused, name), counts.wrong + counts.right, "of those given it"),
    ):
        rows = [[other, k, _percent(k, n)] for other, k in found.most_common()]
        text += heading(title)
        text += table(["class", "stars", of], rows) if rows else paragraph("Nothing, among the stars judged.")
    return text


def _taken_for_it(confused: Mapping[str, Counter[str]], name: str) -> Counter[str]:
    """Stars of other classes that were given this one, by their class."""
    return Counter({other: given[name] for other, given in confused.items() if given[name]})


def _place(told: JudgedModel, name: str) -> str:
    if not told.bands or name not in taxonomy():
        return paragraph(f"One of {', '.join(told.classes)}, which exclude each other.")
    rows = [[each, told.described(each).title, "wider class"] for each in ancestors(name)[1:]]
    rows += [[each.name, each.title, "narrower class"] for each in taxonomy().values() if each.parent == name]
    return table(["class", "what it is", "relation"], rows) if rows else paragraph("It belongs to no wider class.")


def _others(told: JudgedModel, name: str) -> str:
    rows: list[list[Any]] = [[Link("all of them", INDEX), f"the classes of {told.name} beside each other"]]
    rows += [[Link(each, file_name(each)), told.described(each).title] for each in told.classes if each != name]
    return table(["class", "what it is"], rows)


def _lineage(told: JudgedModel, name: str) -> tuple[str, ...]:
    return ancestors(name) if name in taxonomy() else (name,)


def _percent(part: int, whole: int) -> str | None:
    return f"{100 * part / whole:.3g} %" if whole else None


def _interval(part: int, whole: int) -> str | None:
    if not whole:
        return None
    low, high = wilson([part], [whole])
    return f"{100 * float(low[0]):.3g} to {100 * float(high[0]):.3g} %"


def _yes(known: bool | None) -> str:
    return "" if known is None else "yes" if known else "no"
