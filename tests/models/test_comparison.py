"""Five classifiers on the same folds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_score

from lcscale.models.judging.comparison import CLASSIFIERS, compare_classifiers, prevalence_weights, ranking
from lcscale.models.trees.growing import GrowthOptions, Sample

CLASSES = ("a", "b", "c")
SHARES = {"a": 0.9, "b": 0.09, "c": 0.01}


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(0)
    label = np.array(CLASSES, object)[rng.choice(3, 240, p=[0.6, 0.3, 0.1])]
    centre = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])[[CLASSES.index(name) for name in label]]
    x, y = (centre + rng.normal(0, 1, centre.shape)).T
    sample = Sample({"x": x, "y": y}, label, np.arange(240, dtype=np.int64) // 3, np.ones(240, np.bool_))
    return compare_classifiers(sample, ("x", "y"), CLASSES, GrowthOptions(n_trees=16, folds=3), SHARES)


def test_all_five_answer_for_every_star_and_the_best_comes_first(judged):
    assert {each.name for each in judged} == set(CLASSIFIERS)
    losses = [each.figures["log_loss"] for each in judged]
    assert losses == sorted(losses)
    for each in judged:
        np.testing.assert_allclose(each.probabilities.sum(axis=1), 1, atol=1e-5)
        assert each.figures["accuracy"] > 0.8, "blobs three sigma apart"
        assert np.sum(each.figures["confusion"]) == 240
        assert min(each.figures["roc_auc"].values()) > 0.85


def test_precision_at_a_prevalence_is_that_of_so_many_stars():
    """500 of 500 and 478 of 500 right is a precision of 95.8 % at 50:50, and of 18.7 % at a prevalence of 1 %."""
    truth = np.repeat([0, 1], [500, 500])
    given = np.concatenate([np.repeat([0, 1], [478, 22]), np.ones(500, int)])
    for share, expected in ((0.5, 0.958), (0.1, 0.716), (0.01, 0.187), (0.001, 0.022)):
        weight = prevalence_weights(truth, ("not", "yes"), {"not": 1 - share, "yes": share})
        assert precision_score(truth, given, sample_weight=weight) == pytest.approx(expected, abs=1e-3)


def test_a_perfect_ranking_has_area_one():
    truth = np.array([0, 1, 2, 0])
    found = ranking(np.eye(3)[truth], truth, CLASSES, SHARES)
    assert set(found["roc_auc"].values()) == set(found["average_precision"].values()) == {1.0}
