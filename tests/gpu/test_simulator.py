"""The code that a GPU runs, thread by thread in numba's simulator of one, against the loop that the CPU runs."""

import os
import subprocess
import sys

SCRIPT = """
import numpy as np
from numba import cuda

from lcscale.features import FAMILIES
from lcscale.features.batch import SCRATCH_ROWS as FEATURE_ROWS
from lcscale.features.batch import BandBatch
from lcscale.features.catalogue import PAIR_FAMILIES
from lcscale.images import channels, render
from lcscale.lightcurves import LightCurves
from lcscale.periods.choice import choose_each
from lcscale.periods.each import SCRATCH_ROWS
from lcscale.periods.mirrors import mirror_each
from lcscale.periods.red_noise import evidence_each
from lcscale.kernels.harmonics import N_PARAMETERS, WORK_ROWS
from lcscale.kernels.launching import thread
from lcscale.periods.series import Series

N = 3
rng = np.random.default_rng(0)
offsets = np.array([0, 14, 14, 32])
time = np.concatenate([np.sort(rng.uniform(0, 30, n)) for n in np.diff(offsets)])


def batch(seed):
    mag = 15 + np.sin(2 * np.pi * time / 2.7) + 0.1 * np.random.default_rng(seed).normal(size=time.size)
    return LightCurves(time, mag, np.full(time.size, 0.1), offsets)


def each_its_own(band):
    "The batch with memory of its own for each thread."
    object.__setattr__(band, "room", (np.empty(FEATURE_ROWS * time.size), FEATURE_ROWS * offsets[:-1], works()))
    return band


def works():
    return np.empty((N, WORK_ROWS, N_PARAMETERS))


def compare(name, loop, n_columns, arguments, own_arguments, n=N):
    expected, got = np.full((2, n, n_columns), np.nan)
    loop(0, n, expected, *arguments)
    cuda.jit(thread(loop))[2, 2](n, (got, *own_arguments))
    np.testing.assert_array_equal(got, expected, err_msg=name)
    assert np.isfinite(got[[0, -1]]).any(axis=1).all(), name
    print(name)


period = np.full(N, 2.7)
one, own = (f(BandBatch.of(batch(1), period, "linear")) for f in (lambda x: x, each_its_own))
two, own_two = (f(BandBatch.of(batch(2), period, "linear")) for f in (lambda x: x, each_its_own))
for family in FAMILIES:
    arguments = [(offsets, *family.arguments(b)) for b in (one, own)]
    compare(family.name, family.each, len(family.features), *arguments)
for family in PAIR_FAMILIES:
    arguments = [(offsets, *family.arguments(a, b)) for a, b in ((one, two), (own, own_two))]
    compare(family.name, family.each, len(family.features), *arguments)

series = Series.of(batch(1))
arrays = (series.time, series.weight, series.weighted, series.segments, series.objects, series.share, series.coupling)
peaks = np.array([[0.370, 0.81], [np.nan, np.nan], [0.371, np.nan]])


def compare_stars(name, loop, n_columns, members, arguments, memory):
    "The loop over stars with memory for one, and for each."
    n, scratch = len(members), np.empty(SCRATCH_ROWS * time.size)
    places = np.zeros(n, np.int64), SCRATCH_ROWS * offsets[members]
    rooms = [(scratch, p, works()[:k], np.empty((k, *memory))) for p, k in zip(places, (1, n))]
    compare(name, loop, n_columns, *((arrays, members, *arguments, room) for room in rooms), n)


compare_stars("periods", choose_each, 7, np.arange(N), (peaks, 0.007, 0.05, 1, True, 0.0035, 2), (2, 4))
two_stars, frequency, top = np.array([0, 2]), np.array([0.37, 0.371]), np.full(2, 5.0)
walks = np.array([1.0, 40.0]), np.array([0.1, 10.0, 100.0])
told = (frequency, top, np.full(2, np.nan), series.baseline[two_stars], *walks)
compare_stars("evidence", evidence_each, 2, two_stars, told, (14, 3))
told = (np.array([0.005]), frequency, np.array([1, 2]), np.full(2, 1e-4), top)
compare_stars("mirrors", mirror_each, 3, two_stars, told, (0, 0))

band = rng.integers(0, 2, time.size).astype(np.int8)
mag, error, epoch = batch(1).value.astype(np.float32), np.full(time.size, 0.1, np.float32), np.full(N, np.nan)
epoch[2] = 0.3
drawings = {
    render.each_folded: (time, mag, band, offsets, period, epoch, 2, 1, 0.01, 0.1, False, True, False),
    render.each_raw: (time, mag, band, offsets, 1, 0.1, 0.1, True),
    channels.each_density: (time, mag, error, band, offsets, True, period, epoch, 1, 0.01, 0.1, False, True),
    channels.each_dmdt: (time, mag, band, offsets),
}
for loop, arguments in drawings.items():
    expected, got = np.zeros((2, N, 2, 16, 16), np.uint8)
    loop(0, N, expected, *arguments, np.empty((1, 700), np.int32), np.empty((1, 32)))
    cuda.jit(thread(loop))[2, 2](N, (got, *arguments, np.empty((N, 700), np.int32), np.empty((N, 32))))
    np.testing.assert_array_equal(got, expected, err_msg=loop.__name__)
    assert got[[0, 2]].any(axis=(1, 2, 3)).all()
    print(loop.__name__)
"""


def test_threads_do_what_the_loop_does():
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {"periods", "evidence", "mirrors"} <= set(done.stdout.split())
    assert "each_dmdt" in done.stdout
