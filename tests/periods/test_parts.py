"""The parts of the search: sine and cosine, grids, series fits, peaks, false alarms, aliases."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.kernels.harmonics import EVIDENCE, N_PARAMETERS, WORK_ROWS
from lcscale.kernels.turns import cos_sin_turns
from lcscale.lightcurves import LightCurves, usable
from lcscale.periods import FrequencyGrid, find, lomb_scargle
from lcscale.periods.aliases import NAMED_FREQUENCIES
from lcscale.periods.choice import refine, series_drop
from lcscale.periods.evidence import log_evidence
from lcscale.periods.peaks import PeakFinder
from lcscale.periods.series import Series
from lcscale.periods.significance import baluev, time_spread


@settings(deadline=None)
@given(st.floats(-1e6, 1e6))
def test_cosine_and_sine_of_turns(x):
    fraction = x - np.floor(x + 0.5)
    cosine, sine = cos_sin_turns(x)
    assert cosine == pytest.approx(np.cos(2 * np.pi * fraction), abs=2e-15)
    assert sine == pytest.approx(np.sin(2 * np.pi * fraction), abs=2e-15)


@settings(deadline=None)
@given(st.floats(0.1, 20000), st.floats(0.5, 60))
def test_grid_covers_its_range(baseline, fmax):
    grid = FrequencyGrid.for_baseline(baseline, fmax)
    assert grid.df == pytest.approx(1 / (5 * baseline))
    last = grid.fmin + (grid.size - 1) * grid.df
    assert last <= grid.fmax + 1e-6 * grid.df < last + 1.001 * grid.df


def test_default_grids_are_few_and_fine_enough():
    baselines = np.geomspace(100, 4000, 500)
    grids = {FrequencyGrid.default(b) for b in baselines}
    assert len(grids) < 25
    for b in baselines:
        grid = FrequencyGrid.default(b)
        assert grid.df <= 1 / (5 * b)
        assert grid.df > 0.8 / (5 * b)


def test_a_wrong_time_does_not_make_an_endless_grid():
    assert FrequencyGrid.default(2.4e6) == FrequencyGrid.default(2.0**16)
    lcs = make(n=400, nterms=1)
    lcs.time[0] = -2.4e6
    assert find(lcs)["period"][0].as_py() == pytest.approx(1.3, rel=1e-3)


def make(n=60, seed=0, bands=1, nterms=3):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 300, n))
    error = rng.uniform(0.01, 0.03, n)
    k = np.arange(1, nterms + 1)[:, None]
    mag = 14 + (0.3 / k * np.cos(2 * np.pi * k * time / 1.3 + k)).sum(0) + rng.normal(0, error)
    band = rng.integers(0, bands, n).astype(np.int8) if bands > 1 else None
    return LightCurves(time, mag, error, [0, n], band, ("g", "r")[:bands] if bands > 1 else ())


def arguments(lcs):
    series = Series.of(usable(lcs)[0])
    return series.one(0)


def room(n):
    """The scratch memory of the kernels, for n observations."""
    return np.empty((4, n)), np.empty((WORK_ROWS, N_PARAMETERS))


@pytest.mark.parametrize("nterms", [1, 2, 4, 6])
def test_series_drop_is_astropys_chi2(nterms):
    lcs = make()
    for frequency in (0.2, 1 / 1.3, 3.7):
        expected = LombScargle(lcs.time, lcs.mag, lcs.mag_err, nterms=nterms).power(frequency, method="chi2")
        assert series_drop(arguments(lcs), frequency, nterms, *room(60)) == pytest.approx(float(expected), abs=1e-9)


def test_evidence_is_that_of_a_gaussian_model():
    """Against the determinant of the full covariance, up to the constant of the mean's flat prior."""
    lcs = make(n=25)
    prior, frequency, order = 2.0, 0.77, 3
    scratch, work = room(25)
    log_evidence(arguments(lcs), frequency, order, prior, scratch, work)
    w = lcs.mag_err**-2.0
    w /= w.sum()
    y = lcs.mag - np.average(lcs.mag, weights=w)
    phase = 2 * np.pi * frequency * (lcs.time - lcs.time[0])
    for h in range(1, order + 1):
        k = np.arange(1, h + 1)
        x = np.column_stack([f(k_ * phase) for k_ in k for f in (np.cos, np.sin)])
        x -= w @ x  # the flat prior of the mean
        narrow = np.repeat(prior * k**2 / 25, 2)
        a = x.T @ (w[:, None] * x) + np.diag(narrow)
        b = x.T @ (w * y)
        drop = b @ np.linalg.solve(a, b) / (w @ y**2)
        expected = -0.5 * 25 * np.log(1 - drop) - 0.5 * (np.linalg.slogdet(a)[1] - np.log(narrow).sum())
        assert work[EVIDENCE, h - 1] == pytest.approx(expected, rel=1e-9)


