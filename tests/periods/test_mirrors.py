"""Mirrored frequencies of stars that are observed once a night."""

import numpy as np
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, find


def nightly(frequency, noise, jitter=0.02, n=150):
    """A sinusoid seen once a night at nearly the same hour."""
    rng = np.random.default_rng(2)
    time = np.sort(rng.choice(700, n, replace=False)) + rng.normal(0.3, jitter, n)
    mag = 15 + 0.2 * np.sin(2 * np.pi * frequency * time) + rng.normal(0, noise, n)
    return LightCurves(time, mag, np.full(n, noise), [0, n])


@pytest.mark.parametrize("frequency", [0.29095, 0.70922])
def test_the_mirror_at_a_day_is_offered_and_flagged(frequency):
    """Real: an Algol star of 3.437 d that was found at 1.410 d."""
    row = find(nightly(frequency, 0.15), FrequencyGrid(0.01, 0.95, 2e-4)).to_pylist()[0]
    offered = [1 / row["period"], 1 / row["period_mirror"]]
    assert min(abs(f - frequency) for f in offered) < 2e-3
    assert min(abs(f - (1 - frequency)) for f in offered) < 2e-3
    assert row["mirror"] in ("1/day", "1/sidereal day")
    assert row["mirror_evidence"] < 10


def test_a_mirror_that_explains_little_is_offered_and_not_flagged():
    row = find(nightly(0.29095, 0.01, jitter=0.05), FrequencyGrid(0.01, 0.95, 2e-4)).to_pylist()[0]
    assert 1 / row["period"] == pytest.approx(0.29095, abs=1e-4)
    assert 1 / row["period_mirror"] == pytest.approx(0.70905, abs=5e-3)
    assert row["mirror"] is None
    assert row["mirror_evidence"] > 10


def test_times_without_a_rhythm_have_no_mirror():
    rng = np.random.default_rng(0)
    time = np.sort(rng.uniform(0, 700, 200))
    mag = 15 + 0.2 * np.sin(2 * np.pi * 0.29095 * time) + rng.normal(0, 0.1, 200)
    row = find(LightCurves(time, mag, np.full(200, 0.1), [0, 200]), FrequencyGrid(0.01, 0.95, 2e-4)).to_pylist()[0]
    assert row["period_mirror"] is row["mirror"] is row["mirror_evidence"] is None
