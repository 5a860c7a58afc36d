"""Networks on folded light-curve images: preparing, training, calibrating, keeping and applying them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_PLACES = {
    "Architecture": "network",
    "Augmentation": "augmentation",
    "Card": "card",
    "Classify": "classify",
    "FoldedImageNet": "network",
    "LabelledCurves": "curves",
    "Model": "model",
    "Prediction": "model",
    "Preparation": "preparation",
    "Role": "roles",
    "Split": "splitting",
    "TrainingOptions": "options",
    "load": "registry",
    "read_card": "registry",
    "shipped": "registry",
    "train": "training",
}

if TYPE_CHECKING:
    from lcscale.models.augmentation import Augmentation as Augmentation
    from lcscale.models.card import Card as Card
    from lcscale.models.classify import Classify as Classify
    from lcscale.models.curves import LabelledCurves as LabelledCurves
    from lcscale.models.model import Model as Model
    from lcscale.models.model import Prediction as Prediction
    from lcscale.models.network import Architecture as Architecture
    from lcscale.models.network import FoldedImageNet as FoldedImageNet
    from lcscale.models.options import TrainingOptions as TrainingOptions
    from lcscale.models.preparation import Preparation as Preparation
    from lcscale.models.registry import load as load
    from lcscale.models.registry import read_card as read_card
    from lcscale.models.registry import shipped as shipped
    from lcscale.models.roles import Role as Role
    from lcscale.models.splitting import Split as Split
    from lcscale.models.training import train as train

__all__ = sorted(_PLACES)


def __getattr__(name: str) -> Any:
    """Import the modules behind the names when they are first used: torch is needed for networks alone."""
    if name not in _PLACES:
        raise AttributeError(f"module 'lcscale.models' has no attribute {name!r}")
    return getattr(importlib.import_module(f"lcscale.models.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
