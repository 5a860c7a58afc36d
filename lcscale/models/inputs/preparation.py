"""From light curves to what a network takes: images and standardised numbers, or the reason why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.arrays import one_each
from lcscale.errors import InputError
from lcscale.features.batch import BandBatch
from lcscale.features.catalogue import PERIODIC
from lcscale.features.extraction import columns_of, on_device
from lcscale.images import (
    ImageOptions,
    render_density,
    render_dmdt,
    render_error_bars,
    render_folded,
    render_raw,
)
from lcscale.lightcurves import LightCurves, clean
from lcscale.lightcurves.cleaning import is_none
from lcscale.models.inputs.inputs import KINDS, Inputs
from lcscale.models.inputs.numbers import Features, features_for, names_of, numbers_of
from lcscale.models.inputs.players import players
from lcscale.models.inputs.sequences import CHANNELS, sequences_of
from lcscale.models.labels.roles import ROLES, Role

VIEWS = ("folded", "raw")
PICTURES = ("density", "error bars", "dm-dt")
"""Further images of a role that a network may be shown; see `lcscale.images`. The last is over the time between two
observations, the others are drawn like the first image of the role."""
ALTERNATIVES = ("period_2", "period_3")
"""Columns of the further candidate periods that `lcscale.periods.Search` gives."""
RICH = {"folded": 10, "raw": 5}
"""Observations in one band, by view, from which on a role shows that band alone; see `players`."""
LARGEST = 6.0
"""Standard deviations from the mean at which numbers are cut off."""
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
    kinds: tuple[str, ...] = ("images", "numbers")
    """What is made, out of `KINDS`; training takes what its network does."""
    length: int = 128
    """Observations of a sequence."""
    compressed: tuple[str, ...] = ()
    """Those of `columns` that enter by their inverse hyperbolic sine, as their values span orders of magnitude."""

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise InputError(f"view must be one of {', '.join(VIEWS)}, not {self.view!r}")
        if not set(self.kinds) <= set(KINDS):
            raise InputError(f"kinds are out of {', '.join(KINDS)}, not {self.kinds!r}")
        strange = [name for name in self.pictures if name not in PICTURES]
        if strange or len(set(self.pictures)) < len(self.pictures):
            raise InputError(f"pictures are different ones out of {', '.join(PICTURES)}, not {self.pictures!r}")
        if not set(self.compressed) <= set(self.columns):
            raise InputError(f"compressed columns are out of {', '.join(self.columns) or 'none'}: {self.compressed!r}")

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
        if "images" not in self.kinds:
            return ()
        dots = [""] if self.raw else [f", period × {fold}" if fold != 1 else ", period" for fold in self.folds]
        shown = (*dots, *(f", {picture}" for picture in self.pictures))
        return tuple(f"{role.name}{what}" for role in self.roles for what in shown)

    @property
    def n_channels(self) -> int:
        """Images of an object."""
        return len(self.roles) * self.per_role if "images" in self.kinds else 0

    @property
    def sequence_channels(self) -> tuple[str, ...]:
        """What each channel of a sequence is."""
        return (*CHANNELS, *(role.name for role in self.roles))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers."""
        return (*names_of(self.view, [role.name for role in self.roles]), *self.columns)


def prepare(
    lcs: LightCurves,
    period: npt.ArrayLike | None,
    preparation: Preparation,
    *,
    bands: Sequence[str] | None = None,
    columns: Mapping[str, npt.NDArray[Any]] | None = None,
    device: str = "cpu",
) -> Inputs:
    """Images, sequences and numbers of light curves.

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
    device
        Where images are drawn, and stay, and features are computed, as torch names it.
    """
    return gather(lcs, preparation, bands=bands, device=device).inputs(period, columns)


