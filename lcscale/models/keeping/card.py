"""The card of a model: everything that must be known to use its weights, and to trust them or not."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self, cast

from lcscale.errors import ModelError
from lcscale.images import ImageOptions
from lcscale.models.heads.classes import ClassHead
from lcscale.models.heads.head import Head, stated
from lcscale.models.heads.values import ValueHead
from lcscale.models.inputs.preparation import Preparation
from lcscale.models.labels.roles import Role

FORMAT = 2
"""Of the cards that are written; those of format 1 are read."""
TRAINED_ON = ("real", "simulated", "mixed")
HEADS: dict[str, type[Head[Any]]] = {head.kind: head for head in (ClassHead, ValueHead)}
"""Heads by the kind that a card names."""
_NETWORK_OF_FORMAT_1 = "folded_images"


class ModelCard(ABC):
    """What the cards of all kinds of models are: dataclasses with a field `weights_sha256`."""

    weights_sha256: str

    @property
    def id(self) -> str:
        """Name by content: 16 hexadecimal digits that change with the weights and with every word of the card."""
        return _digest(self.to_json())

    def with_weights(self, digest: str) -> Self:
        """The same card for weights of this SHA-256."""
        changed: Self = replace(cast(Any, self), weights_sha256=digest)
        return changed

    @abstractmethod
    def to_json(self) -> str:
        """The text of `card.json`."""

    @classmethod
    @abstractmethod
    def from_json(cls, text: str, where: str) -> Self:
        """Read the text of `card.json`, found at `where`; a `ModelError` where it is none of this kind."""


_LATER = ("compressed",)
"""Of the inputs, what the first cards of this format do not have."""


@dataclass(frozen=True)
class Card(ModelCard):
    """What stands in `card.json`: inputs, network, head, data and figures."""

    name: str
    """What people call it."""
    preparation: Preparation
    """How its inputs are made."""
    network: str
    """Name of the network, as `lcscale.models.networks.table` has it."""
    architecture: Mapping[str, Any]
    """Sizes of the network."""
    head: Head[Any]
    """What it answers, calibrated."""
    trained_on: str
    """real, simulated or mixed."""
    period_weights: tuple[float, ...] = (1.0,)
    """How far the candidate periods are believed, the best first: answers are summed over them with these."""
    members: int = 1
    """Networks of the ensemble, each trained without one fold of the sky."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What it was trained on: catalogs, their fingerprints, numbers of stars, split of the sky, options."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Figures by set of stars, with the number of stars, their sky, and whether their survey was in training; and the
    same of the baselines."""
    weights_sha256: str = ""
    """Hash of the weights file."""
    first_id: str = field(default="", compare=False, repr=False)
    """Id of a card that was read in format 1: rows that the model wrote name it so."""

    @property
    def id(self) -> str:
        """Name by content: 16 hexadecimal digits that change with the weights and with every word of the card."""
        return self.first_id or super().id

    def with_weights(self, digest: str) -> Self:
        """The same card for weights of this SHA-256, in this format."""
        return replace(self, weights_sha256=digest, first_id="")

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the taxonomy, in the order of the probabilities; none where the answer is a value."""
        return self.head.classes if isinstance(self.head, ClassHead) else ()

    def to_json(self) -> str:
        """The text of `card.json`."""
        row = {
            "format": FORMAT,
            "name": self.name,
            "inputs": stated(asdict(self.preparation), _LATER),
            "network": {"name": self.network, "members": self.members, "sizes": dict(self.architecture)},
            "head": {"kind": self.head.kind, **self.head.row()},
            "trained_on": self.trained_on,
            "period_weights": self.period_weights,
            "data": self.data,
            "metrics": self.metrics,
            "weights_sha256": self.weights_sha256,
        }
        return _text(row)

    @classmethod
    def from_json(cls, text: str, where: str) -> Self:
        """Read the text of `card.json`, found at `where`.

        Raises
        ------
        ModelError
            It is no card, or one of another format.
        """
        try:
            row = json.loads(text)
            if row["format"] not in (1, FORMAT):
                raise ModelError(f"{where}: card of another format than {FORMAT}; use the release that wrote it")
            first_id = ""
            if row["format"] == 1:
                row = _whole(row)
                first_id, row = _digest(_text(row)), _second_format(row)
            network, head = row["network"], row["head"]
            return cls(
                row["name"],
                _preparation(row["inputs"]),
                network["name"],
                network["sizes"],
                _head(head),
                row["trained_on"],
                tuple(row["period_weights"]),
                network["members"],
                row["data"],
                row["metrics"],
                row["weights_sha256"],
                first_id,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"{where} is no model card: {error}; a model is a folder that lcscale wrote") from error


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _text(row: Mapping[str, Any]) -> str:
    return json.dumps(row, indent=1, ensure_ascii=False) + "\n"


def _preparation(row: Mapping[str, Any]) -> Preparation:
    roles = tuple(Role(role["name"], tuple(role["bands"])) for role in row["roles"])
    lists = {name: tuple(values) for name, values in row.items() if isinstance(values, list) and name != "roles"}
    return Preparation(**{**row, **lists, "roles": roles, "drawing": ImageOptions(**row["drawing"])})


def _head(row: Mapping[str, Any]) -> Head[Any]:
    return HEADS[row["kind"]].from_row({name: value for name, value in row.items() if name != "kind"})


def _whole(row: Mapping[str, Any]) -> dict[str, Any]:
    """A card of format 1 with what the first ones lacked, in the order of the later ones, which its id is made of."""
    names = ("format", "name", "classes", "preparation", "architecture", "temperature", "threshold", "trained_on")
    later = {"period_weights": row.get("period_weights", [1.0])}
    later |= {name: row[name] for name in ("data", "metrics", "weights_sha256")}
    known = {name: row[name] for name in names} | later
    return known | {"preparation": {"view": "folded", **row["preparation"]}}


def _second_format(row: Mapping[str, Any]) -> dict[str, Any]:
    """A whole card of format 1 as one of format 2."""
    head = {name: row[name] for name in ("classes", "temperature", "threshold")}
    return {
        **row,
        "inputs": row["preparation"],
        "network": {"name": _NETWORK_OF_FORMAT_1, "members": 1, "sizes": row["architecture"]},
        "head": {"kind": ClassHead.kind, **head},
    }
