"""`fit_relation`: a linear relation with errors on both axes, intrinsic scatter and outliers, and its posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats

PRIORS = {
    "coefficients": "normal, 0 ± 20, of terms less their means",
    "scatter": "half-normal, 0.5 dex",
    "outliers": "share, uniform in logit from 0.5 % to 30 %",
    "outlier scatter": "log-uniform, 0.5 to 3 dex, in addition to the scatter",
    "true terms": "normal about a line in the first term (Kelly 2007), fitted to the stars beforehand",
}
"""Stated in every card."""
_WALKERS = 32


@dataclass(frozen=True, eq=False)
class RelationPosterior:
    """Draws from the posterior of ``y = constant + Σ coefficient · term``."""

    names: tuple[str, ...]
    """``constant``, the terms, ``scatter``, ``outliers``, ``outlier_scatter``."""
    draws: Floats
    """float64 [n_draws, len(names)]."""
    autocorrelation: float
    """Steps of the chain that are one independent draw."""

    def summary(self) -> dict[str, dict[str, float]]:
        """Median and half the width of the central 68 % of each number."""
        low, middle, high = np.quantile(self.draws, [0.16, 0.5, 0.84], axis=0)
        return {
            name: {"median": round(float(middle[k]), 4), "error": round(float(high[k] - low[k]) / 2, 4)}
            for k, name in enumerate(self.names)
        }


def fit_relation(
    names: Sequence[str],
    terms: Floats,
    term_errors: Floats,
    value: Floats,
    value_error: Floats,
    *,
    steps: int = 2000,
    seed: int = 0,
) -> RelationPosterior:
    """Sample the posterior with emcee (the extra ``ml``); `PRIORS` states the priors.

    Parameters
    ----------
    names
        Of the terms; the first one has the least errors, the others are taken to lie about a line in it.
    terms, term_errors
        float64 [n, k] each.
    value, value_error
        float64 [n].
    steps
        Of each of 32 walkers, the first half of which is thrown away.
    seed
        Of all random numbers.
    """
    try:
        import emcee
    except ImportError as error:
        raise InputError("sampling a relation needs emcee: pip install 'lcscale[ml]'") from error
    if not (np.isfinite(terms).all() and np.isfinite(value).all()) or len(value) < 10:
        raise InputError("a relation needs 10 stars or more, and no number that is missing")
    centre = terms.mean(axis=0)
    mean, rest = _true_terms(terms - centre, term_errors)
    n_terms = terms.shape[1]
    target = _Target(mean, rest, value, value_error)
    rng = np.random.default_rng(seed)
    plane = np.column_stack([np.ones(len(value)), mean])
    first = np.r_[np.linalg.lstsq(plane, value, rcond=None)[0], np.log(0.25), -3.0, np.log(1.0)]
    start = first + 0.05 * rng.standard_normal((_WALKERS, first.size))
    sampler = emcee.EnsembleSampler(_WALKERS, first.size, target, vectorize=True)
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(start, steps)
    length = float(np.max(sampler.get_autocorr_time(quiet=True, tol=0)))
    draws = sampler.get_chain(discard=steps // 2, thin=max(int(length / 2), 1), flat=True)
    draws[:, 0] -= draws[:, 1 : 1 + n_terms] @ centre
    draws[:, 1 + n_terms] = np.exp(draws[:, 1 + n_terms])
    draws[:, 2 + n_terms] = 1 / (1 + np.exp(-draws[:, 2 + n_terms]))
    draws[:, 3 + n_terms] = np.exp(draws[:, 3 + n_terms])
    return RelationPosterior(("constant", *names, "scatter", "outliers", "outlier_scatter"), draws, length)


def _true_terms(terms: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Means and variances of the true terms, given the measured ones and a line in the first term."""
    mean, variance = terms.copy(), np.zeros_like(terms)
    line = np.column_stack([np.ones(len(terms)), terms[:, 0]])
    for k in range(1, terms.shape[1]):
        weight = np.ones(len(terms))
        for _ in range(20):
            scaled = line * weight[:, None]
            on = line @ np.linalg.solve(line.T @ scaled, scaled.T @ terms[:, k])
            spread = max(float(np.average((terms[:, k] - on) ** 2 - errors[:, k] ** 2, weights=weight**2)), 1e-6)
            weight = 1 / (spread + errors[:, k] ** 2)
        mean[:, k] = on + spread * weight * (terms[:, k] - on)
        variance[:, k] = spread * weight * errors[:, k] ** 2
    return mean, variance


@dataclass(frozen=True, eq=False)
class _Target:
    """Logarithm of the posterior density of walkers [m, k + 4]."""

    mean: Floats
    variance: Floats
    value: Floats
    value_error: Floats

    def __call__(self, walkers: Floats) -> Any:
        k = self.mean.shape[1]
        coefficients = walkers[:, 1 : 1 + k]
        scatter, share, wide = np.exp(walkers[:, 1 + k]), walkers[:, 2 + k], np.exp(walkers[:, 3 + k])
        inside = (share > np.log(0.005 / 0.995)) & (share < np.log(0.3 / 0.7)) & (wide > 0.5) & (wide < 3)
        inside &= (scatter > 1e-4) & (scatter < 5)
        rest = self.value - walkers[:, :1] - coefficients @ self.mean.T
        variance = self.value_error**2 + coefficients**2 @ self.variance.T + scatter[:, None] ** 2
        outlying = 1 / (1 + np.exp(-share))[:, None]
        good = np.log1p(-outlying) - 0.5 * (np.log(variance) + rest**2 / variance)
        broad = variance + wide[:, None] ** 2
        bad = np.log(outlying) - 0.5 * (np.log(broad) + rest**2 / broad)
        prior = -0.5 * (walkers[:, : 1 + k] ** 2).sum(axis=1) / 400 - 2 * scatter**2 + walkers[:, 1 + k]
        return np.where(inside, np.logaddexp(good, bad).sum(axis=1) + prior, -np.inf)
