"""Features of fluxes: light-curve's values, from either kind of light curve, and what each feature says of itself."""

from __future__ import annotations

import light_curve
import numpy as np
import pytest

from lcscale.features import extract
from lcscale.features.catalogue import FAMILIES, FEATURES
from lcscale.lightcurves import LightCurves

NAMES = ["flux_excess_variance", "percent_amplitude"]


@pytest.fixture(scope="module")
def lcs():
    rng = np.random.default_rng(8)
    time = np.sort(rng.uniform(0, 50, (3, 40)), axis=1).ravel()
    flux = 200 + 80 * np.sin(time) + rng.normal(0, [[5], [60], [1]], (3, 40)).ravel()
    error = np.repeat([5.0, 60.0, 1.0], 40)
    return LightCurves(time, flux, error, np.arange(4) * 40, np.zeros(120), ("r",), unit="nJy")


def test_values_are_those_of_light_curve(lcs):
    found = extract(lcs, NAMES).to_pandas()
    for row, name in enumerate(("ExcessVariance", "PercentAmplitude")):
        feature = getattr(light_curve, name)()
        for i in range(3):
            part = slice(40 * i, 40 * (i + 1))
            expected = feature(lcs.time[part], lcs.flux[part], lcs.flux_err[part])[0]
            expected /= np.median(lcs.flux[part]) if row else 1.0
            assert found[NAMES[row]][i] == pytest.approx(expected, rel=1e-9)


def test_magnitudes_are_converted(lcs):
    bright = lcs.take([0, 2])
    mags = LightCurves(
        bright.time,
        31.4 - 2.5 * np.log10(bright.flux),
        1.0857362 * bright.flux_err / bright.flux,
        bright.offsets,
        bright.band,
        bright.bands,
    )
    one, other = (extract(each, NAMES).to_pandas() for each in (bright, mags))
    np.testing.assert_allclose(one[NAMES], other[NAMES], rtol=1e-6)


def test_fluxes_of_which_half_are_negative_have_them_and_no_magnitudes():
    flux = np.where(np.arange(30) % 2, 5.0, -4.0) + np.arange(30) * 0.01
    lcs = LightCurves(np.arange(30.0), flux, np.ones(30), [0, 30], unit="nJy")
    (row,) = extract(lcs, ["mean", *NAMES]).to_pylist()
    assert row["mean"] is None
    assert row["reason"] == "no magnitudes: 15 of 30 fluxes are zero or negative"
    assert row["flux_excess_variance"] == pytest.approx((np.var(flux, ddof=1) - 1) / np.mean(flux) ** 2, rel=1e-9)


def test_every_feature_says_what_it_is_defined_in():
    assert {feature.quantity for feature in FEATURES.values()} == {"magnitude", "flux"}
    assert all(len({feature.quantity for feature in family.features}) == 1 for family in FAMILIES)
