"""`TabularModel`: trees on numbers of an object; nothing is filled in.

Forests want all their numbers, and there is one for each set of measurements; boosted trees take what is missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from lcscale.errors import ModelError
from lcscale.models.keeping.card import ModelCard
from lcscale.models.keeping.registry import JUDGED, WEIGHTS, card_at, checked_weights, find_folder, write_files
from lcscale.models.trees.additive import ARRAYS as ADDITIVE
from lcscale.models.trees.additive import Additive
from lcscale.models.trees.forest import ARRAYS, Forest

FORMAT = 1
"""Raised when cards of old models can no longer be read."""
SHIPPED = Path(__file__).parents[1] / "shipped_tabular"
"""Models inside the package."""
FOREST, BOOSTED = "forest", "boosted"
"""Kinds of trees."""
FLOOR = 0.002
"""Added to every share before it is sharpened: no forest is certain."""


@dataclass(frozen=True)
class Pattern:
    """A set of measurements and the forest for objects that have all of them."""

    name: str
    """Which measurements."""
    features: tuple[str, ...]
    """Numbers the trees see, in order."""
    temperature: float = 1.0
    """Logarithms of the shares are divided by it; fitted on stars that the trees had not seen."""
    accuracy: float | None = None
    """Share of real stars that trees which had not seen them put into their class; None where there were none."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Objects it was trained on by class, and simulated ones as ``simulated <class>``."""
    needs: tuple[str, ...] = ()
    """Of boosted trees: features that must be finite. A forest wants all."""
    one_of: tuple[str, ...] = ()
    """Of boosted trees: features of which one at least must be finite."""
    kind: str = FOREST
    """`FOREST` or `BOOSTED`: trees that take missing numbers as they are."""


@dataclass(frozen=True)
class Part:
    """One question that the model answers: some classes, and patterns from the richest to the poorest."""

    classes: tuple[str, ...]
    """In the order of the probabilities."""
    patterns: tuple[Pattern, ...]
    """The first one of which an object has all features is used."""


@dataclass(frozen=True)
class TabularCard(ModelCard):
    """What stands in `card.json`."""

    name: str
    """What people call it."""
    parts: Mapping[str, Part]
    """Questions by name."""
    trained_on: str
    """real, simulated or mixed."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What it was trained on: catalogs, numbers, folds, options."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Figures from cross-validation; those of simulated objects in a table of their own."""
    weights_sha256: str = ""
    """Hash of the weights file."""

    def to_json(self) -> str:
        """The text of `card.json`."""
        row = {"format": FORMAT, "kind": "tabular", **asdict(self)}
        for part in row["parts"].values():
            for pattern in part["patterns"]:
                if pattern["kind"] == FOREST:  # as cards had it before there were others: their ids stay
                    del pattern["needs"], pattern["one_of"], pattern["kind"]
        return json.dumps(row, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> Self:
        """Read the text of `card.json`, found at `where`.

        Raises
        ------
        ModelError
            It is no card of a tabular model, or one of another format.
        """
        try:
            row = json.loads(text)
            row.pop(JUDGED, None)
            if (row.pop("format"), row.pop("kind")) != (FORMAT, "tabular"):
                raise ModelError(f"{where}: card of another format than {FORMAT}; use the release that wrote it")
            parts = {}
            for name, part in row["parts"].items():
                lists = ({k: tuple(v) for k, v in each.items() if isinstance(v, list)} for each in part["patterns"])
                patterns = [Pattern(**{**each, **some}) for each, some in zip(part["patterns"], lists, strict=True)]
                parts[name] = Part(tuple(part["classes"]), tuple(patterns))
            return cls(**{**row, "parts": parts})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"{where} is no card of a tabular model: {error}") from error


