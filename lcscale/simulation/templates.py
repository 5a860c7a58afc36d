"""What the light of each class of variable does: periodic, spotted, slow and irregular, declared by class.

Fourier parameters of pulsators are medians of OGLE-IV Large Magellanic Cloud stars in the I band (cosine series:
Soszynski et al. 2015, 2016); the rest are textbook ranges (Percy, *Understanding Variable Stars*). Magnitude changes
scale with wavelength as ``(wavelength / reference) ** -slope``, and redder bands lag in phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats, exact_kernel

Integers = npt.NDArray[np.int64]

HARMONICS = 8
_PHASES = np.arange(512) / 512


@dataclass(frozen=True)
class Sampling:
    """When, and in which band, each of a group of stars of one class is looked at."""

    time: Floats
    """float64 [n_observations], days, sorted within each star."""
    owner: Integers
    """int64 [n_observations], index of the star."""
    wavelength: Floats
    """float64 [n_observations], effective wavelength of the observation's band, micrometres."""
    n: int
    """Number of stars."""

    def stochastic(self, rng: np.random.Generator, tau: Floats) -> Floats:
        """A damped random walk of unit variance for each star, with damping time `tau` [n] in days."""
        return np.asarray(_damped_walk(self.time, self.owner, tau, rng.standard_normal(self.time.size)))


@dataclass(frozen=True)
class Signal:
    """Magnitude changes of the stars of a group, and what made them."""

    magnitude: Floats
    """float64 [n_observations], change about the mean magnitude."""
    period: Floats
    """float64 [n], days; NaN where there is none."""
    epoch: Floats
    """float64 [n], days: maximum light of pulsating, primary minimum of eclipsing stars; NaN without a period."""


class Template(Protocol):
    """Makes the light of one class."""

    @property
    def colour(self) -> tuple[float, float]:
        """Mean and spread of g - r, magnitudes."""

    def signal(self, rng: np.random.Generator, sampling: Sampling) -> Signal:
        """Light of the stars of `sampling`, with parameters drawn from `rng`."""


