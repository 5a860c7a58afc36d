"""From light curves to what a network takes: images and standardised numbers, or the reason why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.arrays import one_each
from lcscale.errors import InputError
from lcscale.features.batch import BandBatch
from lcscale.features.extraction import columns_of
from lcscale.images import (
    ImageOptions,
    render_density,
    render_dmdt,
    render_error_bars,
    render_folded,
    render_raw,
)
from lcscale.lightcurves import LightCurves, clean, usable
from lcscale.lightcurves.cleaning import MIN_OBSERVATIONS
from lcscale.models.inputs.numbers import Features, features_for, names_of, numbers_of
from lcscale.models.labels.roles import ROLES, Role, cast, select

VIEWS = ("folded", "raw")
PICTURES = ("density", "error bars", "dm-dt")
"""Further images of a role that a network may be shown; see `lcscale.images`. The last is over the time between two
observations, the others are drawn like the first image of the role."""
ALTERNATIVES = ("period_2", "period_3")
"""Columns of the further candidate periods that `lcscale.periods.Search` gives."""
FEWEST_RAW = 5
"""Fewest observations of an object in a band whose images are over time."""
_LARGEST = 6.0
_DRAWING = ImageOptions(cycles=1, dot_radius=0, alignment="none")


@dataclass(frozen=True)
class Preparation:
    """How a model's inputs are made; stands in its card."""

    view: str = "folded"
    """What the images show: light curves `folded` with their periods, or `raw`, over time, which needs no period."""
    roles: tuple[Role, ...] = ROLES
    """Which bands play which role; images and numbers of the roles stand in this order."""
    folds: tuple[int, ...] = (1, 2)
    """Multiples of the period that the images of each role are folded with; of no meaning for raw ones."""
    pictures: tuple[str, ...] = ()
    """Further images of each role, out of `PICTURES`."""
    size: int = 64
    """Pixels of an image's side."""
    drawing: ImageOptions = _DRAWING
    """How the images are drawn. One cycle of each fold, single pixels; the network needs no alignment."""
    aligned_together: bool = True
    """Whether all bands of an object are folded from the same moment, so that phases compare between channels; without,
    each is folded from its own first observation."""
    columns: tuple[str, ...] = ()
    """Further numbers, taken from the catalog's columns of these names where it has them. The other candidate periods,
    `ALTERNATIVES`, enter by the logarithm of their ratio to the one in use."""
    centre: tuple[float, ...] = ()
    """Mean of each number over the training set; empty before training."""
    scale: tuple[float, ...] = ()
    """Standard deviation of each number over the training set."""

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise InputError(f"view must be one of {', '.join(VIEWS)}, not {self.view!r}")
        strange = [name for name in self.pictures if name not in PICTURES]
        if strange or len(set(self.pictures)) < len(self.pictures):
            raise InputError(f"pictures are different ones out of {', '.join(PICTURES)}, not {self.pictures!r}")

    @property
    def raw(self) -> bool:
        """Whether periods have no part in it."""
        return self.view == "raw"

    @property
    def per_role(self) -> int:
        """Images of a role."""
        return (1 if self.raw else len(self.folds)) + len(self.pictures)

    @property
    def channels(self) -> tuple[str, ...]:
        """What each image of an object shows."""
        dots = [""] if self.raw else [f", period × {fold}" if fold != 1 else ", period" for fold in self.folds]
        shown = (*dots, *(f", {picture}" for picture in self.pictures))
        return tuple(f"{role.name}{what}" for role in self.roles for what in shown)

    @property
    def n_channels(self) -> int:
        """Images of an object."""
        return len(self.roles) * self.per_role

    @property
    def min_observations(self) -> int:
        """Fewest usable observations of an object in a band."""
        return FEWEST_RAW if self.raw else MIN_OBSERVATIONS

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers."""
        return (*names_of(self.view, [role.name for role in self.roles]), *self.columns)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a network sees of a batch of objects."""

    images: npt.NDArray[np.uint8]
    """uint8 [n_objects, n_channels, size, size]; empty (0) where a role is."""
    numbers: npt.NDArray[np.float32]
    """float32 [n_objects, n_numbers], standardised when the preparation has been fitted; NaN where missing."""
    reason: npt.NDArray[np.object_]
    """Why an object cannot be classified, or None."""

    def __len__(self) -> int:
        return self.reason.size


