"""Features of two bands together."""

import numpy as np
import pytest

from lcscale.features import extract
from lcscale.lightcurves import LightCurves

PERIOD = 3.3


def star(lag=0.4, ratio=1.5, color=0.8, n=200, gap=0.01):
    rng = np.random.default_rng(5)
    first = np.sort(rng.uniform(0, 400, n))
    second = first + gap
    v = 15 + 0.2 * np.cos(2 * np.pi * first / PERIOD)
    i = 15 + color + ratio * 0.2 * np.cos(2 * np.pi * second / PERIOD + lag)
    band = np.r_[np.zeros(n), np.ones(n)].astype(np.int8)
    time = np.r_[first, second]
    return LightCurves(time, np.r_[v, i], np.full(2 * n, 0.01), [0, 2 * n], band, ("V", "I"))


def test_color_amplitude_ratio_and_phase_lag():
    row = extract(star(), period=PERIOD).to_pylist()[0]
    assert row["color_I"] == pytest.approx(row["mean_I"] - row["mean"], rel=1e-9)
    assert row["amplitude_ratio_I"] == pytest.approx(1.5, rel=1e-6)
    assert row["phase_lag_I"] == pytest.approx(0.4, rel=1e-6)
    assert "color" not in row


def test_color_scatter_is_that_of_near_pairs():
    lcs = star(lag=0.0, ratio=1.3)
    n = 200
    nearest = np.abs(lcs.time[n:, None] - lcs.time[None, :n]).argmin(axis=1)
    colors = lcs.mag[n:] - lcs.mag[nearest]
    table = extract(lcs, ["color_scatter"])
    assert table["color_scatter_I"][0].as_py() == pytest.approx(colors.std(ddof=1), rel=1e-9)
    far = star(n=40, gap=100000.0)
    assert extract(far, ["color_scatter"])["color_scatter_I"][0].as_py() is None


def test_order_of_bands_makes_the_primary():
    lcs = star()
    row = extract(lcs, ["color", "mean"], bands=("I", "V")).to_pylist()[0]
    assert row["color_V"] == pytest.approx(row["mean_V"] - row["mean"])
    assert row["mean"] == pytest.approx(extract(lcs, ["mean"])["mean_I"][0].as_py())
