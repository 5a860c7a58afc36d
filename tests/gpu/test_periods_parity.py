"""Periods on the GPU against the CPU, row by row. Run with make gpu."""

from __future__ import annotations

import numpy as np
import pytest

from lcscale.lightcurves import LightCurves, usable
from lcscale.periods import FrequencyGrid, find, lomb_scargle
from lcscale.periods.batched import BatchedPeriodogram
from lcscale.periods.choosing import chosen
from lcscale.periods.series import Series

pytestmark = pytest.mark.gpu
torch = pytest.importorskip("torch")

GRID = FrequencyGrid(0.01, 25.0, 24.99 / 99999)


def stars(objects, n=100):
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 1500, (objects, n)), axis=1)
    error = rng.uniform(0.01, 0.05, times.size)
    periods = 10 ** rng.uniform(-1, 1, objects)
    mag = 15 + 0.1 * np.sin(2 * np.pi * times / periods[:, None]).ravel() + rng.normal(0, error)
    return LightCurves(times.ravel(), mag, error, np.arange(objects + 1) * n)


def test_powers_in_float64_are_those_of_the_cpu():
    lcs = stars(50)
    expected = lomb_scargle(lcs, GRID)
    periodogram = BatchedPeriodogram(GRID, "cuda", np.float64)
    for chunk, power in periodogram.powers(Series.of(usable(lcs)[0]), range(50)):
        np.testing.assert_allclose(power.cpu().numpy(), expected[chunk], atol=1e-8)


def at(peaks):
    """Frequencies of the peaks of every object, filled up with NaN."""
    rows = np.full((len(peaks), max(each.index.size for each in peaks.values())), np.nan)
    for row, each in zip(rows, peaks.values(), strict=True):
        row[: each.index.size] = GRID.at(each.index)
    return rows


def test_the_same_peaks_lead_to_the_same_period():
    """Refinement, ranking, P against 2P and epoch, all float64: the same but where two choices are as good as equal."""
    lcs = stars(500)
    series = Series.of(usable(lcs)[0])
    peaks = dict(BatchedPeriodogram(GRID, "cpu").peaks(series, range(500), 5))
    on_cpu, on_gpu = (
        chosen(series, list(peaks), at(peaks), GRID.df, GRID.fmin, device=device) for device in ("cpu", "cuda")
    )
    assert np.array_equal(
        on_gpu, chosen(series, list(peaks), at(peaks), GRID.df, GRID.fmin, device="cuda"), equal_nan=True
    )
    same = np.isclose(on_gpu, on_cpu, rtol=1e-6, equal_nan=True).all(axis=1)
    assert same.mean() > 0.995


def test_tensor_cores_find_the_same_periods():
    """The scan only picks the peaks: what is refined in float64 is the same to 1e-6, but for peaks as good as equal."""
    lcs = stars(500)
    on_cpu, on_gpu = (find(lcs, GRID, device=device).to_pandas() for device in ("cpu", "cuda"))
    same = np.abs(on_gpu.period / on_cpu.period - 1) < 1e-6
    assert same.mean() > 0.995
    np.testing.assert_allclose(on_gpu.power[same], on_cpu.power[same], rtol=1e-6)


def test_the_same_batch_gives_the_same_bits():
    lcs = stars(200)
    assert find(lcs, GRID, device="cuda").equals(find(lcs, GRID, device="cuda"))