def prepare(
    lcs: LightCurves,
    period: npt.ArrayLike | None,
    preparation: Preparation,
    *,
    bands: Sequence[str] | None = None,
    columns: Mapping[str, npt.NDArray[Any]] | None = None,
) -> Inputs:
    """Images and numbers of light curves.

    Parameters
    ----------
    lcs
        Any batch.
    period
        Days, one for each object; NaN where there is none. None will do for raw images.
    preparation
        How; a model's own where there is one.
    bands
        The catalog's bands, where the batch may lack some; default: the batch's.
    columns
        Values of `preparation.columns`, by name; those not given are missing.
    """
    n, lcs = len(lcs), clean(lcs).in_magnitudes()
    periods = np.full(n, np.nan) if period is None else one_each(period, n, "period", "d")
    good = np.ones(n, np.bool_) if preparation.raw else np.isfinite(periods) & (periods > 0)
    periods = np.where(good, periods, np.nan)
    players = [select(lcs, band) for band in cast(lcs.bands if bands is None else bands, preparation.roles)]
    fewest = preparation.min_observations
    cleaned = [None if player is None else usable(player, fewest) for player in players]
    images = np.zeros((n, preparation.n_channels, preparation.size, preparation.size), np.uint8)
    features: list[Features | None] = []
    epoch = _first_times(cleaned, n) if preparation.aligned_together else None
    for r, outcome in enumerate(cleaned):
        if outcome is None:
            features.append(None)
            continue
        band, reasons = outcome
        fit = is_none(reasons) & good
        kept = band if fit.all() else band.keep(np.repeat(fit, band.counts))
        batch = BandBatch.of(kept, periods, "linear")
        features.append(columns_of(batch, batch, features_for(preparation.view)))
        images[:, r * preparation.per_role : (r + 1) * preparation.per_role] = _draw(kept, periods, epoch, preparation)
    numbers = [numbers_of(preparation.view, periods, features)]
    for name in preparation.columns:
        values = np.full(n, np.nan)
        if columns is not None and name in columns:
            values = one_each(columns[name], n, f"column {name!r}", "d" if name in ALTERNATIVES else "")
            if name in ALTERNATIVES:
                values = np.log10(values / periods, out=np.full(n, np.nan), where=values > 0)
        numbers.append(np.where(np.isfinite(values), values, np.nan)[:, None].astype(np.float32))
    of_roles = [outcome[1] for outcome in cleaned if outcome is not None]
    of_roles = of_roles or [usable(lcs.of_bands(()), fewest)[1]]  # the batch has none of the bands
    return Inputs(images, standardise(np.concatenate(numbers, axis=1), preparation), _reasons(of_roles, good))


def _draw(
    lcs: LightCurves, periods: npt.NDArray[np.float64], epoch: npt.NDArray[np.float64] | None, preparation: Preparation
) -> npt.NDArray[np.uint8]:
    """Images of one role, uint8 [n_objects, per_role, size, size]."""
    size, how = preparation.size, preparation.drawing
    if preparation.raw:
        drawn, first = [render_raw(lcs, size, how)], None
    else:
        drawn, first = [render_folded(lcs, fold * periods, epoch, size, how) for fold in preparation.folds], periods
    for picture in preparation.pictures:
        if picture == "dm-dt":
            drawn.append(render_dmdt(lcs, size))
        else:
            render = render_density if picture == "density" else render_error_bars
            drawn.append(render(lcs, first, epoch, size, how))
    return np.concatenate(drawn, axis=1)


def standardise(numbers: npt.NDArray[np.float32], preparation: Preparation) -> npt.NDArray[np.float32]:
    """Numbers in standard deviations from the training set's mean, at most 6; as they are before training."""
    if not preparation.scale:
        return numbers
    centred = (numbers - np.array(preparation.centre, np.float32)) / np.array(preparation.scale, np.float32)
    return np.clip(centred, -_LARGEST, _LARGEST)


def fit_standards(preparation: Preparation, numbers: npt.NDArray[np.float32]) -> Preparation:
    """The preparation with the mean and spread of the training set's numbers; numbers never there get 0 and 1."""
    known = np.isfinite(numbers)
    count = np.maximum(known.sum(axis=0), 1)
    values = np.where(known, numbers, 0.0).astype(np.float64)
    centre = values.sum(axis=0) / count
    spread = np.sqrt((np.where(known, numbers - centre, 0.0) ** 2).sum(axis=0) / count)
    spread[spread < 1e-6] = 1.0
    return replace(
        preparation,
        centre=tuple(round(float(value), 6) for value in centre),
        scale=tuple(round(float(value), 6) for value in spread),
    )


def is_none(values: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Where an array of texts has none, bool [n]."""
    return np.array([value is None for value in values], np.bool_)


def _first_times(
    cleaned: Sequence[tuple[LightCurves, npt.NDArray[np.object_]] | None], n: int
) -> npt.NDArray[np.float64]:
    """Time of the first usable observation of each object in any role; NaN where there is none."""
    first = np.full(n, np.nan)
    for outcome in cleaned:
        if outcome is not None:
            band = outcome[0]
            some = band.counts > 0
            first[some] = np.fmin(first[some], band.time[band.offsets[:-1][some]])
    return first


def _reasons(of_roles: Sequence[npt.NDArray[np.object_]], good: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    """None where some role is filled and there is a period; else why not (the first role's reason)."""
    result = np.full(good.size, None, dtype=object)
    result[~good] = "no period"
    empty = np.all([~is_none(reasons) for reasons in of_roles], axis=0)
    result[empty] = of_roles[0][empty]
    return result
