"""Old names of modules that moved into rooms: `lcscale.models.taxonomy` is `lcscale.models.labels.taxonomy`."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_ROOMS = {
    "heads": ("columns",),
    "inputs": ("augmentation", "numbers", "preparation"),
    "judging": ("assessing", "baseline", "calibration", "comparison", "metrics"),
    "keeping": ("card", "classify", "model", "registry", "travelling"),
    "labels": ("curves", "roles", "splitting", "targets", "taxonomy"),
    "networks": ("attention",),
    "training": ("checkpoint", "fitting", "options", "streamed", "synthetic", "training_set"),
    "trees": ("forest", "growing", "tabular"),
}
MOVED = {f"lcscale.models.{name}": f"lcscale.models.{room}.{name}" for room, names in _ROOMS.items() for name in names}
MOVED["lcscale.models.keeping.columns"] = "lcscale.models.heads.columns"
MOVED["lcscale.models.network"] = "lcscale.models.networks.folded_images"
"""Modules by their old names."""


class _Moved(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(MOVED[spec.name])
        self.own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.own  # the import system has given it that of the old name


class OldNames(MetaPathFinder):
    """Finds modules by their old names; the last finder that is asked."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module itself, under its old name."""
        return ModuleSpec(fullname, _Moved()) if fullname in MOVED else None
