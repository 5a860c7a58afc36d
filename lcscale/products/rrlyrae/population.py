"""`Population`: how the Fourier coefficients of RR Lyrae stars of a mode are distributed, learnt without labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats
from lcscale.products.rrlyrae.equations import N_COEFFICIENTS, ORDER, SeriesEquations

_GRID = 24
_HALVINGS = 6
_NEAR = 1 / 128
_ROUNDS = 3
_WIDEST_SHIFT = 0.03
"""Standard error of a zero of phase at most, cycles."""
_FLOOR = 1e-8
_CHUNK = 2048
_ITERATIONS = 16


@dataclass(frozen=True, eq=False)
class Posterior:
    """Fourier coefficients of stars, given their observations and their population."""

    coefficients: Floats
    """float64 [n, 16], mag, cosines first, in the population's own zero of phase."""
    covariance: Floats
    """With that of the zero of phase, float64 [n, 16, 16], mag²."""
    log_evidence: Floats
    """Logarithm of the probability density of the observations, float64 [n], but for what all populations share."""
    scatter: Floats
    """Scatter about the series in units of the stated errors (with the jitter), float64 [n]."""


@dataclass(frozen=True, eq=False)
class Population:
    """A normal distribution of coefficients about a mean that is a parabola in the period.

    The zero of phase of a star is free: it is where the star fits its population best. Empirical Bayes: means and
    covariance are those under which the light curves of all stars together are most probable (EM); no label is used.
    """

    mode: str
    """RRab or RRc."""
    mean: Floats
    """float64 [3, 16]: means of the coefficients (mag) are ``[1, x, x²] mean`` with ``x = period − pivot``."""
    covariance: Floats
    """float64 [16, 16], mag²."""
    pivot: float
    """Days."""
    periods: tuple[float, float]
    """The shortest and the longest of the training stars, days; means outside are those at the ends."""
    scatter: tuple[float, float] = (6.0, 1.0)
    """Prior of the squared scatter (inverse gamma): how many observations it counts for, and the value."""
    period_spread: float = 0.1
    """Standard deviation of the periods, days."""

    def log_density(self, period: Floats) -> Floats:
        """Logarithm of the density of stars of this mode over the period, taken as normal, float64 [n]."""
        return np.asarray(-0.5 * ((period - self.pivot) / self.period_spread) ** 2 - np.log(self.period_spread))

    def means(self, period: Floats) -> Floats:
        """Mean coefficients at each period, float64 [n, 16]."""
        x = np.clip(period, *self.periods) - self.pivot
        return np.asarray(np.stack([np.ones_like(x), x, x**2], axis=1) @ self.mean)

    def denoise(self, equations: SeriesEquations, period: Floats) -> Posterior:
        """The coefficients of each star; those without observations get the mean of the population."""
        parts = [
            self._denoise(equations.take(np.arange(first, min(first + _CHUNK, len(period)))), period[first:][:_CHUNK])
            for first in range(0, len(period), _CHUNK)
        ]
        names = ("coefficients", "covariance", "log_evidence", "scatter")
        return Posterior(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def _denoise(self, equations: SeriesEquations, period: Floats) -> Posterior:
        mean, precision = self.means(period), _inverse(self.covariance)
        variance = np.ones(len(period))
        shift = _best_shift(equations, variance, mean, precision, None)
        for _ in range(_ROUNDS):
            found = _solve(equations, variance, mean, precision, shift)
            variance = self._variance(equations, *found[:2], shift)
            shift = _best_shift(equations, variance, mean, precision, shift)
        coefficients, covariance, gain = _solve(equations, variance, mean, precision, shift)
        sides = [_solve(equations, variance, mean, precision, shift + step) for step in (-_NEAR, _NEAR)]
        curvature = (2 * gain - sides[0][2] - sides[1][2]) / _NEAR**2
        of_shift = 1 / np.maximum(curvature, _WIDEST_SHIFT**-2)
        slope = (sides[1][0] - sides[0][0]) / (2 * _NEAR)
        covariance = covariance + of_shift[:, None, None] * slope[:, :, None] * slope[:, None, :]
        evidence = self._log_evidence(equations, mean, precision, gain, variance)
        return Posterior(coefficients, covariance, evidence, np.sqrt(variance))

    def _variance(self, equations: SeriesEquations, found: Floats, covariance: Floats, shift: Floats) -> Floats:
        """Expected squared scatter, by EM."""
        turn = _turns(shift)
        c = np.einsum("nij,nj->ni", turn, found)
        spread = turn @ covariance @ turn.transpose(0, 2, 1)
        rest = equations.square - 2 * (equations.right * c).sum(axis=1)
        rest += np.einsum("ni,nij,nj->n", c, equations.matrix, c) + (equations.matrix * spread).sum(axis=(1, 2))
        weight, value = self.scatter
        return np.asarray((np.maximum(rest, 0) + weight * value) / (np.maximum(equations.counts - 1, 0) + weight))

    def _log_evidence(
        self, equations: SeriesEquations, mean: Floats, precision: Floats, gain: Floats, variance: Floats
    ) -> Floats:
        """With the prior of the scatter, at its most probable value."""
        weight, value = self.scatter
        prior = np.einsum("ni,ij,nj->n", mean, precision, mean) - np.linalg.slogdet(precision)[1]
        free = np.maximum(equations.counts - 1, 0) + weight
        noise = (equations.square + weight * value) / variance + free * np.log(variance)
        return np.asarray(gain - 0.5 * (prior + noise))

    @classmethod
    def fit(cls, mode: str, equations: SeriesEquations, period: Floats, start: Population | None = None) -> Population:
        """Learn a population from the observations of its stars.

        Parameters
        ----------
        mode
            RRab or RRc.
        equations, period
            Of the stars, and their periods in days.
        start
            Population from which iterations begin; None: one of zero mean whose amplitudes fall off like 1/k.
        """
        pivot, ends = float(np.median(period)), (float(period.min()), float(period.max()))
        slope = np.tile((0.25 / np.arange(1, ORDER + 1) ** 1.3) ** 2, 2)
        first = cls(mode, np.zeros((3, N_COEFFICIENTS)), np.diag(slope), pivot, ends)
        shift, found = np.zeros(len(period)), first if start is None else replace(start, pivot=pivot, periods=ends)
        if start is None:
            one = _solve(equations, np.ones(len(period)), found.means(period), np.diag(1 / slope), shift)[0]
            shift = np.arctan2(one[:, ORDER], one[:, 0]) / (2 * np.pi)
        x = np.clip(period, *ends) - pivot
        powers, variance = np.stack([np.ones_like(x), x, x**2], axis=1), np.ones(len(period))
        for round_ in range(_ITERATIONS):
            mean, precision = found.means(period), _inverse(found.covariance)
            if round_ or start is not None:
                at = None if round_ == 0 else shift
                shift = _best_shift(equations, variance, mean, precision, at)
            c, spread, _ = _solve(equations, variance, mean, precision, shift)
            variance = found._variance(equations, c, spread, shift)
            coefficients = np.asarray(np.linalg.lstsq(powers, c, rcond=None)[0], np.float64)
            rest = c - powers @ coefficients
            covariance = (rest.T @ rest + spread.sum(axis=0)) / len(period) + _FLOOR * np.eye(N_COEFFICIENTS)
            typical = float(np.exp(np.mean(np.log(variance))))
            found = replace(found, mean=coefficients, covariance=covariance, scatter=(found.scatter[0], typical))
        return replace(found, mode=mode, pivot=pivot, periods=ends, period_spread=float(np.std(period)))


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), np.float64)


