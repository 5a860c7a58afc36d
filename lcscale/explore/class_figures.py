"""What is known of each class of a judged model: recall, false positives, confusions, and what it was taught with."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lcscale.errors import InputError
from lcscale.models import read_card
from lcscale.models.keeping.registry import CARD, SHIPPED, find_folder, read_judgement
from lcscale.models.labels.taxonomy import ObjectClass
from lcscale.models.labels.taxonomy import classes as taxonomy
from lcscale.models.trees import tabular
from lcscale.products.yso.labels import schemes

_TOGETHER = "together, "
"""Begins the names of the answers of both branches of a model of young stars."""


@dataclass(frozen=True)
class Counts:
    """What a set of stars says of a class."""

    n: int
    """Stars of the class."""
    right: int
    """How many of them are given it."""
    others: int
    """Stars of other classes."""
    wrong: int
    """How many of them are given it."""

    @classmethod
    def of(cls, name: str, row: Mapping[str, Any]) -> Counts:
        """Those of a class in the figures of a set of stars (`evaluate`)."""
        each = row["per_class"].get(name, {"n": 0, "recall": 0.0, "false_positive_rate": 0.0})
        others = row["n"] - each["n"]
        return cls(each["n"], round(each["recall"] * each["n"]), others, round(each["false_positive_rate"] * others))

    def __add__(self, other: Counts) -> Counts:
        """Those of both sets."""
        return Counts(self.n + other.n, self.right + other.right, self.others + other.others, self.wrong + other.wrong)


@dataclass(frozen=True)
class JudgedModel:
    """A model with the figures of its card, whatever kind it is of."""

    name: str
    """As it was asked for: what people call it, or its folder's name."""
    id: str
    """By content."""
    classes: tuple[str, ...]
    """In the order of the probabilities."""
    bands: tuple[str, ...]
    """The best band of each role; none where it sees no light curves."""
    labels: Mapping[str, int]
    """Labelled stars by class and group; where it sees light curves, simulated ones too."""
    trained_on: str
    """real, simulated or mixed."""
    judged: Mapping[str, Any]
    """What `lcscale judge` found."""

    @property
    def as_shipped(self) -> dict[str, Mapping[str, Any]]:
        """Figures of its own answers by survey; where several branches answer, of both together."""
        rows = {name: row for name, row in self.judged.get("as_shipped", {}).items() if row.get("per_class")}
        together = {name.removeprefix(_TOGETHER): row for name, row in rows.items() if name.startswith(_TOGETHER)}
        return together or rows

    @property
    def left_out(self) -> dict[str, Mapping[str, Any]]:
        """Figures of trees by survey, left out of training and in it."""
        return {name: row for name, row in self.judged.get("left_out", {}).items() if row["left_out"]}

    def counts(self, name: str) -> Counts:
        """Those of a class over all surveys, of its own answers."""
        return sum((Counts.of(name, row) for row in self.as_shipped.values()), Counts(0, 0, 0, 0))

    @property
    def knows_confusions(self) -> bool:
        """Whether the card has them: it was not judged by a version that kept none."""
        return all("taken_for" in row for row in self.as_shipped.values())

    def taken_for(self) -> dict[str, Counter[str]]:
        """Stars by class and by the other class that they were given, over all surveys; of its own answers."""
        found: dict[str, Counter[str]] = {name: Counter() for name in self.classes}
        for row in self.as_shipped.values():
            for name, others in row.get("taken_for", {}).items():
                found[name].update(others)
        return found

    def described(self, name: str) -> ObjectClass:
        """Title of a class and what it belongs to."""
        both = {**schemes().classes, **taxonomy()}
        return both.get(name, ObjectClass(name, name))


def judged_model(model: str | os.PathLike[str]) -> JudgedModel:
    """A model whose card has the figures of `lcscale judge`.

    Parameters
    ----------
    model
        Name of a shipped model, or folder of one; networks, trees on light curves and those of young stars.

    Raises
    ------
    InputError
        There is no such model, it has no classes, or it was not judged.
    """
    given = os.fspath(model)
    folder = find_folder(given, SHIPPED, tabular.SHIPPED)
    judged = read_judgement(folder)
    of_tables = json.loads((folder / CARD).read_text("utf-8")).get("kind") == "tabular"
    if not judged:
        how = f"lcscale judge {given} --lake LAKE --catalog NAME=SURVEY --card does it"
        if of_tables:
            how = "lcscale.products.yso.judging.judge_yso finds what write_judgement puts into its card"
        raise InputError(f"model {given} was not judged: {how}")
    if of_tables:
        return _of_tables(given, folder, judged)
    card = read_card(folder)
    if not card.classes:
        raise InputError(f"model {given} answers a value: only models of classes have pages of classes")
    bands = tuple(role.bands[0] for role in card.preparation.roles)
    return JudgedModel(folder.name, card.id, card.classes, bands, card.data.get("labels", {}), card.trained_on, judged)


def _of_tables(given: str, folder: Path, judged: Mapping[str, Any]) -> JudgedModel:
    card = tabular.read_tabular_card(folder)
    part = next((card.parts[name] for name in ("SY", *card.parts) if name in card.parts), None)
    if part is None:
        raise InputError(f"model {given} has no parts: it has no classes")
    labels: Counter[str] = Counter()
    for row in card.data.get("catalogs", {}).values():
        labels.update(row["stars"] if row["real"] else {})
    return JudgedModel(folder.name, card.id, part.classes, (), labels, card.trained_on, judged)
