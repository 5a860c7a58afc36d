"""Models of light curves: inputs, a network or trees, and a head; trained, judged, kept and applied."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from lcscale.models.moved import OldNames

_PLACES = {
    "Architecture": "networks.folded_images",
    "Augmentation": "inputs.augmentation",
    "Card": "keeping.card",
    "ClassHead": "heads.classes",
    "Classify": "keeping.classify",
    "FoldedImageNet": "networks.folded_images",
    "LabelledCurves": "labels.curves",
    "Model": "keeping.model",
    "Prediction": "keeping.model",
    "Preparation": "inputs.preparation",
    "Role": "labels.roles",
    "Split": "labels.splitting",
    "TrainingOptions": "training.options",
    "ValueHead": "heads.values",
    "load": "keeping.registry",
    "read_card": "keeping.registry",
    "shipped": "keeping.registry",
    "train": "training.train",
}

if TYPE_CHECKING:
    from lcscale.models.heads.classes import ClassHead as ClassHead
    from lcscale.models.heads.values import ValueHead as ValueHead
    from lcscale.models.inputs.augmentation import Augmentation as Augmentation
    from lcscale.models.inputs.preparation import Preparation as Preparation
    from lcscale.models.keeping.card import Card as Card
    from lcscale.models.keeping.classify import Classify as Classify
    from lcscale.models.keeping.model import Model as Model
    from lcscale.models.keeping.model import Prediction as Prediction
    from lcscale.models.keeping.registry import load as load
    from lcscale.models.keeping.registry import read_card as read_card
    from lcscale.models.keeping.registry import shipped as shipped
    from lcscale.models.labels.curves import LabelledCurves as LabelledCurves
    from lcscale.models.labels.roles import Role as Role
    from lcscale.models.labels.splitting import Split as Split
    from lcscale.models.networks.folded_images import Architecture as Architecture
    from lcscale.models.networks.folded_images import FoldedImageNet as FoldedImageNet
    from lcscale.models.training.options import TrainingOptions as TrainingOptions
    from lcscale.models.training.train import train as train

__all__ = sorted(_PLACES)

if not any(isinstance(finder, OldNames) for finder in sys.meta_path):
    sys.meta_path.append(OldNames())


def __getattr__(name: str) -> Any:
    """Import the modules behind the names when they are first used: torch is needed for networks alone."""
    if name not in _PLACES:
        raise AttributeError(f"module 'lcscale.models' has no attribute {name!r}")
    return getattr(importlib.import_module(f"lcscale.models.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
