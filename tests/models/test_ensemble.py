"""Ensembles of sky folds: who judges whom, what they say together, and surveys that training has not seen."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from labelled_curves import curves

from lcscale.errors import InputError
from lcscale.models import LabelledCurves, Split, TrainingOptions, ValueHead, load, train
from lcscale.models.heads.classes import ClassHead
from lcscale.models.judging.bench import JudgingOptions, judge
from lcscale.models.judging.held import Held
from lcscale.models.keeping.model import Model
from lcscale.models.labels.splitting import TEST, VALIDATION, assign, assign_folds
from lcscale.models.training import ensemble

SMALL = TrainingOptions(epochs=2, filters=(4, 4, 4), hidden=8, stacked_with=())


@pytest.fixture(scope="module")
def surveys() -> LabelledCurves:
    return replace(curves(150), origin=np.array(["one", "two", "other"] * 50, object)[np.argsort(np.arange(150) % 7)])


@pytest.fixture(scope="module")
def trained(surveys, tmp_path_factory):
    """A model, the pixels that each member was taught and judged, and its folder."""
    folder, seen = tmp_path_factory.mktemp("ensemble") / "m", []
    divided = ensemble.divided

    def noted(*arguments):
        seen.extend(divided(*arguments))
        return seen

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lcscale.models.training.train.divided", noted)
        model = train(
            surveys, folder, trained_on="simulated", folds=3, unseen=("other",), options=SMALL, min_class_size=5
        )
    return model, seen, folder


def test_every_star_is_judged_by_the_member_that_has_not_seen_its_pixel(surveys, trained):
    model, datasets, _ = trained
    split = Split(**model.card.data["split"])
    pixels = surveys.healpix_29 >> 2 * (29 - split.order)
    judged = np.concatenate([each.rows["test"] for each in datasets])
    known = np.flatnonzero(surveys.origin != "other")
    assert sorted(judged.tolist()) == known.tolist(), "each once, and none of the survey that is left out"
    assert model.card.metrics["test"]["n"] == known.size
    for each in datasets:
        taught = {*pixels[each.rows["train"]], *pixels[each.rows["validation"]]}
        assert not taught & set(pixels[each.rows["test"]])
        assert not set(pixels[each.rows["train"]]) & set(pixels[each.rows["validation"]])


def test_its_figures_say_on_how_many_stars_which_sky_and_whether_the_survey_was_taught(surveys, trained):
    metrics = trained[0].card.metrics
    for name in ("test", "unseen other"):
        figures = metrics[name]
        assert figures["n"] == sum(row["n"] for row in figures["by_origin"].values())
        assert {row["in_training"] for row in figures["by_origin"].values()} == {name == "test"}
        assert figures["by_label"]["exact"]["n"] + figures["by_label"]["groups"]["n"] == figures["n"]
        assert 0 < figures["sky"]["pixels"] <= figures["n"]
        assert 0.5 < figures["coverage"] <= 1.0
        for baseline in ("baseline", "random_forest"):
            row = metrics[baseline] if name == "test" else metrics[baseline][name]
            assert row["n"] == figures["n"]
            assert row["accuracy"] > 0.8
    assert metrics["unseen other"]["n"] == int((surveys.origin == "other").sum())


def test_its_surveys_are_judged_by_the_member_that_has_not_seen_the_star(surveys, trained):
    model = trained[0]
    shipped = judge(model, surveys, JudgingOptions(min_class_size=5))["as_shipped"]
    assert {name: row["in_training"] for name, row in shipped.items()} == {"one": True, "two": True, "other": False}
    split, members = Split(**model.card.data["split"]), (model.network, *model.others)
    fold = assign_folds(surveys.healpix_29, split, 3)
    for name, row in shipped.items():
        here = np.flatnonzero(surveys.origin == name)
        said = np.empty(len(surveys), object)
        for k, member in enumerate(members):
            alone = model if name == "other" else Model(model.card, member)
            some = surveys.take(rows := np.flatnonzero(fold == k))
            answers = alone.predict(some.lcs, Held(some, None).periods, bands=some.bands, columns=some.columns).answers
            said[rows] = np.array(model.classes, object)[np.nan_to_num(answers).argmax(axis=1)]
        assert row["n"] == here.size
        assert row["accuracy"] == pytest.approx((said[here] == surveys.label[here]).mean(), abs=1e-5)
    card = model.card.metrics["test"]
    assert sum(shipped[name]["n"] for name in ("one", "two")) == card["n"]


def test_members_are_kept_in_one_file_and_answer_together(surveys, trained):
    model, _, folder = trained
    again = load(folder)
    assert (again.card.members, len(again.fused)) == (3, 3)
    assert json.loads((folder / "card.json").read_text())["network"]["members"] == 3
    assert sorted(path.name for path in folder.parent.iterdir()) == ["m"], "no checkpoint is left"
    some = surveys.take(np.arange(20))
    each = [
        replace(model, network=network, others=()).predict_proba(some.lcs, some.period)
        for network in (model.network, *model.others)
    ]
    np.testing.assert_allclose(again.predict_proba(some.lcs, some.period), np.mean(each, axis=0), atol=1e-6)
    assert not np.array_equal(each[0], each[1])


def test_values_of_members_are_joined_by_the_law_of_total_variance():
    rng = np.random.default_rng(0)
    answers = np.stack([rng.normal(size=(3, 5)), rng.uniform(0.1, 1, (3, 5))], axis=2).astype(np.float32)
    mean, error = ValueHead("feh").combined(answers).T
    draws = rng.normal(answers[..., 0], answers[..., 1], (200_000, 3, 5)).reshape(-1, 5)
    np.testing.assert_allclose(mean, draws.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(error, draws.std(axis=0), rtol=0.01)


def test_folds_are_whole_pixels_and_know_nothing_of_the_sets():
    places = np.random.default_rng(0).integers(0, 12 << 58, 40_000)
    split = Split(order=5)
    fold, sets = assign_folds(places, split, 5), assign(places, split)
    pixels = places >> 2 * 24
    first = {pixel: value for pixel, value in zip(pixels.tolist(), fold.tolist(), strict=True)}
    assert [first[pixel] for pixel in pixels.tolist()] == fold.tolist()
    np.testing.assert_allclose(np.bincount(fold) / fold.size, 0.2, atol=0.02)
    for part in (VALIDATION, TEST):
        shares = np.bincount(fold[sets == part], minlength=5) / (sets == part).sum()
        np.testing.assert_allclose(shares, 0.2, atol=0.05)
    np.testing.assert_array_equal(assign_folds(places[:100], split, 5), fold[:100])


@pytest.mark.parametrize(
    ("network", "few", "members"), [("folded_images", 150, 2), ("folded_images", 149, 1), ("extra_trees", 150, 1)]
)
def test_an_ensemble_is_trained_where_stars_are_few(surveys, tmp_path, monkeypatch, network, few, members):
    monkeypatch.setattr("lcscale.models.training.train.FOLDS", 2)
    monkeypatch.setattr("lcscale.models.training.train.FEW", few)
    options = replace(SMALL, epochs=1, network=network)
    how = {"trained_on": "simulated", "min_class_size": 5, "baselines": False}
    card = train(surveys, tmp_path / "m", options=options, folds="auto", **how).card
    assert (card.members, card.data["folds"]) == (members, members if members > 1 else None)


def test_what_makes_no_ensemble_is_refused(surveys, tmp_path):
    for more, text in (({"folds": 1}, "2 folds or more"), ({"folds": 3, "stream": True}, "training set in memory")):
        with pytest.raises(InputError, match=text):
            train(surveys, tmp_path / "m", trained_on="simulated", options=SMALL, head=ClassHead(), **more)
