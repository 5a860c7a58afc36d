"""Evidence for a period over a constant star and over a damped random walk, against dense Gaussian likelihoods."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from lcscale.lightcurves import LightCurves
from lcscale.periods import FrequencyGrid, find
from lcscale.periods.red_noise import DAMPING, STRENGTH, walk_evidence
from lcscale.periods.series import Series

GRID = FrequencyGrid(0.0013, 3.0, 2e-4)
RNG = np.random.default_rng(5)
TIME = np.sort(RNG.uniform(0, 800, 150))
WALK = np.exp(-np.abs(TIME[:, None] - TIME) / 300.0)


def star(signal, noise=0.02):
    return LightCurves(TIME, 15 + signal + RNG.normal(0, noise, 150), np.full(150, noise), [0, 150])


def test_the_walk_is_the_gaussian_process_of_its_covariance():
    """One pair of damping and strength; the factor of the errors is maximised here and marginalised there alike."""
    curve = Series.of(star(0.1 * RNG.multivariate_normal(np.zeros(150), WALK))).one(0)
    _, weight, weighted = curve[:3]
    damping, strength = 40.0, 7.0
    y, covariance = weighted / weight, np.diag(1 / weight) + strength * 150 * np.exp(-np.abs(TIME[:, None] - TIME) / 40)

    def log_likelihood(matrix):
        scale = y @ np.linalg.solve(matrix, y) / 150
        return multivariate_normal.logpdf(y, cov=scale * matrix)

    expected = log_likelihood(covariance) - log_likelihood(np.diag(1 / weight))
    memory = np.empty((12, 1))
    walk_evidence(curve, np.stack([weighted, 3.0 * weighted]), np.array([damping]), np.array([strength]), memory)
    assert memory[:2, 0] == pytest.approx(np.logaddexp(expected, 0.0) - np.log(2.0), rel=1e-6)


def test_the_evidence_of_a_walk_has_the_same_digits_wherever_its_memory_lies():
    """Right behind the weights, where an index of them that may be negative could lead, or far from them."""
    time, _, _, *others = Series.of(star(0.1 * RNG.multivariate_normal(np.zeros(150), WALK))).one(0)
    buffer = np.empty(4000)
    for _ in range(20):
        weights, weighted, found = RNG.dirichlet(np.full(150, 20.0)), RNG.normal(0, 0.01, (2, 150)), set()
        for gap in (0, 8, 100, 3000):
            weight, memory = buffer[:150], buffer[150 + gap :][: 24 * 8].reshape(24, 8)
            weight[:] = weights
            walk_evidence((time, weight, weighted[0], *others), weighted, DAMPING, STRENGTH, memory)
            found.add(memory[:2, 0].tobytes())
        assert len(found) == 1


def test_a_periodic_star_has_both_a_wandering_one_the_first_a_constant_one_none():
    phase = 2 * np.pi * TIME / 1.7
    walk = RNG.multivariate_normal(np.zeros(150), WALK)
    periodic, wandering, constant = (star(each) for each in (0.1 * np.sin(phase), 0.1 * walk, 0.0 * phase))
    rows = find(LightCurves.concatenate([periodic, wandering, constant]), GRID).to_pylist()
    assert min(rows[0]["evidence"], rows[0]["evidence_walk"]) > 50
    assert rows[1]["evidence"] > 5 > 0 > rows[1]["evidence_walk"]
    assert max(rows[2]["evidence"], rows[2]["evidence_walk"]) < 0


def test_a_pulsation_on_top_of_a_walk_is_found():
    walk = RNG.multivariate_normal(np.zeros(150), WALK)
    row = find(star(0.05 * walk + 0.1 * np.sin(2 * np.pi * TIME / 1.7)), GRID).to_pylist()[0]
    assert row["period"] == pytest.approx(1.7, rel=1e-3)
    assert row["evidence_walk"] > 20
