"""Batched periodograms of torch, on the CPU device, against those of NumPy one by one."""

import numpy as np
import pytest

from lcscale.lightcurves import LightCurves, usable
from lcscale.periods import FrequencyGrid, find, lomb_scargle
from lcscale.periods.batched import BatchedPeriodogram
from lcscale.periods.peaks import PeakFinder
from lcscale.periods.periodogram import ONE_THREAD, Periodogram
from lcscale.periods.series import Series

GRID = FrequencyGrid(0.013, 9.0, 0.0011)


@pytest.fixture(scope="module")
def batch():
    """Light curves of 12 to 900 observations, half of them in two bands."""
    rng = np.random.default_rng(3)
    counts = rng.integers(12, 200, 12)
    counts[5] = 900
    offsets = np.r_[0, np.cumsum(counts)]
    time = 55000 + np.concatenate([np.sort(rng.uniform(0, 900, n)) for n in counts])
    error = rng.uniform(0.01, 0.05, time.size)
    band = (rng.integers(0, 2, time.size) * (np.repeat(np.arange(12), counts) % 2)).astype(np.int8)
    mag = 15 + 0.2 * np.sin(2 * np.pi * time / 0.83) + band + rng.normal(0, error)
    return LightCurves(time, mag, error, offsets, band, ("g", "r"))


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-8), (np.float32, 1e-4)])
def test_powers_are_those_of_numpy(batch, dtype, bound):
    expected = lomb_scargle(batch, GRID)
    periodogram = BatchedPeriodogram(GRID, "cpu", dtype)
    seen = []
    for chunk, power in periodogram.powers(Series.of(usable(batch)[0]), range(len(batch))):
        np.testing.assert_allclose(power.numpy(), expected[chunk], atol=bound)
        seen += chunk
    assert sorted(seen) == list(range(len(batch)))


def test_small_chunks_give_the_same(batch, monkeypatch):
    series = Series.of(usable(batch)[0])
    whole = dict(BatchedPeriodogram(GRID, "cpu", np.float64).peaks(series, range(12), 4))
    monkeypatch.setattr("lcscale.periods.batched._BYTES", {"cpu": 1})
    alone = dict(BatchedPeriodogram(GRID, "cpu", np.float64).peaks(series, range(12), 4))
    for i in range(12):
        np.testing.assert_array_equal(alone[i].index, whole[i].index)


def test_peaks_are_those_of_the_finder(batch):
    series = Series.of(usable(batch)[0])
    periodogram = Periodogram(GRID, np.float64)
    found = dict(BatchedPeriodogram(GRID, "cpu", np.float64).peaks(series, range(12), 5))
    with ONE_THREAD:
        for i, peaks in found.items():
            finder = PeakFinder(5)
            for piece in periodogram.powers(series, i):
                finder.feed(piece)
            expected = finder.peaks()
            np.testing.assert_array_equal(peaks.index, expected.index)
            np.testing.assert_allclose(peaks.height, expected.height, atol=1e-9)
            assert peaks.mean == pytest.approx(expected.mean, abs=1e-9)
            assert peaks.deviation == pytest.approx(expected.deviation, abs=1e-9)


def test_search_by_torch_is_that_by_numpy(batch):
    """The name cpu:0 is the CPU to torch, and not the path of NumPy."""
    by_numpy, by_torch = (find(batch, GRID, device=device) for device in ("cpu", "cpu:0"))
    for name in ("period", "power", "period_3", "epoch", "snr"):
        np.testing.assert_allclose(by_torch[name].to_numpy(), by_numpy[name].to_numpy(), rtol=1e-4, err_msg=name)
