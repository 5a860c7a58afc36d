"""Boosted trees as arrays: the sums of scikit-learn's, kept without pickle, under both heads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from labelled_curves import curves

from lcscale.errors import InputError, ModelError
from lcscale.models import Augmentation, Preparation, Split, TrainingOptions, ValueHead, load, train
from lcscale.models.heads.classes import ClassHead
from lcscale.models.heads.head import Labelling
from lcscale.models.judging.baseline import grow_classes, grow_values
from lcscale.models.labels.splitting import VALIDATION, assign
from lcscale.models.labels.targets import targets_of
from lcscale.models.networks.stacked import Stack, Stacked
from lcscale.models.networks.table import named
from lcscale.models.training.dataset import SETS, Labelled, divide, numbers_and_reasons
from lcscale.models.training.forgetting import for_trees
from lcscale.models.training.stacking import add_trees, recalibrate
from lcscale.models.training.train import decided
from lcscale.models.trees.boosted import BoostedTrees


def numbers(n: int = 300, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


@pytest.mark.parametrize("n_classes", [2, 3])
def test_sums_are_those_of_the_library(n_classes):
    x, other = numbers(), numbers(200, 1)
    label = np.digitize(np.nan_to_num(x[:, 0]), [0.0, 0.7][: n_classes - 1])
    grown = grow_classes(x, np.eye(4, dtype=bool)[label], np.ones(300, np.float32), 0)
    scores = BoostedTrees.of(grown).checked(5)(torch.from_numpy(other)).double().softmax(1).numpy()
    np.testing.assert_allclose(scores[:, :n_classes], grown.estimators[0].predict_proba(other), atol=1e-6)
    assert scores[:, n_classes:].max() < 1e-9, "no star is of these classes"


@pytest.mark.parametrize("n_classes", [3, 11])
def test_fewer_rounds_and_masks_of_leaves_are_the_library_s_sums(n_classes):
    """Eleven classes are three forests, the last of which has a class without a star; 40 rounds or 150."""
    rng = np.random.default_rng(1)
    label = np.arange(900) % (n_classes - 1)
    x, other = (numbers(900, seed) for seed in (1, 2))
    x[:, 0] = label + rng.normal(size=900)
    for rounds in (40, 150):
        grown = grow_classes(x, np.eye(n_classes, dtype=bool)[label], np.ones(900, np.float32), 0, rounds)
        library = grown.estimators[0]
        assert library.n_iter_ == rounds
        trees, wanted = BoostedTrees.of(grown), library.predict_proba(other)
        slow = trees.checked(5)(torch.from_numpy(other))
        quick = trees.fused()(torch.from_numpy(other))
        assert torch.equal(quick, trees.fused().fused()(torch.from_numpy(other)))
        torch.testing.assert_close(quick, slow, atol=3e-5, rtol=1e-5)
        np.testing.assert_allclose(slow.double().softmax(1).numpy()[:, :-1], wanted, atol=1e-6)


def test_trees_are_added_to_a_network_that_stays(tmp_path):
    labelled = curves(150)
    options = TrainingOptions(epochs=3, filters=(4, 4, 4), hidden=8, stacked_with=())
    more = {"trained_on": "simulated", "min_class_size": 5, "split": Split(0.2, 0.3, 4), "baselines": False}
    network = train(labelled, tmp_path / "network", options=options, **more)
    both = replace(options, stacked_with=("boosted_trees",), boosting_rounds=20)
    added = add_trees(network, labelled, tmp_path / "added", both)
    trained = train(labelled, tmp_path / "trained", options=both, **more)
    assert torch.equal(added.network.networks[1].get_buffer("output"), trained.network.networks[1].get_buffer("output"))
    probabilities = [each.predict_proba(labelled.lcs, labelled.period) for each in (added, trained)]
    np.testing.assert_array_equal(*probabilities)
    assert added.card.metrics["test"] == trained.card.metrics["test"]
    assert added.card.data["network_of"] == network.card.id
    with pytest.raises(InputError, match="was trained with the sets"):
        add_trees(network, labelled.take(np.arange(140)), tmp_path / "other", both)


def test_stars_of_groups_are_taught_as_the_likelier_of_their_classes():
    """A second survey tells only the group, of stars unlike the first one's: without them nothing is known there."""
    rng = np.random.default_rng(3)
    kind, far = rng.integers(0, 3, 1200), np.repeat([0.0, 6.0], 600)
    x = (rng.normal(size=(1200, 3)) + np.eye(3)[kind] * 4.0).astype(np.float32)
    x = np.column_stack([x, far + rng.normal(size=1200)]).astype(np.float32)
    allowed = np.eye(3, dtype=bool)[kind]
    group = (far > 0) & (kind < 2)
    allowed[group, :2] = True
    trees = BoostedTrees.of(grow_classes(x, allowed, np.ones(1200, np.float32), 0)).checked(4)
    other = (rng.normal(size=(600, 3)) + np.eye(3)[np.arange(600) % 3] * 4.0).astype(np.float32)
    asked = np.column_stack([other, 6.0 + rng.normal(size=600)]).astype(np.float32)
    given = trees(torch.from_numpy(asked)).numpy().argmax(axis=1)
    assert (given == np.arange(600) % 3).mean() > 0.95


