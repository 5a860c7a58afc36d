"""Simulated light curves of transient alerts: what a survey like Gaia's publishes, and what it had better not.

Ranges of amplitude and time are those of the literature: FU Orionis and EX Lupi outbursts (Audard et al. 2014,
arXiv:1401.3368), dwarf novae (Warner 1995), supernovae (Filippenko 1997), microlensing (Paczyński 1986), the damped
random walk of active nuclei (MacLeod et al. 2010), and false alerts (Hodgkin et al. 2021, arXiv:2106.01394).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats
from lcscale.lightcurves.batch import LightCurves
from lcscale.simulation.templates import TEMPLATES, Sampling

LIMIT = 20.7
"""Faintest magnitude that is detected."""
TRIGGER = 0.5
"""An alert needs two observations in a row at least this far from the median of those before, or none before."""
FEWEST = 5
"""Observations of an alert."""
_TRANSIT_GAPS = (0.0740, 0.1763)
"""Days between transits of Gaia's two fields of view: preceding to following, and the rest of a turn of six hours."""
_WAVELENGTH = 0.62
_TRIES = 60

Rng = np.random.Generator
Light = Callable[[Rng, Floats], Floats]
"""Magnitudes of one object at given times, from random parameters; NaN or faint where nothing is detected."""


@dataclass(frozen=True, eq=False)
class SimulatedAlerts:
    """Light curves that would have raised an alert, and what they are."""

    lcs: LightCurves
    """One unnamed band `G`; the errors are NaN, as surveys publish none with alerts."""
    kind: npt.NDArray[np.str_]
    """str [n_objects], key of `KINDS`."""
    published: npt.NDArray[np.bool_]
    """bool [n_objects], whether the kind is one that is published."""


def simulate_alerts(kinds: Sequence[str], seed: int, cadences: LightCurves | None = None) -> SimulatedAlerts:
    """Alert light curves of the given kinds, the same for the same arguments.

    Every one is drawn until it raises an alert (`TRIGGER`), so that the kinds differ by their light and not by whether
    they would have been noticed.

    Parameters
    ----------
    kinds
        Of each object, keys of `KINDS`.
    seed
        Of all random numbers.
    cadences
        Light curves whose times of observation are used, drawn at random; None simulates Gaia's transits.

    Examples
    --------
    >>> made = simulate_alerts(["FUOR", "OUTLIER"], seed=1)
    >>> len(made.lcs), made.published.tolist(), bool((made.lcs.counts >= FEWEST).all())
    (2, [True, False], True)
    """
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown:
        raise InputError(f"no alerts of the kind {', '.join(unknown)}; there are {', '.join(KINDS)}")
    rng = np.random.default_rng(seed)
    drawn = [_alert(rng, KINDS[kind][1], cadences, kind) for kind in kinds]
    time = np.concatenate([np.empty(0), *(each[0] for each in drawn)])
    mag = np.concatenate([np.empty(0), *(each[1] for each in drawn)]).astype(np.float32)
    offsets = np.concatenate([[0], np.cumsum([each[0].size for each in drawn])]).astype(np.int64)
    lcs = LightCurves(time, mag, np.full(mag.size, np.nan, np.float32), offsets, None, ("G",))
    published = np.array([KINDS[kind][0] for kind in kinds], np.bool_)
    return SimulatedAlerts(lcs, np.asarray(kinds, np.str_), published)


def triggers(mag: npt.NDArray[np.floating]) -> bool:
    """Whether magnitudes in order of time raise an alert; see `TRIGGER`.

    Examples
    --------
    >>> triggers(np.array([18.0, 18.1, 18.0, 16.9, 18.0])), triggers(np.array([18.0, 18.1, 18.0, 16.9, 16.8]))
    (False, True)
    """
    for k in range(3, mag.size - 1):
        before = np.median(mag[:k])
        if abs(mag[k] - before) >= TRIGGER and abs(mag[k + 1] - before) >= TRIGGER:
            return True
    return False


def gaia_transits(rng: Rng, n_years: float, start: float = 56_900.0) -> Floats:
    """Times (days, in order) of Gaia's transits over one position: visits of one to six transits, weeks apart."""
    length, now, times = 365.25 * n_years, float(rng.uniform(0, 40)), []
    while now < length:
        moment, field = now, int(rng.integers(2))
        for _ in range(int(rng.choice([1, 2, 3, 4, 6], p=[0.25, 0.4, 0.15, 0.15, 0.05]))):
            times.append(moment)
            moment += _TRANSIT_GAPS[field]
            field = 1 - field
        now = moment + float(rng.uniform(25, 70) if rng.random() < 0.85 else rng.uniform(2, 20))
    return start + np.array(times)


