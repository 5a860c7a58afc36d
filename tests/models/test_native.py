"""Boosted trees that take missing numbers: what a catalog lacks must not tell the class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lcscale.errors import InputError, ModelError
from lcscale.models.trees.additive import Additive
from lcscale.models.trees.growing import GrowthOptions, Sample
from lcscale.models.trees.native import BoostingOptions, Missing, grow_native
from lcscale.models.trees.tabular import TabularCard, TabularModel, load_tabular, save_tabular

OPTIONS, QUICK = GrowthOptions(folds=3), BoostingOptions(iterations=25)
UNITS = {"a": frozenset({"one"}), "b": frozenset({"other"}), "a-b": frozenset({"one", "other"})}
CLASSES = ("x", "y")


def sample(n=900, seed=0, shift=1.5, lacking=0.95):
    """Two classes that `a` and `b` tell apart; nearly all of class y come from a catalog that has no `b`."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.5
    a, b = rng.normal(size=n) + shift * y, rng.normal(size=n) - shift * y
    b[rng.random(n) < np.where(y, lacking, 1 - lacking)] = np.nan
    features = {"a": a, "b": b, "a-b": a - b}
    return Sample(features, np.where(y, "y", "x").astype(object), np.arange(n) // 3, np.ones(n, np.bool_))


def grown_on(stars, copies=1, **missing):
    return grow_native(
        stars, ("a", "b", "a-b"), CLASSES, Missing(UNITS, **missing), OPTIONS, replace(QUICK, copies=copies)
    )


def test_a_pattern_that_belongs_to_a_catalog_is_not_learnt():
    """Stars without any signal: the classes can be told by the pattern alone, and must not be."""
    stars = sample(1500, shift=0.0, lacking=0.8)
    missing = np.isnan(stars.features["b"])
    assert (missing == (stars.label == "y")).mean() > 0.78, "the pattern tells the class"
    grown = grown_on(stars)
    assert (grown.out_of_fold.argmax(axis=1) == (stars.label == "y")).mean() < 0.62
    asked = sample(300, seed=7, shift=0.0, lacking=0.5).features
    young = grown.forests[0].probabilities(np.stack([asked[name] for name in UNITS], axis=1))[:, 1]
    lacks = np.isnan(asked["b"])
    assert abs(young[lacks].mean() - young[~lacks].mean()) < 0.1


def test_what_the_stars_show_is_learnt_all_the_same():
    stars = sample(shift=1.5)
    found = grown_on(stars).out_of_fold
    right = found.argmax(axis=1) == (stars.label == "y")
    assert right.mean() > 0.74  # of a alone 0.77, of both 0.93
    both = np.isfinite(stars.features["b"])
    assert right[both].mean() > 0.85


def test_numbers_that_must_be_there_and_those_of_which_one_must():
    stars = sample()
    part = grown_on(stars, needs=("b",)).part
    assert sum(part.patterns[0].counts.values()) == np.isfinite(stars.features["b"]).sum()
    one = grown_on(stars, one_of=("a-b",))
    assert np.isfinite(one.out_of_fold[:, 0]).sum() == np.isfinite(stars.features["a-b"]).sum()
    with pytest.raises(InputError, match="too few stars"):
        grown_on(sample(20))


def test_whole_objects_are_asked_twice_and_the_rest_once():
    stars = sample(shift=1.0, lacking=0.5)
    grown = grown_on(stars, whole=("a", "b"))
    assert [pattern.name for pattern in grown.part.patterns] == ["whole", "any"]
    model = TabularModel(TabularCard("", {"which": grown.part}, ""), {"which": grown.forests})
    used = model.predict("which", stars.features, len(stars))[1]
    np.testing.assert_array_equal(used == 0, np.isfinite(stars.features["b"]))
    assert np.isfinite(grown.out_of_fold).all()


def test_the_mean_of_trees_is_the_mean_of_their_scores(tmp_path):
    first, second = grown_on(sample()).forests[0], grown_on(sample(seed=1)).forests[0]
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    x[::4, 1:] = np.nan
    both = Additive.mean([first, second])
    np.testing.assert_allclose(both.scores(x), (first.scores(x) + second.scores(x)) / 2, atol=1e-12)
    damaged = both.arrays() | {"first": both.first + 1}
    with pytest.raises(ModelError, match="do not belong together"):
        Additive.from_arrays(damaged, 3, 2)


def test_the_trees_are_those_of_scikit_learn_and_come_back_from_a_folder(tmp_path):
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(5)
    x, label = rng.normal(size=(600, 3)).astype(np.float32), rng.integers(0, 3, 600)
    x[np.arange(600), label] += 1.5
    x[rng.random(x.shape) < 0.2] = np.nan
    theirs = HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(x, label)
    ours = Additive.of([theirs], [[0, 1, 2]], np.zeros(3))
    np.testing.assert_allclose(ours.probabilities(x), theirs.predict_proba(x), atol=1e-6)
    grown = grown_on(sample(), whole=("a", "b"))
    save_tabular(
        TabularModel(TabularCard("t", {"which": grown.part}, "real"), {"which": grown.forests}), tmp_path / "m"
    )
    read, asked = load_tabular(tmp_path / "m"), sample(seed=3)
    before = TabularModel(read.card, {"which": grown.forests})
    for one, other in zip(
        read.predict("which", asked.features, 900), before.predict("which", asked.features, 900), strict=True
    ):
        np.testing.assert_array_equal(one, other)