def test_values_and_their_variance_are_found():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4000, 3)).astype(np.float32)
    spread = np.where(x[:, 1] > 0, 0.5, 0.1)
    value = (x[:, 0] + rng.normal(0, spread)).astype(np.float32)
    grown = grow_values(x, value, np.ones(4000, np.float32), 0)
    found = BoostedTrees.of(grown)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found[:, 0], grown.estimators[0].predict(x), atol=1e-5)
    ratio = np.exp(0.5 * found[:, 1]) / spread
    assert np.median(ratio) == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("name", ["feature", "left", "output", "first"])
def test_arrays_that_point_elsewhere_are_refused(name):
    x = numbers()
    trees = BoostedTrees.of(grow_values(x, np.nan_to_num(x[:, 0]), np.ones(300, np.float32), 0)).checked(5)
    trees.get_buffer(name)[...] = 10_000
    with pytest.raises(ModelError, match="do not belong together"):
        trees.checked(5)


@pytest.mark.parametrize("folds", [None, 3])
def test_trees_are_trained_kept_and_applied_as_networks_are(tmp_path, folds):
    labelled, options = curves(120), TrainingOptions(network="boosted_trees")
    more = {"trained_on": "simulated", "options": options, "min_class_size": 5, "folds": folds}
    model = train(labelled, tmp_path / "m", split=Split(0.2, 0.3, 4), **more)
    test = model.card.metrics["test"]
    assert model.card.network == "boosted_trees"
    assert test["accuracy"] > 0.85
    assert folds is None or test["n"] == 120
    loaded = load(tmp_path / "m")
    guess = np.array(loaded.classes)[loaded.predict_proba(labelled.lcs, labelled.period).argmax(axis=1)]
    assert (guess == labelled.label).mean() > 0.9


def test_members_of_an_ensemble_may_have_trees_of_other_sizes(tmp_path):
    """40 stars fill no tree: each fold grows trees of its own size."""
    labelled = curves(90)
    options = TrainingOptions(network="boosted_trees", stacked_with=("extra_trees",))
    more = {"trained_on": "simulated", "options": options, "min_class_size": 5, "folds": 3, "baselines": False}
    model = train(labelled, tmp_path / "m", split=Split(0.2, 0.3, 4), **more)
    sizes = {network.get_buffer("parts.1.feature").numel() for network in (model.network, *model.others)}
    assert len(sizes) == 3
    again = load(tmp_path / "m").predict_proba(labelled.lcs, labelled.period)
    guess = np.array(model.classes)[again.argmax(axis=1)]
    assert (guess == labelled.label).mean() > 0.9


