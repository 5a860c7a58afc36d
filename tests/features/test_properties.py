"""What must not change a row: the zero point, the scale, the order of observations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.features import NAMES, extract
from lcscale.lightcurves import LightCurves

SCALED = {  # features that grow with the scale of the magnitudes
    "mean", "weighted_mean", "standard_deviation", "amplitude", "gskew", "median", "mad", "iqr", "range_10_90",
    "range_5_95", "biweight_scale", "otsu_difference", "otsu_std_lower", "otsu_std_upper", "linear_trend",
    "linear_trend_error", "linear_trend_noise", "linear_fit", "linear_fit_error", "maximum_slope", "a1_error",
    *(f"a{k}" for k in range(1, 7)),
}  # fmt: skip
LOCATED = {"mean", "weighted_mean", "median", "excess_variance"}


def star(seed, n):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 100, n))
    mag = np.sin(2 * np.pi * time / 1.7) + 0.3 * rng.normal(size=n)
    return time, mag, rng.uniform(0.1, 0.4, n)


def features(time, mag, error):
    return extract(LightCurves(time, mag, error, [0, time.size]), period=1.7).to_pylist()[0]


def same(first, second, scale=1.0, shift=0.0, skip=()):
    for name in NAMES:
        if name in skip:
            continue
        a, b = first[name], second[name]
        assert (a is None) == (b is None), name
        if a is not None:
            expected = a * (scale if name in SCALED else 1.0) + (shift if name in LOCATED else 0.0)
            assert b == pytest.approx(expected, rel=1e-6, abs=1e-9), name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(10, 90), st.floats(-30, 30))
def test_shift(seed, n, shift):
    time, mag, error = star(seed, n)
    same(features(time, mag, error), features(time, mag + shift, error), shift=shift, skip={"excess_variance"})


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(10, 90), st.floats(0.01, 50))
def test_scale(seed, n, scale):
    time, mag, error = star(seed, n)
    same(features(time, mag, error), features(time, mag * scale, error * scale), scale=scale)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(10, 90))
def test_order_of_observations(seed, n):
    time, mag, error = star(seed, n)
    order = np.random.default_rng(seed).permutation(n)
    assert features(time, mag, error) == features(time[order], mag[order], error[order])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True, width=32)] * 3), max_size=40))
def test_nothing_crashes_or_gives_nan(rows):
    time, mag, error = (np.array([row[k] for row in rows], np.float64) for k in range(3))
    row = features(time, mag, error)
    assert all(value is None or np.isfinite(value) for name, value in row.items() if name != "reason")
