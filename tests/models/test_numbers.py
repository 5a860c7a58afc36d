"""What a network is told: computed from the row that `extract` gives, and as it was before it came from there."""

from dataclasses import replace

import numpy as np
import pytest
import recorded_curves
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale import models
from lcscale.features import FEATURES, extract
from lcscale.lightcurves import LightCurves
from lcscale.models.inputs.numbers import FOLDED, OF_VIEW, features_for, names_of, numbers_of
from lcscale.models.inputs.preparation import RICH, Preparation, prepare

NAMES = [number.name for number in FOLDED]


def of_rows(table, period, view="folded", suffixes=("",)):
    """What a network is told of the rows of a table, of which each band's columns end as `suffixes` say."""
    columns = [
        {name: table[name + suffix].to_numpy().astype(float) for name in features_for(view)} for suffix in suffixes
    ]
    return numbers_of(view, np.broadcast_to(period, len(table)).astype(float), columns)


def band_numbers(lcs, period):
    """The numbers of one band, by `FOLDED`."""
    return of_rows(extract(lcs, features_for("folded"), period), period)[:, 1:]


def curve(n=200, period=0.6, seed=0, series=((0.4, 0.3), (0.2, 1.1), (0.1, 2.0)), noise=0.005, span=700.0):
    """A cosine series ``Σ A_k cos(kφ + φ_k)`` observed at random times."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, span, n))
    mag = 15 + sum(a * np.cos(2 * np.pi * (k + 1) * time / period + p) for k, (a, p) in enumerate(series))
    return LightCurves(time, mag + noise * rng.standard_normal(n), np.full(n, noise), [0, n])


def number(lcs, period, name):
    return float(band_numbers(lcs, period)[0, NAMES.index(name)])


def test_moments_agree_with_scipy():
    lcs = curve()
    assert number(lcs, 0.6, "skewness") == pytest.approx(scipy.stats.skew(lcs.mag), rel=1e-5)
    excess = scipy.stats.kurtosis(lcs.mag)
    assert number(lcs, 0.6, "kurtosis") == pytest.approx(np.sign(excess) * np.log1p(abs(excess)), rel=1e-5)
    low, mid, high = np.quantile(lcs.mag, [0.05, 0.5, 0.95])
    assert number(lcs, 0.6, "log_amplitude") == pytest.approx(np.log10(high - low), rel=1e-5)
    assert number(lcs, 0.6, "faint_tail") == pytest.approx((high - mid) / (high - low), rel=1e-5)


def test_fourier_ratios_are_those_of_the_series():
    lcs = curve()
    assert number(lcs, 0.6, "r21") == pytest.approx(0.5, abs=0.01)
    assert number(lcs, 0.6, "r31") == pytest.approx(0.25, abs=0.01)
    phi21, phi31 = 1.1 - 2 * 0.3, 2.0 - 3 * 0.3
    for name, angle in (("phi21", phi21), ("phi31", phi31)):
        assert number(lcs, 0.6, f"cos_{name}") == pytest.approx(np.cos(angle), abs=0.03)
        assert number(lcs, 0.6, f"sin_{name}") == pytest.approx(np.sin(angle), abs=0.03)
    assert number(lcs, 0.6, "log_unexplained") < -2.5


def test_two_different_minima_are_seen_at_twice_the_period():
    alike = curve(period=1.2, series=((0.0, 0.0), (0.4, 0.0)))
    differ = curve(period=1.2, series=((0.1, 0.0), (0.4, 0.0)))
    assert number(alike, 0.6, "minima_ratio") == pytest.approx(1.0, abs=0.02)
    assert number(differ, 0.6, "minima_ratio") == pytest.approx((0.8 - 0.2) / 0.8, abs=0.03)
    assert number(differ, 0.6, "log_odd_gain") < -1.0 < number(alike, 0.6, "log_odd_gain")


def test_a_second_radial_mode_is_found():
    rng = np.random.default_rng(1)
    time = np.sort(rng.uniform(0, 900, 300))
    first = 0.2 * np.cos(2 * np.pi * time / 0.36)
    both = first + 0.1 * np.cos(2 * np.pi * time * 0.7445 / 0.36 + 1)
    noise = 0.02 * rng.standard_normal(300)
    single, double = (LightCurves(time, 16 + mag + noise, np.full(300, 0.02), [0, 300]) for mag in (first, both))
    assert number(double, 0.36, "second_mode_ratio") == pytest.approx(0.7445, abs=0.001)
    share = 0.1**2 / (0.1**2 + 2 * 0.02**2)  # of the residual variance; up to 9 % lost between steps, 4 % in the series
    assert 10 ** number(double, 0.36, "log_second_mode") == pytest.approx(share, rel=0.2)
    assert number(single, 0.36, "log_second_mode") < -0.5


@given(st.floats(-5e4, 5e4), st.floats(-3, 3), st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_time_zero_and_brightness_do_not_matter(shift, offset, seed):
    lcs = curve(seed=seed, n=80)
    moved = LightCurves(lcs.time + shift, lcs.mag + offset, lcs.mag_err, lcs.offsets)
    np.testing.assert_allclose(band_numbers(moved, 0.6), band_numbers(lcs, 0.6), rtol=2e-3, atol=2e-3)


def test_batches_do_not_matter():
    batch = [curve(n=n, seed=n) for n in (12, 400, 35)]
    together = band_numbers(LightCurves.concatenate(batch), [0.6, 0.6, 0.6])
    for i, lcs in enumerate(batch):
        np.testing.assert_array_equal(together[i], band_numbers(lcs, 0.6)[0])


def test_what_cannot_be_computed_is_missing():
    few = curve(n=4)
    assert np.isnan(band_numbers(few, 0.6)).all()
    constant = LightCurves(np.arange(20.0), np.full(20, 15.0), np.full(20, 0.1), [0, 20])
    assert np.isnan(band_numbers(constant, 0.6)).all()
    unfolded = band_numbers(curve(), np.nan)[0]
    assert np.isfinite(unfolded[:10]).all()
    assert np.isnan(unfolded[10:]).all()


def test_unknown_errors_are_no_obstacle():
    lcs = curve()
    unknown = LightCurves(lcs.time, lcs.mag, np.full(200, np.nan), lcs.offsets)
    assert np.isnan(number(unknown, 0.6, "log_signal"))
    assert number(unknown, 0.6, "r21") == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("view", OF_VIEW)
def test_the_row_of_the_table_gives_exactly_what_the_network_is_told(view):
    lcs = recorded_curves.made()
    how = Preparation(view=view)
    table = extract(lcs, features_for(view), recorded_curves.PERIODS, min_observations=RICH[view])
    told = of_rows(table, recorded_curves.PERIODS, view, ("", "_r"))
    assert names_of(view, ("blue", "red")) == how.names
    assert np.isfinite(told).mean() > 0.9
    np.testing.assert_array_equal(told, prepare(lcs, recorded_curves.PERIODS, how).numbers)


def test_every_number_is_a_feature_with_its_definition():
    names = {name for view in OF_VIEW for name in features_for(view)}
    assert all(FEATURES[name].formula for name in names)
    for view, least in (("folded", 10), ("raw", 5)):
        assert all(FEATURES[name].min_observations <= max(least, 15) for name in features_for(view))


def check_recorded(name, lcs, period, expected):
    """The model's numbers and probabilities are those that were recorded before the numbers were features."""
    model = models.load(name)
    numbers = prepare(lcs, period, replace(model.card.preparation, centre=(), scale=()), bands=lcs.bands).numbers
    np.testing.assert_allclose(numbers, np.array(expected["numbers"], float), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(lcs, period), np.array(expected["probabilities"], float), atol=2e-6)


def test_the_shipped_models_are_told_what_they_were_trained_on():
    check_recorded("general", recorded_curves.made(), recorded_curves.PERIODS, recorded_curves.RECORDED["general"])
    check_recorded("alerts", recorded_curves.outbursts(), None, recorded_curves.RECORDED["alerts"])


@pytest.mark.realdata
def test_the_shipped_models_are_told_the_same_of_real_stars(real_data):
    check_recorded("general", *recorded_curves.crts(real_data), recorded_curves.RECORDED["crts"])