def test_trees_give_values_too(tmp_path):
    labelled = curves(150, classes=("RRab",))
    value = np.log10(labelled.period)
    model = train(
        replace(labelled, columns={"log_p": value}),
        tmp_path / "v",
        trained_on="simulated",
        head=ValueHead("log_p"),
        split=Split(0.2, 0.3, 4),
        options=TrainingOptions(network="boosted_trees"),
    )
    assert model.card.metrics["test"]["rmse"] < 0.5 * value.std()
    assert 0.7 < model.card.metrics["test"]["coverage"] <= 1


@pytest.mark.parametrize("folds", [None, 3])
def test_trees_and_a_network_are_stacked(tmp_path, folds):
    labelled = curves(150)
    options = TrainingOptions(epochs=3, filters=(4, 4, 4), hidden=8, stacked_with=("boosted_trees",))
    more = {"trained_on": "simulated", "options": options, "min_class_size": 5, "folds": folds}
    model = train(labelled, tmp_path / "m", split=Split(0.2, 0.3, 4), **more)
    card = model.card
    assert (card.network, len(card.architecture["weights"])) == ("stacked", 2)
    assert card.metrics["test"]["accuracy"] > 0.85
    again = load(tmp_path / "m").predict_proba(labelled.lcs, labelled.period)
    np.testing.assert_allclose(again, model.predict_proba(labelled.lcs, labelled.period), atol=1e-6)


@pytest.mark.parametrize(
    ("network", "head", "beside"),
    [
        ("folded_images", ClassHead(), ("boosted_trees",)),
        ("gru", ClassHead(), ("boosted_trees",)),
        ("extra_trees", ClassHead(), ()),
        ("folded_images", ValueHead("feh"), ()),
    ],
)
def test_boosted_trees_stand_beside_a_network_of_classes_unless_it_is_asked_for_alone(network, head, beside):
    options = TrainingOptions(network=network)
    assert decided(options, head).stacked_with == beside
    for given in ((), ("extra_trees",)):
        assert decided(replace(options, stacked_with=given), head).stacked_with == given


def test_the_default_is_the_hybrid(tmp_path):
    options = TrainingOptions(epochs=2, filters=(4, 4, 4), hidden=8)
    more = {"trained_on": "simulated", "min_class_size": 5, "split": Split(0.2, 0.3, 4), "baselines": False}
    card = train(curves(120), tmp_path / "m", options=options, **more).card
    assert card.network == "stacked"
    assert [part["name"] for part in card.architecture["parts"]] == ["folded_images", "boosted_trees"]
    assert card.data["options"]["stacked_with"] == ["boosted_trees"]


def test_a_hybrid_is_calibrated_again_on_stars_that_its_trees_have_not_seen(tmp_path):
    labelled, options = curves(150), TrainingOptions(epochs=2, filters=(4, 4, 4), hidden=8, grown_on_validation=True)
    more = {"trained_on": "simulated", "min_class_size": 5, "split": Split(0.2, 0.3, 4), "baselines": False}
    model = train(labelled, tmp_path / "m", options=options, **more)
    assert TrainingOptions.from_dict(model.card.data["options"]) == decided(options, ClassHead())
    again = recalibrate(model, labelled, tmp_path / "again")
    assert again.card.head == model.card.head
    assert again.card.architecture["weights"] == model.card.architecture["weights"]
    without = train(labelled, tmp_path / "w", options=replace(options, grown_on_validation=False), **more)
    assert without.card.architecture["weights"] == model.card.architecture["weights"]
    leaves = [each.network.networks[1].get_buffer("value") for each in (model, without)]
    assert not torch.equal(*leaves), "the validation set taught them something"
    by_both = [each.predict_proba(labelled.lcs, labelled.period) for each in (again, model)]
    np.testing.assert_allclose(*by_both, atol=1e-6)


