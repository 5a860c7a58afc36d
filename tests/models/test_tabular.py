"""Forests by set of measurements: grown, cross-validated, kept, read back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lcscale.errors import InputError, ModelError
from lcscale.models.trees.growing import GrowthOptions, Sample, balanced_weights, grow
from lcscale.models.trees.tabular import TabularCard, TabularModel, load_tabular, read_tabular_card, save_tabular

OPTIONS = GrowthOptions(n_trees=16, folds=3)
PATTERNS = {"a b": ("a", "b"), "a": ("a",)}


def sample(n=400, seed=0, shift=2.5, label=None):
    rng = np.random.default_rng(seed)
    label = np.array(["x", "y"], object)[rng.integers(0, 2, n)] if label is None else label
    y = label == "y"
    features = {"a": rng.normal(size=n) + shift * y, "b": rng.normal(size=n) - shift * y}
    features["b"][::3] = np.nan
    return Sample(features, label, np.arange(n, dtype=np.int64) // 5, np.ones(n, np.bool_))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    grown = grow(sample(), PATTERNS, ("x", "y"), OPTIONS)
    card = TabularCard("test", {"which": grown.part}, "real", data={"n": 400})
    arrays = {"ra": np.arange(3.0)}
    folder = tmp_path_factory.mktemp("model")
    return folder, save_tabular(TabularModel(card, {"which": grown.forests}, arrays), folder), grown


def test_every_star_is_judged_by_trees_that_had_not_seen_its_place():
    """With labels by chance a forest knows its own stars well; left-out places must come out by chance."""
    noise = sample(600, shift=0.0)
    grown = grow(noise, {"a": ("a",)}, ("x", "y"), GrowthOptions(n_trees=16, min_leaf=1, folds=3))
    right = np.array(["x", "y"], object)[grown.out_of_fold.argmax(axis=1)] == noise.label
    assert right.mean() == pytest.approx(0.5, abs=0.07)
    for place in np.unique(noise.place):
        assert np.unique(grown.fold[noise.place == place]).size == 1


def test_a_star_takes_the_richest_pattern_it_has(model):
    _, saved, grown = model
    features = {"a": np.array([3.0, 3.0, np.nan]), "b": np.array([-3.0, np.nan, 1.0])}
    probabilities, used = saved.predict("which", features, 3)
    assert used.tolist() == [0, 1, -1]
    assert np.isnan(probabilities[2]).all()
    assert (probabilities[:2, 1] > 0.8).all()
    assert [pattern.name for pattern in grown.part.patterns] == ["a b", "a"]
    assert saved.predict("which", {"a": features["a"]}, 3)[1].tolist() == [1, 1, -1]
    assert saved.predict("which", {}, 2)[1].tolist() == [-1, -1]


def test_probabilities_are_calibrated_on_left_out_stars(model):
    _, _, grown = model
    stars = sample()
    high = grown.out_of_fold.max(axis=1)
    right = np.array(["x", "y"], object)[grown.out_of_fold.argmax(axis=1)] == stars.label
    assert right.mean() > 0.9
    assert abs(high.mean() - right.mean()) < 0.03


def test_what_is_written_is_read_back(model):
    folder, saved, _ = model
    read = load_tabular(folder)
    assert read is load_tabular(str(folder))
    assert read.card == saved.card
    assert read_tabular_card(folder).id == saved.card.id
    np.testing.assert_array_equal(read.arrays["ra"], np.arange(3.0))
    features = {"a": np.linspace(-3, 5, 50), "b": np.linspace(3, -5, 50)}
    for ours, theirs in zip(read.predict("which", features, 50), saved.predict("which", features, 50), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_damaged_models_are_refused(model, tmp_path):
    folder, _, _ = model
    content = bytearray((folder / "weights.safetensors").read_bytes())
    content[-3] ^= 1
    (tmp_path / "weights.safetensors").write_bytes(content)
    (tmp_path / "card.json").write_text((folder / "card.json").read_text())
    with pytest.raises(ModelError, match="hash differs"):
        load_tabular(tmp_path)
    row = json.loads((folder / "card.json").read_text())
    for text in ("{}", "[]", "no", json.dumps(row | {"kind": "network"}), json.dumps(row | {"parts": {"which": {}}})):
        (tmp_path / "card.json").write_text(text)
        with pytest.raises(ModelError):
            read_tabular_card(tmp_path)
    (tmp_path / "more").write_text("")
    with pytest.raises(ModelError, match="not a model's folder"):
        save_tabular(model[1], tmp_path)


def test_simulated_stars_fill_a_class_and_are_never_tested():
    real = sample(300)
    n = len(real)
    label = np.concatenate([real.label, np.full(60, "z", object)])
    rng = np.random.default_rng(1)
    features = {name: np.concatenate([values, rng.normal(9, 1, 60)]) for name, values in real.features.items()}
    mixed = Sample(features, label, np.arange(n + 60, dtype=np.int64), np.arange(n + 60) < n)
    grown = grow(mixed, {"a": ("a",)}, ("x", "y", "z"), OPTIONS)
    assert np.isnan(grown.out_of_fold[n:]).all()
    assert np.isfinite(grown.out_of_fold[:n]).all()
    assert (grown.fold[n:] == -1).all()
    assert grown.part.patterns[0].counts["simulated z"] == 60
    assert "z" not in grown.part.patterns[0].counts
    with pytest.raises(InputError, match="no set of measurements"):
        grow(real, {"a": ("a",)}, ("x", "y", "z"), OPTIONS)


def test_classes_weigh_the_same():
    label = np.array(["x"] * 90 + ["y"] * 10 + ["y"] * 40, object)
    stars = Sample({}, label, np.arange(140, dtype=np.int64), np.arange(140) < 100)
    weights = balanced_weights(stars, np.arange(140), 0.25)
    assert weights.mean() == pytest.approx(1.0)
    assert weights[:90].sum() == pytest.approx(weights[90:].sum())
    assert weights[100:].sum() / weights[90:100].sum() == pytest.approx(0.25)


@pytest.mark.parametrize("wrong", [{"max_leaves": 33}, {"n_trees": 10}, {"folds": 1}])
def test_options_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError):
        GrowthOptions(**wrong)
