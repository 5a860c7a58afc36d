"""Light curves as other surveys would have seen the same stars: fewer observations, more noise, another zero point."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves

FEWEST = 15
"""Observations in a band that are left of a star which had so many, by surveys that see it as often."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cadence:
    """How a survey looks at a star; one table of `cadences.toml`."""

    name: str
    """Of the survey."""
    title: str
    """In words, and where that is written."""
    observations: tuple[int, int]
    """Range of the number of observations in a band."""
    days: float
    """Longest time between the first and the last one."""
    visit_hours: float
    """Observations of a band within so many hours are one visit."""
    per_visit: int
    """Most observations of a visit."""
    bands: int
    """In how many bands a star is seen."""
    noise: tuple[float, float]
    """Range of the error of an observation, mag."""
    zero_point: float
    """Spread of the zero point of a band, mag."""

    @property
    def fewest(self) -> int:
        """Observations in a band that are left of a star which had so many."""
        return min(FEWEST, self.observations[0])


@cache
def cadences() -> dict[str, Cadence]:
    """The declared cadences by name.

    Examples
    --------
    >>> sorted(cadences()), cadences()["gaia"].bands
    (['catalina', 'gaia', 'pan_starrs', 'rubin', 'ztf'], 1)
    """
    text = resources.files("lcscale.models.inputs").joinpath("cadences.toml").read_text("utf-8")
    rows: dict[str, dict[str, Any]] = tomllib.loads(text)
    pairs = {name: {key: tuple(row[key]) for key in ("observations", "noise")} for name, row in rows.items()}
    return {name: Cadence(**{"name": name, **row, **pairs[name]}) for name, row in rows.items()}


def find_cadences(names: Sequence[str]) -> tuple[Cadence, ...]:
    """The cadences of these names; an `InputError` where one is not declared."""
    known = cadences()
    strange = [name for name in names if name not in known]
    if strange:
        raise InputError(f"no cadence {', '.join(strange)}; there are {', '.join(known)}")
    return tuple(known[name] for name in names)


def observed_as(lcs: LightCurves, cadence: Cadence, rng: np.random.Generator) -> LightCurves:
    """The same stars as a survey of this cadence would have seen them, in order.

    Of each star a part of its time no longer than `days` is taken, of each visit at most `per_visit` observations, and
    of the visits as many as give a number drawn from `observations` (evenly in its logarithm). Magnitudes get noise
    until their error is one drawn from `noise`, and each band a zero point. A band that had 15 observations keeps 15,
    or as few as the survey has; stars that were seen less often or with more noise stay as they are.

    Parameters
    ----------
    lcs
        Light curves in magnitudes that own all their observations (`LightCurves.take` makes such).
    cadence
        Of the survey.
    rng
        Of all random numbers.
    """
    codes = 0 if lcs.band is None else lcs.band % lcs.n_codes
    cell = lcs.object_index() * lcs.n_codes + codes  # a number for each star and band
    n = len(lcs) * lcs.n_codes
    kept = np.ones(lcs.time.size, np.bool_)
    for choose in (_within_days, _within_visits, _so_many):
        kept = _where_enough(kept, kept & choose(lcs.time, cell, kept, n, cadence, rng), cell, n, cadence)
    kept &= _in_bands(kept, cell, lcs, cadence)
    error = np.nan_to_num(lcs.mag_err.astype(np.float64), posinf=0.0, neginf=0.0)
    wanted = _evenly_in_logarithm(cadence.noise, n, rng)[cell]
    added = np.sqrt(np.maximum(wanted**2 - error**2, 0.0))
    offset = (cadence.zero_point * rng.standard_normal(n))[cell]
    mag = lcs.mag + added * rng.standard_normal(cell.size) + offset
    known = np.isfinite(lcs.mag_err)
    noisy = np.where(known, np.hypot(np.where(known, lcs.mag_err, 0.0), added), lcs.mag_err)
    return replace(lcs, value=mag.astype(lcs.value.dtype), error=noisy.astype(lcs.error.dtype)).keep(kept)


