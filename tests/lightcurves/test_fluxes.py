"""Light curves in fluxes: what is an observation, how fluxes become magnitudes and back, and what follows from it."""

import numpy as np
import pyarrow as pa
import pytest
from astropy import units

from lcscale import features, images, periods
from lcscale.errors import InputError
from lcscale.lightcurves import FLUX_TYPE, LightCurves, clean
from lcscale.lightcurves.fluxes import ab_zero_point, fluxes, magnitudes

PERIODS = (0.61, 1.37, 3.3)


def sinusoids(signal_to_noise, n=120, seed=5, bands=()):
    """Fluxes (nJy) of three periodic stars of amplitude 40 %, each measured at a mean signal-to-noise ratio."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 300, (3, n)), axis=1)
    level = np.array([800.0, 2000.0, 5000.0])[:, None]
    flux = level * (1 + 0.4 * np.sin(2 * np.pi * time / np.array(PERIODS)[:, None]))
    error = np.broadcast_to(level / signal_to_noise, flux.shape)
    flux = flux + error * rng.standard_normal(flux.shape)
    band = np.arange(3 * n) % len(bands) if bands else None
    return LightCurves(time.ravel(), flux.ravel(), error.ravel(), np.arange(4) * n, band, bands, unit="nJy")


def as_logarithms(lcs):
    """The same stars as other surveys give them: logarithmic magnitudes, computed by astropy."""
    flux = lcs.flux * units.nJy
    return LightCurves(
        lcs.time, flux.to_value(units.ABmag), 1.0857362 * lcs.flux_err / lcs.flux, lcs.offsets, lcs.band, lcs.bands
    )


def test_zero_points_are_those_of_astropy():
    for name in ("nJy", "uJy", "mJy", "Jy"):
        expected = (1 * units.Unit(name)).to_value(units.ABmag)
        assert ab_zero_point(name) == pytest.approx(expected, abs=1e-9)


def test_an_unknown_unit_is_refused():
    lcs = LightCurves([0.0], [1.0], [1.0], [0, 1], unit="electron/s")
    with pytest.raises(InputError, match="'electron/s' have no magnitude"):
        lcs.in_magnitudes()


def test_a_batch_knows_what_it_holds():
    lcs = sinusoids(100)
    assert lcs.fluxes
    assert lcs.flux is lcs.value
    with pytest.raises(InputError, match="in_magnitudes"):
        _ = lcs.mag
    with pytest.raises(InputError, match="in_fluxes"):
        _ = lcs.in_magnitudes().flux
    with pytest.raises(InputError, match="one unit"):
        LightCurves.concatenate([lcs, lcs.in_magnitudes()])
    assert LightCurves.concatenate([lcs, lcs]).unit == lcs.take([1]).unit == lcs.between(0, 1).unit == "nJy"


def test_quantities_are_converted():
    lcs = LightCurves([0.0], [1.5] * units.uJy, [0.1] * units.uJy, [0, 1], unit="nJy")
    assert lcs.flux.tolist() == pytest.approx([1500.0])
    with pytest.raises(InputError, match="cannot be converted to mag"):
        LightCurves([0.0], [1.5] * units.uJy, [0.1], [0, 1])


@pytest.mark.parametrize("ratio", [5.0, 10.0, 100.0, 1000.0])
def test_magnitudes_of_bright_fluxes_are_logarithms(ratio):
    """The stated bound: 1.09 (b / flux)² magnitudes from astropy's logarithm."""
    flux = np.geomspace(1e2, 1e6, 50)
    mag, error = magnitudes(flux, flux / ratio, 31.4, flux / ratio)
    expected = (flux * units.nJy).to_value(units.ABmag)
    assert np.abs(mag - expected).max() < 1.09 / ratio**2
    np.testing.assert_allclose(error, 1.0857362 / ratio, rtol=2.1 / ratio**2)


def test_the_error_is_the_slope_times_the_flux_error():
    flux = np.linspace(-50, 200, 101)
    up, _ = magnitudes(flux + 1e-4, np.ones(101), 31.4, 20.0)
    down, _ = magnitudes(flux - 1e-4, np.ones(101), 31.4, 20.0)
    np.testing.assert_allclose(magnitudes(flux, np.ones(101), 31.4, 20.0)[1], (down - up) / 2e-4, rtol=1e-6)


def test_fluxes_come_back():
    mag = np.linspace(12, 26, 30)
    flux, error = fluxes(mag, np.full(30, 0.01), ab_zero_point("nJy"))
    np.testing.assert_allclose(flux, (mag * units.ABmag).to_value(units.nJy), rtol=1e-9)
    again = magnitudes(flux, error, 31.4)
    np.testing.assert_allclose(again, [mag, np.full(30, 0.01)], rtol=1e-9)


def test_negative_and_zero_fluxes_are_observations():
    lcs = LightCurves(np.arange(5.0), [3.0, 0.0, -2.0, np.nan, 5.0], np.ones(5), [0, 5], unit="nJy")
    cleaned = clean(lcs)
    assert cleaned.flux.tolist() == [3.0, 0.0, -2.0, 5.0]
    assert cleaned.left_out.tolist() == [[1]]


