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


def test_sorted_values_are_those_of_numpy(ragged):
    batch = BandBatch.of(ragged, np.full(len(ragged), np.nan), "linear")
    device = DeviceBatch(batch, "cpu")
    np.testing.assert_array_equal(device.ordered.numpy(), batch.ordered)
    np.testing.assert_array_equal(device.gaps.numpy(), batch.gaps)


def test_order_of_phases_is_that_of_numpy(ragged):
    batch = BandBatch.of(ragged, np.where(np.arange(len(ragged)) % 3, 2.7, np.nan), "linear")
    np.testing.assert_array_equal(DeviceBatch(batch, "cpu").by_phase.numpy(), batch.by_phase)


def test_features_are_those_of_the_cpu(ragged):
    period = np.where(np.arange(len(ragged)) % 5, 6.3, np.nan)
    by_torch = extract(ragged, period=period, device="cpu:0")
    assert by_torch.equals(extract(ragged, period=period))


def test_features_of_two_bands_are_those_of_the_cpu(ragged):
    band = np.random.default_rng(3).integers(0, 2, ragged.time.size).astype(np.int8)
    both = LightCurves(ragged.time, ragged.mag, ragged.mag_err, ragged.offsets, band, ("g", "r"))
    assert extract(both, period=6.3, device="cpu:0").equals(extract(both, period=6.3))


def test_periods_are_searched_there_too(ragged):
    names = ["period", "fourier_r2"]
    by_torch, by_numpy = (
        extract(ragged.take(np.arange(3)), names, device=device).to_pandas() for device in ("cpu:0", "cpu")
    )
    np.testing.assert_allclose(by_torch[names], by_numpy[names], rtol=1e-6)


def test_families_without_observations():
    batch = BandBatch.of(LightCurves([], [], [], [0]), np.empty(0), "linear")
    for family in FAMILIES:
        assert family.compute(DeviceBatch(batch, "cpu")).shape == (0, len(family.features))


def test_the_device_is_no_part_of_the_fingerprint():
    assert Extract(device="cuda").fingerprint() == Extract().fingerprint()
