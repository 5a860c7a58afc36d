"""More light curves of rare classes: Gaussian processes fitted to folded curves, observed at other stars' times.

As Kang et al. 2023 enlarge rare classes of variables. The covariance is Matérn 5/2 in the distance of two phases on a
circle, so that the curves close.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lcscale.arrays import floats, integers, one_each
from lcscale.errors import InputError
from lcscale.lightcurves.batch import LightCurves

Floats = npt.NDArray[np.float64]

N_BINS = 96
"""Bins of phase that a curve is fitted in."""
_LENGTHS = np.array([0.15, 0.3, 0.6, 1.2, 2.4])
"""Trial lengths of the covariance, in units of the circle's radius; each curve takes its likeliest."""
_UNKNOWN = 1e4
"""Variance of a bin without observations, in units of the curve's own."""


@dataclass(frozen=True, eq=False)
class FoldedProcess:
    """Posterior of folded curves of one band over `N_BINS` phases, in magnitudes about each curve's mean."""

    mean: Floats
    """float64 [n_objects, N_BINS]."""
    factor: Floats
    """float64 [n_objects, N_BINS, N_BINS]: ``mean + factor @ z``, z standard normal, are curves like the observed."""
    length: Floats
    """float64 [n_objects], the length that was likeliest."""

    def draw(self, rng: np.random.Generator, index: npt.NDArray[np.integer]) -> Floats:
        """A curve for each of the objects at `index`, float64 [n, N_BINS]."""
        z = rng.standard_normal((len(index), N_BINS))
        return np.asarray(self.mean[index] + np.einsum("nij,nj->ni", self.factor[index], z))


def fit_folded(lcs: LightCurves, period: npt.ArrayLike) -> FoldedProcess:
    """Fit folded light curves of one band; all phases count from time 0.

    Parameters
    ----------
    lcs
        Usable observations of one band.
    period
        Days, one for each object.
    """
    value, variance, scale = _binned(lcs, one_each(period, len(lcs), "period", "d"))
    n = len(lcs)
    best = np.full(n, -np.inf)
    result = FoldedProcess(np.zeros((n, N_BINS)), np.zeros((n, N_BINS, N_BINS)), np.zeros(n))
    for length in _LENGTHS:
        prior = scale[:, None, None] * _matern(length)
        lower = np.linalg.cholesky(prior + np.einsum("ni,ij->nij", variance, np.eye(N_BINS)))
        half = np.linalg.solve(lower, value[:, :, None])[:, :, 0]
        evidence = -0.5 * (half**2).sum(axis=1) - np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
        gain = np.linalg.solve(lower, prior)
        mean = np.einsum("nij,ni->nj", gain, half)
        covariance = prior - np.einsum("nki,nkj->nij", gain, gain) + 1e-6 * scale[:, None, None] * np.eye(N_BINS)
        better = evidence > best
        best[better] = evidence[better]
        result.mean[better] = mean[better]
        result.factor[better] = np.linalg.cholesky(covariance[better])
        result.length[better] = length
    return result