def test_refined_peak_is_within_a_millionth():
    lcs = make(nterms=1)
    values = arguments(lcs)
    fine = np.linspace(1 / 1.3 - 5e-4, 1 / 1.3 + 5e-4, 200001)
    best = max(fine[::100], key=lambda f: series_drop(values, f, 1, *room(60)))
    near = fine[abs(fine - best) < 1e-6]
    best = max(near, key=lambda f: series_drop(values, f, 1, *room(60)))
    start = best + 2.7e-4
    assert refine(values, start, 1 / 3000, 1, 0.0, *room(60))[0] == pytest.approx(best, rel=1e-6)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=60), st.integers(1, 6), st.integers(1, 9))
def test_peaks_in_pieces_are_those_of_the_whole(power, n_peaks, step):
    power = np.array(power)
    finder = PeakFinder(n_peaks)
    for start in range(0, power.size, step):
        finder.feed(power[start : start + step])
    inner = np.arange(1, power.size - 1)
    local = inner[(power[inner] > power[inner - 1]) & (power[inner] >= power[inner + 1])]
    heights = np.sort(power[local])[::-1][:n_peaks]
    peaks = finder.peaks()
    np.testing.assert_array_equal(peaks.height, heights)
    np.testing.assert_array_equal(power[peaks.index], heights)
    if power.std() > 1e-6:
        assert peaks.signal_to_noise(1.0) == pytest.approx((1 - power.mean()) / power.std(), rel=1e-6)


def test_false_alarm_probability_is_astropys():
    lcs = make(n=80)
    scargle = LombScargle(lcs.time, lcs.mag, lcs.mag_err)
    power = np.array([0.05, 0.2, 0.35, 0.6])
    expected = scargle.false_alarm_probability(power, method="baluev", maximum_frequency=10.0)
    ones = np.ones(4)
    spread = np.empty(1)
    time_spread(lcs.time, lcs.mag_err**-2.0, lcs.offsets, spread)
    fmax = scargle.autofrequency(maximum_frequency=10.0).max()  # what astropy takes
    ours = baluev(power, 80 * ones, spread * ones, fmax * ones, ones)
    np.testing.assert_allclose(ours, expected, rtol=1e-6)


def test_false_alarms_of_noise_are_as_rare_as_stated():
    rng = np.random.default_rng(11)
    n, objects = 40, 300
    time = np.sort(rng.uniform(0, 100, (objects, n)), axis=1)
    lcs = LightCurves(time.ravel(), rng.normal(size=n * objects), np.ones(n * objects), np.arange(objects + 1) * n)
    grid = FrequencyGrid.for_baseline(100.0, 3.0)
    highest = lomb_scargle(lcs, grid).max(axis=1)
    ones = np.ones(objects)
    fap = baluev(highest, n * ones, time.std(axis=1), 3.0 * ones, ones)
    for level in (0.05, 0.2):
        share = (fap < level).mean()
        assert share <= level + 3 * np.sqrt(level / objects)
        assert share >= 0.3 * level


def test_periods_of_the_sampling_are_flagged():
    rng = np.random.default_rng(2)
    nights = np.sort(rng.choice(1000, 150, replace=False)) + 0.02 * rng.normal(size=150)
    slow = 15 + 0.2 * np.sin(2 * np.pi * nights / 1200) + 0.005 * rng.normal(size=150)
    daily = LightCurves(nights, slow, np.full(150, 0.005), [0, 150])
    alias = find(daily, FrequencyGrid(0.9, 1.1, 0.0002))["alias"][0].as_py()
    assert alias in {name for name, value in NAMED_FREQUENCIES if abs(value - 1) < 0.01}
    assert find(make())["alias"][0].as_py() is None
