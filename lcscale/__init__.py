"""lcscale: survey-scale light-curve catalogs on Dask, from release files to candidate tables."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.3.0"

_EXPORTS = {
    "lcscale.lake": ("Box", "Catalog", "Cone", "Lake", "LightCurveFields", "open_catalog"),
    "lcscale.refresh": ("Pipeline",),
}
_ROOMS = (
    "crossmatch",
    "engine",
    "errors",
    "explore",
    "expressions",
    "features",
    "images",
    "ingest",
    "lake",
    "lightcurves",
    "models",
    "periods",
    "products",
    "refresh",
    "steps",
    "surveys",
)

if TYPE_CHECKING:
    from lcscale.lake import Box as Box
    from lcscale.lake import Catalog as Catalog
    from lcscale.lake import Cone as Cone
    from lcscale.lake import Lake as Lake
    from lcscale.lake import LightCurveFields as LightCurveFields
    from lcscale.lake import open_catalog as open_catalog
    from lcscale.refresh import Pipeline as Pipeline

_PLACES = {name: room for room, names in _EXPORTS.items() for name in names}

__all__ = [*_PLACES, *_ROOMS]


def __getattr__(name: str) -> Any:
    """Import rooms and their main classes when they are first used, so that ``import lcscale`` stays quick."""
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"lcscale.{name}")
    raise AttributeError(f"module 'lcscale' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