def synthesize_like(
    lcs: LightCurves,
    period: npt.NDArray[np.float64],
    parents: npt.NDArray[np.integer],
    cadences: LightCurves,
    seed: int,
) -> tuple[LightCurves, npt.NDArray[np.float64]]:
    """Light curves like those of given stars, as they would have been observed when other stars were.

    A curve is drawn from the parent's process in each band, stretched a little in period (5 %) and amplitude (15 %),
    and given the times, bands and errors of a star of `cadences`, whose noise it gets too.

    Parameters
    ----------
    lcs
        Usable light curves, of one band or several.
    period
        float64 [n_objects], days, positive.
    parents
        int [n], index of the star each new one is made like.
    cadences
        Real light curves of the same survey, with the same bands, and without those that a parent lacks.
    seed
        Of all random numbers.

    Returns
    -------
    LightCurves, float64 [n]
        The new stars, and their periods.
    """
    if lcs.bands != cadences.bands or not len(cadences):
        raise InputError(f"cadences must be of the bands {lcs.bands}, not {cadences.bands}, and not none at all")
    rng = np.random.default_rng(seed)
    period, parents = floats(period, "period", "d"), integers(parents, "parents")
    used, which = np.unique(parents, return_inverse=True)
    few = lcs.take(used)
    observed = cadences.take(rng.integers(0, len(cadences), len(parents)))
    new_period = period[parents] * rng.uniform(0.95, 1.05, len(parents))
    stretch, shift = rng.uniform(0.85, 1.15, len(parents)), rng.random(len(parents))
    owner = observed.object_index()
    phase = observed.time / new_period[owner] + shift[owner]
    error = np.nan_to_num(observed.mag_err.astype(np.float64), nan=0.02, posinf=0.02)
    mag = error * rng.standard_normal(observed.time.size)
    for code, band in enumerate(lcs.bands or ("",)):
        single = few.select_band(band) if lcs.band is not None else few
        curves = stretch[:, None] * fit_folded(single, period[used]).draw(rng, which)
        rows = np.flatnonzero(observed.band == code) if observed.band is not None else np.arange(owner.size)
        if not single.counts[which][owner[rows]].all():
            raise InputError(f"a parent has no observation in the band {band}: give cadences of its own bands alone")
        mag[rows] += single.mean_mag[which][owner[rows]] + _at(curves, owner[rows], phase[rows])
    made = LightCurves(
        observed.time, mag.astype(np.float32), observed.mag_err, observed.offsets, observed.band, observed.bands
    )
    return made, new_period


def _binned(lcs: LightCurves, period: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean deviation in each bin of phase, its variance, and each curve's own variance."""
    n, owner = len(lcs), lcs.object_index()
    rows = slice(int(lcs.offsets[0]), int(lcs.offsets[-1]))
    deviation = lcs.mag[rows].astype(np.float64) - lcs.mean_mag[owner]
    error = np.nan_to_num(lcs.mag_err[rows].astype(np.float64), nan=0.02, posinf=0.02)
    cell = owner * N_BINS + (lcs.fold(period, 0.0)[rows] * N_BINS).astype(np.int64).clip(0, N_BINS - 1)
    weight = 1 / (error**2 + 0.005**2)
    total = np.bincount(cell, weight, n * N_BINS).reshape(n, N_BINS)
    value = np.bincount(cell, weight * deviation, n * N_BINS).reshape(n, N_BINS) / np.maximum(total, 1e-12)
    counts = np.maximum(np.bincount(owner, minlength=n), 1)
    scale = np.maximum(np.bincount(owner, deviation**2, n) / counts, 1e-6)
    expected = 1 / weight - 1 / total.ravel()[cell]  # square of a residual, were the errors all there is
    excess = np.bincount(owner, (deviation - value.ravel()[cell]) ** 2 - expected, n)
    freedom = np.bincount(owner, minlength=n) - (total > 0).sum(axis=1)
    scatter = np.maximum(excess, 0.0) / np.maximum(freedom, 1)  # what neither the bins nor the errors explain
    numbers = np.maximum(np.bincount(cell, minlength=n * N_BINS).reshape(n, N_BINS), 1)
    variance = np.where(total > 0, 1 / np.maximum(total, 1e-12) + scatter[:, None] / numbers, _UNKNOWN * scale[:, None])
    return np.where(total > 0, value, 0.0), variance, scale


def _matern(length: float) -> Floats:
    """Matérn 5/2 correlation of the middles of the bins."""
    phase = np.arange(N_BINS) / N_BINS
    distance = np.sqrt(5) * 2 * np.abs(np.sin(np.pi * (phase[:, None] - phase))) / length
    return np.asarray((1 + distance + distance**2 / 3) * np.exp(-distance))


def _at(curves: Floats, owner: npt.NDArray[np.int64], phase: Floats) -> Floats:
    """Values of the objects' curves at phases, linear between the middles of the bins."""
    place = np.mod(phase, 1.0) * N_BINS - 0.5
    low = np.floor(place).astype(np.int64)
    part = place - low
    return np.asarray((1 - part) * curves[owner, low % N_BINS] + part * curves[owner, (low + 1) % N_BINS])
