"""Whole-grid periodograms of Fourier series against astropy's, and searches with them."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle, LombScargleMultiband

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, find, lomb_scargle
from lcscale.periods.significance import baluev

GRID = FrequencyGrid(0.011, 4.0, 0.0037)


def star(n, seed=0, span=300.0, bands=1):
    rng = np.random.default_rng(seed)
    time = 57000 + np.sort(rng.uniform(0, span, n))
    error = rng.uniform(0.01, 0.05, n)
    phase = 2 * np.pi * time / 0.7
    mag = 15 + 0.1 * np.sin(phase) + 0.06 * np.sin(2 * phase + 1) + rng.normal(0, error)
    return time, mag, error


@pytest.mark.parametrize(("n", "bound"), [(20, 1e-5), (60, 1e-8), (500, 1e-8)])
@pytest.mark.parametrize("n_harmonics", [1, 2, 3, 4, 5, 6])
def test_agrees_with_astropy(n, bound, n_harmonics):
    """Twenty observations hardly determine thirteen parameters: some matrices there are singular but for 1e-9."""
    time, mag, error = star(n)
    power = lomb_scargle(LightCurves(time, mag, error, [0, n]), GRID, n_harmonics=n_harmonics)[0]
    peer = LombScargle(time - time[0], mag, error, nterms=n_harmonics)
    expected = peer.power(GRID.frequencies(), method="chi2")
    np.testing.assert_allclose(power, expected, atol=bound)


def test_single_precision():
    time, mag, error = star(90)
    lcs = LightCurves(time, mag, error, [0, 90])
    for n_harmonics in (2, 4, 6):
        exact, quick = (lomb_scargle(lcs, GRID, n_harmonics=n_harmonics, dtype=d) for d in (np.float64, np.float32))
        np.testing.assert_allclose(quick, exact, atol=1e-4)


def test_grids_longer_than_a_piece(monkeypatch):
    time, mag, error = star(40)
    lcs = LightCurves(time, mag, error, [0, 40])
    whole = lomb_scargle(lcs, GRID, n_harmonics=3)
    monkeypatch.setattr("lcscale.periods.multi_harmonic._PIECE", 250)
    np.testing.assert_allclose(lomb_scargle(lcs, GRID, n_harmonics=3), whole, atol=1e-10)


def test_bands_share_the_period():
    """Each band with a series of its own, as astropy's multi-band model with no common terms."""
    time, mag, error = star(150)
    band = (np.arange(150) % 2).astype(np.int8)
    lcs = LightCurves(time, mag + 0.7 * band, error, [0, 150], band, ("g", "r"))
    grid = FrequencyGrid(0.05, 3.0, 0.021)
    power = lomb_scargle(lcs, grid, n_harmonics=2)[0]
    peer = LombScargleMultiband(
        time - time[0], mag + 0.7 * band, band, error, nterms_base=0, nterms_band=2, reg_band=None
    )
    expected = peer.power(grid.frequencies(), method="flexible")
    np.testing.assert_allclose(power, expected, atol=1e-6)


def test_narrow_eclipses_stand_out_with_harmonics():
    """Highest peak alone, eclipses of a twentieth of the period: one harmonic finds half of what three find."""
    rng = np.random.default_rng(8)
    n, periods = 90, rng.uniform(0.8, 4.0, 10)
    time = np.sort(rng.uniform(0, 200, (10, n)), axis=1)
    turns = time / periods[:, None] % 1
    mag = 15 + 0.5 * np.exp(-0.5 * ((turns - 0.5) / 0.02) ** 2) + rng.normal(0, 0.02, time.shape)
    lcs = LightCurves(time.ravel(), mag.ravel(), np.full(10 * n, 0.02), np.arange(11) * n)
    grid = FrequencyGrid.for_baseline(200, 4)
    found = [
        np.mean(np.abs(find(lcs, grid, 1, n_harmonics=k)["period"].to_numpy() / periods - 1) < 1e-3) for k in (1, 3)
    ]
    assert found[1] >= 0.9
    assert found[0] <= found[1] - 0.3


@pytest.mark.parametrize(("n_harmonics", "n_bands"), [(2, 1), (4, 1), (1, 2), (1, 3), (2, 2)])
def test_false_alarms_of_noise_are_as_rare_as_stated(n_harmonics, n_bands):
    rng = np.random.default_rng(5)
    n, objects = 40 * n_bands, 300
    time = np.sort(rng.uniform(0, 60, (objects, n)), axis=1).ravel()
    band = (np.arange(time.size) % n_bands).astype(np.int8)
    names = ("g", "r", "i")[:n_bands]
    lcs = LightCurves(time, rng.normal(size=time.size), np.ones(time.size), np.arange(objects + 1) * n, band, names)
    power = lomb_scargle(lcs, FrequencyGrid.for_baseline(60, 2, 10), n_harmonics=n_harmonics).max(axis=1)
    ones = np.ones(objects)
    fap = baluev(power, n * ones, time.reshape(objects, n).std(axis=1), 2.0 * ones, n_bands * ones, n_harmonics)
    for level in (0.05, 0.2):
        share = np.mean(fap < level)
        assert 0.3 * level <= share <= level + 3 * np.sqrt(level / objects)


def test_bootstrap_agrees_with_the_formula_and_with_astropy():
    rng = np.random.default_rng(7)
    time = np.sort(rng.uniform(0, 80, 50))
    grid = FrequencyGrid.for_baseline(80, 3)
    mag = 15 + 0.65 * np.sin(2 * np.pi * time / 3.3) + rng.normal(0, 1, 50)
    lcs = LightCurves(time, mag, np.ones(50), [0, 50])
    formula, resampled, again = (find(lcs, grid, 1, bootstrap=b).to_pylist()[0] for b in (0, 300, 300))
    assert resampled == again
    assert 0.02 < formula["fap"] < 0.7
    drawn = rng.integers(0, 50, (300, 50))
    highest = [LombScargle(time, mag[d]).power(grid.frequencies(), method="cython").max() for d in drawn]
    sigma = np.sqrt(2 * formula["fap"] / 300)
    assert resampled["fap"] == pytest.approx(np.mean(np.array(highest) >= formula["power"]), abs=3 * sigma)
    assert resampled["fap"] <= formula["fap"] + 3 * sigma
    assert {k: v for k, v in formula.items() if k != "fap"} == {k: v for k, v in resampled.items() if k != "fap"}


def test_bad_numbers_of_harmonics():
    lcs = LightCurves(*star(20), [0, 20])
    for n_harmonics in (0, 7):
        with pytest.raises(InputError, match="harmonics"):
            lomb_scargle(lcs, GRID, n_harmonics=n_harmonics)


def test_on_a_device_the_choice_alone_is_made_there():
    lcs = LightCurves(*star(60), [0, 60])
    assert find(lcs, GRID, n_harmonics=2, device="cpu:0").equals(find(lcs, GRID, n_harmonics=2))


def test_devices_that_are_not_there_are_input_errors():
    lcs = LightCurves(*star(20), [0, 20])
    for device in ("nonsense", "cuda:99", "meta"):
        with pytest.raises(InputError, match="device"):
            find(lcs, GRID, device=device)