@dataclass(frozen=True, eq=False)
class Part:
    """The band that plays a role."""

    lcs: LightCurves
    """Its usable observations; objects with a reason are empty."""
    batch: BandBatch
    """The same as features see them, in host memory."""
    features: Features
    """Those that need no period."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """What of a batch's inputs does not depend on the period: made once, however many candidate periods there are."""

    preparation: Preparation
    """How inputs are made."""
    parts: tuple[Part | None, ...]
    """One a role, None where it is empty."""
    reason: npt.NDArray[np.object_]
    """Why an object cannot be classified with any period, or None."""
    start: npt.NDArray[np.float64]
    """Time of the first usable observation of each object in any role, days; NaN where there is none."""
    device: str = "cpu"
    """Where images are drawn and features computed."""

    def inputs(self, period: npt.ArrayLike | None, columns: Mapping[str, npt.NDArray[Any]] | None = None) -> Inputs:
        """Images, sequences and numbers with a period; see `prepare`. Objects without one have none of them."""
        how, n = self.preparation, self.reason.size
        epoch = self.start if how.aligned_together else None
        periods = np.full(n, np.nan) if period is None else one_each(period, n, "period", "d")
        good = np.ones(n, np.bool_) if how.raw else np.isfinite(periods) & (periods > 0)
        periods = np.where(good, periods, np.nan)
        images = _empty((n, how.n_channels, how.size, how.size), self.device)
        features: list[Features | None] = []
        for r, part in enumerate(self.parts):
            if part is None:
                features.append(None)
                continue
            batch = replace(part.batch, period=periods)
            told = columns_of(batch, on_device(batch, self.device), _of_periods(how))
            features.append({**part.features, **told})
            if "images" in how.kinds:
                own = images[:, r * how.per_role : (r + 1) * how.per_role]
                _draw(part.lcs, periods, epoch, how, self.device, own)
        numbers = np.concatenate(
            [numbers_of(how.view, periods, features), *_further(how, periods, columns or {})], axis=1
        )
        if not good.all():
            images[np.flatnonzero(~good)], numbers[~good] = 0, np.nan
        reason = self.reason.copy()
        reason[is_none(reason) & ~good] = "no period"
        made = Inputs(images, standardise(numbers, how), reason)
        if "sequences" not in how.kinds:
            return made
        roles = {r: part.lcs for r, part in enumerate(self.parts) if part is not None}
        sequences, mask = sequences_of(roles, len(self.parts), None if how.raw else periods, self.start, how.length)
        sequences[~good], mask[~good] = 0.0, False
        return replace(made, sequences=sequences, mask=mask)


def gather(
    lcs: LightCurves, preparation: Preparation, *, bands: Sequence[str] | None = None, device: str = "cpu"
) -> Gathered:
    """What the inputs of light curves are made of, whatever their periods; parameters as those of `prepare`."""
    n, lcs = len(lcs), clean(lcs).in_magnitudes()
    told = set(features_for(preparation.view)) - PERIODIC
    shown, reason = players(lcs, lcs.bands if bands is None else bands, preparation.roles, RICH[preparation.view])
    parts: list[Part | None] = []
    start = np.full(n, np.nan)
    for player in shown:
        if player is None:
            parts.append(None)
            continue
        some = player.counts > 0
        start[some] = np.fmin(start[some], player.time[player.offsets[:-1][some]])
        batch = BandBatch.of(player, np.full(n, np.nan), "linear")
        parts.append(Part(player, batch, columns_of(batch, on_device(batch, device), told)))
    return Gathered(preparation, tuple(parts), reason, start, device)


def _of_periods(preparation: Preparation) -> set[str]:
    return set(features_for(preparation.view)) & PERIODIC


def _further(
    preparation: Preparation, periods: npt.NDArray[np.float64], columns: Mapping[str, npt.NDArray[Any]]
) -> Iterator[npt.NDArray[np.float32]]:
    """The catalog's columns, float32 [n_objects, 1]; missing where it does not have them."""
    n = periods.size
    for name in preparation.columns:
        values = np.full(n, np.nan)
        if name in columns:
            values = one_each(columns[name], n, f"column {name!r}", "d" if name in ALTERNATIVES else "")
        if name in ALTERNATIVES:
            values = np.log10(values / periods, out=np.full(n, np.nan), where=values > 0)
        elif name in preparation.compressed:
            values = np.arcsinh(values)
        yield np.where(np.isfinite(values), values, np.nan)[:, None].astype(np.float32)


def _draw(
    lcs: LightCurves,
    periods: npt.NDArray[np.float64],
    epoch: npt.NDArray[np.float64] | None,
    preparation: Preparation,
    device: str,
    images: Any,
) -> None:
    """Draw the images of one role into `images`, uint8 [n_objects, per_role, size, size], zeros."""
    size, how, folds = preparation.size, preparation.drawing, preparation.folds
    if preparation.raw:
        render_raw(lcs, size, how, device, images[:, :1])
    else:
        for k, fold in enumerate(folds):
            render_folded(lcs, fold * periods, epoch, size, how, device, images[:, k : k + 1])
    first = preparation.per_role - len(preparation.pictures)
    for k, picture in enumerate(preparation.pictures, first):
        if picture == "dm-dt":
            render_dmdt(lcs, size, device, images[:, k : k + 1])
        else:
            render = render_density if picture == "density" else render_error_bars
            render(lcs, None if preparation.raw else periods, epoch, size, how, device, images[:, k : k + 1])


def _empty(shape: tuple[int, ...], device: str) -> Any:
    """Zeros, uint8: an array, or a tensor on a device other than the CPU."""
    if device == "cpu":
        return np.zeros(shape, np.uint8)
    import torch

    return torch.zeros(shape, dtype=torch.uint8, device=device)


def standardise(numbers: npt.NDArray[np.float32], preparation: Preparation) -> npt.NDArray[np.float32]:
    """Numbers in standard deviations from the training set's mean, at most 6; as they are before training."""
    if not preparation.scale:
        return numbers
    centred = (numbers - np.array(preparation.centre, np.float32)) / np.array(preparation.scale, np.float32)
    return np.clip(centred, -LARGEST, LARGEST)


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
