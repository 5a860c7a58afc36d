"""Kinds of light curves that break searches: each gives a period, or a reason why there is none."""

import numpy as np
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods import find

PERIOD = 0.5763


def star(time, band, names, seed=0):
    """One star of a sawtooth-like light curve with the amplitude of each band a little smaller."""
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * time / PERIOD
    shape = np.sin(phase) + 0.4 * np.sin(2 * phase + 1.0)
    mag = 18 + 0.4 * 0.8**band * shape + rng.normal(0, 0.02, time.size)
    return LightCurves(time, mag, np.full(time.size, 0.02), [0, time.size], band.astype(np.int8), names)


@pytest.mark.parametrize("coupling", ["auto", "free", "ratios", "templates"])
def test_one_band_with_one_point(coupling):
    """It changes nothing: beside 60 points in g, one in r."""
    time = np.sort(np.random.default_rng(2).uniform(0, 600, 61))
    row = find(star(time, (np.arange(61) == 30).astype(int), ("g", "r")), coupling=coupling).to_pylist()[0]
    assert min(abs(row["period"] / PERIOD - k) for k in (1, 2)) < 1e-3


@pytest.mark.parametrize("coupling", ["auto", "free", "ratios", "templates"])
def test_all_points_in_one_night_give_few_cycles_or_a_reason(coupling):
    time = np.sort(np.random.default_rng(3).uniform(0, 0.3, 40))
    row = find(star(time, np.arange(40) % 3, ("g", "r", "i")), coupling=coupling).to_pylist()[0]
    assert (row["period"] is None) == (row["reason"] is not None)
    if row["period"] is not None:
        assert row["n_cycles"] == pytest.approx((time[-1] - time[0]) / row["period"])
        assert row["n_cycles"] >= 0.5


@pytest.mark.parametrize("coupling", ["auto", "ratios", "templates"])
def test_bands_that_no_family_knows(coupling):
    """One keeps an amplitude of its own; where all are unknown `auto` searches free bands and others say why not."""
    time = np.sort(np.random.default_rng(4).uniform(0, 900, 45))
    band = np.arange(45) % 3
    row = find(star(time, band, ("g", "r", "W149")), coupling=coupling, families=["RR Lyrae"]).to_pylist()[0]
    assert row["period"] == pytest.approx(PERIOD, rel=1e-3)
    row = find(star(time, band, ("x", "x2", "x3")), coupling=coupling, families=["RR Lyrae"]).to_pylist()[0]
    if coupling == "auto":
        assert row["coupling"] == "free"
        assert row["period"] == pytest.approx(PERIOD, rel=1e-3)
    else:
        assert row["reason"] == "no band is known to RR Lyrae"
