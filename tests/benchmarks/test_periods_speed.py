"""Periodograms of 1e5 frequencies against nifty-ls and astropy, and what peaks and their ranking add."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, process_time

import numpy as np
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, find, lomb_scargle
from lcscale.periods.families import read_families

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


def test_four_harmonics_lcscale(benchmark, batch):
    benchmark.group = f"8 periodograms of 4 harmonics, {batch.counts[0]} observations"
    benchmark.pedantic(lomb_scargle, (batch, GRID), {"n_harmonics": 4, "dtype": np.float32}, rounds=2, warmup_rounds=1)


def test_four_harmonics_nifty_ls(benchmark, batch):
    benchmark.group = f"8 periodograms of 4 harmonics, {batch.counts[0]} observations"
    from nifty_ls import lombscargle

    def run():
        for curve in curves(batch):
            lombscargle(*curve, fmin=GRID.fmin, fmax=GRID.fmax, Nf=GRID.size, nthreads=1, nterms=4)

    benchmark.pedantic(run, rounds=2, warmup_rounds=1)


def test_two_cores_do_almost_twice_as_much():
    """Threads suffice: what takes the time holds no lock of Python."""
    if os.getloadavg()[0] > 0.5 or (os.cpu_count() or 1) < 2:
        pytest.skip("needs two idle cores")
    rng = np.random.default_rng(0)
    n, objects = 100, 400
    time = np.sort(rng.uniform(0, 1500, (objects, n)), axis=1).ravel()
    lcs = LightCurves(time, rng.normal(15, 0.1, time.size), np.full(time.size, 0.1), np.arange(objects + 1) * n)
    halves = [lcs.take(np.arange(half, objects, 2)) for half in range(2)]
    seconds = []
    for workers in (1, 2, 1, 2):
        with ThreadPoolExecutor(workers) as pool:
            start = perf_counter()
            list(pool.map(lambda half: find(half, GRID), halves))
            seconds.append(perf_counter() - start)
    assert min(seconds[::2]) / min(seconds[1::2]) >= 1.8


def test_six_bands_are_not_much_dearer_than_one():
    """60 points of an RR Lyrae star over ugrizy, and as many in g alone; 9 times before families shared one scan."""
    rng = np.random.default_rng(0)
    family = next(each for each in read_families() if each.name == "RR Lyrae")
    objects, n, names = 60, 60, ("u", "g", "r", "i", "z", "y")
    ratio, colour, _, _ = family.per_band(names)
    shape = family.templates[1].shape
    period = rng.uniform(0.45, 0.7, objects)
    time = np.sort(rng.uniform(0, 1500, (objects, n)), axis=1)
    mag = np.interp((time / period[:, None]) % 1.0, np.linspace(0, 1, len(shape)), shape).ravel()
    error, offsets = np.full(mag.size, 0.03), np.arange(objects + 1) * n
    noise = rng.normal(0, error)
    seconds = []
    for bands in (("g",), names):
        band = np.array([rng.permutation(np.arange(n) % len(bands)) for _ in range(objects)]).ravel().astype(np.int8)
        code = band + names.index(bands[0])
        curves = LightCurves(time.ravel(), 18 + colour[code] + ratio[code] * mag + noise, error, offsets, band, bands)
        found = find(curves)
        assert np.mean(np.abs(found["period"].to_numpy() / period - 1) < 1e-3) > 0.95
        runs = []
        for _ in range(3):
            start = process_time()
            find(curves)
            runs.append(process_time() - start)
        seconds.append(min(runs))
    print(f"{1e3 * seconds[0] / objects:.2f} ms in one band, {1e3 * seconds[1] / objects:.2f} in six")
    assert seconds[1] < 4.5 * seconds[0]


def test_memory_stays_under_a_gibibyte():
    """A million frequencies, 100,000 observations, two million observations of features: none needs more."""
    code = """
import resource, numpy as np
from lcscale.features import extract
from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, find
rng = np.random.default_rng(0)
for count, n in ((20000, 100), (1, 100000), (1, 100)):
    time = np.sort(rng.uniform(0, 4000, (count, n)), axis=1).ravel()
    lcs = LightCurves(time, rng.normal(15, 0.1, time.size), np.full(time.size, 0.1), np.arange(count + 1) * n)
    extract(lcs, period=0.7)
    if count == 1:
        for n_harmonics in (1, 2):
            find(lcs, FrequencyGrid.for_baseline(4000, 50), n_harmonics=n_harmonics)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1 << 20
