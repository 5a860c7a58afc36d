"""Errors with long tails, against scipy's Student distribution and a general optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm, t

from lcscale.lightcurves import LightCurves
from lcscale.periods import find
from lcscale.periods.outliers import TAILS, tail_gain
from lcscale.periods.series import Series


def star(rng, n=40, tailed=True):
    """Two bands of one constant star."""
    error = rng.uniform(0.02, 0.05, n)
    band = np.arange(n) % 2
    noise = rng.standard_t(1.5, n) if tailed else rng.standard_normal(n)
    time = np.sort(rng.uniform(0, 900, n))
    return LightCurves(time, 18.0 + 0.3 * band + 3 * error * noise, error, [0, n], band.astype(np.int8), ("g", "r"))


@pytest.mark.parametrize("tailed", [True, False])
def test_the_gain_is_that_of_the_greatest_likelihoods(tailed):
    lcs = star(np.random.default_rng(3), tailed=tailed)
    y, error, band = lcs.mag.astype(float), lcs.mag_err.astype(float), lcs.band

    def least(log_density):
        start = np.array([y[band == 0].mean(), y[band == 1].mean(), 1.0])
        options = {"xatol": 1e-8, "fatol": 1e-8, "maxiter": 20000, "maxfev": 20000}

        def minus(x):
            return -np.sum(log_density((y - x[band]) / (error * np.exp(x[2]))) - np.log(error) - x[2])

        return minimize(minus, start, method="Nelder-Mead", options=options).fun

    students = min(least(lambda r, nu=nu: t.logpdf(r, nu)) for nu in TAILS)
    expected = max(least(norm.logpdf) - students, 0.0)
    assert tail_gain(Series.of(lcs, fewest=1))[0] == pytest.approx(expected, abs=0.02)


def test_constant_stars_with_outliers_are_not_periodic():
    """Of 100 stars with some wild observations few have evidence for a template; of 40 without any none has."""
    rng = np.random.default_rng(8)
    bands, n = ("g", "r", "i", "z", "y"), 26
    error = rng.uniform(0.02, 0.05, 140 * n)
    wild = np.where((rng.uniform(size=error.size) < 0.1) & (np.arange(error.size) < 100 * n), 12.0, 1.0)
    time = np.sort(rng.uniform(0, 1200, (140, n)), axis=1).ravel()
    band = rng.integers(0, 5, time.size).astype(np.int8)
    mag = 19.0 + error * wild * rng.standard_normal(error.size)
    evidence = find(LightCurves(time, mag, error, np.arange(141) * n, band, bands))["evidence"].to_numpy()
    assert np.mean(evidence[:100] > 10) <= 0.02
    assert np.mean(evidence[100:] > 0) == 0.0
