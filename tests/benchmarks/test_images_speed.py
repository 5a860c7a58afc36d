"""Speed of drawing against numpy.histogram2d and matplotlib, in one run."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest

from lcscale.images import render_folded
from lcscale.lightcurves import LightCurves

pytestmark = pytest.mark.slow

N_OBJECTS, N_OBSERVATIONS, SIZE = 1000, 115, 128


@pytest.fixture(scope="module")
def stars():
    rng = np.random.default_rng(0)
    offsets = np.arange(N_OBJECTS + 1) * N_OBSERVATIONS
    time_ = rng.uniform(0, 1000, offsets[-1])
    period = rng.uniform(0.3, 3, N_OBJECTS)
    phase = 2 * np.pi * time_ / np.repeat(period, N_OBSERVATIONS)
    mag = 15 + 0.3 * np.cos(phase) + 0.1 * np.cos(2 * phase + 1) + rng.normal(0, 0.02, time_.size)
    lcs = LightCurves(time_, mag.astype(np.float32), np.full(time_.size, 0.02, np.float32), offsets)
    render_folded(lcs, period, None, SIZE)
    return lcs, period


def ours(lcs, period):
    return render_folded(lcs, period, None, SIZE)


def folded(lcs, period, n):
    for i in range(n):
        rows = slice(lcs.offsets[i], lcs.offsets[i + 1])
        phase = (lcs.time[rows] / period[i]) % 1.0
        yield np.append(phase, phase + 1), np.append(lcs.mag[rows], lcs.mag[rows])


def histogram2d(lcs, period, n=N_OBJECTS):
    return [np.histogram2d(mag, phase, bins=SIZE) for phase, mag in folded(lcs, period, n)]


def matplotlib_savefig(lcs, period, n=40):
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    for phase, mag in folded(lcs, period, n):
        figure = plt.figure(figsize=(1.28, 1.28), dpi=100)
        axes = figure.add_axes([0, 0, 1, 1])
        axes.scatter(phase, mag, s=2)
        figure.savefig(io.BytesIO(), format="png")
        plt.close(figure)


@pytest.mark.parametrize("how", [ours, histogram2d, matplotlib_savefig])
@pytest.mark.benchmark(group="folded images of 128 x 128 (1,000; 40 by matplotlib)")
def test_drawing(benchmark, stars, how):
    benchmark.pedantic(how, stars, rounds=3)


def seconds(work, stars, rounds=5):
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work(*stars)
        taken.append(time.process_time() - start)
    return min(taken)


def test_ratios_to_the_peers(stars):
    own = seconds(ours, stars) / N_OBJECTS
    numpy_each = seconds(histogram2d, stars) / N_OBJECTS
    matplotlib_each = seconds(matplotlib_savefig, stars, rounds=2) / 40
    print(f"ours {own * 1e6:.1f} µs, histogram2d {numpy_each * 1e6:.1f}, matplotlib {matplotlib_each * 1e6:.0f}")
    assert numpy_each >= 10 * own
    assert matplotlib_each >= 1000 * own
