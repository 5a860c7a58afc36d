"""Orbits hidden behind narrow eclipses: found at whole multiples of the search's period, and not made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods import find
from lcscale.periods.cycles import fitted_cycles
from lcscale.periods.multiples import BINS, _unpredicted, hidden_multiple
from lcscale.periods.series import Series
from lcscale.simulation import templates
from lcscale.simulation.synthesis import synthesize


def eclipsing(period, n=900, seed=0, noise=0.02, width=0.02):
    """Two narrow eclipses a cycle, one deeper, with a period in days; one band."""
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0, 1500, n))
    phase = time / period % 1
    depth = 0.5 * np.exp(-0.5 * (np.minimum(phase, 1 - phase) / width) ** 2)
    depth += 0.15 * np.exp(-0.5 * ((phase - 0.5) / width) ** 2)
    mag = (15 + depth + rng.normal(0, noise, n)).astype(np.float32)
    return LightCurves(time, mag, np.full(n, noise, np.float32), [0, n])


@pytest.mark.parametrize("multiple", [3, 5, 6, 7, 10])
def test_an_orbit_at_another_multiple_is_found(multiple):
    lcs = eclipsing(11.37, seed=multiple)
    series = Series.of(lcs)
    found = hidden_multiple(series.one(0), multiple / 11.37, float(series.baseline[0]))
    assert 1 / found == pytest.approx(11.37, rel=1e-3)


@pytest.mark.parametrize("multiple", [1, 2, 4])
def test_what_the_harmonics_decide_between_is_left_to_them(multiple):
    series = Series.of(eclipsing(7.91, seed=multiple))
    assert np.isnan(hidden_multiple(series.one(0), multiple / 7.91, float(series.baseline[0])))


def test_noise_and_sinusoids_have_no_hidden_orbit():
    rng = np.random.default_rng(4)
    for k in range(20):
        n = int(rng.integers(60, 900))
        time = np.sort(rng.uniform(0, 1500, n))
        mag = 15 + rng.normal(0, 0.05, n) + (0.3 * np.cos(2 * np.pi * time / 0.7) if k % 2 else 0)
        series = Series.of(LightCurves(time, mag, np.full(n, 0.05), [0, n]))
        assert np.isnan(hidden_multiple(series.one(0), 2 / 0.7, float(series.baseline[0])))


def test_each_observation_is_predicted_by_the_others_of_its_part_of_the_cycle():
    """Against a loop that takes out one observation after the other."""
    lcs = eclipsing(3.3, n=150)
    band = (np.arange(150) % 2).astype(np.int8)
    series = Series.of(LightCurves(lcs.time, lcs.mag, lcs.mag_err * (1 + band), [0, 150], band, ("g", "r")))
    time, weight, weighted, cuts, share, _ = curve = series.one(0)
    total = 0.0
    for g in range(2):
        rows = np.arange(cuts[g], cuts[g + 1])
        part = np.floor(time[rows] / 3.3 % 1 * BINS)
        prior = 0.5 * weight[rows].mean()
        for j, own in zip(rows, part, strict=True):
            others = rows[(part == own) & (rows != j)]
            mean = weighted[others].sum() / (weight[others].sum() + prior)
            total += share[g] * weight[j] * (weighted[j] / weight[j] - mean) ** 2
    assert _unpredicted(curve, 1 / 3.3, np.empty((2, BINS))) == pytest.approx(75 * np.log(total), rel=1e-9)


def test_detached_binaries_of_long_periods_gain_and_wide_ones_lose_nothing(monkeypatch):
    def right(seed, n_observations):
        made = synthesize(["EA"] * 60, seed, n_observations=n_observations)
        found = find(made.lcs).to_pandas()
        told = (made.lcs, found.period.to_numpy(), found.period_2.to_numpy(), ["eclipses"] * 60)
        with_them = fitted_cycles(*told)[:, 0]
        with monkeypatch.context() as patch:
            patch.setattr("lcscale.periods.cycles.hidden_multiple", lambda *_: np.nan)
            without = fitted_cycles(*told)[:, 0]
        return [int((np.abs(each / made.period - 1) < 3e-3).sum()) for each in (with_them, without)]

    now, before = right(7, (200, 400))
    assert now >= before >= 55
    narrow = replace(templates.TEMPLATES["EA"], log_period=(0.8, 1.6), width=(0.01, 0.03))
    monkeypatch.setitem(templates.TEMPLATES, "EA", narrow)
    now, before = right(13, (400, 900))
    assert now >= before
    assert now >= 54
