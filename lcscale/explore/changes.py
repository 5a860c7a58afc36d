"""`write_difference`: one HTML file on what changed between two versions of a catalog, and why."""

from __future__ import annotations

import datetime
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.explore.contents import contents_of
from lcscale.explore.folded import Folded, find_light_curve, fold, folded_panels, phase_zero
from lcscale.explore.page import Section, details, figure, page, paragraph, table, write_page
from lcscale.explore.plots import confusion_matrix
from lcscale.lake import Catalog, Cone, Lake, open_catalog
from lcscale.models.labels.taxonomy import classes as taxonomy
from lcscale.refresh.difference import APPEARED, CHANGED, VANISHED, Difference

MOST_CURVES = 9
"""Light curves drawn."""
_MOST_ROWS = 40
_NONE = "no class"
_AROUND_ARCSEC = 1.0


def write_difference(found: Difference, lake: Lake, path: str | os.PathLike[str]) -> Path:
    """Write one self-contained HTML file about the difference between two versions of a catalog of `lake`.

    Causes and columns always; of candidates also the classes before and after, a matrix of flips, and the surest new
    candidates with their folded light curves.

    Parameters
    ----------
    found
        See `lcscale.refresh.difference.difference`.
    lake
        Where the catalog is.
    path
        File to write, whole or not at all.

    Returns
    -------
    Path
        The file written.
    """
    old, new = (_version(lake, found.name, version) for version in (found.before, found.after))
    changes = Counter(found.table["change"].to_pylist())
    facts = [(f"{found.same_rows:,}", "rows the same")]
    facts += [(f"{changes[word]:,}", word) for word in (APPEARED, VANISHED, CHANGED)]
    sections = [Section("Causes", _causes(found))]
    if "class_after" in found.table.column_names:
        flips = _flips(found)
        facts.append((f"{sum(n for (one, other), n in flips.items() if one != other):,}", "classes flipped"))
        sections += [Section("Classes", _classes(old, new)), Section("Flips", _matrix(found, flips, new))]
        sections += [Section("Surest new candidates", _new_candidates(found, lake, new))]
    elif changes[CHANGED]:
        sections.append(Section("Columns", _columns(found)))
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = page(
        f"What changed in {found.name}",
        f"{found.before} → {found.after}, in {lake.root}, {now}",
        facts,
        sections,
        f"Written by lcscale diff. Every row that differs stands in the table {found.name}_diff of the lake.",
    )
    return write_page(path, text)


def _version(lake: Lake, name: str, version: str) -> Catalog:
    return open_catalog(str(lake.root / name / version), **lake.root.storage_options)


def _causes(found: Difference) -> str:
    counts = found.table.group_by(["cause", "change"], use_threads=False).aggregate([([], "count_all")]).to_pylist()
    by = {(row["cause"], row["change"]): row["count_all"] for row in counts}
    words = (APPEARED, VANISHED, CHANGED)
    total = max(1, found.table.num_rows)
    causes = sorted({cause for cause, _ in by}, key=lambda cause: -sum(by.get((cause, word), 0) for word in words))
    rows: list[list[Any]] = []
    for cause in causes:
        each = [by.get((cause, word), 0) for word in words]
        rows.append([cause, *each, sum(each), f"{100 * sum(each) / total:.1f}"])
    rows.append(["all", *(sum(row[k] for row in rows) for k in range(1, 5)), "100.0" if rows else "0.0"])
    return table(["cause", *words, "rows", "%"], rows, "Each row that differs has one cause.")


def _columns(found: Difference) -> str:
    texts = found.table.filter(pc.equal(found.table["change"], CHANGED))["columns"].to_pylist()
    counts = Counter(name for text in texts for name in text.split(", "))
    return table(["column", "rows in which it changed"], [[name, n] for name, n in counts.most_common()])


def _counts(catalog: Catalog) -> Counter[str]:
    counts: Counter[str] = Counter()
    for batch in catalog.columns("class").to_batches():
        for row in pc.value_counts(batch["class"]).to_pylist():
            counts[row["values"] or _NONE] += row["counts"]
    return counts


def _ordered(names: set[str]) -> list[str]:
    """In the order of the taxonomy; others and those without a class behind."""
    known = [name for name in taxonomy() if name in names]
    return [*known, *sorted(names - set(known) - {_NONE}), *({_NONE} & names)]


