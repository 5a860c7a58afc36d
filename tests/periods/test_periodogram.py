"""The periodogram against astropy's exact one, for both methods, precisions, grids and bands."""

import numpy as np
import pytest
from astropy.timeseries import LombScargle
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, lomb_scargle

GRID = FrequencyGrid(0.003, 12.0, 0.0007)


def star(n, seed=0, span=1200.0):
    rng = np.random.default_rng(seed)
    time = 57000 + np.sort(rng.uniform(0, span, n))
    error = rng.uniform(0.01, 0.05, n)
    return time, 15 + 0.1 * np.sin(2 * np.pi * time / 0.7) + rng.normal(0, error), error


def exact(time, mag, error, grid=GRID):
    return LombScargle(time - time[0], mag, error).power(grid.frequencies(), method="chi2")


@pytest.mark.parametrize("n", [10, 37, 300, 600])
@pytest.mark.parametrize(("method", "dtype", "bound"), [
    ("matrix", np.float64, 1e-8), ("nufft", np.float64, 1e-8), ("auto", np.float64, 1e-8),
    ("matrix", np.float32, 1e-4), ("nufft", np.float32, 1e-4),
])  # fmt: skip
def test_agrees_with_astropy(n, method, dtype, bound):
    curve = star(n)
    power = lomb_scargle(LightCurves(*curve, [0, n]), GRID, dtype=dtype, method=method)
    assert power.shape == (1, GRID.size)
    assert power.dtype == dtype
    np.testing.assert_allclose(power[0], exact(*curve), atol=bound)


@pytest.mark.parametrize("size", [1, 2, 7, 511, 512, 513, 4097])
@pytest.mark.parametrize("method", ["matrix", "nufft"])
def test_grids_of_any_size(size, method):
    curve = star(40)
    grid = FrequencyGrid(0.05, 0.05 + (size - 1) * 0.001, 0.001)
    assert grid.size == size
    power = lomb_scargle(LightCurves(*curve, [0, 40]), grid, method=method)
    np.testing.assert_allclose(power[0], exact(*curve, grid), atol=1e-8)


def test_ragged_batch_with_bad_objects():
    curves = [star(n, seed=n) for n in (12, 700, 3, 55)]
    time, mag, error = (np.concatenate(part) for part in zip(*curves, strict=True))
    power = lomb_scargle(LightCurves(time, mag, error, [0, 12, 712, 715, 770]), GRID)
    assert np.isnan(power[2]).all()
    for i in (0, 1, 3):
        np.testing.assert_allclose(power[i], exact(*curves[i]), atol=1e-8)


def test_unknown_errors_weigh_alike():
    time, mag, _ = star(60)
    power = lomb_scargle(LightCurves(time, mag, np.full(60, np.nan), [0, 60]), GRID)
    np.testing.assert_allclose(power[0], exact(time, mag, np.ones(60)), atol=1e-8)


def test_long_grids_are_transformed_in_pieces(monkeypatch):
    curve = star(500)
    lcs = LightCurves(*curve, [0, 500])
    whole = lomb_scargle(lcs, GRID, method="nufft")
    monkeypatch.setattr("lcscale.periods.nufft._PIECE", 4000)
    np.testing.assert_allclose(lomb_scargle(lcs, GRID, method="nufft"), whole, atol=1e-9)


@pytest.mark.parametrize("method", ["matrix", "nufft"])
def test_bands_add_their_chi2(method):
    first, second = star(80, 1), star(50, 2)
    time, mag, error = (np.concatenate(part) for part in zip(first, second, strict=True))
    band = np.repeat([0, 1], [80, 50]).astype(np.int8)
    order = np.random.default_rng(0).permutation(130)
    lcs = LightCurves(time[order], mag[order], error[order], [0, 130], band[order], ("g", "r"))
    chi2 = [np.sum(((m - np.average(m, weights=e**-2.0)) / e) ** 2) for _, m, e in (first, second)]
    start = min(first[0][0], second[0][0])
    parts = [LombScargle(t - start, m, e).power(GRID.frequencies(), method="chi2") for t, m, e in (first, second)]
    expected = (chi2[0] * parts[0] + chi2[1] * parts[1]) / sum(chi2)
    np.testing.assert_allclose(lomb_scargle(lcs, GRID, method=method)[0], expected, atol=1e-8)


def test_frequency_that_the_sampling_cannot_determine_has_no_power():
    time = np.arange(50.0)
    mag = np.random.default_rng(0).normal(size=50)
    grid = FrequencyGrid(0.25, 1.0, 0.25)
    for dtype in (np.float32, np.float64):
        power = lomb_scargle(LightCurves(time, mag, np.ones(50), [0, 50]), grid, dtype=dtype)
        assert power[0, 3] == 0.0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(10, 60), st.floats(-20, 20), st.floats(0.1, 10))
def test_shift_scale_and_order_do_not_matter(seed, n, shift, scale):
    time, mag, error = star(n, seed)
    grid = FrequencyGrid(0.01, 3.0, 0.01)
    first = lomb_scargle(LightCurves(time, mag, error, [0, n]), grid)
    order = np.random.default_rng(seed).permutation(n)
    second = lomb_scargle(LightCurves(time[order], scale * mag[order] + shift, scale * error[order], [0, n]), grid)
    np.testing.assert_allclose(first, second, atol=1e-8)
    assert (first >= 0).all()
    assert (first <= 1).all()


def test_unknown_method_is_an_input_error():
    with pytest.raises(InputError, match="method"):
        lomb_scargle(LightCurves(*star(20), [0, 20]), GRID, method="fast")
