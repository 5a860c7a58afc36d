"""Small changes that leave a star's class alone: what another survey, another season, another night would have seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves import LightCurves
from lcscale.models.inputs.cadences import observed_as_others
from lcscale.models.inputs.inputs import Inputs
from lcscale.models.inputs.preparation import ALTERNATIVES, Preparation
from lcscale.models.inputs.sequences import CHANNELS

_FEWEST = 15


@dataclass(frozen=True)
class Augmentation:
    """How much a light curve is changed each time the network looks at it."""

    kept: tuple[float, float] = (0.5, 1.0)
    """Range of the share of observations that are kept; no star is left with fewer than 15 that had more."""
    noise: float = 0.5
    """Largest extra noise, in errors."""
    phase_jitter: float = 0.03
    """Spread of the phase error that a changed period piles up over the baseline, cycles."""
    wrong_period: float = 0.15
    """Share of the objects whose period is doubled or halved, so that the wrong one of P and 2P decides nothing."""
    role_dropout: float = 0.15
    """Share of the objects of which one filled role is hidden, where another remains."""
    column_dropout: float = 0.0
    """Share of the objects whose further columns are hidden: a catalog may not have them."""
    cadences: tuple[str, ...] = ()
    """Surveys out of `cadences.toml`: a star is seen as one of them, drawn anew, in a share `thinned` of the looks."""
    thinned: float = 0.5
    """That share."""


def change(
    lcs: LightCurves, period: npt.NDArray[np.float64], how: Augmentation, rng: np.random.Generator
) -> tuple[LightCurves, npt.NDArray[np.float64]]:
    """Other observations of the same stars, and a slightly different period.

    Parameters
    ----------
    lcs
        Light curves that start at offset 0 and own all observations of the batch (`LightCurves.take` makes such).
    period
        float64 [n_objects], days.
    """
    if how.cadences:
        lcs = _thinned(lcs, how, rng)
    n, counts = len(lcs), lcs.counts
    kept = np.maximum(np.rint(rng.uniform(*how.kept, n) * counts), np.minimum(counts, _FEWEST))
    mag = lcs.mag + rng.standard_normal(lcs.mag.size).astype(np.float32) * np.nan_to_num(
        lcs.mag_err * np.repeat(rng.uniform(0, how.noise, n), counts), posinf=0.0, neginf=0.0
    ).astype(np.float32)
    noisy = replace(lcs, value=mag)
    order = np.lexsort((rng.random(lcs.time.size), np.repeat(np.arange(n), counts)))  # each star's own, in any order
    chosen = np.zeros(lcs.time.size, np.bool_)
    chosen[order] = np.arange(lcs.time.size) - np.repeat(lcs.offsets[:-1], counts) < np.repeat(kept, counts)
    changed = noisy.keep(chosen)
    baseline = np.array(
        [np.ptp(lcs.time[a:b]) if b > a else 0.0 for a, b in zip(lcs.offsets, lcs.offsets[1:], strict=False)]
    )
    drift = how.phase_jitter * rng.standard_normal(n) * period / np.maximum(baseline, period)
    other = np.where(rng.random(n) < how.wrong_period, rng.choice([0.5, 2.0], n), 1.0)
    return changed, period * other * (1 + np.nan_to_num(drift))


def _thinned(lcs: LightCurves, how: Augmentation, rng: np.random.Generator) -> LightCurves:
    """Some of the stars as other surveys would have seen them, all in order."""
    some = rng.random(len(lcs)) < how.thinned
    other = observed_as_others(lcs.take(some), how.cadences, rng)
    order = np.argsort(np.concatenate([np.flatnonzero(some), np.flatnonzero(~some)]), kind="stable")
    return LightCurves.concatenate([other, lcs.take(~some)]).take(order)


def tell_right_period(
    columns: Mapping[str, npt.NDArray[Any]], right: npt.NDArray[np.float64], used: npt.NDArray[np.float64]
) -> Mapping[str, npt.NDArray[Any]]:
    """The columns as a search that had preferred a wrong period would give them: the right one is its alternative."""
    if ALTERNATIVES[0] not in columns:
        return columns
    wrong = np.abs(used / right - 1) > 0.25
    return {**columns, ALTERNATIVES[0]: np.where(wrong, right, columns[ALTERNATIVES[0]])}


def disguise(inputs: Inputs, preparation: Preparation, how: Augmentation, rng: np.random.Generator) -> Inputs:
    """The same objects cut at another phase (where there is one), some of them with a role or the columns hidden."""
    n = len(inputs)
    shifts = np.zeros(n, np.int64) if preparation.raw else rng.integers(0, preparation.size, n)
    images = np.stack([np.roll(image, shift, axis=-1) for image, shift in zip(inputs.images, shifts, strict=True)])
    still = [k for k, what in enumerate(preparation.channels) if what.endswith("dm-dt")]  # its axis is no phase
    images[:, still] = inputs.images[:, still]
    sequences, mask = inputs.sequences, inputs.mask
    if sequences is not None and mask is not None and not preparation.raw:
        sequences = _cut(sequences, mask, (shifts / preparation.size).astype(np.float32))
    numbers = inputs.numbers.copy()
    if len(preparation.roles) > 1:
        names = np.array(preparation.names)
        filled = np.stack(
            [~np.isnan(numbers[:, names == f"log_amplitude_{role.name}"][:, 0]) for role in preparation.roles]
        )
        hidden = rng.integers(0, len(preparation.roles), n)
        hide = (rng.random(n) < how.role_dropout) & (filled.sum(axis=0) > 1)
        folds = preparation.per_role
        for r, role in enumerate(preparation.roles):
            chosen = hide & (hidden == r)
            images[chosen, r * folds : (r + 1) * folds] = 0
            gone = np.char.endswith(names, f"_{role.name}") | np.isin(names, ("colour", "amplitude_difference"))
            numbers[np.ix_(chosen, gone)] = np.nan
            if sequences is not None and mask is not None:
                mask = mask & ~(chosen[:, None] & (sequences[:, :, len(CHANNELS) + r] > 0))
    if how.column_dropout and preparation.columns:
        numbers[rng.random(n) < how.column_dropout, -len(preparation.columns) :] = np.nan
    if sequences is not None and mask is not None:
        sequences = np.where(mask[:, :, None], sequences, np.float32(0.0))
    return Inputs(images, numbers, inputs.reason, sequences, mask)


def _cut(
    sequences: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_], shift: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Folded sequences with another phase 0, in order of phase again."""
    phase = np.where(mask, (sequences[:, :, 0] + shift[:, None]) % 1.0, np.inf)
    order = np.argsort(phase, axis=1, kind="stable")[:, :, None]
    moved = np.take_along_axis(sequences, order, axis=1)
    moved[:, :, :1] = np.where(mask[:, :, None], np.take_along_axis(phase[:, :, None], order, axis=1), 0.0)
    return moved
