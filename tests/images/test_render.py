"""Images of light curves: where each dot falls, what is left empty, and that pixels depend on the object alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.errors import InputError
from lcscale.images import ImageOptions, render_folded, render_raw
from lcscale.lightcurves import LightCurves

PIXELS = ImageOptions(dot_radius=0, quantile=0.0)


def batch(rng, counts, bands=()):
    offsets = np.concatenate([[0], np.cumsum(counts)])
    n = offsets[-1]
    time = np.sort(rng.uniform(58000, 60000, n))
    mag = (15 + rng.normal(0, 0.3, n)).astype(np.float32)
    band = rng.integers(0, len(bands), n) if bands else None
    return LightCurves(time, mag, np.full(n, 0.01), offsets, band, bands)


def expected_dots(phase, mag, size, margin=0.1):
    """The cells of `numpy.histogram2d` in which there are points: one pixel a dot, two cycles."""
    spread = mag.max() - mag.min()
    edges = [(mag.min() - margin * spread, mag.max() + margin * spread), (0, 2)]
    count, *_ = np.histogram2d(np.append(mag, mag), np.append(phase, phase + 1), bins=size, range=edges)
    return np.where(count > 0, 255, 0).astype(np.uint8)


def test_single_pixels_are_those_of_a_histogram():
    rng = np.random.default_rng(1)
    lcs = batch(rng, [200, 50, 10])
    period, epoch = np.array([0.5, 3.3, 120.0]), np.array([58000.0, 58001.0, 57000.0])
    phase = lcs.fold(period, epoch)
    images = render_folded(lcs, period, epoch, 64, PIXELS)
    assert images.shape == (3, 1, 64, 64)
    assert images.dtype == np.uint8
    for i in range(3):
        rows = slice(lcs.offsets[i], lcs.offsets[i + 1])
        assert (images[i, 0] != expected_dots(phase[rows], lcs.mag[rows].astype(float), 64)).sum() <= 2


def test_brightest_is_at_the_top_and_phase_runs_to_the_right():
    lcs = LightCurves([0.0, 0.25, 0.5], [14.0, 15.0, 16.0], [0.1] * 3, [0, 3])
    image = render_folded(lcs, 1.0, 0.0, 100, ImageOptions(cycles=1, dot_radius=0, quantile=0))[0, 0]
    rows, columns = np.nonzero(image)
    assert columns.tolist() == [0, 25, 50]
    assert rows.tolist() == [8, 50, 91]
    assert (np.diff(rows) > 0).all()


def test_two_cycles_repeat_the_one():
    lcs = batch(np.random.default_rng(2), [80])
    one = render_folded(lcs, 0.7, 58000.0, 64, ImageOptions(cycles=1, dot_radius=0))[0, 0]
    two = render_folded(lcs, 0.7, 58000.0, 128, ImageOptions(cycles=2, dot_radius=0))[0, 0]
    np.testing.assert_array_equal(two[:, :64], two[:, 64:])
    np.testing.assert_array_equal(one.any(axis=0), two[:, :64].any(axis=0))


def test_dots_grow_round_the_pixel_and_wrap_in_phase():
    lcs = LightCurves([0.0], [15.0], [0.1], [0, 1])
    for radius, count in ((0, 1), (1, 9), (2, 21)):
        image = render_folded(lcs, 1.0, 0.0, 33, ImageOptions(cycles=1, dot_radius=radius))[0, 0]
        assert (image > 0).sum() == count
        assert image[16, 0] == 255
        assert bool(image[16, -1]) == (radius > 0)
        raw = render_raw(lcs, 33, ImageOptions(dot_radius=radius))[0, 0]
        assert raw[16, 0] == 255
        assert raw[16, -1] == 0


def test_bands_are_channels_in_the_order_of_the_batch():
    lcs = batch(np.random.default_rng(3), [60, 40], ("V", "I"))
    options = ImageOptions(alignment="none")
    images = render_folded(lcs, 2.0, 58000.0, 64, options)
    assert images.shape == (2, 2, 64, 64)
    for b, name in enumerate(lcs.bands):
        np.testing.assert_array_equal(images[:, [b]], render_folded(lcs.select_band(name), 2.0, 58000.0, 64, options))


def test_shared_range_keeps_the_distance_of_the_bands():
    lcs = LightCurves([0.0, 1.0, 0.0, 1.0], [15, 15.1, 17, 17.1], [0.1] * 4, [0, 4], [0, 0, 1, 1], ("I", "V"))
    options = ImageOptions(shared_range=True, quantile=0)
    rows = [np.nonzero(channel)[0].mean() for channel in render_folded(lcs, 3.0, 0.0, 64, options)[0]]
    assert rows[0] < 16
    assert rows[1] > 48
    own = [np.nonzero(channel)[0].mean() for channel in render_folded(lcs, 3.0, 0.0, 64)[0]]
    assert own == pytest.approx([31.5, 31.5], abs=1)


def test_outliers_do_not_flatten_the_curve():
    rng = np.random.default_rng(4)
    lcs = batch(rng, [400])
    spoiled = lcs.mag.copy()
    spoiled[[17, 230]] = [5.0, 30.0]
    rows = []
    for mag in (lcs.mag, spoiled):
        image = render_folded(LightCurves(lcs.time, mag, lcs.mag_err, lcs.offsets), 0.9)[0, 0]
        rows.append(np.ptp(np.nonzero(image)[0]))
    assert rows[1] > 0.9 * rows[0]


@pytest.mark.parametrize("alignment", ["maximum", "fourier"])
def test_maximum_light_stands_at_phase_zero(alignment):
    rng = np.random.default_rng(5)
    time = np.sort(rng.uniform(0, 300, 400))
    period, peak = 0.6543, 12.345
    mag = 15 - 0.4 * np.cos(2 * np.pi * (time - peak) / period) + rng.normal(0, 0.02, 400)
    lcs = LightCurves(time, mag, np.full(400, 0.02), [0, 400])
    given = render_folded(lcs, period, peak, 128, PIXELS)[0, 0]
    found = render_folded(lcs, period, None, 128, ImageOptions(dot_radius=0, quantile=0, alignment=alignment))[0, 0]
    shifts = [(np.roll(found, s, axis=1) & given).sum() for s in range(-32, 32)]
    assert abs(int(np.argmax(shifts)) - 32) <= 2
    np.testing.assert_array_equal(
        found,
        render_folded(lcs, period, np.nan, 128, ImageOptions(dot_radius=0, quantile=0, alignment=alignment))[0, 0],
    )


def test_alignment_does_not_depend_on_the_first_observation():
    lcs = batch(np.random.default_rng(6), [300])
    phase = lcs.fold(0.81)
    lcs = LightCurves(lcs.time, 15 + 0.3 * np.cos(2 * np.pi * phase), lcs.mag_err, lcs.offsets)
    later = LightCurves(lcs.time, lcs.mag, lcs.mag_err, [3, 300])
    both = [np.nonzero(render_folded(x, 0.81, None, 128, PIXELS)[0, 0].any(axis=0))[0] for x in (lcs, later)]
    rows = [render_folded(x, 0.81)[0, 0] > 0 for x in (lcs, later)]
    overlap = max((np.roll(rows[0], s, axis=1) & rows[1]).sum() for s in (-2, -1, 0, 1, 2))
    assert overlap > 0.8 * rows[1].sum()
    assert both[0].size > 0


def test_what_cannot_be_drawn_is_empty():
    lcs = batch(np.random.default_rng(7), [20, 0, 20, 20, 20])
    mag = lcs.mag.copy()
    mag[40:60] = np.nan
    lcs = LightCurves(lcs.time, mag, lcs.mag_err, lcs.offsets)
    images = render_folded(lcs, [np.nan, 1.0, 0.0, 1.0, 1.0])
    assert images.any(axis=(1, 2, 3)).tolist() == [False, False, False, False, True]
    assert render_raw(lcs).any(axis=(1, 2, 3)).tolist() == [True, False, True, False, True]
    assert render_folded(lcs.take(np.empty(0, int)), 1.0).shape == (0, 1, 128, 128)


def test_missing_band_is_an_empty_channel():
    lcs = LightCurves([0.0, 1.0, 2.0], [15, 15.1, 15.2], [0.1] * 3, [0, 3], [1, 1, -1], ("I", "V"))
    images = render_folded(lcs, 1.7)
    assert not images[0, 0].any()
    assert images[0, 1].any()


def test_observations_that_are_not_finite_are_left_out():
    lcs = batch(np.random.default_rng(8), [50])
    time, mag = np.append(lcs.time, [58001.0, np.nan]), np.append(lcs.mag, [np.inf, 15])
    spoiled = LightCurves(time, mag, np.full(52, 0.1), [0, 52])
    np.testing.assert_array_equal(render_folded(spoiled, 1.3), render_folded(lcs, 1.3))
    np.testing.assert_array_equal(render_raw(spoiled), render_raw(lcs))


def test_constant_brightness_is_a_line_in_the_middle():
    lcs = LightCurves(np.arange(20.0), np.full(20, 15.0), np.full(20, 0.1), [0, 20])
    assert set(np.nonzero(render_raw(lcs, 65, PIXELS)[0, 0])[0]) == {32}


@settings(max_examples=40, deadline=None)
@given(counts=st.lists(st.integers(0, 60), min_size=1, max_size=8), cut=st.integers(0, 8), seed=st.integers(0, 999))
def test_pixels_are_the_same_in_any_batch(counts, cut, seed):
    rng = np.random.default_rng(seed)
    lcs = batch(rng, counts, ("g", "r"))
    period = rng.uniform(0.1, 10, len(lcs))
    whole, raw = render_folded(lcs, period, None, 32), render_raw(lcs, 32)
    pieces = [np.arange(len(lcs))[:cut], np.arange(len(lcs))[cut:]]
    parts = [render_folded(lcs.take(rows), period[rows], None, 32) for rows in pieces]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    np.testing.assert_array_equal(raw, np.concatenate([render_raw(lcs.take(rows), 32) for rows in pieces]))


def test_raw_runs_from_the_first_to_the_last_observation():
    lcs = LightCurves([10.0, 20.0, 30.0], [15.0, 14.0, 16.0], [0.1] * 3, [0, 3])
    rows, columns = np.nonzero(render_raw(lcs, 64, PIXELS)[0, 0].T)
    assert rows.tolist() == [0, 32, 63]
    assert columns[1] == columns.min()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cycles": 3}, "cycles"),
        ({"dot_radius": -1}, "dot_radius"),
        ({"quantile": 0.5}, "quantile"),
        ({"margin": -0.1}, "margin"),
        ({"alignment": "minimum"}, "alignment must be one of maximum, fourier, none"),
    ],
)
def test_bad_options_are_named(change, words):
    with pytest.raises(InputError, match=words):
        ImageOptions(**change)


def test_bad_arguments_are_named():
    lcs = batch(np.random.default_rng(9), [20, 20])
    with pytest.raises(InputError, match="period has shape"):
        render_folded(lcs, [1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="epoch has shape"):
        render_folded(lcs, 1.0, [1.0])
    with pytest.raises(InputError, match="size"):
        render_raw(lcs, 0)
    with pytest.raises(InputError, match="size must be even"):
        render_folded(lcs, 1.0, None, 65)