@dataclass(frozen=True)
class Pulsation:
    """A Fourier series whose parameters follow the period (interpolated over `log_period`, which bounds it)."""

    colour: tuple[float, float]
    log_period: tuple[float, ...]
    faintest: tuple[float, ...]
    """10th percentile of the peak-to-peak amplitude at I, magnitudes."""
    largest: tuple[float, ...]
    r21: tuple[float, ...]
    phi21: tuple[float, ...]
    r31: tuple[float, ...]
    phi31: tuple[float, ...]
    typical: tuple[float, float] | None = None
    """Mean and spread of log period; None for an even spread over the whole range."""
    slope: float = 1.25
    lag: float = 0.05
    """Phase lag, cycles for a factor e in wavelength."""
    second_mode: float = 0.0
    """Amplitude of a second mode at period / 0.744, relative to the first (double-mode stars)."""

    def signal(self, rng: np.random.Generator, sampling: Sampling, period: Floats | None = None) -> Signal:
        """Light of pulsating stars, of periods [n] where they are given; the epoch is maximum light at I."""
        n = sampling.n
        if period is None:
            log_period = _draw_log_period(rng, n, self.log_period[0], self.log_period[-1], self.typical)
        else:
            log_period = np.log10(period)
        amplitude = rng.uniform(self._at(log_period, self.faintest), self._at(log_period, self.largest))
        period = 10.0**log_period
        epoch = sampling.time.min(initial=np.inf) + period * rng.random(n) if n else np.empty(0)
        ratios, phases = self._series(log_period, rng)
        low, zero, span = _extremes(ratios, phases)
        o = sampling.owner
        lag = self.lag * np.log(sampling.wavelength / 0.80)
        scale = (sampling.wavelength / 0.80) ** -self.slope
        phase = (sampling.time - epoch[o]) / period[o] - lag
        light = _fourier(phase + low[o], ratios[o], phases[o]) - zero[o]
        if self.second_mode:
            share = self.second_mode * rng.uniform(0.5, 1.0, n)
            light += span[o] * share[o] * 0.5 * np.cos(2 * np.pi * (phase * 0.744 + rng.random(n)[o]))
        return Signal(light / span[o] * amplitude[o] * scale, period, epoch)

    def _at(self, log_period: Floats, values: tuple[float, ...] | Floats) -> Floats:
        return np.asarray(np.interp(log_period, self.log_period, values))

    def _series(self, log_period: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Amplitude ratios and phases [n, HARMONICS] of each star's series, the first harmonic being cos(phase)."""
        n = log_period.size
        r21 = self._at(log_period, self.r21) * rng.normal(1.0, 0.07, n).clip(0.7, 1.3)
        r31 = self._at(log_period, self.r31) * rng.normal(1.0, 0.1, n).clip(0.6, 1.4)
        phi21 = self._at(log_period, np.unwrap(self.phi21)) + rng.normal(0, 0.07, n)
        phi31 = self._at(log_period, np.unwrap(self.phi31)) + rng.normal(0, 0.12, n)
        step = (phi31 - phi21) % (2 * np.pi)
        fall = np.minimum(r31 / np.maximum(r21, 1e-3), 0.75)
        ratios, phases = np.ones((n, HARMONICS)), np.zeros((n, HARMONICS))
        ratios[:, 1], phases[:, 1] = r21, phi21
        for k in range(2, HARMONICS):
            ratios[:, k] = r31 * fall ** (k - 2)
            phases[:, k] = phi31 + (k - 2) * step
        return ratios, phases


@dataclass(frozen=True)
class Eclipses:
    """Two eclipses and the tidal deformation between them; the period is the orbit's, two eclipses long."""

    colour: tuple[float, float]
    log_period: tuple[float, float]
    depth: tuple[float, float]
    """Range of the primary eclipse's depth, magnitudes; (0, 0) for none."""
    secondary: tuple[float, float]
    """Range of the secondary's depth relative to the primary's."""
    width: tuple[float, float]
    """Range of the eclipses' half-width, cycles."""
    ellipsoidal: tuple[float, float]
    """Range of the peak-to-peak ellipsoidal variation, magnitudes."""
    eccentric: float = 0.0
    """Largest shift of the secondary from phase 0.5, cycles."""

    def signal(self, rng: np.random.Generator, sampling: Sampling, period: Floats | None = None) -> Signal:
        """Light of binaries, of periods [n] where they are given; the epoch is the primary minimum."""
        n, o = sampling.n, sampling.owner
        period = 10.0 ** rng.uniform(*self.log_period, n) if period is None else period
        epoch = sampling.time.min(initial=np.inf) + period * rng.random(n) if n else np.empty(0)
        depth = rng.uniform(*self.depth, n)
        second = depth * rng.uniform(*self.secondary, n)
        width = rng.uniform(*self.width, n)
        tide = rng.uniform(*self.ellipsoidal, n)
        centre = 0.5 + rng.uniform(-self.eccentric, self.eccentric, n)
        phase = (sampling.time - epoch[o]) / period[o]
        red = np.log(sampling.wavelength / 0.48)
        light = depth[o] * (1 - 0.08 * red) * _eclipse(phase, width[o])
        light += second[o] * (1 + 0.15 * red) * _eclipse(phase - centre[o], width[o])
        light += 0.5 * tide[o] * np.cos(4 * np.pi * phase)
        return Signal(light, period, epoch)


@dataclass(frozen=True)
class Spots:
    """Rotation of a spotted star whose spots come and go: one or two humps a turn, changing over months."""

    colour: tuple[float, float]
    log_period: tuple[float, float]
    amplitude: tuple[float, float]
    """Range of the typical peak-to-peak change, magnitudes, drawn evenly in its logarithm."""
    slope: float = 0.6

    def signal(self, rng: np.random.Generator, sampling: Sampling) -> Signal:
        """Light of rotating stars; the epoch is arbitrary."""
        n, o = sampling.n, sampling.owner
        period = 10.0 ** rng.uniform(*self.log_period, n)
        epoch = sampling.time.min(initial=np.inf) + period * rng.random(n) if n else np.empty(0)
        amplitude = _log_uniform(rng, self.amplitude, n)
        tau = np.maximum(150.0, 20 * period) * rng.uniform(1, 4, n)
        turn = 2 * np.pi * (sampling.time - epoch[o]) / period[o]
        first = 1 + 0.35 * sampling.stochastic(rng, tau)
        drift = 0.4 * sampling.stochastic(rng, tau)
        hump = rng.uniform(0.0, 0.5, n)[o] * (1 + 0.5 * sampling.stochastic(rng, tau))
        light = first * np.cos(turn + drift) + hump * np.cos(2 * turn + rng.uniform(0, 6.28, n)[o])
        return Signal(0.5 * amplitude[o] * light * (sampling.wavelength / 0.48) ** -self.slope, period, epoch)


@dataclass(frozen=True)
class LongPeriod:
    """Slow pulsation of a red giant: no cycle quite like the last in length and height."""

    colour: tuple[float, float]
    log_period: tuple[float, float]
    amplitude: tuple[float, float]
    """Range of the peak-to-peak amplitude at I, magnitudes."""
    irregularity: float
    slope: float = 1.1

    def signal(self, rng: np.random.Generator, sampling: Sampling) -> Signal:
        """Light of long-period variables; the epoch is a maximum of the undisturbed series."""
        n, o = sampling.n, sampling.owner
        period = 10.0 ** rng.uniform(*self.log_period, n)
        epoch = sampling.time.min(initial=np.inf) + period * rng.random(n) if n else np.empty(0)
        amplitude = _log_uniform(rng, self.amplitude, n)
        disturbed = self.irregularity * sampling.stochastic(rng, 3 * period)
        height = np.maximum(1 + 2 * self.irregularity * sampling.stochastic(rng, 3 * period), 0.1)
        phase = (sampling.time - epoch[o]) / period[o] - 0.1 * np.log(sampling.wavelength / 0.80) + 0.3 * disturbed
        light = -np.cos(2 * np.pi * phase) - 0.15 * np.sin(4 * np.pi * phase)
        light += 2 * self.irregularity * sampling.stochastic(rng, 1.5 * period)
        scale = 0.5 * amplitude[o] * (sampling.wavelength / 0.80) ** -self.slope
        return Signal(height * light * scale, period, epoch)


@dataclass(frozen=True)
class Irregular:
    """No period: a damped random walk, with fadings by dust where `dips` is not 0; nothing at all for spread (0, 0)."""

    colour: tuple[float, float]
    spread: tuple[float, float]
    """Range of the walk's standard deviation at g, magnitudes."""
    log_tau: tuple[float, float] = (2.0, 3.0)
    dips: float = 0.0
    slope: float = 0.8

    def signal(self, rng: np.random.Generator, sampling: Sampling) -> Signal:
        """Light of aperiodic (or constant) stars."""
        n, o = sampling.n, sampling.owner
        tau = 10.0 ** rng.uniform(*self.log_tau, n)
        spread = rng.uniform(*self.spread, n)
        light = spread[o] * sampling.stochastic(rng, tau)
        if self.dips:
            depth = self.dips * rng.uniform(0.0, 1.0, n)
            light += depth[o] * np.maximum(sampling.stochastic(rng, tau / 3) - 1.0, 0.0)
        scale = (sampling.wavelength / 0.48) ** -self.slope
        return Signal(light * scale, np.full(n, np.nan), np.full(n, np.nan))


TEMPLATES: dict[str, Template] = {
    "RRab": Pulsation(
        colour=(0.22, 0.06),
        log_period=(-0.42, -0.379, -0.316, -0.271, -0.227, -0.186, -0.132, -0.05),
        faintest=(0.50, 0.50, 0.50, 0.45, 0.33, 0.22, 0.17, 0.14),
        largest=(0.95, 0.91, 0.88, 0.79, 0.67, 0.61, 0.49, 0.42),
        r21=(0.52, 0.51, 0.463, 0.457, 0.463, 0.429, 0.399, 0.364),
        phi21=(4.10, 4.12, 4.08, 4.18, 4.36, 4.56, 4.73, 4.90),
        r31=(0.36, 0.36, 0.343, 0.343, 0.321, 0.253, 0.21, 0.159),
        phi31=(2.0, 2.1, 2.03, 2.25, 2.66, 3.03, 3.32, 3.65),
        typical=(-0.245, 0.05),
    ),
    "RRc": Pulsation(
        colour=(0.12, 0.05),
        log_period=(-0.65, -0.50, -0.36),
        faintest=(0.12, 0.18, 0.14),
        largest=(0.28, 0.36, 0.30),
        r21=(0.20, 0.13, 0.07),
        phi21=(4.5, 4.7, 5.1),
        r31=(0.05, 0.06, 0.05),
        phi31=(2.0, 3.2, 4.3),
        typical=(-0.48, 0.05),
    ),
    "RRd": Pulsation(
        colour=(0.14, 0.05),
        log_period=(-0.48, -0.42, -0.36),
        faintest=(0.18, 0.18, 0.16),
        largest=(0.34, 0.34, 0.30),
        r21=(0.15, 0.12, 0.10),
        phi21=(4.6, 4.7, 4.9),
        r31=(0.05, 0.05, 0.05),
        phi31=(2.6, 3.0, 3.5),
        second_mode=0.6,
    ),
    "DCEP_F": Pulsation(
        colour=(0.55, 0.10),
        log_period=(0.1, 0.413, 0.497, 0.597, 0.691, 0.803, 0.878, 0.942, 0.988, 1.038, 1.105, 1.21, 1.377, 1.6),
        faintest=(0.30, 0.33, 0.29, 0.27, 0.24, 0.20, 0.18, 0.18, 0.18, 0.22, 0.33, 0.48, 0.43, 0.45),
        largest=(0.61, 0.64, 0.57, 0.60, 0.57, 0.55, 0.54, 0.50, 0.51, 0.53, 0.66, 0.73, 0.72, 0.75),
        r21=(0.43, 0.457, 0.43, 0.424, 0.42, 0.359, 0.289, 0.226, 0.155, 0.091, 0.148, 0.221, 0.296, 0.45),
        phi21=(4.15, 4.42, 4.53, 4.63, 4.78, 5.04, 5.37, 5.53, 5.59, 4.88, 4.90, 5.01, 4.98, 5.00),
        r31=(0.25, 0.241, 0.224, 0.208, 0.175, 0.118, 0.129, 0.131, 0.102, 0.126, 0.132, 0.136, 0.191, 0.268),
        phi31=(2.2, 2.65, 2.82, 3.02, 3.30, 3.53, 3.72, 4.33, 5.76, 0.99, 1.51, 2.55, 3.23, 3.76),
        typical=(0.62, 0.28),
    ),
    "DCEP_1O": Pulsation(
        colour=(0.42, 0.08),
        log_period=(-0.5, -0.079, 0.102, 0.291, 0.386, 0.499, 0.605, 0.75),
        faintest=(0.10, 0.15, 0.15, 0.14, 0.14, 0.10, 0.10, 0.09),
        largest=(0.28, 0.23, 0.30, 0.28, 0.26, 0.24, 0.25, 0.25),
        r21=(0.146, 0.182, 0.189, 0.142, 0.078, 0.081, 0.16, 0.182),
        phi21=(3.37, 3.64, 4.28, 4.65, 4.67, 3.61, 3.99, 4.50),
        r31=(0.067, 0.087, 0.044, 0.019, 0.011, 0.036, 0.056, 0.067),
        phi31=(0.29, 1.39, 2.11, 3.48, 5.21, 6.32, 7.44, 8.60),
        typical=(0.28, 0.2),
    ),
    "DCEP_2O": Pulsation(
        colour=(0.32, 0.06),
        log_period=(-0.5, 0.1),
        faintest=(0.03, 0.03),
        largest=(0.09, 0.09),
        r21=(0.03, 0.03),
        phi21=(4.2, 4.2),
        r31=(0.01, 0.01),
        phi31=(2.0, 2.0),
    ),
    "T2CEP": Pulsation(
        colour=(0.50, 0.12),
        log_period=(0.0, 0.3, 0.6, 1.0, 1.3, 1.55),
        faintest=(0.25, 0.30, 0.30, 0.35, 0.45, 0.40),
        largest=(0.70, 0.80, 0.60, 0.75, 0.95, 1.00),
        r21=(0.38, 0.35, 0.15, 0.10, 0.22, 0.25),
        phi21=(4.6, 5.3, 3.2, 4.8, 6.0, 6.4),
        r31=(0.20, 0.18, 0.05, 0.05, 0.08, 0.08),
        phi31=(3.0, 4.0, 2.0, 3.0, 5.5, 6.0),
    ),
    "ACEP": Pulsation(
        colour=(0.30, 0.07),
        log_period=(-0.25, 0.1, 0.38),
        faintest=(0.25, 0.30, 0.30),
        largest=(0.75, 0.80, 0.70),
        r21=(0.42, 0.40, 0.42),
        phi21=(4.0, 4.4, 4.6),
        r31=(0.20, 0.22, 0.25),
        phi31=(1.7, 2.4, 2.9),
    ),
    "DSCT": Pulsation(
        colour=(0.10, 0.08),
        log_period=(-1.5, -1.2, -0.9, -0.65),
        faintest=(0.03, 0.06, 0.10, 0.12),
        largest=(0.20, 0.30, 0.45, 0.50),
        r21=(0.20, 0.25, 0.32, 0.35),
        phi21=(3.9, 3.9, 4.0, 4.1),
        r31=(0.05, 0.08, 0.12, 0.14),
        phi31=(1.6, 1.6, 1.8, 2.0),
    ),
    "EA": Eclipses((0.35, 0.25), (-0.1, 1.2), (0.25, 1.2), (0.15, 0.95), (0.03, 0.07), (0.0, 0.03), eccentric=0.06),
    "EB": Eclipses((0.25, 0.20), (-0.35, 0.5), (0.25, 0.7), (0.30, 0.70), (0.09, 0.14), (0.05, 0.20)),
    "EW": Eclipses((0.45, 0.15), (-0.62, -0.2), (0.05, 0.25), (0.80, 1.0), (0.14, 0.19), (0.15, 0.45)),
    "ELL": Eclipses((0.60, 0.20), (-0.3, 1.0), (0.0, 0.0), (1.0, 1.0), (0.1, 0.1), (0.04, 0.20)),
    "RSCVN": Spots((0.75, 0.15), (0.2, 1.5), (0.06, 0.35)),
    "ROT": Spots((0.85, 0.25), (-0.5, 1.5), (0.02, 0.12)),
    "LPV": LongPeriod((1.50, 0.20), (1.4, 2.5), (0.08, 0.6), irregularity=0.35),
    "MIRA": LongPeriod((1.80, 0.30), (2.0, 2.65), (0.9, 2.5), irregularity=0.06),
    "QSO": Irregular((0.20, 0.15), (0.08, 0.30), slope=0.5),
    "YSO": Irregular((1.20, 0.30), (0.08, 0.40), log_tau=(0.0, 1.5), dips=1.0),
    "CONST": Irregular((0.60, 0.30), (0.0, 0.0)),
}
"""How the light of each class is made; the names are those of the taxonomy."""


def _draw_log_period(
    rng: np.random.Generator, n: int, low: float, high: float, typical: tuple[float, float] | None
) -> Floats:
    if typical is None:
        return rng.uniform(low, high, n)
    drawn = rng.normal(*typical, n)
    outside = (drawn < low) | (drawn > high)
    drawn[outside] = rng.uniform(low, high, int(outside.sum()))
    return drawn


def _log_uniform(rng: np.random.Generator, limits: tuple[float, float], n: int) -> Floats:
    return np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]), n))


