"""Constant stars at the times of real ones: what was there of variation is gone, errors and cadence stay."""

from dataclasses import replace

import numpy as np

from lcscale.periods import find
from lcscale.simulation.constants import as_constants
from lcscale.simulation.synthesis import synthesize


def test_times_bands_and_means_stay_and_the_scatter_is_that_of_the_errors():
    lcs = synthesize(["RRab"] * 300, 1, n_observations=(40, 90)).lcs
    made = as_constants(lcs, 2)
    np.testing.assert_array_equal(made.time, lcs.time)
    np.testing.assert_array_equal(made.band, lcs.band)
    cell = lcs.object_index() * 2 + lcs.band
    counts = np.bincount(cell)
    before, after = (np.bincount(cell, each.mag.astype(float)) / counts for each in (lcs, made))
    assert np.abs(after - before).max() < 0.2
    left = (made.mag - before[cell]) / made.mag_err
    scatter = np.sqrt(np.bincount(cell, left**2) / counts)
    assert 0.8 < np.median(scatter) < 1.2
    assert 0.3 < np.std(np.log(scatter)) < 0.6, "what surveys say of their errors is wrong by some tens of percent"
    assert (np.abs(left) > 5).mean() > 1e-3, "outliers"
    np.testing.assert_array_equal(np.sort(made.mag_err), np.sort(lcs.mag_err))


def test_no_period_is_left_and_observations_of_a_night_err_together():
    lcs = synthesize(["RRab"] * 60, 3, n_observations=(60, 90)).lcs
    assert np.median(find(lcs)["evidence"].to_numpy()) > 30
    assert np.median(find(as_constants(lcs, 4))["evidence"].to_numpy()) < 0
    twice = replace(lcs, time=np.floor(lcs.time / 2))
    flat = as_constants(replace(twice, value=np.full_like(lcs.value, 15.0)), 5)
    left = (flat.mag - 15.0) / flat.mag_err
    cell = twice.object_index() * 2 + twice.band
    same = (np.diff(twice.time) == 0) & (np.diff(cell) == 0)
    assert same.sum() > 200
    assert 0.2 < np.corrcoef(left[:-1][same], left[1:][same])[0, 1] < 0.6


def test_stars_without_errors_get_some_noise():
    lcs = synthesize(["EA"] * 5, 6, n_observations=(40, 50)).lcs
    made = as_constants(replace(lcs, error=np.full_like(lcs.error, np.nan)), 7)
    assert 0.003 < np.std(made.between(0, 1).select_band("g").mag) < 0.1
