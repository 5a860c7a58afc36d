"""The periodogram of a page of one star, against the compiled one of the jobs and astropy's."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.timeseries import LombScargle

from lcscale.explore.power import power_of_one
from lcscale.lightcurves import LightCurves, clean
from lcscale.periods import FrequencyGrid, lomb_scargle


def star(n_bands, errors, seed=3, n=90):
    rng = np.random.default_rng(seed)
    time = 58000 + np.sort(rng.uniform(0, 400, n))
    band = rng.integers(0, n_bands, n).astype(np.int8)
    mag = 15 + band + 0.3 * np.sin(2 * np.pi * time / 0.57) + rng.normal(0, 0.02, n)
    error = {"known": rng.uniform(0.01, 0.05, n), "unknown": np.full(n, np.nan)}[errors]
    bands = ("g", "r", "i")[:n_bands]
    return clean(LightCurves(time, mag, error, [0, n], band if n_bands > 1 else None, bands if n_bands > 1 else ()))


@pytest.mark.parametrize("errors", ["known", "unknown"])
@pytest.mark.parametrize("n_bands", [1, 2, 3])
def test_the_same_power_as_the_search_computes(n_bands, errors):
    lcs, grid = star(n_bands, errors), FrequencyGrid.default(400.0)
    np.testing.assert_allclose(power_of_one(lcs, grid), lomb_scargle(lcs, grid)[0], atol=1e-5)


def test_the_same_power_as_astropy():
    lcs, grid = star(1, "known"), FrequencyGrid.default(400.0, fmax=5.0)
    truth = LombScargle(lcs.time, lcs.mag, lcs.mag_err).power(grid.frequencies(), method="cython")
    np.testing.assert_allclose(power_of_one(lcs, grid), truth, atol=1e-5)


def test_a_band_of_few_observations_stands_aside():
    lcs, grid = star(1, "known"), FrequencyGrid.default(400.0)
    few = np.zeros(90, np.int8)
    few[[3, 40, 77]] = 1
    both = clean(LightCurves(lcs.time, lcs.mag, lcs.mag_err, [0, 90], few, ("g", "r")))
    np.testing.assert_allclose(power_of_one(both, grid), lomb_scargle(both, grid)[0], atol=1e-5)