def _fourier(phase: Floats, ratios: Floats, phases: Floats) -> Floats:
    """Sum of ``ratios[:, k] cos(2 pi (k + 1) phase + phases[:, k])``."""
    turn = 2 * np.pi * phase
    light = np.zeros_like(turn)
    for k in range(HARMONICS):
        light += ratios[:, k] * np.cos((k + 1) * turn + phases[:, k])
    return light


def _extremes(ratios: Floats, phases: Floats) -> tuple[Floats, Floats, Floats]:
    """Phase of maximum light, mean, and peak-to-peak of each star's series."""
    n = ratios.shape[0]
    curves = _fourier(
        np.tile(_PHASES, n), np.repeat(ratios, _PHASES.size, axis=0), np.repeat(phases, _PHASES.size, axis=0)
    ).reshape(n, _PHASES.size)
    return _PHASES[curves.argmin(axis=1)], curves.mean(axis=1), np.ptp(curves, axis=1)


def _eclipse(phase: Floats, width: Floats) -> Floats:
    """A rounded dip of depth 1 at phase 0 that ends at about +- `width` cycles."""
    distance = np.abs(phase - np.round(phase)) / width
    return np.exp(-0.5 * (distance / 0.45) ** 2 * (1 + distance**2))


@exact_kernel
def _damped_walk(time: Floats, owner: Integers, tau: Floats, noise: Floats) -> Floats:
    walk = np.empty(time.size)
    for i in range(time.size):
        if i == 0 or owner[i] != owner[i - 1]:
            walk[i] = noise[i]
        else:
            keep = np.exp(-(time[i] - time[i - 1]) / tau[owner[i]])
            walk[i] = keep * walk[i - 1] + np.sqrt(1 - keep * keep) * noise[i]
    return walk
