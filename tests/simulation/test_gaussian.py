"""Gaussian processes of folded curves: scikit-learn's posterior, true curves covered, new stars like their parents."""

from __future__ import annotations

import numpy as np
import pytest

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves
from lcscale.periods import lomb_scargle
from lcscale.periods.grid import FrequencyGrid
from lcscale.simulation.gaussian import N_BINS, fit_folded, synthesize_like
from lcscale.simulation.synthesis import synthesize

PHASE = (np.arange(N_BINS) + 0.5) / N_BINS


def shape(phase):
    return 0.4 * np.cos(2 * np.pi * phase) + 0.2 * np.cos(4 * np.pi * phase + 1)


def star(n=400, seed=0, noise=0.03, period=0.731):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 900, n))
    mag = 15 + shape(time / period) + noise * rng.standard_normal(n)
    return LightCurves(time, mag, np.full(n, noise), [0, n], None, ("g",)), np.array([period])


def test_the_posterior_is_scikit_learns():
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern

    from lcscale.simulation.gaussian import _binned

    lcs, period = star()
    found = fit_folded(lcs, period)
    value, variance, scale = _binned(lcs, period)
    angle = 2 * np.pi * np.arange(N_BINS) / N_BINS
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    kernel = ConstantKernel(scale[0], "fixed") * Matern(found.length[0], "fixed", nu=2.5)
    oracle = GaussianProcessRegressor(kernel, alpha=variance[0], optimizer=None).fit(circle, value[0])
    mean, covariance = oracle.predict(circle, return_cov=True)
    np.testing.assert_allclose(found.mean[0], mean, atol=1e-8)
    mine = found.factor[0] @ found.factor[0].T - 1e-6 * scale[0] * np.eye(N_BINS)
    np.testing.assert_allclose(mine, covariance, atol=1e-8)


def test_the_true_curve_lies_within_the_spread_also_where_nothing_was_observed():
    pulls = []
    for seed in range(20):
        lcs, period = star(60, seed)
        phase = lcs.time / period % 1
        lcs = lcs.keep((phase < 0.4) | (phase > 0.5))
        found = fit_folded(lcs, period)
        truth = shape(PHASE) - (lcs.mag.mean() - 15)
        spread = np.sqrt(np.einsum("nij,nij->ni", found.factor, found.factor))[0]
        pulls.append((found.mean[0] - truth) / spread)
    assert np.sqrt(np.mean(np.square(pulls))) < 1.6


def test_new_stars_are_like_their_parents_but_not_the_same():
    lcs, period = star()
    cadences = synthesize(["CONST"] * 30, 3, bands=("g",), n_observations=(150, 300)).lcs
    made, periods = synthesize_like(lcs, period, np.zeros(25, int), cadences, 7)
    assert len(made) == 25
    assert np.isin(made.time, cadences.time).all()
    assert (np.abs(periods / period - 1) <= 0.05).all()
    assert np.unique(periods).size == 25
    for i in range(25):
        one = made.take([i])
        near = FrequencyGrid(0.97 / periods[i], 1.03 / periods[i], 1e-4)
        power = lomb_scargle(one, near)[0]
        assert near.frequencies()[power.argmax()] * periods[i] == pytest.approx(1, abs=5e-4)
        assert np.ptp(np.quantile(one.mag, [0.02, 0.98])) == pytest.approx(1.0, abs=0.3)
    again, _ = synthesize_like(lcs, period, np.zeros(25, int), cadences, 7)
    np.testing.assert_array_equal(again.mag, made.mag)


def test_bands_keep_their_colour_and_common_phase():
    real = synthesize(["RRab"] * 6, 5, n_observations=(200, 300))
    made, periods = synthesize_like(real.lcs, real.period, np.arange(6), real.lcs, 1)
    assert made.bands == real.lcs.bands
    for i in range(6):
        peaks, colours = [], []
        for lcs, period in ((real.lcs, real.period[i]), (made, periods[i])):
            bands = [lcs.select_band(name).take([i]) for name in lcs.bands]
            curves = [fit_folded(each, [period]).mean[0] for each in bands]
            peaks.append((curves[0].argmin() - curves[1].argmin() + N_BINS // 2) % N_BINS - N_BINS // 2)
            over_phase = [each.mag.mean() + curve.mean() for each, curve in zip(bands, curves, strict=True)]
            colours.append(over_phase[0] - over_phase[1])
        assert abs(peaks[0] - peaks[1]) <= N_BINS // 8
        assert colours[0] == pytest.approx(colours[1], abs=0.1)


def test_cadences_of_other_bands_are_refused():
    lcs, period = star()
    other = synthesize(["CONST"], 3).lcs
    with pytest.raises(InputError, match="cadences must be of the bands"):
        synthesize_like(lcs, period, np.zeros(1, int), other, 0)


def test_a_parent_without_a_band_is_refused_cadences_with_it():
    two = synthesize(["RRab"] * 2, 5)
    blue = two.lcs.keep((two.lcs.band == 0) | (two.lcs.object_index() == 1))
    assert len(synthesize_like(blue, two.period, np.ones(4, int), two.lcs, 0)[0]) == 4
    with pytest.raises(InputError, match="a parent has no observation in the band r"):
        synthesize_like(blue, two.period, np.zeros(4, int), two.lcs, 0)


@pytest.mark.parametrize(("noise", "stated"), [(0.05, 0.05), (0.02, 0.02), (0.05, 0.02)])
def test_the_noise_of_a_bin_is_counted_once(noise, stated):
    """Means of pure noise in bins of phase scatter as much as their variances say, whether the errors say it or not."""
    from lcscale.simulation.gaussian import _binned

    rng = np.random.default_rng(8)
    n_stars, n = 150, 288
    time = np.sort(rng.uniform(0, 300, (n_stars, n)), axis=1).ravel()
    mag = 15 + noise * rng.standard_normal(n_stars * n)
    lcs = LightCurves(time, mag, np.full(time.size, stated), np.arange(n_stars + 1) * n)
    value, variance, scale = _binned(lcs, np.full(n_stars, 1.234))
    observed = variance < scale[:, None] * 100
    pulls = value[observed] ** 2 / variance[observed]
    assert pulls.mean() == pytest.approx(1.0, abs=0.08)
