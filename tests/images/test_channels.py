"""Density, error bars and dm-dt maps against NumPy's histograms."""

from __future__ import annotations

import numpy as np
import pytest

from lcscale.errors import InputError
from lcscale.images import ImageOptions, render_density, render_dmdt, render_error_bars, render_folded, render_raw
from lcscale.images.channels import DM_MAG, DT_DAYS
from lcscale.lightcurves import LightCurves

WHOLE = ImageOptions(cycles=1, quantile=0.0, dot_radius=0, alignment="none")


@pytest.fixture
def lcs():
    rng = np.random.default_rng(6)
    counts = [300, 0, 40, 1]
    n = sum(counts)
    time = np.concatenate([np.sort(rng.uniform(50_000, 50_400, each)) for each in counts])
    mag = rng.normal(15, 0.3, n).astype(np.float32)
    band = rng.integers(0, 2, n).astype(np.int8)
    error = rng.uniform(0.01, 0.2, n).astype(np.float32)
    return LightCurves(time, mag, error, np.concatenate([[0], np.cumsum(counts)]), band, ("g", "r"))


def of(lcs, i, band):
    rows = slice(lcs.offsets[i], lcs.offsets[i + 1])
    chosen = lcs.band[rows] == band
    return lcs.time[rows][chosen], lcs.mag[rows][chosen].astype(float), lcs.mag_err[rows][chosen]


def test_density_is_a_histogram_with_dots_where_it_is_not_empty(lcs):
    images = render_density(lcs, 0.77, size=32, options=WHOLE)
    dots = render_folded(lcs, 0.77, np.array([lcs.time[min(a, 340)] for a in lcs.offsets[:-1]]), 32, WHOLE)
    np.testing.assert_array_equal(images > 0, dots > 0)
    for i, band in np.ndindex(4, 2):
        time, mag, _ = of(lcs, i, band)
        if time.size < 2:
            continue
        first = lcs.time[lcs.offsets[i]]
        pad = 0.1 * np.ptp(mag)
        counts, _, _ = np.histogram2d(mag, (time - first) / 0.77 % 1, 32, [(mag.min() - pad, mag.max() + pad), (0, 1)])
        expected = counts * 255 // counts.max()
        assert np.mean(images[i, band] != expected) < 0.004, "one in a thousand is on an edge"


def test_over_time_it_has_the_place_of_the_raw_image(lcs):
    images, dots = render_density(lcs, size=32, options=WHOLE), render_raw(lcs, 32, WHOLE)
    assert np.mean((images > 0) != (dots > 0)) < 0.001


def test_two_cycles_are_twice_the_same(lcs):
    images = render_density(lcs, 0.77, size=32, options=ImageOptions(cycles=2))
    np.testing.assert_array_equal(images[..., :16], images[..., 16:])
    with pytest.raises(InputError, match="size must be even"):
        render_density(lcs, 0.77, size=31)


def test_bars_reach_one_error_up_and_down(lcs):
    one = lcs.take([0]).keep(np.arange(300) < 300)
    g = one.keep(one.band == 0)
    images = render_error_bars(g, 0.77, size=64, options=WHOLE)[0, 0]
    time, mag, error = of(g, 0, 0)
    pad = 0.1 * np.ptp(mag)
    low, scale = mag.min() - pad, 64 / (np.ptp(mag) + 2 * pad)
    expected = np.zeros((64, 64), bool)
    for t, m, e in zip(time, mag, error.astype(float), strict=True):
        column = int((t - time[0]) / 0.77 % 1 * 64)
        top, bottom = int(max((m - e - low) * scale, 0)), int(min((m + e - low) * scale, 63))
        expected[top : bottom + 1, column] = True
    assert np.mean((images > 0) != expected) < 0.004
    assert set(np.unique(images)) == {0, 128}
    unknown = LightCurves(g.time, g.mag, np.full(g.mag.size, np.nan), g.offsets, g.band, g.bands)
    assert not render_error_bars(unknown, 0.77, size=64, options=WHOLE).any()


def test_all_pairs_of_a_band_are_in_the_map(lcs):
    images = render_dmdt(lcs, 32)
    for i, band in np.ndindex(4, 2):
        time, mag, _ = of(lcs, i, band)
        a, b = np.triu_indices(time.size, 1)
        wait, change = time[b] - time[a], mag[b] - mag[a]
        bent = np.sign(change) * np.sqrt(np.abs(change) / DM_MAG)
        edges = [np.linspace(-1, 1, 33), np.linspace(np.log10(DT_DAYS[0]), np.log10(DT_DAYS[1]), 33)]
        counts, _, _ = np.histogram2d(bent, np.log10(np.maximum(wait, 1e-9)), edges)
        expected = 255 * np.sqrt(counts) / np.sqrt(max(counts.max(), 1))
        assert np.abs(images[i, band] - expected).max() < 6, "a pair on an edge, and the fraction of a grey value"
    assert not images[1].any()
    assert not images[3].any()
