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
from lcscale.models.inputs.preparation import Preparation
from lcscale.models.labels.roles import Role

FORMAT = 1
"""Raised when cards of old models can no longer be read."""

TRAINED_ON = ("real", "simulated", "mixed")


class ModelCard(ABC):
    """What the cards of all kinds of models are: dataclasses with a field `weights_sha256`."""

    weights_sha256: str

    @property
    def id(self) -> str:
        """Name by content: 16 hexadecimal digits that change with the weights and with every word of the card."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

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


@dataclass(frozen=True)
class Card(ModelCard):
    """What stands in `card.json`."""

    name: str
    """What people call it."""
    classes: tuple[str, ...]
    """Names of the taxonomy, in the order of the probabilities."""
    preparation: Preparation
    """How its inputs are made."""
    architecture: Mapping[str, Any]
    """Sizes of the network."""
    temperature: float
    """Scores are divided by it before the softmax; fitted on the validation set."""
    threshold: float
    """Classes of at least this probability are a star's prediction set at 90 %; fitted on the validation set."""
    trained_on: str
    """real, simulated or mixed."""
    period_weights: tuple[float, ...] = (1.0,)
    """How far the candidate periods are believed, the best first: probabilities are summed over them with these."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What it was trained on: catalogs, their fingerprints, numbers of stars, splits, options."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Figures on the test set, and the same of the baseline."""
    weights_sha256: str = ""
    """Hash of the weights file."""

    def to_json(self) -> str:
        """The text of `card.json`; without further pictures it is that of the cards before there were any."""
        row = asdict(self)
        if not self.preparation.pictures:
            del row["preparation"]["pictures"]
        return json.dumps({"format": FORMAT, **row}, indent=1, ensure_ascii=False) + "\n"

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
            if row.pop("format") != FORMAT:
                raise ModelError(f"{where}: card of another format than {FORMAT}; use the release that wrote it")
            made = row.pop("preparation")
            made["roles"] = tuple(Role(role["name"], tuple(role["bands"])) for role in made["roles"])
            made["drawing"] = ImageOptions(**made["drawing"])
            lists = {name: tuple(made[name]) for name in ("folds", "columns", "centre", "scale")}
            preparation = Preparation(**{**made, **lists, "pictures": tuple(made.get("pictures", ()))})
            weights = tuple(row.get("period_weights", (1.0,)))
            changed = {"classes": tuple(row["classes"]), "preparation": preparation, "period_weights": weights}
            return cls(**{**row, **changed})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"{where} is no model card: {error}; a model is a folder that lcscale wrote") from error
