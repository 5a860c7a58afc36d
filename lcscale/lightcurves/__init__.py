"""Light curves as ragged batches: the form every kernel works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lcscale.lightcurves.batch import LightCurves
from lcscale.lightcurves.detections import Detections
from lcscale.lightcurves.fields import LightCurveFields
from lcscale.lightcurves.nested import FLUX_TYPE, LIGHTCURVE_TYPE, declared_bands
from lcscale.lightcurves.sharing import clean_light_curves

if TYPE_CHECKING:
    from lcscale.lightcurves.cleaning import MIN_OBSERVATIONS, clean, say_missing_bands, usable

__all__ = [
    "FLUX_TYPE",
    "LIGHTCURVE_TYPE",
    "MIN_OBSERVATIONS",
    "Detections",
    "LightCurveFields",
    "LightCurves",
    "clean",
    "clean_light_curves",
    "declared_bands",
    "say_missing_bands",
    "usable",
]


def __getattr__(name: str) -> Any:
    """Import the compiled parts when they are first used: reading and writing light curves does without numba."""
    if name in ("MIN_OBSERVATIONS", "clean", "say_missing_bands", "usable"):
        from lcscale.lightcurves import cleaning

        return getattr(cleaning, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
