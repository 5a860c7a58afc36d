"""The bench: what must not be in a test, surveys left out, probes. A leak that is planted here has to be seen."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from lcscale.errors import InputError
from lcscale.explore.judging import as_markdown
from lcscale.lightcurves import LightCurves
from lcscale.models import Preparation, TrainingOptions
from lcscale.models.judging.bench import JudgingOptions, judge, sample
from lcscale.models.judging.leakage import in_list, require_apart, require_undecided
from lcscale.models.judging.leaving_out import Stars, boosted, figures, leave_out
from lcscale.models.judging.metrics import calibration_excess, evaluate
from lcscale.models.judging.parts import judge_parts
from lcscale.models.judging.parts_left_out import Learner, mean_of, remembered
from lcscale.models.judging.probes import probe
from lcscale.models.judging.ranges import peak_to_peak, ranges_of
from lcscale.models.keeping.registry import CARD, read_card, read_judgement, write_judgement
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.roles import ONE_ROLE
from lcscale.models.labels.targets import targets_of
from lcscale.models.training.dataset import numbers_and_reasons
from tests.models.conftest import simulated

CELLS = 12 << 58


def test_calibration_excess_is_none_for_true_probabilities_and_the_gap_for_boasting():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1.0, 200)
    right = rng.random(200) < confidence
    told = np.stack([confidence, 1 - confidence], axis=1)
    assert abs(calibration_excess(told, (~right).astype(int))) < 0.03  # the error itself is 0.08 with so few
    boasting = np.repeat([[0.95, 0.05]], 4000, axis=0)
    assert calibration_excess(boasting, (rng.random(4000) < 0.3).astype(int)) == pytest.approx(0.25, abs=0.02)


def test_false_positives_are_counted_among_the_others_alone():
    truth = targets_of(np.array(["RRab"] * 6 + ["EA"] * 4, object), 1)
    given = np.array([0, 0, 0, 0, 1, 1, 0, 1, 1, 1])
    row = evaluate(np.eye(2)[given], truth)["per_class"]
    assert row["RRab"]["false_positive_rate"] == pytest.approx(1 / 4)
    assert row["EA"]["false_positive_rate"] == pytest.approx(2 / 6, abs=1e-5)


def test_what_is_taken_for_what_is_told_by_name_and_adds_up():
    truth = targets_of(np.array(["RRab"] * 6 + ["EA"] * 4, object), 1)
    given = np.array([0, 0, 0, 0, 1, 1, 0, 1, 1, 1])
    row = figures(np.eye(2)[given], targets_of(truth.label, 1))
    first, second = truth.classes
    assert row["taken_for"] == {first: {second: 2}, second: {first: 1}}
    for name in truth.classes:
        each = row["per_class"][name]
        assert sum(row["taken_for"][name].values()) == round(each["n"] * (1 - each["recall"]))


def test_ranges_of_labelled_stars_are_those_of_their_class():
    made = simulated(60, 3)
    rows = np.ones(60, bool)
    found = ranges_of(made, rows)
    name = sorted({each for each in made.label if each})[0]
    here = np.flatnonzero(made.label == name)
    assert found[name]["n"] == here.size
    low, middle, high = found[name]["period"]
    assert low <= middle <= high
    assert middle == pytest.approx(np.nanmedian(made.period[here]), rel=1e-3)
    assert found[name]["n_observations"][1] == pytest.approx(np.median(made.lcs.counts[here]), abs=1)
    rows[here] = False
    assert name not in ranges_of(made, rows)


def test_the_amplitude_is_that_of_the_fullest_band_without_strays():
    mag = np.r_[15 + 0.5 * np.sin(np.linspace(0, 20 * np.pi, 500)), 5.0, np.full(10, 18.0)].astype(np.float32)
    band = np.r_[np.zeros(501, np.int8), np.ones(10, np.int8)]
    time, none = np.arange(511.0), np.zeros(511, np.float32)
    lcs = LightCurves(time, mag, none, np.array([0, 511, 511]), band, ("g", "r"))
    found = peak_to_peak(lcs)
    assert found[0] == pytest.approx(1.0, abs=0.02)
    assert np.isnan(found[1])


def test_a_star_on_both_sides_is_refused():
    rng = np.random.default_rng(1)
    taught, judged = rng.integers(0, CELLS, 300), rng.integers(0, CELLS, 200)
    require_apart(taught, judged)
    judged[7] = taught[3] + 2  # a milliarcsecond away
    assert in_list(judged, taught).nonzero()[0].tolist() == [7]
    with pytest.raises(InputError, match="1 of 200 judged stars"):
        require_apart(taught, judged, "planted")


def test_labels_that_an_input_decides_are_refused():
    rng = np.random.default_rng(2)
    names = np.array(["RRab", "EA", "LPV"], object)[rng.integers(0, 3, 600)]
    truth = targets_of(names, 1)
    noise = rng.normal(size=(600, 2))
    lpv = names == "LPV"
    noise[lpv, 0] += 40.0  # a class that lies apart by nature, as long periods do
    require_undecided(noise, ("log_period", "skewness"), truth)
    code = truth.allowed.argmax(axis=1)[:, None] + 0.0
    with pytest.raises(InputError, match="function of survey_class:"):
        require_undecided(np.hstack([noise, code]), ("log_period", "skewness", "survey_class"), truth)
    score = rng.normal(size=600)  # a survey calls so whatever passes its threshold
    named = targets_of(np.where(score > 0.3, "RRab", "EA").astype(object), 1)
    with pytest.raises(InputError, match="function of score:"):
        require_undecided(np.column_stack([noise[:, 1], score]), ("skewness", "score"), named)


def nearest(stars):
    """A classifier that knows by heart: the label of the taught star with the most similar numbers."""

    def fit(taught):
        def answer(asked):
            gap = np.abs(stars.numbers[asked, None, 0] - stars.numbers[None, taught, 0])
            return stars.truth.allowed[taught[gap.argmin(axis=1)]].astype(float)

        return answer

    return fit


@pytest.fixture
def learnt_by_heart():
    """Random labels of stars in two surveys, of which each star is in both with the same number."""
    rng = np.random.default_rng(3)
    names, number, place = rng.choice(["RRab", "EA"], 300).astype(object), rng.random(300), rng.integers(0, CELLS, 300)
    truth = targets_of(np.tile(names, 2), 1)
    origin = np.repeat(np.array(["one", "other"], object), 300)
    return Stars(np.tile(number, 2)[:, None].astype(np.float32), truth, origin, np.tile(place, 2))


def test_a_survey_left_out_is_left_out_under_other_names_too(learnt_by_heart):
    apart = learnt_by_heart.take(np.r_[0:200, 400:600])  # each survey has half of its stars in common with the other
    found = leave_out(apart, nearest(apart))
    assert found["one"]["removed"] == found["other"]["removed"] == 100
    assert found["other"]["left_out"]["accuracy"] == pytest.approx(0.5, abs=0.1)  # random labels: by heart it was 0.75
    assert found["one"]["by_sky"]["accuracy"] == pytest.approx(0.5, abs=0.1)


def test_stars_of_lists_are_not_taught_where_the_survey_is_left_out(learnt_by_heart):
    stars = learnt_by_heart.take(np.r_[0:100, 400:600])  # no star is in both
    listed = Stars(stars.numbers, stars.truth, stars.origin, stars.healpix_29, {"one": stars.healpix_29[150:180]})
    assert leave_out(stars, nearest(stars))["one"]["removed"] == 0
    assert leave_out(listed, nearest(listed))["one"]["removed"] == 30


def test_both_columns_of_a_survey_are_of_the_same_stars(learnt_by_heart):
    stars = learnt_by_heart.take(np.r_[0:100, 400:600])
    for row in leave_out(stars, nearest(stars)).values():
        assert row["left_out"]["n"] == row["by_sky"]["n"] == row["n"]
        assert row["known"]["left_out"]["n"] == row["known"]["by_sky"]["n"] == row["known"]["n"]


def test_probes_tell_a_survey_that_shows_and_none_that_does_not():
    rng = np.random.default_rng(4)
    origin, place = rng.choice(["one", "other"], 600).astype(object), rng.integers(0, CELLS, 600)
    count = rng.normal(2.0, 0.3, 600) + (origin == "one")
    clean = rng.normal(size=(600, 4))
    leaking = clean + np.column_stack([3.0 * (origin == "one"), 4.0 * count, np.zeros((600, 2))])
    dull = probe(clean, origin, {"log_n_observations": count}, place)
    told = probe(leaking, origin, {"log_n_observations": count}, place)
    assert dull["survey"]["accuracy"] < dull["survey"]["chance"] + 0.08
    assert told["survey"]["accuracy"] > 0.9
    assert dull["log_n_observations"]["r2"] < 0.1 < 0.6 < told["log_n_observations"]["r2"]
    assert dull["log_n_observations"]["r2_within"] < 0.05 < 0.3 < told["log_n_observations"]["r2_within"]


def test_stars_of_one_place_leave_no_other_sky_to_judge_on(learnt_by_heart):
    """Nothing was told of them: that is no perfect answer, and no wrong one."""
    stars = learnt_by_heart
    one_place = replace(stars, healpix_29=np.arange(len(stars)) << 34)
    count = {"log_n_observations": np.random.default_rng(0).normal(size=len(stars))}
    told = probe(np.ones((len(stars), 2)), stars.origin, count, one_place.healpix_29)
    assert told == {"n": len(stars), "survey": None, "log_n_observations": None}
    assert [row["left_out"] for row in leave_out(one_place, nearest(one_place)).values()] == [None, None]


def test_a_model_is_judged_and_stays_the_same_model(trained, tmp_path):
    folder, model = trained
    curves = simulated(240, 9)
    origin = np.where(np.arange(240) % 2, "one", "other").astype(object)
    columns = curves.lcs, curves.period, curves.label, curves.healpix_29, curves.bands
    found = judge(model, LabelledCurves(*columns, origin=origin), JudgingOptions(min_class_size=10))
    for name in ("one", "other"):
        row = found["as_shipped"][name]
        assert not row["in_training"]
        assert row["n"] + found["left_aside"]["cannot be classified"] >= 120
        assert row["accuracy"] > 0.8
        sets = row["in_sets"]
        assert set(sets) == {"RR", "ECL", "LPV"}
        assert sum(each["n"] for each in sets.values()) == row["n"]
        mean = sum(each["n"] * each["coverage"] for each in sets.values()) / row["n"]
        assert mean == pytest.approx(row["coverage"], abs=1e-3)
        assert found["left_out"][name]["left_out"]["accuracy"] > 0.8
        assert found["forgetting"][name]["left_out"]["accuracy"] > 0.8
    few = found["few"]
    assert [(row["low"], row["high"]) for row in few] == [(5, 7), (8, 11), (12, 19), (20, 34), (35, 80)]
    assert 200 < sum(row["n"] for row in few) <= 240
    assert few[0]["accuracy"] < 0.7 < few[-1]["accuracy"]
    assert few[0]["set_size"] > few[-1]["set_size"]
    text = as_markdown(found)
    assert "**In 90 % sets, by class.**" in text
    assert f"| 5 to 7 | {few[0]['n']} | {few[0]['accuracy']:.3f} | {few[0]['told']:.3f} |" in text
    assert set(found["probes"]) == {"numbers", "numbers that forget", "embedding"}
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    before = read_card(copy).id
    assert read_judgement(copy) == {}
    write_judgement(copy, found)
    assert read_card(copy).id == before
    assert read_judgement(copy) == json.loads(json.dumps(found))
    assert (copy / CARD).read_text().count('"judged"') == 1


def test_networks_and_trees_are_judged_on_a_survey_that_they_have_not_seen():
    curves = simulated(240, 9)
    curves = replace(curves, origin=np.where(np.arange(240) % 2, "one", "other").astype(object))
    how = Preparation(roles=ONE_ROLE)
    rows, stars = sample(curves, *numbers_and_reasons(curves, how), JudgingOptions(min_class_size=10))
    options = TrainingOptions(epochs=6, filters=(6, 8, 12), hidden=24, learning_rate=5e-3)
    network, asked = Learner(stars, curves.take(rows), how, options), []

    def counted(taught):
        asked.append(sorted(set(stars.origin[taught])))
        return network(taught)

    once, trees = remembered(counted), remembered(boosted(stars))
    alone, both = (leave_out(stars, each, folds=2, order=0) for each in (once, mean_of([once, trees])))
    assert sorted(asked) == [["one"], ["one", "other"], ["one", "other"], ["other"]], "each once, for both tables"
    for found in (alone, both):
        assert all(found[name]["left_out"]["accuracy"] > 0.8 for name in ("one", "other"))
    taught, judged = np.flatnonzero(stars.origin == "one"), np.flatnonzero(stars.origin == "other")
    each = [fit(taught)(judged) for fit in (once, trees)]
    np.testing.assert_allclose(mean_of([once, trees])(taught)(judged), (each[0] + each[1]) / 2, atol=1e-6)
    np.testing.assert_allclose(each[0].sum(axis=1), 1.0, atol=1e-5)


def test_constant_stars_of_one_survey_alone_teach_nothing():
    curves, numbers = simulated(160, seed=4), np.zeros((160, 2), np.float32)
    curves.label[::4] = "CONST"
    origin = np.where(np.arange(160) % 8 == 0, "a", np.where(np.arange(160) % 4 == 0, "b", "c")).astype(object)
    reason, options = np.full(160, None, object), JudgingOptions(min_class_size=1)
    for names, n in ((np.where(origin == "b", "a", origin), 120), (origin, 160)):
        rows, stars = sample(replace(curves, origin=names), numbers, reason, options)
        assert len(rows) == n
        assert ("CONST" in stars.truth.classes) == (n == 160)
    assert (curves.label == "CONST").sum() == 40


def test_parts_are_judged_on_the_test_set_of_the_network(trained):
    """The network alone is what its card says of it; no stack is worse than its best part beyond chance."""
    model = trained[1]
    found = judge_parts(model, simulated(360, 1), ("boosted_trees", "extra_trees"))
    alone, card = found[("folded_images",)]["figures"], model.card.metrics["test"]
    assert alone["n"] == card["n"]
    for name in ("accuracy", "macro_f1", "log_loss"):
        assert alone[name] == pytest.approx(card[name], abs=1e-4)
    assert len(found) == 7
    assert found[("boosted_trees",)]["figures"]["accuracy"] > 0.85
    assert found[("extra_trees",)]["figures"]["accuracy"] > 0.85
    whole = found[("folded_images", "boosted_trees", "extra_trees")]
    assert len(whole["weights"]) == 3
    best = min(row["figures"]["log_loss"] for parts, row in found.items() if len(parts) == 1)
    assert whole["figures"]["log_loss"] < best + 0.1
    with pytest.raises(InputError, match="these stars have others"):
        judge_parts(model, simulated(200, 2, ("RRab", "EA")), ("boosted_trees",))
