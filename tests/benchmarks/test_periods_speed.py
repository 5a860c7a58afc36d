"""Periodograms of 1e5 frequencies against nifty-ls and astropy, and what peaks and their ranking add."""

import numpy as np
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, find, lomb_scargle

pytestmark = pytest.mark.slow

GRID = FrequencyGrid(0.01, 25.0, 24.99 / 99999)


@pytest.fixture(scope="module", params=[100, 1000], ids=["n100", "n1000"])
def batch(request):
    n, objects = request.param, 8
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 1500, (objects, n)), axis=1).ravel()
    error = rng.uniform(0.01, 0.05, time.size)
    mag = 15 + 0.1 * np.sin(2 * np.pi * time * 3.3) + rng.normal(0, error)
    return LightCurves(time, mag, error, np.arange(objects + 1) * n)


def curves(lcs):
    return [
        (lcs.time[a:b], lcs.mag[a:b], lcs.mag_err[a:b]) for a, b in zip(lcs.offsets[:-1], lcs.offsets[1:], strict=True)
    ]


def test_lcscale(benchmark, batch):
    benchmark.group = f"8 periodograms, {batch.counts[0]} observations"
    benchmark(lomb_scargle, batch, GRID, dtype=np.float32)


def test_find(benchmark, batch):
    """The periodogram, its peaks, and their ranking."""
    benchmark.group = f"8 periodograms, {batch.counts[0]} observations"
    benchmark(find, batch, GRID)


def test_nifty_ls(benchmark, batch):
    benchmark.group = f"8 periodograms, {batch.counts[0]} observations"
    from nifty_ls import lombscargle

    def run():
        for curve in curves(batch):
            lombscargle(*curve, fmin=GRID.fmin, fmax=GRID.fmax, Nf=GRID.size, nthreads=1)

    benchmark(run)


def test_astropy_fast(benchmark, batch):
    benchmark.group = f"8 periodograms, {batch.counts[0]} observations"
    from astropy.timeseries import LombScargle

    frequencies = GRID.frequencies()

    def run():
        for curve in curves(batch):
            LombScargle(*curve).power(frequencies, method="fast", assume_regular_frequency=True)

    benchmark.pedantic(run, rounds=2, warmup_rounds=1)