@pytest.mark.parametrize("folds", [None, 3])
def test_trees_beside_a_network_are_weighed_on_stars_that_they_have_not_seen_and_then_taught_them(
    tmp_path, monkeypatch, folds
):
    labelled, options = curves(150), TrainingOptions(epochs=1, filters=(4, 4, 4), hidden=8)
    sizes, weighed = [], []
    grow, fitted = BoostedTrees.grow.__func__, Stack.fitted.__func__

    def counted(cls, head, numbers, truth, weight, seed):
        sizes.append(len(truth))
        return grow(cls, head, numbers, truth, weight, seed)

    def seen(cls, of_parts, truth, head):
        weighed.append(of_parts[1].max())
        return fitted(cls, of_parts, truth, head)

    monkeypatch.setattr(BoostedTrees, "grow", classmethod(counted))
    monkeypatch.setattr(Stack, "fitted", classmethod(seen))
    more = {"trained_on": "simulated", "min_class_size": 5, "split": Split(0.2, 0.3, 4), "baselines": False}
    model = train(labelled, tmp_path / "m", options=options, folds=folds, **more)
    sets = model.card.data["sets"]
    both = sets["train"] + sets["validation"]
    assert sizes == [sets["train"], both] if folds is None else sizes[0] == both
    assert folds is None or len(sizes) == 3
    places = assign(labelled.healpix_29, Split(0.2, 0.3, 4))
    if (
        folds is None
    ):  # what weighed them was no star that they had been taught: the trees that are kept are surer of it
        held = labelled.take(np.flatnonzero(places == VALIDATION))
        numbers = numbers_and_reasons(held, model.card.preparation)[0]
        assert model.network.networks[1](torch.from_numpy(numbers)).max() > weighed[0]
    again = replace(options, copies=2, augmentation=Augmentation(cadences=("gaia",)), withheld=("log_period",))
    curves_of = {name: np.flatnonzero(places == place) for name, place in SETS.items()}
    head, truth, _ = ClassHead().learn(labelled.label, {}, np.ones(150, bool), Labelling(min_class_size=5))
    how = Preparation(kinds=("numbers",))
    stars = Labelled(labelled, truth, numbers_and_reasons(labelled, how)[0], how, head, {})
    dataset = divide(stars, places, Split(0.2, 0.3, 4), again)
    numbers, known = for_trees(dataset, again, validated=True)
    n = [curves_of[name].size for name in ("train", "validation")]
    assert len(numbers) == len(known) == 3 * n[0] + n[1]
    period = how.names.index("log_period")
    own = {label: set(numbers[known.label == label][:, period].round(4)) for label in ("RRab", "LPV")}
    assert not own["RRab"] & own["LPV"], "a copy has the label of its star"


def test_weights_of_a_stack_are_those_of_the_better_part():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 3000)
    right = 2.0 * np.eye(3)[truth] + rng.normal(size=(3000, 3))
    noise = rng.normal(size=(3000, 3))
    targets = targets_of(np.array(["EA", "EW", "RRab"], object)[truth], 1)
    order = [["EA", "EW", "RRab"].index(name) for name in targets.classes]
    parts = np.stack([right, noise])[:, :, order].astype(np.float32)
    stack = Stack.fitted(parts, targets, ClassHead(targets.classes))
    assert stack.weights[0] == pytest.approx(2.0, rel=0.1), "the logarithm of the ratio of the densities"
    assert abs(stack.weights[1]) < 0.1
    assert Stack.fitted(parts[:1], targets, ClassHead(targets.classes)) == Stack((1.0,), (0.0, 0.0, 0.0))


def test_a_network_says_how_it_is_not_trained():
    with pytest.raises(InputError, match="stacked is not trained by epochs"):
        Stacked.sizes_for(None, 3, TrainingOptions())
    with pytest.raises(InputError, match="folded_images cannot be grown"):
        named("folded_images").grow(None, None, None, None, 0)
