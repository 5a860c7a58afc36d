"""What a feature is: a row of a table with name, unit, formula and source, computed family by family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from lcscale.kernels.compiling import Floats, Integers

MAGNITUDE, FLUX = "magnitude", "flux"
"""What a feature may be defined in. Light curves in the other are converted, by `LightCurves.in_magnitudes` (which says
why there are none where half of the fluxes are not positive) or `LightCurves.in_fluxes`."""


class Batch(Protocol):
    """Arrays of one band and where they are: `BandBatch`, or its copy on a device."""

    @property
    def counts(self) -> Integers:
        """Observations of each object."""

    def run(self, each: Callable[..., None], n_features: int, arguments: tuple[Any, ...]) -> Floats:
        """What `each` writes for every object, float64 [n_objects, n_features]."""


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
    min_observations
        Null for fewer observations; everything takes two.
    optional
        Made only when asked for by name.
    quantity
        What it is defined in: magnitude or flux.
    """

    name: str
    unit: str
    formula: str
    source: str = ""
    agrees: str = ""
    needs_errors: bool = False
    location: bool = False
    min_observations: int = 2
    optional: bool = False
    quantity: str = MAGNITUDE


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
        Compiled loop over light curves, ``each(start, stop, out, offsets, *arguments)``: fills the rows from `start` to
        `stop` of `out`, float64 [n_objects, n_features], with NaN in them.
    arguments
        What `each` takes of a batch.
    finish
        What is left to do with `out` and the numbers of observations, without a loop over these.
    periodic
        Needs the period of the object.
    """

    name: str
    features: tuple[Feature, ...]
    each: Callable[..., None]
    arguments: Callable[[Any], tuple[Any, ...]]
    finish: Callable[[Integers, Floats], None] | None = None
    periodic: bool = False

    @property
    def quantity(self) -> str:
        """What the features of the family are defined in."""
        return self.features[0].quantity

    def compute(self, batch: Batch) -> Floats:
        """The features of every object, float64 [n_objects, n_features], NaN where one has no value."""
        out = batch.run(self.each, len(self.features), self.arguments(batch))
        if self.finish is not None:
            self.finish(batch.counts, out)
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
    each
        As that of a `Family`.
    arguments
        What `each` takes of the primary batch and the other.
    """

    name: str
    features: tuple[Feature, ...]
    each: Callable[..., None]
    arguments: Callable[[Any, Any], tuple[Any, ...]]

    def compute(self, primary: Batch, batch: Batch) -> Floats:
        """The features of every object, float64 [n_objects, n_features], NaN where one has no value."""
        return batch.run(self.each, len(self.features), self.arguments(primary, batch))