def test_without_errors_fluxes_that_are_not_positive_have_no_magnitude():
    lcs = clean(LightCurves(np.arange(4.0), [100.0, 50.0, -2.0, 10.0], np.full(4, np.nan), [0, 4], unit="uJy"))
    made = lcs.in_magnitudes()
    assert made.mag.tolist() == pytest.approx([18.9, 23.9 - 2.5 * np.log10(50), 21.4])
    assert made.left_out.tolist() == [[1]]


def test_a_star_half_of_whose_fluxes_are_negative_has_a_reason():
    flux = np.r_[np.full(12, 10.0), np.full(12, -10.0), np.full(24, 100.0)] + np.arange(48) * 0.01
    lcs = LightCurves(np.arange(48.0), flux, np.full(48, 10.0), [0, 24, 48], unit="nJy")
    table = features.extract(lcs, ["mean", "standard_deviation"])
    assert table.column("reason").to_pylist() == ["no magnitudes: 12 of 24 fluxes are zero or negative", None]
    assert table.column("mean").to_pylist()[0] is None
    assert table.column("mean").to_pylist()[1] == pytest.approx(26.4, abs=0.015)
    assert periods.find(lcs).column("reason").to_pylist() == [None, None]


def test_a_band_half_of_whose_fluxes_are_negative_costs_itself_alone():
    flux = np.where(np.arange(40) % 2 == 0, -1.0, 50.0) + np.arange(40) * 0.1
    lcs = LightCurves(np.arange(40.0), flux, np.full(40, 8.0), [0, 40], np.arange(40) % 2, ("u", "g"), unit="nJy")
    made = clean(lcs).in_magnitudes()
    dark = int(np.sum(flux[::2] <= 0))
    assert dark < 20
    assert len(made.mag) == 40
    lcs = LightCurves(
        lcs.time, flux - 10 * (np.arange(40) % 2 == 0), lcs.error, [0, 40], lcs.band, lcs.bands, unit="nJy"
    )
    made = clean(lcs).in_magnitudes()
    assert made.faults is None
    assert made.left_out.tolist() == [[20, 0, 0]]


def test_arrow_keeps_which_they_are():
    lcs = sinusoids(20, bands=("g", "r"))
    array = lcs.to_arrow()
    assert array.type == FLUX_TYPE
    field = pa.field("lightcurve", array.type, metadata={"unit": "time: d, flux: uJy"})
    table = pa.Table.from_arrays([array], schema=pa.schema([field]))
    assert LightCurves.from_arrow(array).unit == "nJy"
    assert LightCurves.from_arrow(table).unit == "uJy"
    np.testing.assert_array_equal(LightCurves.from_arrow(table).flux, lcs.flux.astype(np.float32))


def test_simultaneous_fluxes_stand_in_the_order_of_their_magnitudes():
    rng = np.random.default_rng(1)
    time = np.repeat(np.arange(10.0), 6)
    lcs = LightCurves(time, rng.uniform(100, 900, 60), np.full(60, 0.01), [0, 60], unit="nJy")
    mags = as_logarithms(lcs)
    np.testing.assert_array_equal(as_logarithms(clean(lcs)).mag, clean(mags).mag)


def test_the_same_stars_have_the_same_periods_and_features():
    """At a signal-to-noise ratio of 1,000: periods to a hundredth of a peak's width, features to 1 %."""
    flux = sinusoids(1000, bands=("g", "r"))
    mag = as_logarithms(flux)
    found, expected = periods.find(flux), periods.find(mag)
    np.testing.assert_allclose(found.column("period").to_numpy(), PERIODS, rtol=1e-4)
    np.testing.assert_allclose(
        found.column("frequency").to_numpy(), expected.column("frequency").to_numpy(), atol=0.01 / 300
    )
    away = (found.column("epoch").to_numpy() - expected.column("epoch").to_numpy()) / np.array(PERIODS)
    assert np.abs(away - np.round(away)).max() < 0.03  # of a maximum of light, not of a minimum
    period = np.array(PERIODS)
    one, other = (features.extract(lcs, period=period) for lcs in (flux, mag))
    assert one.column("reason").to_pylist() == other.column("reason").to_pylist() == [None] * 3
    for name in one.column_names[:-1]:
        a, b = (np.array(table.column(name).to_pylist(), dtype=float) for table in (one, other))
        np.testing.assert_allclose(a, b, rtol=0.01, atol=1e-4, err_msg=name)


def test_periods_are_right_at_a_signal_to_noise_ratio_of_three():
    lcs = sinusoids(3, n=200)
    assert (lcs.flux < 0).any()
    np.testing.assert_allclose(periods.find(lcs).column("period").to_numpy(), PERIODS, rtol=2e-3)


def test_images_of_fluxes_are_those_of_their_magnitudes():
    flux = sinusoids(1e5)
    pixels = images.render_folded(flux, PERIODS, size=32)
    other = images.render_folded(as_logarithms(flux), PERIODS, size=32)
    assert (pixels != other).mean() < 0.001
    assert pixels.any(axis=(1, 2, 3)).all()