@dataclass(frozen=True, eq=False)
class TabularModel:
    """Trees and their card."""

    card: TabularCard
    """What it is."""
    forests: Mapping[str, tuple[Forest | Additive, ...]]
    """One a pattern, by part."""
    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    """Further arrays kept with the weights, by name: what it said of the stars it was trained on."""

    def predict(
        self, part: str, features: Mapping[str, npt.NDArray[np.floating]], n: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
        """Calibrated probabilities, and which pattern they are from.

        Parameters
        ----------
        part
            Which question.
        features
            Numbers by name, float [n]; NaN where they are not known.
        n
            Number of objects.

        Returns
        -------
        float32 [n, n_classes], NaN for objects that no pattern fits; int8 [n], index of the pattern, -1 for those.
        """
        asked = self.card.parts[part]
        result = np.full((n, len(asked.classes)), np.nan, np.float32)
        used = np.full(n, -1, np.int8)
        for number, (pattern, forest) in enumerate(zip(asked.patterns, self.forests[part], strict=True)):
            rows = np.flatnonzero((used < 0) & known_enough(features, pattern, n))
            if rows.size:
                shares = forest.probabilities(matrix(features, pattern.features, rows))
                result[rows] = sharpened(shares, pattern.temperature)
                used[rows] = number
        return result, used


def complete(features: Mapping[str, npt.NDArray[np.floating]], names: tuple[str, ...], n: int) -> npt.NDArray[np.bool_]:
    """Which of the `n` objects have all features of these names, bool [n]."""
    good = np.full(n, all(name in features for name in names))
    for name in names:
        if name in features:
            good &= np.isfinite(features[name])
    return good


def known_enough(features: Mapping[str, npt.NDArray[np.floating]], pattern: Pattern, n: int) -> npt.NDArray[np.bool_]:
    """Which of the `n` objects have the features that a pattern asks for, bool [n]."""
    if pattern.kind == FOREST:
        return complete(features, pattern.features, n)
    one = np.full(n, not pattern.one_of)
    for name in pattern.one_of:
        if name in features:
            one |= np.isfinite(features[name])
    return np.asarray(complete(features, pattern.needs, n) & one)


def matrix(
    features: Mapping[str, npt.NDArray[np.floating]], names: tuple[str, ...], rows: npt.NDArray[np.integer]
) -> npt.NDArray[np.float32]:
    """The named features of some objects, float32 [n_rows, n_names] in columns; NaN for those that there are not."""
    absent = np.full(rows.size, np.nan, np.float32)
    columns = [np.asarray(features[name], np.float32)[rows] if name in features else absent for name in names]
    return np.stack(columns).T


def sharpened(shares: npt.NDArray[np.floating], temperature: float) -> npt.NDArray[np.float32]:
    """Calibrated probabilities out of the trees' shares: ``(share + FLOOR) ** (1 / temperature)``, sum 1."""
    powers = (shares.astype(np.float64) + FLOOR) ** (1.0 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def save_tabular(model: TabularModel, folder: str | Path) -> TabularModel:
    """Write a model's folder; returns it with the hash of its weights in the card.

    Raises
    ------
    ModelError
        The folder holds something else than a model.
    """
    from safetensors.numpy import save

    tensors = {f"arrays/{name}": np.ascontiguousarray(values) for name, values in model.arrays.items()}
    for part, forests in model.forests.items():
        for number, forest in enumerate(forests):
            tensors |= {f"{part}/{number}/{name}": values for name, values in forest.arrays().items()}
    return replace(model, card=write_files(folder, save(tensors), model.card))


def read_tabular_card(path_or_name: str | Path) -> TabularCard:
    """The card of a tabular model, given by its folder or the name of a shipped one, without its weights."""
    return card_at(find_folder(path_or_name, SHIPPED), TabularCard)


def load_tabular(path_or_name: str | Path) -> TabularModel:
    """A tabular model ready to classify; the same object for the same content, once a process.

    Raises
    ------
    InputError
        There is no such model.
    ModelError
        Its card or weights are damaged, or they do not belong together.
    """
    folder = find_folder(path_or_name, SHIPPED)
    return _load(str(folder.resolve()), read_tabular_card(folder).id)


@lru_cache(maxsize=4)
def _load(folder: str, model_id: str) -> TabularModel:
    """Read and check the weights; `model_id` is that of the card, so that another content is another model."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    card = read_tabular_card(folder)
    try:
        tensors = load(checked_weights(folder, card))
    except SafetensorError as error:
        raise ModelError(f"{folder}/{WEIGHTS} does not fit its card: {error}") from error
    forests = {
        name: tuple(
            _trees(tensors, f"{name}/{number}/", pattern, len(part.classes))
            for number, pattern in enumerate(part.patterns)
        )
        for name, part in card.parts.items()
    }
    arrays = {name.removeprefix("arrays/"): each for name, each in tensors.items() if name.startswith("arrays/")}
    return TabularModel(card, forests, arrays)


def _trees(tensors: Mapping[str, npt.NDArray[Any]], start: str, pattern: Pattern, n_classes: int) -> Forest | Additive:
    """The trees of a pattern, checked."""
    boosted = pattern.kind == BOOSTED
    arrays = {name: tensors[start + name] for name in (ADDITIVE if boosted else ARRAYS) if start + name in tensors}
    return (Additive if boosted else Forest).from_arrays(arrays, len(pattern.features), n_classes)
