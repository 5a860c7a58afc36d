"""Fourier decomposition: known series come out, errors are those of least squares, the order is chosen."""

import numpy as np
import pytest

from lcscale.features import extract
from lcscale.lightcurves import LightCurves

PERIOD = 0.61
AMPLITUDES = np.array([0.4, 0.2, 0.1, 0.05])
PHASES = np.array([0.3, 4.1, 1.7, 5.9])


def star(n=300, noise=0.0, amplitudes=AMPLITUDES, phases=PHASES, seed=0):
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(2000, 2900, n))
    k = np.arange(1, len(amplitudes) + 1)[:, None]
    mag = 17 + (amplitudes[:, None] * np.cos(2 * np.pi * k * time / PERIOD + phases[:, None])).sum(0)
    error = rng.uniform(0.01, 0.03, n)
    return LightCurves(time, mag + noise * error / 0.02 * rng.normal(size=n), error, [0, n])


def test_known_series_comes_out():
    row = extract(star(), period=PERIOD).to_pylist()[0]
    for k, amplitude in enumerate(AMPLITUDES, 1):
        assert row[f"a{k}"] == pytest.approx(amplitude, rel=1e-9)
    for k in (2, 3, 4):
        assert row[f"r{k}1"] == pytest.approx(AMPLITUDES[k - 1] / AMPLITUDES[0], rel=1e-9)
        assert row[f"phi{k}1"] == pytest.approx((PHASES[k - 1] - k * PHASES[0]) % (2 * np.pi), rel=1e-9)
    assert row["fourier_r2"] == pytest.approx(1.0)


def test_order_is_chosen_and_higher_terms_are_null():
    row = extract(star(noise=0.02), period=PERIOD).to_pylist()[0]
    assert row["fourier_order"] == 4
    assert row["a5"] is None
    assert row["r51"] is None
    sinusoid = extract(star(noise=0.02, amplitudes=AMPLITUDES[:1], phases=PHASES[:1]), period=PERIOD).to_pylist()[0]
    assert sinusoid["fourier_order"] == 1
    assert sinusoid["r21"] is None


def test_values_and_errors_are_those_of_least_squares():
    lcs = star(noise=0.02, n=80)
    row = extract(lcs, period=PERIOD).to_pylist()[0]
    order = int(row["fourier_order"])
    phase = 2 * np.pi * (lcs.time - lcs.time[0]) / PERIOD
    k = np.arange(1, order + 1)
    design = np.column_stack([np.ones_like(phase), np.cos(np.outer(phase, k)), np.sin(np.outer(phase, k))])
    weighted = design / lcs.mag_err[:, None]
    solution, rest, *_ = np.linalg.lstsq(weighted, lcs.mag / lcs.mag_err, rcond=None)
    covariance = np.linalg.inv(weighted.T @ weighted) * rest[0] / (phase.size - design.shape[1])

    def shape(x):
        a, b = x[1 : order + 1], x[order + 1 :]
        amplitude, angle = np.hypot(a, b), np.arctan2(-b, a)
        return np.r_[amplitude[0], amplitude[1] / amplitude[0], (angle[1] - 2 * angle[0]) % (2 * np.pi)]

    steps = 1e-6 * np.eye(solution.size)
    jacobian = np.array([(shape(solution + s) - shape(solution - s)) / 2e-6 for s in steps])
    errors = np.sqrt(np.diag(jacobian.T @ covariance @ jacobian))
    assert [row["a1"], row["r21"], row["phi21"]] == pytest.approx(shape(solution), rel=1e-6)
    assert [row["a1_error"], row["r21_error"], row["phi21_error"]] == pytest.approx(errors, rel=1e-5)


def test_phase_differences_do_not_depend_on_the_zero_of_time():
    lcs = star(noise=0.02)
    moved = LightCurves(lcs.time + 123.456, lcs.mag, lcs.mag_err, lcs.offsets)
    first, second = (extract(x, ["phi21", "r21", "phi31"], period=PERIOD).to_pylist()[0] for x in (lcs, moved))
    for name in ("phi21", "r21", "phi31"):
        assert first[name] == pytest.approx(second[name], rel=1e-7)


def test_few_observations_and_no_period():
    lcs = star(n=10)
    assert extract(lcs, period=PERIOD)["a1"][0].as_py() is not None
    row = extract(lcs, period=np.nan).to_pylist()[0]
    assert row["a1"] is None
    assert row["psi_eta"] is None
    assert row["reason"] is None


def test_phases_all_alike_give_no_series():
    lcs = LightCurves(np.arange(20.0), np.random.default_rng(0).normal(size=20), np.ones(20), [0, 20])
    assert extract(lcs, ["a1"], period=1.0)["a1"][0].as_py() is None
