"""Synthetic light curves of labelled variable stars, as a ground-based survey would observe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lcscale.arrays import texts
from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats, Integers
from lcscale.lightcurves.batch import LightCurves
from lcscale.simulation.templates import TEMPLATES, Sampling

WAVELENGTHS = {
    "u": 0.36,
    "B": 0.44,
    "g": 0.48,
    "BP": 0.53,
    "V": 0.55,
    "G": 0.62,
    "r": 0.62,
    "R": 0.65,
    "i": 0.75,
    "RP": 0.78,
    "I": 0.80,
    "z": 0.89,
}
"""Effective wavelengths of the bands that can be synthesized, micrometres."""

_LIMIT = 20.5
_SEASON_DAYS = 240


@dataclass(frozen=True)
class SyntheticLightCurves:
    """Light curves whose truth is known."""

    lcs: LightCurves
    """The observations, in order of time for each star."""
    label: npt.NDArray[np.str_]
    """str [n_objects], class."""
    period: Floats
    """float64 [n_objects], days; NaN for classes without one."""
    epoch: Floats
    """float64 [n_objects], days: maximum light of pulsating, primary minimum of eclipsing stars; NaN where none."""
    mean_mag: Floats
    """float64 [n_objects, n_bands], mean magnitude without variation."""


def synthesize(
    labels: Sequence[str],
    seed: int,
    *,
    bands: tuple[str, ...] = ("g", "r"),
    n_observations: tuple[int, int] = (40, 400),
    baseline_days: float = 1500.0,
    start: float = 58_200.0,
    mag_range: tuple[float, float] = (14.5, 19.0),
) -> SyntheticLightCurves:
    """Light curves of stars of the given classes, the same for the same arguments.

    A star is observed at night, near its meridian passage, 240 days a year: the sampling has the aliases at 1 cycle
    per day and per year of a survey from the ground. Errors grow towards the limiting magnitude 20.5 (5 sigma).

    Parameters
    ----------
    labels
        Class of each star, names of `lcscale.simulation.templates.TEMPLATES`.
    seed
        Of all random numbers.
    bands
        Names out of `WAVELENGTHS`, primary band first.
    n_observations
        Range of the number of observations of a star in each band, drawn evenly in its logarithm.
    baseline_days
        Length of the survey, days.
    start
        First day, MJD.
    mag_range
        Range of mean magnitudes in the primary band; faint stars are more frequent.

    Raises
    ------
    InputError
        For a class or a band that is not known, or an empty range.

    Examples
    --------
    >>> made = synthesize(["RRab", "EA", "CONST"], seed=1)
    >>> len(made.lcs), made.lcs.bands, np.isfinite(made.period).tolist()
    (3, ('g', 'r'), [True, True, False])
    """
    labels = texts(labels, "labels").tolist()
    _check(labels, bands, n_observations, baseline_days)
    rng = np.random.default_rng(seed)
    names = np.asarray(labels, dtype=np.str_)
    n = names.size
    wavelengths = np.array([WAVELENGTHS[band] for band in bands])
    time, band, offsets = _observe(rng, n, len(bands), n_observations, baseline_days, start)
    owner = np.repeat(np.arange(n), np.diff(offsets))
    light = _vary(rng, names, time, owner, wavelengths[band])
    mean = _mean_magnitudes(rng, light.colour, wavelengths, mag_range)
    mag = mean[owner, band] + light.variation
    error = _errors(rng, mag)
    mag += error * rng.standard_normal(mag.size)
    lcs = LightCurves(
        time, mag.astype(np.float32), error.astype(np.float32), offsets, band.astype(np.int8), tuple(bands)
    )
    return SyntheticLightCurves(lcs, names, light.period, light.epoch, mean)


def synthesize_at(
    labels: Sequence[str],
    cadences: LightCurves,
    seed: int,
    *,
    wavelengths: Mapping[str, float] = WAVELENGTHS,
    reddening: float = 0.0,
) -> SyntheticLightCurves:
    """Light curves of stars of the given classes, as real stars were observed: their times, bands, errors, brightness.

    Parameters
    ----------
    labels
        Class of each star, names of `lcscale.simulation.templates.TEMPLATES`.
    cadences
        As many real stars, with usable observations (`lcscale.lightcurves.usable`) in known bands alone.
    seed
        Of all random numbers.
    wavelengths
        Effective wavelengths of the bands, micrometres.
    reddening
        Mean of the exponential distribution from which colour excesses g - r are drawn, magnitudes.

    Returns
    -------
    SyntheticLightCurves
        In each band as many observations as the real star has, varying about a level whose mean over all of them is the
        real one's mean magnitude.
    """
    labels, bands = texts(labels, "labels").tolist(), cadences.bands
    strange = [band for band in bands if band not in wavelengths]
    if len(cadences) != len(labels) or cadences.band is None or strange or not cadences.counts.all():
        raise InputError(
            f"{len(labels)} stars need as many cadences, none empty, in bands out of {', '.join(wavelengths)}; got "
            f"{len(cadences)} in {', '.join(bands) or 'no bands'}"
        )
    _check_labels(labels)
    rng = np.random.default_rng(seed)
    names, length = np.asarray(labels, dtype=np.str_), np.array([wavelengths[band] for band in bands])
    owner, band = cadences.object_index(), cadences.band
    light = _vary(rng, names, cadences.time, owner, length[band])
    colours = -(light.colour + rng.exponential(reddening, names.size))[:, None] * _redness(length)
    level = np.bincount(owner, cadences.mag - colours[owner, band]) / cadences.counts
    mean = level[:, None] + colours
    mag = mean[owner, band] + light.variation
    mag += np.nan_to_num(cadences.mag_err.astype(np.float64)) * rng.standard_normal(mag.size)
    lcs = replace(cadences, value=mag.astype(np.float32))
    return SyntheticLightCurves(lcs, names, light.period, light.epoch, mean)


@dataclass(frozen=True, eq=False)
class _Light:
    """What stars do, and how red they are."""

    variation: Floats
    """float64 [n_observations], change about the mean magnitude."""
    period: Floats
    epoch: Floats
    colour: Floats
    """float64 [n], g - r."""


def _vary(
    rng: np.random.Generator, names: npt.NDArray[np.str_], time: Floats, owner: Integers, wavelength: Floats
) -> _Light:
    """Light of stars of the classes `names` at times sorted within each star."""
    n = names.size
    light = _Light(np.empty(time.size), np.full(n, np.nan), np.full(n, np.nan), np.empty(n))
    for label in sorted(set(names.tolist())):
        stars = np.flatnonzero(names == label)
        rows = np.flatnonzero(np.isin(owner, stars))
        group = Sampling(time[rows], np.searchsorted(stars, owner[rows]), wavelength[rows], stars.size)
        signal = TEMPLATES[label].signal(rng, group)
        light.variation[rows], light.period[stars], light.epoch[stars] = signal.magnitude, signal.period, signal.epoch
        light.colour[stars] = rng.normal(*TEMPLATES[label].colour, stars.size)
    return light


def _check_labels(labels: Sequence[str]) -> None:
    unknown = sorted(set(labels) - TEMPLATES.keys())
    if unknown:
        raise InputError(f"no template for the class {', '.join(unknown)}; there are {', '.join(TEMPLATES)}")


def _check(
    labels: Sequence[str], bands: tuple[str, ...], n_observations: tuple[int, int], baseline_days: float
) -> None:
    _check_labels(labels)
    strange = [band for band in bands if band not in WAVELENGTHS]
    if strange or not bands or len(set(bands)) < len(bands):
        raise InputError(f"bands must be different names out of {', '.join(WAVELENGTHS)}, not {', '.join(bands)}")
    low, high = n_observations
    if not 0 < low <= high or not baseline_days >= 1:
        raise InputError(
            f"no light curves of {low} to {high} observations in {baseline_days} days: give positive ranges"
        )


def _observe(
    rng: np.random.Generator, n: int, n_bands: int, n_observations: tuple[int, int], baseline: float, start: float
) -> tuple[Floats, Integers, Integers]:
    """Times and band codes of all observations, in order of time for each star, and the stars' offsets."""
    low, high = np.log(n_observations)
    drawn = np.exp(rng.uniform(low, high, (n, 1))) * rng.uniform(0.85, 1.0, (n, n_bands))
    counts = np.clip(np.round(drawn).astype(np.int64), *n_observations)
    owner = np.repeat(np.arange(n), counts.sum(axis=1))
    band = np.repeat(np.tile(np.arange(n_bands), n), counts.ravel())
    n_years = max(1, int(np.ceil(baseline / 365.25)))
    opening = rng.uniform(0, 365.25 - _SEASON_DAYS, n)
    year = rng.integers(0, n_years, owner.size)
    day = rng.integers(0, min(_SEASON_DAYS, int(baseline)), owner.size)
    if baseline < 365.25:
        opening[:] = 0.0
    night = np.floor(365.25 * year + opening[owner]) + day
    late = night >= baseline
    night[late] %= max(int(min(baseline, _SEASON_DAYS)), 1)
    rising = 0.25 * (0.5 - day / _SEASON_DAYS)
    time = start + night + 0.4 + 0.1 * rng.random(n)[owner] + rising + rng.normal(0, 0.03, owner.size).clip(-0.1, 0.1)
    rows = np.lexsort((band, time, owner))
    return time[rows], band[rows], np.concatenate([[0], np.cumsum(counts.sum(axis=1))])


def _mean_magnitudes(
    rng: np.random.Generator, colour: Floats, wavelengths: Floats, mag_range: tuple[float, float]
) -> Floats:
    """Mean magnitude [n, n_bands]: colours grow with the logarithm of wavelength, from g - r."""
    bright, faint = mag_range
    primary = faint - (faint - bright) * rng.random(colour.size) ** 1.5
    return np.asarray(primary[:, None] - colour[:, None] * _redness(wavelengths))


def _redness(wavelengths: Floats) -> Floats:
    """Colours relative to the first band, in units of g - r."""
    return np.asarray(np.log(wavelengths / wavelengths[0]) / np.log(WAVELENGTHS["r"] / WAVELENGTHS["g"]))


def _errors(rng: np.random.Generator, mag: Floats) -> Floats:
    """Errors of the magnitudes: 8 mmag for bright stars, 0.2 mag at the limiting magnitude."""
    faint = 0.2 * 10 ** (0.4 * np.minimum(mag - _LIMIT, 1.5))
    return np.asarray(np.hypot(0.008, faint) * rng.uniform(0.85, 1.25, mag.size))
