"""Pixels do not depend on the order in which the observations come."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.images import (
    ImageOptions,
    render_density,
    render_dmdt,
    render_error_bars,
    render_folded,
    render_raw,
)
from lcscale.lightcurves import LightCurves


def images(lcs, period):
    """All kinds of images of a batch, by name."""
    drawn = {f"folded, {how}": render_folded(lcs, period, None, 32, ImageOptions(alignment=how)) for how in ALIGNED}
    drawn |= {render.__name__: render(lcs, period, None, 32) for render in (render_density, render_error_bars)}
    return drawn | {"raw": render_raw(lcs, 32), "dm-dt": render_dmdt(lcs, 32)}


ALIGNED = ("maximum", "fourier", "none")


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(0, 60), min_size=1, max_size=3),
    bands=st.integers(0, 3),
    nights=st.integers(1, 40),
    spoiled=st.floats(0, 0.3),
    seed=st.integers(0, 10**6),
)
def test_pixels_do_not_depend_on_the_order_of_the_observations(counts, bands, nights, spoiled, seed):
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    n = offsets[-1]
    time = rng.uniform(0, 40, n)
    time = np.where(rng.random(n) < 0.5, time, np.floor(time % nights))  # some at the same time
    mag = 15 + rng.normal(0, 0.3, n)
    error = rng.uniform(0.01, 0.1, n)
    for values in (time, mag, error):
        values[rng.random(n) < spoiled] = rng.choice([np.nan, np.inf])
    band = rng.integers(-1, bands, n) if bands else None
    lcs = LightCurves(time, mag, error, offsets, band, ("g", "i", "r")[:bands])
    rows = np.concatenate([a + rng.permutation(b - a) for a, b in pairwise(offsets)])
    rows = rows.astype(int)
    other = LightCurves(time[rows], mag[rows], error[rows], offsets, None if band is None else band[rows], lcs.bands)
    period = rng.uniform(0.1, 10, len(lcs))
    for (name, expected), got in zip(images(lcs, period).items(), images(other, period).values(), strict=True):
        np.testing.assert_array_equal(got, expected, err_msg=name)


@pytest.mark.parametrize("spoil", ["time", "mag"])
def test_the_first_observation_that_can_be_drawn_stands_at_phase_zero(spoil):
    values = {"time": np.array([0.0, 1.3, 2.9, 4.4]), "mag": np.array([15.0, 15.1, 15.2, 15.3])}
    values[spoil] = values[spoil].copy()
    values[spoil][0] = np.nan
    lcs = LightCurves(values["time"], values["mag"], np.full(4, 0.1), [0, 4])
    options = ImageOptions(cycles=1, dot_radius=0, alignment="none")
    image = render_folded(lcs, 5.0, None, 64, options)[0, 0]
    assert sorted(np.nonzero(image)[1].tolist()) == [0, int(64 * 1.6 / 5), int(64 * 3.1 / 5)]


def test_phases_count_from_the_earliest_observation():
    time = np.array([7.0, 5.5, np.nan, 6.0])
    lcs = LightCurves(time, np.ones(4), np.ones(4), [0, 0, 4, 4])
    np.testing.assert_array_equal(lcs.fold(2.0), [0.75, 0.0, np.nan, 0.25])
