"""Probabilities of few observations: what thinned stars teach, how it stands in a card, models calibrated again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from labelled_curves import curves

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves, clean
from lcscale.lightcurves.cleaning import is_none
from lcscale.models import Card, ClassHead, LabelledCurves, Split, TrainingOptions, ValueHead, load, train
from lcscale.models.judging.assessing import calibrate
from lcscale.models.judging.calibration import softmax
from lcscale.models.judging.metrics import calibration_excess
from lcscale.models.judging.sparsity import Sparse, counts_of, fit_sparsity
from lcscale.models.judging.thinning import thinned
from lcscale.models.keeping.model import candidates_of, scores_of
from lcscale.models.keeping.registry import save
from lcscale.models.labels.roles import ROLES, Role
from lcscale.models.labels.targets import targets_in
from lcscale.models.training.stacking import recalibrate
from lcscale.periods import find

NAMES = np.array(["RRab", "RRc", "EA", "EW"], object)
SMALL = TrainingOptions(epochs=3, filters=(4, 4, 4), hidden=8)
MORE = {"trained_on": "simulated", "min_class_size": 5, "split": Split(0.2, 0.3, 4), "baselines": False}


def spoilt(sparsity: float, n: int = 20_000, seed: int = 0):
    """Scores that are right once divided by the temperature 1.5 and the factor of 5 to 80 observations."""
    rng = np.random.default_rng(seed)
    scores, counts = rng.normal(size=(n, 4)) * 2, rng.integers(5, 80, n)
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = (rng.random(n)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    wrong = scores * 1.5 * np.exp(sparsity * (10 / counts[:, None]) ** 2)
    return wrong.astype(np.float32)[None], targets_in(NAMES[truth], NAMES.tolist()), counts


@pytest.mark.parametrize("sparsity", [0.0, 0.4, 1.5])
def test_the_sparsity_is_the_one_that_scores_were_spoilt_with(sparsity):
    scores, targets, counts = spoilt(sparsity)
    assert fit_sparsity(scores, targets, (1.0,), 1.5, counts) == pytest.approx(sparsity, rel=0.03, abs=0.01)
    both, few = np.concatenate([scores, 9 * np.eye(4, dtype=np.float32)[[0] * len(targets)][None]]), (1.0, 0.0)
    assert fit_sparsity(both, targets, few, 1.5, counts) == pytest.approx(sparsity, rel=0.03, abs=0.01)


def test_calibration_makes_the_probabilities_of_few_observations_right():
    scores, targets, counts = spoilt(1.0)
    rich = spoilt(0.0, seed=1)
    sparse = Sparse(scores, targets, counts, np.arange(len(targets)))
    head, weights = calibrate(ClassHead(targets.classes), rich[0], rich[1], np.full(len(rich[1]), 10**6), sparse)
    before = calibrate(ClassHead(targets.classes), rich[0], rich[1])[0]
    assert (head.temperature, head.thresholds) == (before.temperature, before.thresholds), "those of many observations"
    other, truth, observed = spoilt(1.0, seed=2)
    excess = [
        calibration_excess(each.answers(each.tempered(other, observed), weights), truth.resolve(other[0]))
        for each in (before, head)
    ]
    assert excess[0] > 0.03
    assert excess[1] < 0.005


def test_usable_observations_in_the_bands_of_the_roles_are_counted():
    band = np.array([0, 0, 1, 2, 0, 2], np.int8)
    mag = np.array([15.0, 16.0, 17.0, 9.0, np.nan, 9.0])
    lcs = LightCurves(np.arange(6.0), mag, np.full(6, 0.1), [0, 4, 5, 6], band, ("g", "r", "i"))
    assert counts_of(lcs, (Role("blue", ("g", "V")), Role("red", ("r",)))).tolist() == [3, 0, 0]
    assert counts_of(LightCurves(np.arange(4.0), mag[:4], np.full(4, 0.1), [0, 4]), (Role("blue", ("g",)),)) == [4]


def test_thinned_stars_have_some_of_their_observations_and_the_periods_that_these_give():
    whole = curves(60)
    extra = {"period_2": np.full(60, 99.0), "evidence": np.full(60, 1e5), "colour": np.arange(60.0)}
    whole = replace(whole, columns=extra)
    rows, few = thinned(whole, ROLES, True, most=50)
    assert rows.size == len(few) == np.unique(rows).size == 50
    assert few.label.tolist() == whole.label[rows].tolist()
    assert few.columns["colour"].tolist() == rows.tolist()
    assert 5 <= few.lcs.counts.min() < 10
    assert 60 < few.lcs.counts.max() <= 80
    for row, n in enumerate(rows):
        part, all_of = few.lcs.take([row]), whole.lcs.take([n])
        kept = np.isin(all_of.time, part.time)
        assert kept.sum() == part.time.size
        np.testing.assert_array_equal(part.mag, all_of.mag[kept])
    found = find(few.lcs)
    np.testing.assert_array_equal(few.period, found.column("period").to_numpy())
    for name in ("period_2", "evidence"):
        np.testing.assert_array_equal(few.columns[name], found.column(name).to_numpy())
    assert (np.abs(np.log(few.period / whole.period[rows])) > 0.01).any(), "periods of few observations are often wrong"
    again = thinned(whole, ROLES, False, most=50)[1]
    np.testing.assert_array_equal(again.lcs.time, few.lcs.time)
    np.testing.assert_array_equal(again.period, whole.period[rows])


@pytest.fixture(scope="module")
def labelled() -> LabelledCurves:
    return curves(150)


@pytest.fixture(scope="module")
def model(labelled, tmp_path_factory):
    return train(labelled, tmp_path_factory.mktemp("tempering") / "m", options=SMALL, **MORE)


def test_a_trained_model_answers_by_the_number_of_observations(labelled, model):
    head, how = model.card.head, model.card.preparation
    assert head.sparsity > 0.01, "a model without it tests nothing"
    _, few = thinned(labelled, how.roles, False)
    scored = scores_of([model.network], how, few.lcs, candidates_of(few.period, 150, 1), bands=few.bands)
    good = is_none(scored.reason)
    counts = clean(few.lcs).counts[good]
    temperature = head.temperature * np.exp(head.sparsity * (10 / counts) ** 2)
    expected = softmax((scored.scores[0, 0, good] / temperature[:, None]).astype(np.float32))
    np.testing.assert_allclose(model.predict_proba(few.lcs, few.period)[good], expected, atol=2e-6)
    one = few.take(np.flatnonzero(good)[7:8])
    np.testing.assert_allclose(model.predict_proba(one.lcs, one.period)[0], expected[7], atol=2e-6)


def test_it_stands_in_the_card_and_cards_from_before_it_keep_their_words(model):
    card = model.card
    assert {"sparsity", "thresholds"} < set(json.loads(card.to_json())["head"])
    assert Card.from_json(card.to_json(), "here") == card
    assert Card.from_json(card.to_json(), "here").id == card.id
    before = replace(card, head=replace(card.head, sparsity=0.0, thresholds=()))
    text = before.to_json()
    assert set(json.loads(text)["head"]) == {"kind", "classes", "temperature", "threshold"}
    assert Card.from_json(text, "here").to_json() == text


def test_a_value_does_not_depend_on_the_number_of_observations(labelled, tmp_path):
    told = replace(labelled, columns={"x": np.log10(labelled.period)})
    model = train(told, tmp_path / "value", head=ValueHead("x"), options=SMALL, **MORE)
    scores = np.arange(12, dtype=np.float32).reshape(1, 6, 2)
    assert model.card.head.tempered(scores, np.arange(6)) is scores


def as_before(model, folder):
    """As a version before this one would have written it."""
    head = ClassHead(model.classes, 3.0, 0.5)
    card = replace(model.card, head=head, metrics={"baseline": {"accuracy": 0.25}})
    save(card, [model.network, *model.others], folder)
    return load(folder)


def test_a_model_from_before_is_calibrated_again_on_its_validation_stars(labelled, model, tmp_path):
    before = as_before(model, tmp_path / "before")
    again = recalibrate(before, labelled, tmp_path / "again")
    assert again.card.head == model.card.head
    assert again.card.period_weights == model.card.period_weights
    assert again.card.metrics["test"] == model.card.metrics["test"]
    assert again.card.metrics["baseline"] == {"accuracy": 0.25}, "trees do not change"
    assert again.card.data["recalibrated_from"] == before.card.id
    assert again.card.id != before.card.id
    for name, value in model.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name])
    twice = recalibrate(again, labelled, tmp_path / "twice")
    assert twice.card.data["recalibrated_from"] == again.card.id
    with pytest.raises(InputError, match="was trained with the sets"):
        recalibrate(before, labelled.take(np.arange(140)), tmp_path / "other")
    told = {name: value for name, value in before.card.data.items() if name != "options"}
    with pytest.raises(InputError, match="does not say how it was trained"):
        recalibrate(replace(before, card=replace(before.card, data=told)), labelled, tmp_path / "other")


def test_an_ensemble_and_a_stack_are_calibrated_again_out_of_fold(labelled, tmp_path):
    how = replace(SMALL, stacked_with=("boosted_trees",), boosting_rounds=10)
    more = {**MORE, "split": None}
    model = train(labelled, tmp_path / "m", options=how, folds=2, **more)
    assert model.card.head.sparsity > 0.01
    again = recalibrate(as_before(model, tmp_path / "before"), labelled, tmp_path / "again")
    assert again.card.head == model.card.head
    assert again.card.metrics["test"] == model.card.metrics["test"]
    assert again.card.architecture == model.card.architecture
    found = again.predict(labelled.lcs, labelled.period)
    np.testing.assert_array_equal(found.answers, model.predict(labelled.lcs, labelled.period).answers)
    assert found.of_parts is not None
