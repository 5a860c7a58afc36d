"""What a feature is: a row of a table with name, unit, formula and source, computed family by family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.features.batch import BandBatch


@dataclass(frozen=True)
class Feature:
    """One number of a light curve.

    Attributes
    ----------
    name
        Column name; copies of further bands are called ``<name>_<band>``.
    unit
        Unit, empty when it has none.
    formula
        Definition, with m magnitudes, σ their errors, t times, n their number.
    source
        Where the definition comes from.
    agrees
        Packages whose value is the same, with the name there.
    needs_errors
        Null where the errors are unknown.
    location
        The value moves with the magnitudes (kernels see them relative to the first).
    """

    name: str
    unit: str
    formula: str
    source: str = ""
    agrees: str = ""
    needs_errors: bool = False
    location: bool = False


@dataclass(frozen=True)
class Family:
    """Features that one kernel computes together.

    Attributes
    ----------
    name
        Name of the family.
    features
        The features, in the order of the columns that `compute` gives.
    each
        Compiled loop over the light curves of a batch, ``each(offsets, out, *arguments)``: fills the row of every
        object in `out`, float64 [n_objects, n_features], NaN where a feature has no value.
    arguments
        What `each` takes of a batch.
    finish
        What is left to do on `out`, without a loop over observations.
    periodic
        Needs the period of the object.
    """

    name: str
    features: tuple[Feature, ...]
    each: Callable[..., None]
    arguments: Callable[[Any], tuple[Any, ...]]
    finish: Callable[[BandBatch, npt.NDArray[np.float64]], None] | None = None
    periodic: bool = False

    def compute(self, batch: BandBatch) -> npt.NDArray[np.float64]:
        """The features of every object, float64 [n_objects, n_features], NaN where one has no value."""
        out = np.full((len(batch), len(self.features)), np.nan)
        self.each(batch.offsets, out, *self.arguments(batch))
        if self.finish is not None:
            self.finish(batch, out)
        return out


@dataclass(frozen=True)
class PairFamily:
    """Features of a further band together with the primary one.

    Attributes
    ----------
    name
        Name of the family.
    features
        The features, in the order of the columns that `compute` gives; their columns are called ``<name>_<band>``.
    compute
        ``(primary batch, batch) -> float64 [n_objects, n_features]``, NaN where a feature has no value.
    """

    name: str
    features: tuple[Feature, ...]
    compute: Callable[[BandBatch, BandBatch], npt.NDArray[np.float64]]
