"""`write_training_report`: how a training went, on one self-contained page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lcscale.explore.candidates import model_card
from lcscale.explore.drawing import ACCENT, WARM, as_svg, new_figure, style
from lcscale.explore.folded import Folded, fold, folded_panels
from lcscale.explore.page import Section, details, figure, page, paragraph, table, write_page
from lcscale.explore.plots import confusion_matrix
from lcscale.lake import Catalog
from lcscale.lightcurves import LightCurves
from lcscale.models import read_card
from lcscale.models.keeping.card import Card
from lcscale.vocabulary import HEALPIX_COLUMN

_DRAWN = 12
"""Mistakes whose light curves are drawn."""


def write_training_report(
    model: str | os.PathLike[str], path: str | os.PathLike[str], *, catalogs: Sequence[Catalog] = ()
) -> Path:
    """Write one page about a trained model: curves, figures beside the baselines', confusion, mistakes, data.

    Parameters
    ----------
    model
        Name of a shipped model, or the folder of one.
    path
        HTML file to write.
    catalogs
        Catalogs it was trained on, to draw the light curves of the mistakes it was surest of. Without, they are named.
    """
    card = read_card(os.fspath(model))
    test = card.metrics.get("test") or card.metrics["validation"]
    bodies = {
        "Figures": model_card(card),
        "Training": _history(card),
        "Confusion": _confusion(card, test),
        "Mistakes": _mistakes(card, catalogs),
        "Data": _data(card),
    }
    facts = [(f"{test[key]:.3f}", name) for name, key in card.head.shown.items() if key != "log_loss"]
    facts.append((f"{100 * test['coverage']:.1f} %", "in 90 % sets" if card.classes else "in 90 % intervals"))
    lead = f"Model {card.id}, trained on {card.trained_on} data; figures from sky it has not seen"
    sections = [Section(title, body) for title, body in bodies.items() if body]
    return write_page(path, page(card.name, lead, facts, sections, "Written by lcscale from the model's card."))


def _history(card: Card) -> str:
    """Loss of the training set and of the validation set by epoch; of an ensemble's first member."""
    history = [row for row in card.data.get("history", ()) if not row.get("member")]
    if not history:
        return ""
    other = next(name for name in ("accuracy", "rmse") if name in history[0])
    epoch = [row["epoch"] for row in history]
    best = int(np.argmin([row["log_loss"] for row in history]))
    with style():
        drawing = new_figure(8.0, 2.8)
        left, right = drawing.subplots(1, 2)
        left.plot(epoch, [row["train_loss"] for row in history], color=ACCENT, label="training (changed, smoothed)")
        left.plot(epoch, [row["log_loss"] for row in history], color=WARM, label="validation")
        right.plot(epoch, [row[other] for row in history], color=WARM, label="validation")
        for axis, name in ((left, "loss"), (right, other)):
            axis.axvline(epoch[best], color="0.8", linewidth=0.8, zorder=0)
            axis.set_xlabel("epoch")
            axis.set_ylabel(name)
            axis.legend()
        svg = as_svg(drawing, "history", f"Loss and {other} by epoch")
    caption = (
        f"Epoch {epoch[best]} (grey) had the lowest validation loss and was kept. The training loss is of light curves "
        "that were changed and of smoothed, weighted labels: it is no measure of over-fitting by itself."
    )
    return figure(svg, caption)


def _confusion(card: Card, test: dict[str, Any]) -> str:
    if "confusion" not in test:
        return ""
    svg = confusion_matrix(card.classes, card.classes, np.array(test["confusion"]), "confusion")
    caption = (
        f"{test['n']:,} stars of the test set: labels (rows) and classes given (columns), shaded by share of the row."
    )
    text = figure(svg, caption)
    by_origin = test.get("by_origin")
    if by_origin:
        rows = [
            [name, each["n"], *(f"{each[key]:.3f}" for key in ("accuracy", "macro_f1", "ece", "coverage"))]
            for name, each in by_origin.items()
        ]
        text += table(["catalog", "objects", "accuracy", "mean F1", "calibration error", "in 90 % sets"], rows)
    return text


def _mistakes(card: Card, catalogs: Sequence[Catalog]) -> str:
    """The mistakes it was surest of, drawn where their light curves are at hand."""
    errors = card.metrics.get("errors")
    if not errors:
        return ""
    curves = [curve for row in errors[:_DRAWN] if (curve := _light_curve(row, catalogs)) is not None]
    text = ""
    if curves:
        caption = "Mistakes it was surest of: the class given and its probability, below it the label and the period."
        text += figure(folded_panels(curves), caption)
    rows = [
        [
            row["class"] if "class" in row else f"{row['value']:.3f}",
            f"{row['probability' if 'probability' in row else 'error']:.3f}",
            row["label"],
            _days(row["period"]),
            row["origin"],
            str(row["healpix_29"]),
        ]
        for row in errors
    ]
    headings = [
        "given",
        "probability" if card.classes else "error",
        "label",
        "period (days)",
        "catalog",
        HEALPIX_COLUMN,
    ]
    return text + details("All that were kept", table(headings, rows))


def _light_curve(row: dict[str, Any], catalogs: Sequence[Catalog]) -> Folded | None:
    place, period = row["healpix_29"], row["period"]
    if period is None:
        return None
    for catalog in catalogs:
        found = catalog.rows_within(np.array([[place, place + 1]], np.int64))
        if found.num_rows:
            lcs = LightCurves.from_arrow(found.slice(0, 1))
            given = (row["class"], row["probability"]) if "class" in row else (f"{row['value']:.3f} ±", row["error"])
            title = f"{given[0]}   {given[1]:.2f}"
            return fold(lcs, {"period": period}, title, f"is {row['label']}   P = {period:.6g} d")
    return None


def _days(period: float | None) -> str | None:
    return None if period is None else f"{period:.6g}"


def _data(card: Card) -> str:
    """What was taught, and what was left out."""
    synthetic = card.data.get("synthetic", {})
    labels = [[name, count, synthetic.get(name)] for name, count in card.data.get("labels", {}).items()]
    text = table(["label", "stars", "synthetic ones in the training set"], labels)
    left = card.data.get("left_out", {})
    unknown = ", ".join(left.get("unknown labels", [])) or "none"
    text += paragraph(f"Could not be classified: {left.get('cannot be classified', 0)}. Unknown labels: {unknown}.")
    weights = ", ".join(f"{weight:.3f}" for weight in card.period_weights)
    text += paragraph(f"{card.head.calibration}; weights of the candidate periods {weights}.")
    options = [[name, str(value)] for name, value in card.data.get("options", {}).items()]
    return text + details("Options", table(["option", "value"], options))
