"""What goes to a GPU, with the CPU in its place: arrays are sorted by torch, and each thread does one object."""

import numpy as np
import pytest

from lcscale.features import FAMILIES, Extract, extract
from lcscale.features.batch import BandBatch
from lcscale.features.on_device import DeviceBatch
from lcscale.lightcurves import LightCurves


@pytest.fixture
def ragged():
    rng = np.random.default_rng(2)
    counts = np.r_[rng.integers(10, 300, 12), 3000, 0, 4, 12]
    offsets = np.r_[0, np.cumsum(counts)]
    time = np.concatenate([np.sort(rng.uniform(0, 300, n)) for n in counts])
    mag = (15 + np.sin(time) + rng.normal(0, 0.1, time.size)).astype(np.float32)
    return LightCurves(time, mag, rng.uniform(0.1, 0.2, time.size).astype(np.float32), offsets)


@pytest.fixture
def threads(monkeypatch):
    """One thread after the other, on the CPU."""

    def launch(each, offsets, out, arguments):
        offsets, out = offsets.numpy(), out.numpy()
        values = [x.numpy() if hasattr(x, "numpy") else x for x in arguments]
        for i in range(out.shape[0]):
            each(offsets[i : i + 2], out[i : i + 1], *values)

    monkeypatch.setattr("lcscale.features.on_device.launch", launch)


def test_sorted_values_are_those_of_numpy(ragged):
    batch = BandBatch.of(ragged, np.full(len(ragged), np.nan), "linear")
    device = DeviceBatch(batch, "cpu")
    np.testing.assert_array_equal(device.ordered.numpy(), batch.ordered)
    np.testing.assert_array_equal(device.gaps.numpy(), batch.gaps)


def test_features_are_those_of_the_cpu(ragged, threads):
    by_threads = extract(ragged, period=6.3, device="cpu:0")
    assert by_threads.equals(extract(ragged, period=6.3))


def test_families_without_observations(threads):
    batch = BandBatch.of(LightCurves([], [], [], [0]), np.empty(0), "linear")
    for family in FAMILIES:
        assert DeviceBatch(batch, "cpu").compute(family).shape == (0, len(family.features))


def test_the_device_is_no_part_of_the_fingerprint():
    assert Extract(device="cuda").fingerprint() == Extract().fingerprint()
