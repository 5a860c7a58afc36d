"""`how_good`: one table of what all judged models are worth, for whoever chooses one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lcscale.explore.class_figures import JudgedModel
from lcscale.explore.judging import Table

_SIMULATED = "simulated "
"""Begins the names of sets of simulated stars of one kind each, which are told together."""


def how_good(models: Iterable[JudgedModel]) -> Table:
    """A row a model and survey: its own answers on stars it had not seen, and trees that do not know the survey.

    Sets of simulated stars of one kind each are one row, with means over their stars.
    """
    rows: list[list[Any]] = []
    for model in models:
        shipped, left = _together(model.as_shipped), _together(_trees(model))
        for survey, row in shipped.items():
            trees = left.get(survey)
            cells = [f"{row['accuracy']:.3f}", f"{row['log_loss']:.3f}"]
            cells += [f"{trees[part]:.3f} of {trees['n']:,}" if trees else "" for part in ("accuracy", "by_sky")]
            rows.append([model.name, survey, "yes" if row["in_training"] else "no", row["n"], *cells])
    headings = ["model", "survey", "in training", "stars", "accuracy", "log loss", "trees, survey left out", "by sky"]
    caption = (
        "Accuracy and log loss are of the model's own answers on stars that it had not seen: of surveys in training "
        "those of a part of the sky. Trees on the same numbers tell what to expect of a survey that is not in training "
        "(left out; 0 where no other has its classes), beside the same of trees that know the survey, and not the "
        "star's part of the sky."
    )
    return Table("How good the models are", headings, rows, caption)


def _trees(model: JudgedModel) -> dict[str, Mapping[str, Any]]:
    """Stars and accuracies of the refits by survey."""
    return {
        survey: {"n": row["n"], "accuracy": row["left_out"]["accuracy"], "by_sky": row["by_sky"]["accuracy"]}
        for survey, row in model.left_out.items()
    }


def _together(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The rows, those of simulated kinds as one: `n` is summed, figures are means over the stars."""
    kinds = {name: row for name, row in rows.items() if name.startswith(_SIMULATED)}
    found = {name: row for name, row in rows.items() if name not in kinds}
    if kinds:
        n = sum(row["n"] for row in kinds.values())
        one: dict[str, Any] = {"n": n, "in_training": all(row.get("in_training", True) for row in kinds.values())}
        for key in ("accuracy", "log_loss", "by_sky"):
            if all(key in row for row in kinds.values()):
                one[key] = sum(row[key] * row["n"] for row in kinds.values()) / n
        found[f"simulated, {len(kinds)} kinds"] = one
    return found
