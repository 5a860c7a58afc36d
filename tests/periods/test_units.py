"""Periods do not depend on the unit of the brightness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, find, lomb_scargle

GRID = FrequencyGrid.for_baseline(300.0, 5.0)


def fluxes(seed, n, bands, known, dtype=np.float64):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 300, n))
    flux = 10 ** (0.12 * np.sin(2 * np.pi * time / 0.61)) * (1 + rng.normal(0, 0.01, n))
    error = np.full(n, 0.01 if known else np.nan)
    band = rng.integers(0, bands, n) if bands else None
    return LightCurves(time, flux.astype(dtype), error.astype(dtype), [0, n], band, ("g", "r")[:bands])


def scaled(lcs, by):
    return LightCurves(lcs.time, lcs.mag * by, lcs.mag_err * by, lcs.offsets, lcs.band, lcs.bands)


@settings(max_examples=40, deadline=None)
@given(
    power=st.integers(-100, 100),
    seed=st.integers(0, 99),
    n=st.sampled_from([60, 500]),
    bands=st.sampled_from([0, 2]),
    known=st.booleans(),
)
def test_a_power_of_two_changes_no_bit(power, seed, n, bands, known):
    lcs = fluxes(seed, n, bands, known)
    assert find(scaled(lcs, 2.0**power), GRID).equals(find(lcs, GRID))


@settings(max_examples=40, deadline=None)
@given(exponent=st.floats(-30, 30), seed=st.integers(0, 99), bands=st.sampled_from([0, 2]), known=st.booleans())
def test_any_unit_gives_the_period(exponent, seed, bands, known):
    row = find(scaled(fluxes(seed, 60, bands, known), 10.0**exponent), GRID).to_pylist()[0]
    assert row["period"] == pytest.approx(0.61, rel=1e-3), row
    assert row["power"] > 0.9


@pytest.mark.parametrize("scale", [3.6e-26, 1e20])
@pytest.mark.parametrize("method", ["matrix", "nufft"])
def test_powers_of_small_fluxes_in_float32(scale, method):
    lcs = fluxes(1, 60, 0, True, np.float32)
    expected = lomb_scargle(lcs, GRID, method=method)
    got = lomb_scargle(scaled(lcs, np.float32(scale)), GRID, method=method, dtype=np.float32)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_bands_in_different_units():
    """A band in magnitudes beside one in fluxes: both count."""
    lcs = fluxes(2, 120, 2, True)
    factor = np.where(lcs.band == 0, 1e-22, 1.0)
    both = LightCurves(lcs.time, lcs.mag * factor, lcs.mag_err * factor, lcs.offsets, lcs.band, lcs.bands)
    np.testing.assert_allclose(
        lomb_scargle(both, GRID, dtype=np.float32), lomb_scargle(lcs, GRID, dtype=np.float32), atol=1e-4
    )