def _classes(old: Catalog, new: Catalog) -> str:
    before, after = _counts(old), _counts(new)
    rows = []
    for name in _ordered({*before, *after}):
        more = after[name] - before[name]
        rows.append([name, before[name], after[name], f"+{more:,}" if more > 0 else f"{more:,}"])
    return table(["class", "before", "after", "change"], rows, "Objects of each class, in all of the two versions.")


def _flips(found: Difference) -> Counter[tuple[str, str]]:
    """Numbers of rows by class before and after, of those in both versions that differ."""
    both = found.table.filter(pc.equal(found.table["change"], CHANGED))
    names = [pc.fill_null(both[name].cast(pa.string()), _NONE).to_pylist() for name in ("class_before", "class_after")]
    return Counter(zip(*names, strict=True))


def _matrix(found: Difference, flips: Counter[tuple[str, str]], new: Catalog) -> str:
    """Rows in both versions by their class before and after; those that are the same are on the diagonal."""
    came = found.table.filter(pc.equal(found.table["change"], APPEARED))["class_after"].to_pylist()
    stayed = _counts(new) - Counter(name or _NONE for name in came)
    for (_, after), n in flips.items():
        stayed[after] -= n
    every = flips + Counter({(name, name): n for name, n in stayed.items()})
    names = _ordered({name for pair in every for name in pair})
    counts = np.array([[every[one, other] for other in names] for one in names], np.int64).reshape(len(names), -1)
    if not names:
        return paragraph("No object is in both versions.")
    svg = confusion_matrix(names, names, counts, f"flips {found.name}", axes=("class before", "class after"))
    flipped = [[one, other, n] for (one, other), n in flips.most_common() if one != other]
    text = figure(svg, "Objects in both versions by their class before (rows) and after (columns); shaded by row.")
    return text + details("The flips", table(["before", "after", "objects"], flipped))


def _new_candidates(found: Difference, lake: Lake, new: Catalog) -> str:
    """Objects that were not of their class before: a list of the surest, and the light curves of the first."""
    rows = found.table
    other = pc.fill_null(pc.not_equal(rows["class_before"], rows["class_after"]), True)
    chosen = rows.filter(pc.and_(other, pc.is_valid(rows["class_after"])))
    chosen = chosen.sort_by([("probability_after", "descending")]).slice(0, _MOST_ROWS)
    if not chosen.num_rows:
        return paragraph("No object has a class that it did not have before.")
    listed = chosen.to_pylist()
    identity = chosen.column_names[0]
    lines = [
        [
            str(row[identity]),
            row["class_before"] or "",
            row["class_after"],
            _share(row["probability_after"]),
            row["cause"],
        ]
        for row in listed
    ]
    text = _curves(found, lake, new, listed, identity)
    caption = f"The {len(lines)} surest; all stand in the table {found.name}_diff."
    return text + table(["object", "before", "now", "probability", "cause"], lines, caption)


def _curves(found: Difference, lake: Lake, new: Catalog, listed: list[dict[str, Any]], identity: str) -> str:
    """Folded light curves of the first objects that have one and a period."""
    try:
        light_curves = contents_of(lake).light_curves_of(new)
    except InputError as error:  # the version they were made from was removed
        return paragraph(str(error), "warning")
    curves: list[Folded] = []
    for row in listed:
        if len(curves) == MOST_CURVES:
            break
        whole = _row_at(new, row, identity)
        place = find_light_curve(light_curves, whole) if whole.get("period") else None
        if place is not None:
            title = f"{row['class_before'] or _NONE} → {row['class_after']}   {_share(row['probability_after'])}"
            curves.append(fold(place[0], whole, title, f"{row[identity]}   P = {whole['period']:.6g} d"))
    if not curves:
        return paragraph("None of them has a period, or a light curve in this lake.")
    caption = (
        "Class before and now, with the probability; below it the object and its period. Two cycles, brightest at the "
        f"top, {phase_zero(new.schema)}. Periods and classes of {found.name} {found.after}."
    )
    return figure(folded_panels(curves), caption)


def _row_at(catalog: Catalog, row: dict[str, Any], identity: str) -> dict[str, Any]:
    """The whole row of `catalog` of an object, with its id as `object_id`, its position as `ra` and `dec`."""
    near = catalog.region(Cone(row["ra"], row["dec"], _AROUND_ARCSEC)).to_arrow()
    (found,) = near.filter(pc.equal(near[identity], row[identity])).slice(0, 1).to_pylist()
    return {**found, "object_id": row[identity], "ra": row["ra"], "dec": row["dec"]}


def _share(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.2f}"
