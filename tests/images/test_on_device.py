"""Images as a GPU draws them, with the CPU in its place: tensors, and memory of its own for each object."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lcscale.errors import DeviceError, InputError
from lcscale.images import ImageOptions, render_density, render_dmdt, render_error_bars, render_folded, render_raw
from lcscale.lightcurves import LightCurves

OPTIONS = ImageOptions(quantile=0.05)


def stars(n_bands):
    rng = np.random.default_rng(n_bands)
    offsets = np.r_[0, np.cumsum([40, 0, 12, 90])]
    time = np.concatenate([np.sort(rng.uniform(0, 50, n)) for n in np.diff(offsets)])
    mag = (15 + np.sin(time) + rng.normal(0, 0.1, time.size)).astype(np.float32)
    error = rng.uniform(0.05, 0.2, time.size).astype(np.float32)
    band = None if n_bands == 1 else rng.integers(0, n_bands, time.size).astype(np.int8)
    return LightCurves(time, mag, error, offsets, band, ("g", "r")[:n_bands])


def each_image(lcs, device):
    """Every kind of image; the second star has no period and the third none that is finite."""
    period = np.array([2 * np.pi, 3.0, np.nan, 6.3])
    yield render_folded(lcs, period, None, 32, OPTIONS, device)
    yield render_folded(lcs, period, 1.0, 32, ImageOptions(cycles=1, dot_radius=0, alignment="none"), device)
    yield render_raw(lcs, 32, OPTIONS, device)
    yield render_density(lcs, period, None, 32, OPTIONS, device)
    yield render_error_bars(lcs, None, None, 32, OPTIONS, device)
    yield render_dmdt(lcs, 32, device)


@pytest.mark.parametrize("n_bands", [1, 2])
def test_images_are_those_of_the_cpu(n_bands):
    lcs = stars(n_bands)
    for there, here in zip(each_image(lcs, "cpu:0"), each_image(lcs, "cpu"), strict=True):
        assert here.any()
        np.testing.assert_array_equal(there, here)


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_images_are_drawn_into_what_is_given(device):
    """A slice of a larger array, or of a tensor, as networks' inputs are made."""
    lcs, period = stars(1), [3.0, 3.0, 3.0, 3.0]
    room = np.zeros((4, 3, 32, 32), np.uint8)
    whole = room if device == "cpu" else torch.from_numpy(room)
    render_folded(lcs, period, None, 32, OPTIONS, device, whole[:, 1:2])
    render_dmdt(lcs, 32, device, whole[:, 2:])
    assert not room[:, 0].any()
    np.testing.assert_array_equal(room[:, 1:2], render_folded(lcs, period, None, 32, OPTIONS))
    np.testing.assert_array_equal(room[:, 2:], render_dmdt(lcs, 32))
    with pytest.raises(InputError, match="out has the shape"):
        render_raw(lcs, 16, OPTIONS, device, whole)


def test_a_device_that_is_absent_is_named():
    with pytest.raises(DeviceError, match="cuda:7"):
        render_raw(stars(1), 16, OPTIONS, "cuda:7")
