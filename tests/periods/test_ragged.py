"""One batch with light curves of 1 to 100,000 observations, through both rooms."""

import warnings

import numpy as np

from lcscale.features import extract
from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, find


def test_one_to_a_hundred_thousand_observations(capfd):
    counts = np.array([1, 4, 5, 9, 11, 380, 381, 2000, 100_000])
    rng = np.random.default_rng(4)
    offsets = np.r_[0, np.cumsum(counts)]
    time = np.concatenate([np.sort(rng.uniform(0, 50, n)) for n in counts])
    mag = 15 + 0.3 * np.sin(2 * np.pi * time / 0.837) + 0.02 * rng.normal(size=time.size)
    lcs = LightCurves(time, mag, np.full(time.size, 0.02), offsets)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        periods = find(lcs, FrequencyGrid.for_baseline(50, 5)).to_pylist()
        features = extract(lcs, period=[row["period"] or np.nan for row in periods]).to_pylist()
    assert capfd.readouterr().err == ""
    for n, period, feature in zip(counts, periods, features, strict=True):
        assert (period["reason"] is None) == (n >= 5)
        assert (feature["reason"] is None) == (n >= 5)
        if n > 300:
            assert abs(period["period"] / 0.837 - 1) < 1e-4
            assert abs(feature["a1"] / 0.3 - 1) < 0.02
    assert features[-1]["n_observations"] == 100_000