def _alert(rng: Rng, light: Light, cadences: LightCurves | None, kind: str) -> tuple[Floats, Floats]:
    """Times and noisy magnitudes of one alert."""
    for _ in range(_TRIES):
        time = gaia_transits(rng, rng.uniform(2.5, 9.0)) if cadences is None else _times_of(rng, cadences)
        mag = light(rng, time)
        error = np.hypot(0.01, 0.12 * 10 ** (0.35 * (np.minimum(mag, LIMIT) - LIMIT)))
        mag = mag + error * rng.standard_normal(mag.size)
        seen = np.isfinite(mag) & (mag < LIMIT) & (mag > 5)
        time, mag = time[seen], mag[seen]
        if mag.size >= FEWEST and (kind in NEW_SOURCES or triggers(mag)):
            return time, mag
    raise InputError(f"{_TRIES} light curves of the kind {kind} raised no alert: give cadences of more observations")


def _times_of(rng: Rng, cadences: LightCurves) -> Floats:
    """Sorted times of one of the light curves, with gaps and length as they are."""
    i = int(rng.integers(len(cadences)))
    return np.sort(cadences.time[cadences.offsets[i] : cadences.offsets[i + 1]])


def _log_uniform(rng: Rng, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _onset(rng: Rng, time: Floats) -> float:
    """When something happens: within the observations, and not at their very beginning."""
    return float(time[0] + (time[-1] - time[0]) * rng.uniform(0.2, 0.95)) if time.size else 0.0


def _rise(x: Floats) -> Floats:
    """From 0 to 1 about ``x = 0``, the logistic function."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def _walk(rng: Rng, time: Floats, spread: float, tau: float) -> Floats:
    """A damped random walk."""
    sampling = Sampling(time, np.zeros(time.size, np.int64), np.full(time.size, _WAVELENGTH), 1)
    return spread * sampling.stochastic(rng, np.array([tau]))


def _fuor(rng: Rng, time: Floats) -> Floats:
    """Up by magnitudes within weeks to years, and down over decades."""
    since = time - _onset(rng, time)
    rise, amplitude = _log_uniform(rng, 15, 300), rng.uniform(1.5, 6)
    up = amplitude * _rise(4 * since / rise)
    fading = rng.uniform(0, 0.2) / 365.25 * np.maximum(since - rise, 0)
    quiet = rng.uniform(16.0, 20.5) + _walk(rng, time, rng.uniform(0.05, 0.35), _log_uniform(rng, 5, 100))
    return np.asarray(quiet - np.maximum(up - fading, 0))


def _exor(rng: Rng, time: Floats) -> Floats:
    """Outbursts of months that may return."""
    result = rng.uniform(15.5, 20.0) + _walk(rng, time, rng.uniform(0.1, 0.4), _log_uniform(rng, 3, 60))
    for _ in range(1 + rng.geometric(0.65)):
        since = time - _onset(rng, time)
        rise, stay, fall = _log_uniform(rng, 5, 60), _log_uniform(rng, 20, 400), _log_uniform(rng, 20, 200)
        shape = np.exp(np.minimum(since, 0) / rise) * np.exp(-np.maximum(since - stay, 0) / fall)
        result = result - rng.uniform(1, 4.5) * shape
    return np.asarray(result)


def _fading(rng: Rng, time: Floats) -> Floats:
    """A young star behind its dust for weeks to years."""
    since = time - _onset(rng, time)
    width = _log_uniform(rng, 20, 800)
    dip = rng.uniform(1, 4) * _rise(since / (0.05 * width)) * _rise((width - since) / (0.075 * width))
    return np.asarray(rng.uniform(12, 17) + dip + _walk(rng, time, rng.uniform(0.05, 0.35), _log_uniform(rng, 3, 60)))


def _supernova(rng: Rng, time: Floats) -> Floats:
    """A new source that rises within weeks; with or without a plateau; sometimes on its galaxy."""
    since = time - _onset(rng, time)
    rise, plateau = rng.uniform(12, 25), rng.uniform(60, 110) * (rng.random() < 0.35)
    early = 0.004 * since if plateau else rng.uniform(0.05, 0.1) * np.minimum(since, 25)
    late = rng.uniform(0.008, 0.02) * np.maximum(since - max(plateau, 25), 0) + (1.5 if plateau else 0) * (
        since > plateau
    )
    bright = rng.uniform(14.5, 18.8) + np.where(since < 0, 5 * (since / rise) ** 2, early + late)
    flux = np.where(since > -rise, 10 ** (-0.4 * bright), 0.0)
    if rng.random() < 0.4:
        flux = flux + 10 ** (-0.4 * rng.uniform(17.5, 20.5))
    return np.asarray(-2.5 * np.log10(np.maximum(flux, 1e-12)))


def _dwarf_nova(rng: Rng, time: Floats) -> Floats:
    """Outbursts of days to weeks, up within a day or two, again and again."""
    quiet, amplitude = rng.uniform(17.5, 21.5), rng.uniform(2, 7)
    stay, fall, again = _log_uniform(rng, 3, 20), rng.uniform(1, 4), _log_uniform(rng, 40, 3000)
    first = _onset(rng, time)
    since = np.mod(time - first + 1, again * rng.uniform(0.9, 1.1)) - 1
    shape = np.clip(since + 1, 0, 1) * np.exp(-np.maximum(since - stay, 0) / fall)
    shape = np.where(time < first - 1, 0.0, shape) if again > 500 else shape
    return np.asarray(
        quiet
        - amplitude * (shape - 0.03 * np.clip(since, 0, stay) * (shape > 0.5)).clip(0)
        + 0.15 * rng.standard_normal(time.size)
    )


def _lens(rng: Rng, time: Floats) -> Floats:
    """One symmetric brightening, of a part of the light where stars are blended."""
    u = np.hypot(rng.uniform(0.01, 0.5), (time - _onset(rng, time)) / _log_uniform(rng, 10, 200))
    magnified = (u**2 + 2) / (u * np.sqrt(u**2 + 4))
    return np.asarray(rng.uniform(14, 19.5) - 2.5 * np.log10(1 + rng.uniform(0.4, 1.0) * (magnified - 1)))


def _nucleus(rng: Rng, time: Floats) -> Floats:
    """A damped random walk over years, often with a flare."""
    result = rng.uniform(16.5, 20) + _walk(rng, time, rng.uniform(0.1, 0.45), _log_uniform(rng, 100, 1000))
    since = time - _onset(rng, time)
    flare = np.exp(np.minimum(since, 0) / _log_uniform(rng, 15, 80)) * np.exp(
        -np.maximum(since, 0) / _log_uniform(rng, 40, 400)
    )
    return np.asarray(result - rng.uniform(0.5, 2.5) * (rng.random() < 0.6) * flare)


def _outlier(rng: Rng, time: Floats) -> Floats:
    """A constant star, and one visit gone wrong."""
    result = rng.uniform(14, 20) + rng.uniform(0.01, 0.08) * rng.standard_normal(time.size)
    if time.size > 4:
        first = int(rng.integers(3, time.size - 1))
        last = min(first + int(rng.integers(2, 4)), time.size)
        wrong = rng.uniform(0.6, 4) * rng.choice([-1, 1], p=[0.8, 0.2])
        result[first:last] += wrong * rng.uniform(0.8, 1.2, last - first)
    return np.asarray(result)


def _parasite(rng: Rng, time: Floats) -> Floats:
    """A bright neighbour's light, let in at some angles of the scan, which come back as the spin axis precesses."""
    angle = 2 * np.pi * (time / 63.0 * rng.choice([1, 2]) + 0.7 * np.sin(2 * np.pi * time / 365.25) + rng.random())
    let_in = np.exp(rng.uniform(4, 25) * (np.cos(angle) - 1))
    let_in = let_in * rng.uniform(0.5, 1.3, time.size)
    return np.asarray(rng.uniform(16.5, 20.3) - rng.uniform(0.8, 4) * let_in)


def _blend(rng: Rng, time: Floats) -> Floats:
    """Two stars that are one at some transits and two at others."""
    together = rng.random(time.size) < rng.uniform(0.15, 0.85)
    return np.asarray(rng.uniform(14, 20) - rng.uniform(0.6, 1.5) * together + 0.03 * rng.standard_normal(time.size))


def _noisy(rng: Rng, time: Floats) -> Floats:
    """A faint source in a crowd: large scatter, no event."""
    return np.asarray(rng.uniform(18.5, 20.4) + rng.uniform(0.25, 0.7) * rng.standard_t(4, time.size))


def _variable(*classes: str) -> Light:
    """A well-known variable star of one of these classes of `TEMPLATES`."""

    def light(rng: Rng, time: Floats) -> Floats:
        one = Sampling(time, np.zeros(time.size, np.int64), np.full(time.size, _WAVELENGTH), 1)
        return np.asarray(rng.uniform(12, 19.5) + TEMPLATES[str(rng.choice(classes))].signal(rng, one).magnitude)

    return light


KINDS: dict[str, tuple[bool, Light]] = {
    "FUOR": (True, _fuor),
    "EXOR": (True, _exor),
    "FADING": (True, _fading),
    "SN": (True, _supernova),
    "CV": (True, _dwarf_nova),
    "ULENS": (True, _lens),
    "AGN": (True, _nucleus),
    "OUTLIER": (False, _outlier),
    "PARASITE": (False, _parasite),
    "BLEND": (False, _blend),
    "NOISY": (False, _noisy),
    "PULSATOR": (False, _variable("RRab", "RRc", "DCEP_F")),
    "ECLIPSER": (False, _variable("EA", "EB")),
    "LPV": (False, _variable("LPV")),
}
"""What there is: whether a survey would publish it as an alert, and its light."""

NEW_SOURCES = ("SN", "CV")
"""Kinds that are alerts by being there at all."""
