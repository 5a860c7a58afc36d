"""The report on YSO candidates: which classifier is the best, and what is in a catalog of candidates."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.explore.drawing import ACCENT, GRID, SERIES, as_svg, new_figure, style
from lcscale.explore.page import Section, figure, heading, page, paragraph, table
from lcscale.explore.plots import confusion_matrix
from lcscale.lake import Catalog
from lcscale.lake.inputs import STEPS
from lcscale.models.judging.comparison import Judged, prevalence_weights
from lcscale.models.keeping.registry import shipped
from lcscale.models.trees.growing import index_of
from lcscale.models.trees.tabular import SHIPPED, read_tabular_card
from lcscale.products.yso import CLASSES, count_candidates
from lcscale.products.yso.classify import ClassifyYSO
from lcscale.products.yso.columns import NUMBERS, PROBABILITIES
from lcscale.products.yso.counting import SURE

Floats = npt.NDArray[np.float64]

YOUNG = CLASSES.index("YSO")


def is_yso_candidates(catalog: Catalog) -> bool:
    """Whether the catalog is one of `yso_candidates`."""
    return all(column.is_in(catalog.schema) for column in (*NUMBERS[:3], *PROBABILITIES))


def yso_section(catalog: Catalog) -> str:
    """How many sources are of which class, how sure, and what known catalogs of young stars say."""
    counts = count_candidates(catalog)
    text = heading(catalog.name, f"{catalog.source.version}")
    rows = [[name, count] for name, count in counts.classes.items()]
    text += table(["class", "sources"], rows, "Sources by the class of the highest probability.")
    said = f"{counts.sure:,} sources are YSOs at P ≥ {SURE:g}"
    said += f"; {counts.known:,} of these are in a known catalog." if "known_yso" in catalog.column_names else "."
    text += paragraph(f"{said} {_prevalence(catalog)}")
    text += figure(_histogram(catalog), "Probability of a YSO without (SY) and with (LY) W3 and W4.")
    text += _card(catalog)
    if counts.problems:
        problems = [[what, count] for what, count in counts.problems.items()]
        text += table(["measurement not taken", "rows"], problems, "What was wrong; the rest of the row was used.")
    return text


def _prevalence(catalog: Catalog) -> str:
    """For which shares of the classes the probabilities are, as the step that made them tells."""
    steps = json.loads(dict(catalog.source.properties).get(STEPS, "[]"))
    told = next((step.get("settings") for step in steps if step["step"] == ClassifyYSO.__name__), None)
    if told is None:  # written before settings were kept
        return "Probabilities are for classes that are equally frequent, unless a prevalence was given."
    if "prevalence" not in told:
        return "Probabilities are for classes that are equally frequent."
    shares = zip(CLASSES, told["prevalence"].strip("()").split(","), strict=True)
    frequent = ", ".join(f"{name} {share.strip()}" for name, share in shares)
    return f"Probabilities are for classes as frequent as {frequent}."


def _card(catalog: Catalog) -> str:
    """Cross-validated figures on real stars of the model that classified the sources, where it is a shipped one."""
    ids = set(catalog.columns("model_id").head(1)["model_id"])
    cards = (read_tabular_card(name) for name in shipped(SHIPPED))
    card = next((each for each in cards if each.id in ids), None)
    if card is None:
        return ""
    rows = [
        [part, sample.removeprefix("real: "), row["n"], f"{row['accuracy']:.3f}", f"{row['ece']:.3f}", *_f1(row)]
        for part, samples in card.metrics.items()
        for sample, row in samples.items()
        if part in ("SY", "LY", "together", "as chosen by R") and sample != "real"
    ]
    title = f"Model {card.name} ({card.id}), trained on {card.trained_on} data"
    headings = ["branch", "catalog", "stars", "accuracy", "ECE", *(f"F1 {name}" for name in CLASSES)]
    caption = "Real stars, each judged by trees that had not seen its part of the sky; classes without stars are empty."
    return heading(title) + table(headings, rows, caption)


def _f1(row: Mapping[str, Any]) -> list[str | None]:
    per_class = (row["per_class"][name] for name in CLASSES)
    return [f"{each['f1']:.3f}" if each["n"] else None for each in per_class]


def _histogram(catalog: Catalog) -> str:
    edges = np.linspace(0, 1, 41)
    total = {name: np.zeros(40, np.int64) for name in ("SY", "LY")}
    for batch in catalog.columns(*total).to_batches():
        for name, histogram in total.items():
            histogram += np.histogram(batch.column(name).drop_null().to_numpy(), edges)[0]
    with style():
        drawing = new_figure(8.0, 2.6)
        axis = drawing.subplots()
        for k, (name, histogram) in enumerate(total.items()):
            axis.stairs(histogram, edges, color=SERIES[k], linewidth=1.3, label=name)
        axis.set_yscale("symlog", linthresh=1)
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")  # powers of ten would be TeX in an SVG
        axis.yaxis.set_minor_formatter(lambda value, _: "")
        axis.set_xlim(0, 1)
        axis.set_xlabel("probability of a YSO")
        axis.set_ylabel("sources")
        axis.legend(loc="upper center", ncols=2)
        return as_svg(drawing, f"yso {catalog.name}", "Probabilities of a YSO in both branches")


def write_comparison(
    compared: Mapping[str, Sequence[Judged]], prevalence: Mapping[str, float], path: str | os.PathLike[str]
) -> Path:
    """Write one self-contained HTML file that compares classifiers.

    Parameters
    ----------
    compared
        By the name of the sample and its measurements, what each classifier said, the best first.
    prevalence
        Shares of the classes for which precision is stated.
    path
        File to write.
    """
    target = Path(path)
    shares = ", ".join(f"{name} {100 * share:g} %" for name, share in prevalence.items())
    sections = [Section(name, _compared(name, judged, prevalence)) for name, judged in compared.items()]
    lead = (
        "Cross-validation over HEALPix pixels on real stars, the same folds for all; each classifier's shares are "
        f"sharpened by one temperature. Precision is for classes as frequent as {shares}."
    )
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    winner = next(iter(compared.values()))[0].name
    facts = [(winner, "has the lowest log loss")]
    target.write_text(page("Classifiers of young stars", lead, facts, sections, f"Written by lcscale, {now}."), "utf-8")
    return target


def _compared(name: str, judged: Sequence[Judged], prevalence: Mapping[str, float]) -> str:
    rows = [
        [
            each.name,
            *(f"{each.figures[key]:.3f}" for key in ("accuracy", "macro_f1", "log_loss", "ece")),
            *(f"{each.figures['per_class'][kind]['f1']:.3f}" for kind in CLASSES),
            f"{each.figures['roc_auc']['YSO']:.3f}",
            f"{each.figures['average_precision']['YSO']:.3f}",
        ]
        for each in judged
    ]
    headings = ["classifier", "accuracy", "macro-F1", "log loss", "ECE", *(f"F1 {kind}" for kind in CLASSES)]
    headings += ["ROC area, YSO", "mean precision, YSO, at prevalence"]
    counts = {kind: int((judged[0].label == kind).sum()) for kind in CLASSES}
    text = table(headings, rows, f"Stars: {', '.join(f'{kind} {count:,}' for kind, count in counts.items())}.")
    text += figure(
        _curves(name, judged, prevalence),
        "For YSOs against the rest: ROC; precision at the stated prevalence against recall; share of right answers "
        "against the highest probability. Where main-sequence stars are three quarters of the sky, each that is taken "
        "for a YSO counts for many: precision rests on few stars.",
    )
    best = judged[0]
    text += heading(f"Confusion of the {best.name}")
    confusion = np.array(best.figures["confusion"])
    return text + figure(confusion_matrix(CLASSES, CLASSES, confusion, f"confusion {name}"), "Counts of real stars.")


def _curves(name: str, judged: Sequence[Judged], prevalence: Mapping[str, float]) -> str:
    from sklearn.metrics import precision_recall_curve, roc_curve

    with style():
        drawing = new_figure(9.6, 3.4)
        roc, precision, calibration = drawing.subplots(1, 3)
        for k, each in enumerate(judged):
            young, colour = each.label == "YSO", SERIES[k % len(SERIES)]
            truth, score = index_of(each.label, CLASSES), each.probabilities[:, YOUNG]
            false, true, _ = roc_curve(young, score)
            roc.plot(false, true, color=colour, linewidth=1.2, label=each.name)
            weight = prevalence_weights(truth, CLASSES, prevalence)
            share, recall, _ = precision_recall_curve(young, score, sample_weight=weight)
            precision.plot(recall, share, color=colour, linewidth=1.2)
            calibration.plot(*_reliability(each.probabilities, truth), "o-", color=colour, markersize=3, linewidth=1)
        roc.set_xscale("log")
        roc.set_xlim(1e-4, 1)
        roc.set_xticks([1e-4, 1e-3, 1e-2, 1e-1, 1], ["0.0001", "0.001", "0.01", "0.1", "1"])
        roc.xaxis.set_minor_formatter(lambda value, _: "")
        calibration.plot([0, 1], [0, 1], color=GRID, linewidth=1)
        roc.set_xlabel("false positives")
        roc.set_ylabel("true positives")
        precision.set_xlabel("recall")
        precision.set_ylabel("precision")
        calibration.set_xlabel("highest probability")
        calibration.set_ylabel("right")
        precision.legend(*roc.get_legend_handles_labels(), loc="upper right", fontsize=7)
        precision.axhline(prevalence["YSO"], color=ACCENT, linewidth=0.7, linestyle=":")
        return as_svg(drawing, f"classifiers {name}", "ROC, precision and recall, calibration")


def _reliability(probabilities: npt.NDArray[np.floating], truth: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Mean of the highest probability and share of right answers, in bins of 0.1 with 10 stars or more."""
    highest, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    which = np.minimum((highest * 10).astype(np.int64), 9)
    count = np.bincount(which, minlength=10)
    kept = count >= 10
    sums = (np.bincount(which, values, minlength=10)[kept] / count[kept] for values in (highest, right))
    mean, share = sums
    return mean, share