def _turns(shift: Floats) -> Floats:
    """Matrices by which coefficients in the population's zero of phase become those at phases t/P, [n, 16, 16]."""
    k = np.arange(ORDER)
    angle = 2 * np.pi * shift[:, None] * (k + 1)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.zeros((len(shift), N_COEFFICIENTS, N_COEFFICIENTS))
    turn[:, k, k] = turn[:, ORDER + k, ORDER + k] = cosine
    turn[:, k, ORDER + k], turn[:, ORDER + k, k] = -sine, sine
    return turn


def _system(
    equations: SeriesEquations, variance: Floats, mean: Floats, precision: Floats, shift: Floats
) -> tuple[Floats, Floats]:
    """Precision of the posterior, and that times its mean."""
    turn = _turns(shift)
    back = turn.transpose(0, 2, 1)
    matrix = back @ equations.matrix @ turn / variance[:, None, None] + precision
    right = np.einsum("nij,nj->ni", back, equations.right) / variance[:, None] + mean @ precision
    return matrix, right


def _gain(equations: SeriesEquations, variance: Floats, mean: Floats, precision: Floats, shift: Floats) -> Floats:
    """The terms of the logarithm of the evidence that depend on the shift."""
    matrix, right = _system(equations, variance, mean, precision, shift)
    lower = np.linalg.cholesky(matrix)
    half = np.linalg.solve(lower, right[..., None])[..., 0]
    return np.asarray(0.5 * (half**2).sum(axis=1) - np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1))


def _solve(
    equations: SeriesEquations, variance: Floats, mean: Floats, precision: Floats, shift: Floats
) -> tuple[Floats, Floats, Floats]:
    """Mean and covariance of the posterior, and `_gain`."""
    matrix, right = _system(equations, variance, mean, precision, shift)
    covariance = _inverse(matrix)
    found = np.einsum("nij,nj->ni", covariance, right)
    return found, covariance, 0.5 * ((right * found).sum(axis=1) - np.linalg.slogdet(matrix)[1])


def _best_shift(
    equations: SeriesEquations, variance: Floats, mean: Floats, precision: Floats, shift: Floats | None
) -> Floats:
    """Zero of phase of the highest evidence, in cycles: from a grid, or near one that is known."""
    n = len(variance)

    def gains(shifts: list[Floats]) -> npt.NDArray[Any]:
        return np.stack([_gain(equations, variance, mean, precision, each) for each in shifts], axis=1)

    step, halvings = _NEAR, _HALVINGS // 2
    if shift is None:
        step, halvings, grid = 1 / _GRID, _HALVINGS, np.arange(_GRID) / _GRID
        shift = grid[gains([np.full(n, each) for each in grid]).argmax(axis=1)]
    best = _gain(equations, variance, mean, precision, shift)
    for _ in range(halvings):
        step /= 2
        sides = gains([shift - step, shift + step])
        better = sides.max(axis=1) > best
        shift = np.where(better, shift + step * np.where(sides[:, 0] > sides[:, 1], -1, 1), shift)
        best = np.maximum(best, sides.max(axis=1))
    return np.asarray(shift % 1)
