"""Synthetic light curves: their truth is recovered by independent codes, and resembles real stars."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.timeseries import LombScargle

from lcscale.errors import InputError
from lcscale.simulation.synthesis import synthesize, synthesize_at
from lcscale.simulation.templates import TEMPLATES


def curve(made, i, band):
    lcs = made.lcs.select_band(band)
    rows = slice(lcs.offsets[i], lcs.offsets[i + 1])
    return lcs.time[rows], lcs.mag[rows].astype(float), lcs.mag_err[rows].astype(float), rows, lcs


@pytest.mark.parametrize("label", list(TEMPLATES))
def test_every_class_is_finite_ordered_and_reproducible(label):
    made, again = (synthesize([label] * 5, 11) for _ in range(2))
    lcs = made.lcs
    for name in ("time", "mag", "mag_err", "offsets", "band"):
        np.testing.assert_array_equal(getattr(lcs, name), getattr(again.lcs, name))
    assert np.isfinite(lcs.mag).all()
    assert (lcs.mag_err > 0).all()
    inside = np.diff(lcs.object_index()) == 0
    assert (np.diff(lcs.time)[inside] >= 0).all()
    assert lcs.time.min() >= 58_200
    assert lcs.time.max() <= 58_200 + 1501
    other = synthesize([label] * 5, 12).lcs
    assert other.time.size != lcs.time.size or not np.array_equal(other.mag, lcs.mag)


@pytest.mark.parametrize("label", ["RRab", "RRc", "DCEP_F", "DCEP_1O", "ACEP", "DSCT", "EW", "ELL"])
def test_astropy_recovers_the_period(label):
    made = synthesize([label] * 8, 5, n_observations=(300, 400), mag_range=(15, 16))
    found = 0
    for i in range(8):
        time, mag, error, _, _ = curve(made, i, "g")
        true = 1 / made.period[i] * (2 if label in ("EW", "ELL") else 1)
        grid = np.arange(true * 0.98, true * 1.02, 0.1 / 1500)
        power = LombScargle(time, mag, error).power(grid)
        found += abs(grid[power.argmax()] - true) < 0.5 / 1500
    assert found == 8


def test_epochs_are_maxima_and_primary_minima():
    labels = ["RRab", "DCEP_F", "EA", "EB"]
    made = synthesize(labels, 3, bands=("I", "V"), n_observations=(400, 400), mag_range=(15, 15.5))
    for i, label in enumerate(labels):
        _, mag, _, rows, lcs = curve(made, i, "I")
        phase = lcs.fold(made.period, made.epoch)[rows]
        near = np.minimum(phase, 1 - phase) < 0.03
        extreme = mag[near].mean() - mag.mean()
        assert (extreme > 0.05) if label.startswith("E") else (extreme < -0.1)


def test_bluer_bands_vary_more_and_pulsators_have_textbook_ratios():
    made = synthesize(["RRab"] * 40, 9, bands=("V", "I"), n_observations=(200, 200), mag_range=(15, 16))
    spread = [[np.ptp(np.percentile(curve(made, i, b)[1], [2, 98])) for b in ("V", "I")] for i in range(40)]
    ratio = np.median(np.array(spread)[:, 1] / np.array(spread)[:, 0])
    assert 0.55 < ratio < 0.70  # A_I / A_V of RR Lyrae stars is about 0.63


def test_sampling_has_the_daily_alias_and_the_seasons():
    made = synthesize(["CONST"], 2, n_observations=(400, 400))
    time = curve(made, 0, "g")[0]
    window = [abs(np.exp(2j * np.pi * f * time).mean()) for f in (1.0, 1 / 365.25, 0.377)]
    assert window[0] > 0.5
    assert window[1] > 0.3
    assert window[2] < 0.2


def test_errors_are_honest_and_grow_to_the_limit():
    made = synthesize(["CONST"] * 200, 4, mag_range=(14, 20))
    owner, band = made.lcs.object_index(), made.lcs.band
    scaled = (made.lcs.mag - made.mean_mag[owner, band]) / made.lcs.mag_err
    assert abs(scaled.std() - 1) < 0.01  # 60,000 points: one standard error is 0.003
    assert np.median(made.lcs.mag_err[made.lcs.mag > 20]) > 0.1
    assert np.median(made.lcs.mag_err[made.lcs.mag < 15]) < 0.012


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": ["RRx"]}, "no template for the class RRx"),
        ({"labels": ["RRab"], "bands": ("q",)}, "bands must be"),
        ({"labels": ["RRab"], "bands": ("g", "g")}, "bands must be"),
        ({"labels": ["RRab"], "n_observations": (0, 5)}, "positive ranges"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        synthesize(**arguments, seed=1)


@pytest.mark.parametrize("baseline", [30.0, 200.0, 3000.0])
def test_any_baseline(baseline):
    time = synthesize(["RRab"] * 20, 1, baseline_days=baseline).lcs.time
    assert np.ptp(time) <= baseline + 1
    assert np.ptp(time) > 0.6 * baseline


def test_no_stars():
    assert len(synthesize([], 1).lcs) == 0


def test_stars_are_seen_when_real_ones_were():
    real = synthesize(["CONST"] * 60, 7, n_observations=(100, 200)).lcs
    lengths = {"g": 0.472, "r": 0.634}
    made = synthesize_at(["RRab"] * 60, real, 1, wavelengths=lengths, reddening=0.3)
    for name in ("time", "mag_err", "offsets", "band"):
        np.testing.assert_array_equal(getattr(made.lcs, name), getattr(real, name))
    mean = [np.add.reduceat(lcs.mag.astype(float), lcs.offsets[:-1]) / lcs.counts for lcs in (made.lcs, real)]
    assert np.median(np.abs(mean[0] - mean[1])) < 0.05, "the brightness is the real star's"
    spread = np.array([[np.ptp(np.percentile(curve(made, i, b)[1], [2, 98])) for b in "gr"] for i in range(60)])
    assert 1.3 < np.median(spread[:, 0] / spread[:, 1]) < 1.55  # 1.45 for the RRab star among ZTF's prototypes
    colour = -np.diff(made.mean_mag, axis=1)[:, 0]
    assert colour.mean() == pytest.approx((0.22 + 0.3) * np.log(0.634 / 0.472) / np.log(0.62 / 0.48), abs=0.15)
    again = synthesize_at(["RRab"] * 60, real, 1, wavelengths=lengths, reddening=0.3)
    np.testing.assert_array_equal(made.lcs.mag, again.lcs.mag)
    still = synthesize_at(["CONST"] * 60, real, 1)
    scaled = (still.lcs.mag - still.mean_mag[real.object_index(), real.band]) / real.mag_err
    assert abs(scaled.std() - 1) < 0.02


def test_cadences_must_fit_the_stars():
    real = synthesize(["CONST"] * 2, 7).lcs
    for labels, cadences in ((["RRab"], real), (["RRab"] * 2, real.select_band("g")), ([], real)):
        with pytest.raises(InputError, match="need as many cadences"):
            synthesize_at(labels, cadences, 1)
    with pytest.raises(InputError, match="bands out of g, r; got 2 in g, i"):
        synthesize_at(
            ["RRab"] * 2, synthesize(["EA"] * 2, 1, bands=("g", "i")).lcs, 1, wavelengths={"g": 0.5, "r": 0.6}
        )


@pytest.mark.realdata
def test_fourier_parameters_are_those_of_real_cepheids(real_data):
    """phi21 of synthetic fundamental-mode Cepheids follows the published one of OGLE's (Hertzsprung progression)."""
    real = published_phi21(real_data / "ogle_lmc_cepheids" / "parameters.txt.gz")
    made = synthesize(["DCEP_F"] * 300, 8, bands=("I",), n_observations=(150, 200), mag_range=(14, 15))
    logp = np.log10(made.period)
    fitted = np.array([fitted_phi21(made, i) for i in range(300)])
    for low, high in ((0.4, 0.6), (0.6, 0.75), (0.75, 0.9)):
        mine = circular_median(fitted[(logp > low) & (logp < high)])
        theirs = circular_median(real[1][(real[0] > low) & (real[0] < high)])
        assert abs(np.angle(np.exp(1j * (mine - theirs)))) < 0.15


def published_phi21(path):
    with gzip.open(path, "rt") as lines:
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
    chosen = [(float(row[7]), float(row[12])) for row in rows if row[1] == "F" and float(row[12]) > -90]
    period, phi = np.array(chosen).T
    return np.log10(period), phi


def fitted_phi21(made, i):
    time, mag, _, _, _ = curve(made, i, "I")
    turn = 2 * np.pi * time / made.period[i]
    columns = [np.ones_like(turn)] + [f(k * turn) for k in (1, 2, 3, 4) for f in (np.cos, np.sin)]
    solution = np.linalg.lstsq(np.column_stack(columns), mag, rcond=None)[0]
    first, second = (np.arctan2(-solution[2 * k], solution[2 * k - 1]) for k in (1, 2))
    return (second - 2 * first) % (2 * np.pi)


def circular_median(angles):
    return np.angle(np.median(np.cos(angles)) + 1j * np.median(np.sin(angles)))