def observed_as_others(lcs: LightCurves, names: Sequence[str], rng: np.random.Generator) -> LightCurves:
    """The same stars, each as one of the surveys of these names would have seen it."""
    which = rng.integers(0, len(names), len(lcs))
    parts = [
        observed_as(lcs.take(np.flatnonzero(which == k)), each, rng) for k, each in enumerate(find_cadences(names))
    ]
    order = np.argsort(np.concatenate([np.flatnonzero(which == k) for k in range(len(names))]), kind="stable")
    return LightCurves.concatenate(parts).take(order)


def _where_enough(
    before: npt.NDArray[np.bool_], after: npt.NDArray[np.bool_], cell: npt.NDArray[np.int64], n: int, how: Cadence
) -> npt.NDArray[np.bool_]:
    """What is chosen, but in stars and bands of which too little would be left."""
    enough = np.bincount(cell[after], minlength=n) >= np.minimum(np.bincount(cell[before], minlength=n), how.fewest)
    return np.asarray(np.where(enough[cell], after, before))


def _within_days(
    time: Floats,
    cell: npt.NDArray[np.int64],
    kept: npt.NDArray[np.bool_],
    n: int,
    how: Cadence,
    rng: np.random.Generator,
) -> npt.NDArray[np.bool_]:
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.fmin.at(first, cell, time)
    np.fmax.at(last, cell, time)
    start = first + rng.random(n) * np.maximum(last - first - how.days, 0.0)
    return np.asarray((time >= start[cell]) & (time <= start[cell] + how.days))


def _within_visits(
    time: Floats,
    cell: npt.NDArray[np.int64],
    kept: npt.NDArray[np.bool_],
    n: int,
    how: Cadence,
    rng: np.random.Generator,
) -> npt.NDArray[np.bool_]:
    return np.asarray(_rank(_visits(time, cell, how), rng.random(time.size), kept) < how.per_visit)


def _so_many(
    time: Floats,
    cell: npt.NDArray[np.int64],
    kept: npt.NDArray[np.bool_],
    n: int,
    how: Cadence,
    rng: np.random.Generator,
) -> npt.NDArray[np.bool_]:
    visit = _visits(time, cell, how)
    drawn = rng.random(int(visit.max(initial=-1)) + 1)[visit]  # a visit stays or goes as a whole
    wanted = _evenly_in_logarithm(how.observations, n, rng)[cell]
    return np.asarray(_rank(cell, drawn, kept) < np.rint(wanted))


def _in_bands(
    kept: npt.NDArray[np.bool_], cell: npt.NDArray[np.int64], lcs: LightCurves, how: Cadence
) -> npt.NDArray[np.bool_]:
    """Observations in the first bands of each star that have enough; all where none has."""
    counts = np.bincount(cell[kept], minlength=len(lcs) * lcs.n_codes).reshape(len(lcs), lcs.n_codes)
    enough = counts >= how.fewest
    chosen = enough & (np.cumsum(enough, axis=1) <= how.bands)
    return np.asarray((chosen | ~chosen.any(axis=1, keepdims=True)).ravel()[cell])


def _evenly_in_logarithm(ends: tuple[float, float], n: int, rng: np.random.Generator) -> Floats:
    return np.exp(rng.uniform(np.log(ends[0]), np.log(ends[1]), n))


def _visits(time: Floats, cell: npt.NDArray[np.int64], how: Cadence) -> npt.NDArray[np.int64]:
    """A number for each visit of a star in a band."""
    order = np.lexsort((time, cell))
    gap = np.diff(time[order], prepend=-np.inf) > how.visit_hours / 24
    new = gap | (np.diff(cell[order], prepend=-1) != 0)
    visit = np.empty(time.size, np.int64)
    visit[order] = np.cumsum(new) - 1
    return visit


def _rank(group: npt.NDArray[np.int64], drawn: Floats, kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many of a group's kept observations come before each, in the order of `drawn`; others come last."""
    order = np.lexsort((drawn, ~kept, group))
    ordered = group[order]
    rank = np.empty(group.size, np.int64)
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    rank[order] = np.arange(group.size) - np.repeat(first, np.diff(np.append(first, group.size)))
    return rank
