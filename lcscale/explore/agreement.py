"""The report's section on labels and classes given: confusion, precision and recall by class, reliability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.explore.candidates import Candidates
from lcscale.explore.charts import Chart
from lcscale.explore.drawing import ACCENT, FAINT
from lcscale.explore.page import figure, heading, paragraph, table
from lcscale.explore.plots import confusion_matrix
from lcscale.explore.tally import agrees
from lcscale.models.labels.taxonomy import classes as taxonomy


def agreement(found: Candidates) -> str:
    """Confusion matrix of labels and classes given, where there are labels."""
    confusion = found.tally.confusion
    if not confusion:
        return ""
    order = [*taxonomy(), *found.tally.classes]
    rows = sorted({truth for truth, _ in confusion}, key=order.index)
    columns = sorted({given for _, given in confusion} | (set(rows) & set(found.tally.classes)), key=order.index)
    counts = np.array([[confusion[truth, given] for given in columns] for truth in rows])
    total = sum(confusion.values())
    right = sum(n for pair, n in confusion.items() if agrees(*pair))
    text = heading(found.catalog.name, found.tag)
    text += paragraph(
        f"{right:,} of {total:,} objects with a label were given its class: {100 * right / total:.1f} %. "
        + _unseen(found)
    )
    svg = confusion_matrix(rows, columns, counts, f"confusion {found.catalog.name}")
    caption = (
        "Labels of the survey, named as in the taxonomy (rows; rare ones counted in the class they belong to, where "
        f"the model has that one), and classes given (columns); shaded by the share of the row. {found.origin}"
    )
    text += figure(svg, caption) + _by_class(rows, columns, counts) + _reliability(found)
    if found.tally.unknown_labels:
        unknown = ", ".join(f"{label} ({n:,})" for label, n in found.tally.unknown_labels.most_common(10))
        text += paragraph(f"Labels that the taxonomy does not know, left out: {unknown}.")
    return text


def _unseen(found: Candidates) -> str:
    if found.card is None:
        return "The model's card was not found: some of these objects may be those it was trained on."
    if found.card.trained_on == "simulated":
        return "The model was trained on other, simulated light curves."
    return "Only objects on sky that the model was not trained on are counted."


def _by_class(truths: Sequence[str], given: Sequence[str], counts: npt.NDArray[np.int64]) -> str:
    """Precision and recall of each class, with the numbers of objects they are of."""
    right = np.array([[agrees(truth, name) for name in given] for truth in truths]) * counts
    rows: list[list[Any]] = []
    for name in dict.fromkeys([*truths, *given]):
        labelled = int(counts[truths.index(name)].sum()) if name in truths else 0
        called = int(counts[:, given.index(name)].sum()) if name in given else 0
        found = int(right[truths.index(name)].sum()) if name in truths else 0
        good = int(right[:, given.index(name)].sum()) if name in given else 0
        rows.append([name, called, _share(good, called), labelled, _share(found, labelled)])
    headings = ["class", "given to", "precision", "label of", "recall"]
    caption = (
        "Precision: of the objects given the class, those whose label agrees; recall: of the objects with the label, "
        "those given its class or one within it. In brackets the 95 % interval (Wilson)."
    )
    return table(headings, rows, caption)


def _share(part: int, whole: int) -> str | None:
    if not whole:
        return None
    low, high = _wilson(np.array([part]), np.array([whole]))
    return f"{part / whole:.3f} ({low[0]:.2f}–{high[0]:.2f})"


def _wilson(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    from astropy.stats import binom_conf_interval

    low, high = binom_conf_interval(part, whole, 0.95, "wilson")
    return low, high


def _reliability(found: Candidates) -> str:
    """How often classes of a probability are right: dots on the line are as sure as they say."""
    n, total, right = found.tally.calibration[found.tally.calibration[:, 0] > 0].T
    low, high = _wilson(right, n)
    chart = Chart(460, 380, "Reliability: how often a class was right, over its probability")
    panel = chart.panel((0.0, 1.0), (0.0, 1.0))
    panel.line([0, 1], [0, 1], FAINT)
    panel.error_bars(total / n, (low + high) / 2, (high - low) / 2, ACCENT)
    panel.dots(total / n, right / n, ACCENT, 7.0)
    for x, y, count in zip(*panel.place(total / n, low), n, strict=True):
        panel.text(float(x) - 6, float(y) - 2, f"{count:,.0f}", text_anchor="end")
    panel.axes("probability of the class given", "share of labels that agree")
    gap = float(np.abs(right - total).sum() / n.sum())
    caption = (
        "Reliability: objects with a label by the probability of their class, with 95 % intervals (Wilson) and numbers "
        f"of objects; on the line, probabilities are what they say. Mean distance from it (expected calibration error, "
        f"bins of 0.1): {gap:.3f}. {found.origin}"
    )
    return figure(chart.svg(), caption)
