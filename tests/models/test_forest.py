"""The compiled forest against scikit-learn's own `predict_proba`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from lcscale.errors import ModelError
from lcscale.models.trees.forest import MOST_LEAVES, Forest


def grown(n_classes=4, n_features=9, n=300, seed=0, kind=RandomForestClassifier, **options):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    x = rng.normal(size=(n, n_features)).astype(np.float32)
    x[:, 0] += y
    defaults = {"n_estimators": 8, "max_leaf_nodes": MOST_LEAVES, "random_state": seed, "n_jobs": 1}
    return kind(**defaults | options).fit(x, y), x


@pytest.mark.parametrize("n_classes", [2, 3, 4])
@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
@pytest.mark.parametrize(
    "options", [{}, {"max_leaf_nodes": 2}, {"min_samples_leaf": 400}, {"class_weight": "balanced"}]
)
def test_probabilities_are_scikit_learns(n_classes, kind, options):
    forest, _ = grown(n_classes, kind=kind, **options)
    x = np.random.default_rng(1).normal(size=(1300, 9)) * 3
    ours = Forest.of(forest).probabilities(x)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, forest.predict_proba(x), atol=1e-6)


def test_numbers_on_a_threshold_go_the_same_way():
    forest, x = grown(n=80)
    at = np.repeat(x[:1], 2000, axis=0)
    thresholds = np.concatenate([tree.tree_.threshold for tree in forest.estimators_])
    at[:, 0] = np.resize(np.concatenate([thresholds, np.nextafter(thresholds.astype(np.float32), np.inf)]), 2000)
    np.testing.assert_allclose(Forest.of(forest).probabilities(at), forest.predict_proba(at), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(0, 1100), seed=st.integers(0, 100))
def test_any_number_of_rows_and_any_order_of_them(n, seed):
    forest, _ = grown(seed=seed, n_estimators=4, n=60)
    ours = Forest.of(forest)
    x = np.random.default_rng(seed).normal(size=(n, 9)).astype(np.float32)
    order = np.random.default_rng(seed).permutation(n)
    found = ours.probabilities(x)
    assert found.shape == (n, 4)
    np.testing.assert_array_equal(ours.probabilities(x[order]), found[order])
    np.testing.assert_array_equal(ours.probabilities(np.asfortranarray(x)), found)
    if n:
        np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_stored_arrays_are_the_forest_again():
    forest, x = grown()
    ours = Forest.of(forest)
    again = Forest.from_arrays(ours.arrays(), 9, 4)
    np.testing.assert_array_equal(again.probabilities(x), ours.probabilities(x))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("column", lambda a: a + 9),
        ("column", lambda a: a[:-1]),
        ("mask", lambda a: np.zeros_like(a)),
        ("first_node", lambda a: a + 4),
        ("first_leaf", lambda a: a * 100),
        ("values", lambda a: a[:-1]),
        ("threshold", lambda a: a[:5]),
    ],
)
def test_arrays_that_point_elsewhere_are_refused(name, change):
    arrays = Forest.of(grown()[0]).arrays()
    with pytest.raises(ModelError, match="do not belong together"):
        Forest.from_arrays(arrays | {name: change(arrays[name])}, 9, 4)
    with pytest.raises(ModelError, match="is missing"):
        Forest.from_arrays({key: value for key, value in arrays.items() if key != name}, 9, 4)


@pytest.mark.parametrize("options", [{"max_leaf_nodes": None}, {"n_estimators": 6}, {"n_classes": 5}])
def test_forests_that_cannot_be_stored_say_how_to_grow_them(options):
    with pytest.raises(ModelError, match="grow"):
        Forest.of(grown(n=600, **options)[0])
