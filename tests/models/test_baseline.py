"""Baselines: a number that nobody has, and trees that fail, cost no model."""

from __future__ import annotations

import numpy as np
import pytest

from lcscale.models import LabelledCurves, Split, TrainingOptions, train
from lcscale.models.judging.baseline import BASELINES, baseline_probabilities
from lcscale.simulation.synthesis import synthesize


@pytest.mark.parametrize("name", BASELINES)
def test_a_number_that_no_star_has_counts_for_nothing(name):
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=(300, 4)).astype(np.float32)
    classes = (numbers[:, 0] > 0).astype(int)
    allowed = np.eye(2, dtype=bool)[classes]
    empty = numbers.copy()
    empty[:, 2] = np.nan
    with_it = baseline_probabilities(name, empty, allowed, empty, 0)
    assert (with_it.argmax(axis=1) == classes).mean() > 0.97
    strange = np.where(np.arange(4) == 2, rng.normal(size=numbers.shape), empty).astype(np.float32)
    np.testing.assert_array_equal(baseline_probabilities(name, empty, allowed, strange, 0), with_it)


def long_period_variables(n=120):
    """Stars of two classes, none of which has a second radial mode to look for."""
    made = synthesize(["LPV", "MIRA"] * (n // 2), 3, n_observations=(40, 80))
    place = np.random.default_rng(7).integers(0, 12 << 58, n)
    return LabelledCurves(made.lcs, made.period, made.label.astype(object), place, made.lcs.bands)


def trained(folder):
    return train(
        long_period_variables(),
        folder,
        trained_on="simulated",
        split=Split(0.2, 0.3, 4),
        options=TrainingOptions(epochs=1, filters=(4, 4, 4), hidden=8),
        min_class_size=10,
        progress=False,
    )


def test_stars_that_all_lack_a_number_make_a_model_with_its_baselines(tmp_path):
    metrics = trained(tmp_path / "m").card.metrics
    assert all(0 <= metrics[name]["accuracy"] <= 1 for name in BASELINES)
    assert "baselines_failed" not in metrics


@pytest.mark.parametrize("error", [ValueError, RuntimeError, ZeroDivisionError, IndexError])
def test_a_baseline_that_fails_costs_itself_alone(tmp_path, monkeypatch, error):
    def fails(name, *arguments):
        if name == "baseline":
            raise error("trees of stone")
        return baseline_probabilities(name, *arguments)

    monkeypatch.setattr("lcscale.models.heads.classes.baseline_probabilities", fails)
    metrics = trained(tmp_path / "m").card.metrics
    assert metrics["baselines_failed"] == {"baseline": f"{error.__name__}: trees of stone"}
    assert "baseline" not in metrics
    assert 0 <= metrics["random_forest"]["accuracy"] <= 1
    assert 0 <= metrics["test"]["accuracy"] <= 1
