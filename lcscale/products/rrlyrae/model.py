"""`RRLyraeModel`: populations of Fourier coefficients and what was learnt of [Fe/H] with labels, as a model folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError, ModelError
from lcscale.kernels.compiling import Floats
from lcscale.models.keeping.card import Card, ModelCard
from lcscale.models.keeping.registry import (
    CARD,
    WEIGHTS,
    card_at,
    checked_weights,
    find_folder,
    model_of,
    tensors_of,
    write_files,
)
from lcscale.products.rrlyrae.parameters import FourierParameters
from lcscale.products.rrlyrae.population import Population
from lcscale.products.rrlyrae.regression import Regression

if TYPE_CHECKING:
    from lcscale.models.keeping.model import Model
    from lcscale.products.rrlyrae.trees import Trees

FORMAT = 1
"""Of the cards."""
SHIPPED = Path(__file__).parent / "shipped"
"""Models inside the package."""
DEFAULT_MODEL = "gaia_g"
"""The one that is used where none is named."""

_LEARNED = ("regression", "trees", "network")
Part = TypeVar("Part", Population, Regression)


@dataclass(frozen=True)
class RRLyraeCard(ModelCard):
    """What stands in `card.json`."""

    name: str
    """What people call it."""
    band: str
    """Band of the light curves."""
    trained_on: str
    """real, simulated or mixed."""
    parts: Mapping[str, Mapping[str, Any]]
    """Numbers of the populations (RRab, RRc), of regression and trees beside their arrays, and the network's card."""
    scale: Mapping[str, Any] = field(default_factory=dict)
    """Of the labels: ``name``, ``error`` (dex, of the labels on their scale) and ``zero_point`` (dex)."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What it was trained on, with numbers of stars, folds and options."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Figures with n; fidelity to another formula and accuracy against spectroscopy apart."""
    weights_sha256: str = ""
    """Hash of the weights file."""

    def to_json(self) -> str:
        """The text of `card.json`."""
        return json.dumps({"format": FORMAT, "kind": "rrlyrae", **asdict(self)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str) -> Self:
        """Read the text of `card.json`, found at `where`; a `ModelError` where it is none of this kind."""
        try:
            row = json.loads(text)
            if (row.pop("format"), row.pop("kind")) != (FORMAT, "rrlyrae"):
                raise ModelError(
                    f"{where}: no card of RR Lyrae stars of format {FORMAT}; use the release that wrote it"
                )
            return cls(**row)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"{where} is no card of a model of RR Lyrae stars: {error}") from error


@dataclass(frozen=True, eq=False)
class RRLyraeModel:
    """Populations, perhaps a regression, and their card."""

    card: RRLyraeCard
    """What it is."""
    populations: Mapping[str, Population]
    """By mode: RRab, RRc."""
    regression: Regression | None = None
    """Of RRab stars."""
    trees: Trees | None = None
    """Of RRab stars."""
    network: Model | None = None
    """Of RRab stars, with its own card, which stands among the parts of this one."""
    judged: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    """What was said of stars by what had not seen them, and what is known of them, float32 [n], as ``fidelity.feh``;
    draws of the posterior of the relation of the calibrators, as ``posterior.period``."""

    @classmethod
    def load(cls, path_or_name: str) -> Self:
        """The model in a folder, or a shipped one; the same object for the same content, once a process.

        Raises
        ------
        ModelError
            Card or weights are damaged, or do not belong together.
        """
        folder = find_folder(path_or_name, SHIPPED)
        found = _load(str(folder.resolve()), card_at(folder, RRLyraeCard).id)
        return cls(*(getattr(found, each.name) for each in fields(cls)))

    def feh_of(self, parameters: FourierParameters, period: Floats) -> Floats:
        """[Fe/H] of RRab stars by the regression, on the scale of spectroscopy, dex, float64 [n]."""
        if self.regression is None or "spectroscopic" not in self.card.scale:
            raise InputError(f"{self.card.name} has no regression that was brought to the scale of spectroscopy")
        line = self.card.scale["spectroscopic"]
        return np.asarray(line["constant"] + line["slope"] * self.regression.predict(period, parameters)[0])

    def save(self, folder: str | Path) -> RRLyraeCard:
        """Write the model's folder; returns the card with the hash of the weights."""
        from safetensors.numpy import save

        kept: dict[str, Population | Regression] = dict(self.populations)
        if self.regression is not None:
            kept["regression"] = self.regression
        numbers: dict[str, Any] = {}
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, part in kept.items():
            values = {each.name: getattr(part, each.name) for each in fields(part)}
            arrays |= {f"{name}.{k}": v for k, v in values.items() if isinstance(v, np.ndarray)}
            numbers[name] = {k: v for k, v in values.items() if not isinstance(v, np.ndarray)}
        small = {k: np.ascontiguousarray(v, np.float32 if v.size > 1024 else None) for k, v in arrays.items()}
        if self.trees is not None:
            numbers["trees"], grown = self.trees.parts()
            small |= {f"trees.{name}": np.ascontiguousarray(value) for name, value in grown.items()}
        if self.network is not None:
            numbers["network"] = json.loads(self.network.card.to_json())
            weights = tensors_of((self.network.network, *self.network.others))
            small |= {f"network.{name}": value.cpu().numpy() for name, value in weights.items()}
        small |= {f"judged.{name}": np.ascontiguousarray(value, np.float32) for name, value in self.judged.items()}
        card = RRLyraeCard(**{**{e.name: getattr(self.card, e.name) for e in fields(self.card)}, "parts": numbers})
        return write_files(folder, save(small), card)


def read_rrlyrae_card(path_or_name: str) -> RRLyraeCard:
    """The card of a model, without its weights."""
    return card_at(find_folder(path_or_name, SHIPPED), RRLyraeCard)


@lru_cache(maxsize=4)
def _load(folder: str, model_id: str) -> RRLyraeModel:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    card = card_at(Path(folder), RRLyraeCard)
    try:
        arrays = load(checked_weights(folder, card))
        populations = {name: _part(Population, name, card, arrays) for name in card.parts if name not in _LEARNED}
        regression = _part(Regression, "regression", card, arrays) if "regression" in card.parts else None
        trees = _trees(card, arrays) if "trees" in card.parts else None
        network = _network(folder, card, arrays) if "network" in card.parts else None
    except (SafetensorError, RuntimeError, TypeError, KeyError, InputError) as error:
        raise ModelError(f"{folder}/{WEIGHTS} does not fit its card: {error}") from error
    return RRLyraeModel(card, populations, regression, trees, network, _of(arrays, "judged"))


def _trees(card: RRLyraeCard, arrays: Mapping[str, Any]) -> Trees:
    from lcscale.products.rrlyrae.trees import Trees

    return Trees.of_parts(card.parts["trees"], _of(arrays, "trees"))


def _network(folder: str, card: RRLyraeCard, arrays: Mapping[str, Any]) -> Model:
    import torch

    own = Card.from_json(json.dumps(card.parts["network"]), f"{folder}/{CARD}")
    return model_of(own, {name: torch.from_numpy(value) for name, value in _of(arrays, "network").items()})


def _of(arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Arrays of a part."""
    return {k.removeprefix(f"{name}."): v for k, v in arrays.items() if k.startswith(f"{name}.")}


def _part(kind: type[Part], name: str, card: RRLyraeCard, arrays: Mapping[str, Any]) -> Part:
    numbers = {key: tuple(v) if isinstance(v, list) else v for key, v in card.parts[name].items()}
    values: dict[str, Any] = {**numbers, **{k: v.astype(np.float64) for k, v in _of(arrays, name).items()}}
    return kind(**values)
