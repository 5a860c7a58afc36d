"""Features on the GPU against the CPU, row by row; then, how fast they are. Run with make gpu."""

from __future__ import annotations

import time

import numpy as np
import pytest

from lcscale.features import FAMILIES, FEATURES, extract
from lcscale.features.batch import BandBatch
from lcscale.features.on_device import DeviceBatch
from lcscale.lightcurves import LightCurves

pytestmark = pytest.mark.gpu
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def stars():
    rng = np.random.default_rng(1)
    counts = rng.integers(80, 121, 200_000)
    offsets = np.r_[0, np.cumsum(counts)]
    owner = np.repeat(np.arange(counts.size), counts)
    times = rng.uniform(0, 1500, offsets[-1])
    times = times[np.lexsort((times, owner))]
    error = rng.uniform(0.01, 0.05, times.size)
    mag = 16 + 0.3 * np.sin(2 * np.pi * times / 0.7) + rng.normal(0, error)
    return LightCurves(times, mag.astype(np.float32), error.astype(np.float32), offsets)


@pytest.mark.parametrize("n_bands", [1, 2])
def test_features_are_those_of_the_cpu(stars, n_bands):
    some = stars.take(np.arange(3000))
    band = np.random.default_rng(2).integers(0, n_bands, some.time.size).astype(np.int8)
    some = LightCurves(some.time, some.mag, some.mag_err, some.offsets, band, ("g", "r")[:n_bands])
    names = list(FEATURES)
    on_cpu, on_gpu = (extract(some, names, period=0.7, device=device) for device in ("cpu", "cuda"))
    assert on_gpu.equals(extract(some, names, period=0.7, device="cuda"))
    assert on_gpu.schema == on_cpu.schema
    for name in on_cpu.column_names[:-1]:
        np.testing.assert_allclose(on_gpu[name].to_numpy(), on_cpu[name].to_numpy(), rtol=1e-6, atol=1e-9, err_msg=name)


def test_time_of_the_cheap_features(stars):
    """Every family without a period but Qn, arrays on the device already."""
    batch = BandBatch.of(stars, np.full(len(stars), np.nan), "linear")
    families = [family for family in FAMILIES if not family.periodic and family.name != "pairwise"]
    for _ in range(2):
        device = DeviceBatch(batch, "cuda")
        torch.cuda.synchronize()
        start = time.perf_counter()
        for family in families:
            family.compute(device)
        torch.cuda.synchronize()
        seconds = time.perf_counter() - start
    print(f"\ncheap features, 100 observations: {torch.cuda.get_device_name()} {seconds / len(stars) * 1e6:.3f} µs")
