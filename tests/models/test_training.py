import itertools
import json
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
import torch
from labelled_curves import as_table, curves

from lcscale.engine.progress import Silent
from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves
from lcscale.models import Augmentation, Card, LabelledCurves, Split, TrainingOptions, train
from lcscale.models.heads.classes import ClassHead
from lcscale.models.inputs.augmentation import change, disguise, tell_right_period
from lcscale.models.inputs.preparation import Preparation, fit_standards, prepare, standardise
from lcscale.models.judging.assessing import calibrate
from lcscale.models.judging.calibration import (
    adaptive_sets,
    fit_temperature,
    mass_thresholds,
)
from lcscale.models.labels.curves import SIMULATED
from lcscale.models.labels.targets import targets_of
from lcscale.models.training.fitting import fit
from lcscale.models.training.training_set import Batch, InMemory
from lcscale.simulation.synthesis import synthesize

SMALL = TrainingOptions(epochs=2, filters=(4, 4, 4), hidden=8, stacked_with=())


NAMES = np.array(["RRab", "RRc", "EA", "EW"], dtype=object)


def test_it_learns_far_above_chance(trained):
    card = trained[1].card
    assert card.metrics["test"]["n"] > 60
    assert card.metrics["test"]["accuracy"] > 0.9
    assert card.metrics["test"]["macro_f1"] > 0.9
    assert card.metrics["baseline"]["accuracy"] > 0.9
    assert set(card.metrics["macro_f1_over"]) == set(card.classes)
    assert card.trained_on == "simulated"


def test_the_card_is_honest_about_its_data(trained):
    data = trained[1].card.data
    assert sum(data["sets"].values()) == sum(data["labels"].values()) == 360
    assert data["left_out"] == {"cannot be classified": 0, "unknown labels": []}
    assert data["split"] == {"validation": 0.1, "test": 0.3, "order": 3, "seed": 0}
    assert len(data["history"]) <= 12
    assert np.diag(trained[1].card.metrics["test"]["confusion"]).sum() > 0
    names = " ".join(trained[1].card.preparation.names)
    assert not any(word in names for word in ("ra", "dec", "healpix", "field") if f" {word} " in f" {names} ")


def test_equal_seeds_give_equal_models_and_a_catalog_is_as_good_as_arrays(tmp_path):
    labelled = curves()
    one = train(labelled, tmp_path / "a" / "m", trained_on="simulated", options=SMALL, min_class_size=5)
    batches = [as_table(labelled.take(np.arange(k, min(k + 40, 90)))) for k in range(0, 90, 40)]
    two = train(batches, tmp_path / "b" / "m", trained_on="simulated", options=SMALL, min_class_size=5)
    other = train(
        labelled, tmp_path / "c" / "m", trained_on="simulated", options=replace(SMALL, seed=1), min_class_size=5
    )
    assert one.card.weights_sha256 == two.card.weights_sha256
    assert one.card.id == two.card.id
    assert one.card.weights_sha256 != other.card.weights_sha256


def test_the_threads_of_torch_are_left_as_they_were(trained):
    before = torch.get_num_threads()
    made = synthesize(["RRab"] * 3, 0)
    trained[1].predict_proba(made.lcs, made.period)
    assert torch.get_num_threads() == before


def test_stars_without_label_period_or_observations_are_left_out(tmp_path):
    labelled = curves(120)
    labelled.period[:5] = np.nan
    labelled.label[5:10] = "a class that nobody knows"
    table = as_table(labelled)
    table = table.set_column(3, "label", pa.array([None] * 2 + labelled.label[2:].tolist()))
    model = train(table, tmp_path / "m", trained_on="mixed", options=SMALL, min_class_size=5)
    assert sum(model.card.data["sets"].values()) == 110
    assert model.card.data["left_out"] == {
        "cannot be classified": 3,
        "unknown labels": ["a class that nobody knows"],
    }


def test_one_band_makes_a_model_of_one_role(tmp_path):
    labelled = curves()
    single = replace(labelled, lcs=labelled.lcs.select_band("g"), bands=("g",))
    model = train(single, tmp_path / "m", trained_on="simulated", options=SMALL, min_class_size=5)
    assert [role.name for role in model.card.preparation.roles] == ["blue"]
    both = model.predict_proba(labelled.lcs, labelled.period)
    np.testing.assert_allclose(both, model.predict_proba(single.lcs, single.period), atol=1e-5)


def test_it_learns_from_further_pictures_and_its_card_names_them(tmp_path):
    options = TrainingOptions(epochs=10, filters=(6, 8, 12), hidden=24, learning_rate=1e-2)
    how = Preparation(pictures=("density", "error bars", "dm-dt"), size=32)
    labelled = curves(240)
    model = train(labelled, tmp_path / "m", trained_on="simulated", options=options, preparation=how, min_class_size=20)
    assert model.card.metrics["accuracy"] > 0.8
    assert model.card.preparation.pictures == how.pictures
    assert json.loads(model.card.to_json())["inputs"]["pictures"] == list(how.pictures)
    assert model.predict_proba(labelled.lcs, labelled.period).shape == (240, 3)


def test_simulated_stars_beside_real_ones_have_figures_of_their_own(tmp_path):
    labelled = curves(150)
    origin = np.where(np.arange(150) < 90, SIMULATED, "survey").astype(object)
    model = train(replace(labelled, origin=origin), tmp_path / "m", trained_on="mixed", options=SMALL, min_class_size=5)
    figures = model.card.metrics
    assert set(figures["test"]["by_origin"]) == {"survey"}
    assert set(figures["simulated_test"]["by_origin"]) == {SIMULATED}
    assert {name: figures[name]["n"] for name in ("test", "simulated_test")}.items() <= model.card.data["sets"].items()
    assert figures["accuracy"] == figures["test"]["accuracy"]
    for name in ("baseline", "random_forest"):
        assert figures[name]["n"] == figures["test"]["n"]
        assert figures[name]["simulated_test"]["n"] == figures["simulated_test"]["n"]
    alone = train(
        replace(labelled, origin=np.full(150, SIMULATED, object)),
        tmp_path / "s",
        trained_on="simulated",
        options=SMALL,
        min_class_size=5,
    )
    assert "simulated_test" not in alone.card.metrics


def test_what_cannot_be_trained_on_is_refused(tmp_path):
    labelled = curves(30)
    with pytest.raises(InputError, match="needs the column label"):
        train(as_table(labelled).drop_columns(["label"]), tmp_path / "m", trained_on="real")
    with pytest.raises(InputError, match="nothing to train on"):
        train(as_table(labelled).slice(0, 0), tmp_path / "m", trained_on="real")
    with pytest.raises(InputError, match="at least two classes.*found 0 .unknown labels: nonsense"):
        train(replace(labelled, label=np.full(30, "nonsense", object)), tmp_path / "m", trained_on="real")
    with pytest.raises(InputError, match="trained_on is one of real"):
        train(labelled, tmp_path / "m", trained_on="dreams")
    with pytest.raises(InputError, match="no star is in the"):
        train(replace(labelled, healpix_29=np.zeros(30, np.int64)), tmp_path / "m", trained_on="real", split=Split())
    with pytest.raises(InputError, match="_healpix_29, or ra and dec"):
        train(as_table(labelled).drop_columns(["_healpix_29"]), tmp_path / "m", trained_on="real")
    assert not (tmp_path / "m").exists()


def test_positions_may_be_given_in_degrees():
    labelled = curves(6)
    table = as_table(labelled).drop_columns(["_healpix_29"])
    table = table.append_column("ra", pa.array(np.linspace(0, 300, 6))).append_column("dec", pa.array(np.zeros(6)))
    assert (LabelledCurves.from_tables([table]).healpix_29 >= 0).all()


def test_early_stopping_keeps_the_best_epoch_of_the_validation_set():
    labelled, how = curves(), Preparation()
    inputs = prepare(labelled.lcs, labelled.period, how)
    how = fit_standards(how, inputs.numbers)
    inputs = replace(inputs, numbers=standardise(inputs.numbers, how))
    targets, wrong = targets_of(labelled.label, 1), targets_of(np.roll(labelled.label, 1), 1)
    options = replace(SMALL, epochs=10, patience=2, learning_rate=5e-2)
    train_set = InMemory(labelled, targets, targets.weights(0.5))
    fitted = fit(train_set, (inputs, wrong), how, ClassHead(wrong.classes), options, Silent())
    losses = [row["log_loss"] for row in fitted.history]
    assert len(losses) == int(np.argmin(losses)) + 1 + options.patience or len(losses) == options.epochs


class InOrder(InMemory):
    """A training set whose stars always come in the same order."""

    def batches(self, epoch, size, rng):
        for chosen in np.array_split(np.arange(len(self)), self.per_epoch(size)):
            yield Batch(self.curves.take(chosen), self.truth.take(chosen), self.weight[chosen])


def test_a_batch_without_a_usable_star_teaches_nothing():
    labelled, how = curves(), Preparation()
    inputs = prepare(labelled.lcs, labelled.period, how)
    how = fit_standards(how, inputs.numbers)
    validation = (replace(inputs, numbers=standardise(inputs.numbers, how)), targets_of(labelled.label, 1))
    options = replace(SMALL, epochs=2, batch_size=len(labelled) // 3)
    targets = validation[1]

    def fitted(period):
        train_set = InOrder(replace(labelled, period=period), targets, targets.weights(0.5))
        return fit(train_set, validation, how, ClassHead(targets.classes), options, Silent())

    some = fitted(np.where(np.arange(len(labelled)) < options.batch_size, np.nan, labelled.period))
    assert all(np.isfinite(row["train_loss"]) for row in some.history)
    assert all(bool(value.isfinite().all()) for value in some.network.state_dict().values())
    with pytest.raises(InputError, match="no star of the training set"):
        fitted(np.full(len(labelled), np.nan))


def test_temperature_is_the_one_the_scores_were_spoilt_with():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20_000, 4)).astype(np.float32) * 2
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = (rng.random(20_000)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    assert fit_temperature(scores * 1.7, targets_of(NAMES[truth], 1)) == pytest.approx(1.7, rel=0.03)


def test_the_temperature_of_a_sum_over_periods_makes_the_sum_right():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(2, 20_000, 4)).astype(np.float32) * 3
    weights = (0.7, 0.3)
    each = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    chances = np.tensordot(weights, each, 1)
    truth = (rng.random(20_000)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    targets = targets_of(NAMES[truth], 1)
    assert fit_temperature(scores * 1.7, targets, weights) == pytest.approx(1.7, rel=0.04)
    three = np.concatenate([scores[:1], scores[:1] + 9 * np.eye(4, dtype=np.float32)[0], scores[1:]])
    assert fit_temperature(three * 1.7, targets, (0.7, 0.0, 0.3)) == pytest.approx(1.7, rel=0.04)
    assert fit_temperature(scores[0] * 1.7, targets) > 2, "one period alone must be less sure"


def test_prediction_sets_cover_new_stars_as_often_as_promised():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet([0.3] * 4, 40_000)
    truth = (rng.random(40_000)[:, None] > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    overconfident = probabilities**2 / (probabilities**2).sum(axis=1, keepdims=True)
    targets = targets_of(NAMES[truth], 1)
    first, second = np.arange(20_000), np.arange(20_000, 40_000)
    thresholds = mass_thresholds(overconfident[first], targets.take(first), ["all"] * 4)
    sets = adaptive_sets(overconfident[second], thresholds)
    assert (sets & targets.take(second).allowed).any(axis=1).mean() == pytest.approx(0.9, abs=0.01)
    assert sets[np.arange(20_000), overconfident[second].argmax(axis=1)].all(), "the most probable class always is"
    assert not adaptive_sets(np.full((2, 3), np.nan), (0.9,) * 3).any()
    assert mass_thresholds(overconfident[:5], targets.take(first[:5]), ["all"] * 4) == (1.0,) * 4
    assert adaptive_sets(np.array([[0.5, 0.25, 0.25, 0.0]]), (1.0,) * 4).tolist() == [[True, True, True, False]]


def test_sets_grow_where_nothing_is_known_even_if_the_model_is_nearly_always_right():
    told = np.array([[0.97, 0.01, 0.01, 0.01]])
    always = np.repeat(told, 100, axis=0), targets_of(np.array(["RRab"] * 97 + ["RRc", "EA", "EW"], object), 1)
    for given in (unsure_of_binaries(20_000, 1), always):
        thresholds = mass_thresholds(*given, ["all"] * 4)
        assert adaptive_sets(np.full((1, 4), 0.25), thresholds).sum() >= 2
        assert adaptive_sets(told, thresholds).sum() == 1


def unsure_of_binaries(n, seed):
    """Too sure probabilities of two RR Lyrae classes, told well, and two of binaries, hardly told apart."""
    rng = np.random.default_rng(seed)
    likelihood = np.array([[50.0, 1, 1, 1], [1, 50, 1, 1], [1, 1, 4, 3], [1, 1, 3, 4]])[rng.integers(0, 4, n)]
    likelihood = likelihood * np.exp(rng.normal(size=(n, 4)))
    probabilities = likelihood / likelihood.sum(axis=1, keepdims=True)
    truth = (rng.random(n)[:, None] > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    return probabilities**2 / (probabilities**2).sum(axis=1, keepdims=True), targets_of(NAMES[truth], 1)


def test_sets_by_group_cover_each_group_where_common_ones_do_not():
    given, new = unsure_of_binaries(20_000, 1), unsure_of_binaries(20_000, 2)
    binary = new[1].allowed[:, 2:].any(axis=1)

    def covered(thresholds):
        held = (adaptive_sets(new[0], thresholds) & new[1].allowed).any(axis=1)
        return held[~binary].mean(), held[binary].mean()

    common, own = mass_thresholds(*given, ["all"] * 4), mass_thresholds(*given, ["RR", "RR", "ECL", "ECL"])
    assert abs(np.diff(covered(common))[0]) > 0.02, "groups that are told equally well test nothing"
    assert covered(own) == pytest.approx((0.9, 0.9), abs=0.01)
    assert own[0] == own[1] != own[2] == own[3]


def test_a_group_of_few_stars_has_nearly_the_common_threshold():
    probabilities, targets = unsure_of_binaries(2000, 3)
    few = np.concatenate(
        [np.flatnonzero(targets.allowed[:, :2].any(axis=1)), np.flatnonzero(targets.allowed[:, 2])[:4]]
    )
    some = probabilities[few], targets.take(few)
    (common, *_), own = mass_thresholds(*some, ["all"] * 4), mass_thresholds(*some, ["RR", "RR", "ECL", "ROT"])
    assert own[2] == pytest.approx((4 * 1.0 + 20 * common) / 24, abs=2e-6), "four stars alone would take every class"
    assert own[3] == pytest.approx(common, abs=2e-6), "no star"


@pytest.mark.parametrize("coverage", [0.5, 0.9, 0.95, 2 / 3])
def test_the_rank_of_the_threshold_is_that_of_split_conformal(coverage):
    """The ⌈(n + 1) coverage⌉-th smallest score of a true class (Vovk; Angelopoulos & Bates 2023, eq. 2)."""
    share = Fraction(coverage).limit_denominator(1000)
    for n in (*range(1, 130), 199, 999, 1000, 2999):
        above = 0.5 + 0.5 * np.arange(1, n + 1) / (n + 2)  # of the class that is not true
        probabilities = np.stack([1 - above, above], axis=1)
        targets = targets_of(np.array(["RRab", *["RRc"] * n], dtype=object), 1).take(np.zeros(n, int))
        rank = math.ceil((n + 1) * share)
        (threshold, _) = mass_thresholds(probabilities, targets, ["all"] * 2, coverage)
        assert threshold == pytest.approx(above[rank - 1] if rank <= n else 1.0, abs=2e-6)


def test_a_group_as_label_asks_for_the_sum_of_its_classes():
    scores = torch.tensor([[1.0, 2.0, 0.5], [0.3, -1.0, 2.0]])
    probability = scores.softmax(1)
    allowed = torch.tensor([[True, True, False], [False, False, True]])
    loss = ClassHead().loss(scores, [allowed], 0.0)
    assert loss[0].item() == pytest.approx(-np.log(probability[0, :2].sum().item()), rel=1e-5)
    smooth = torch.nn.functional.cross_entropy(scores[1:], torch.tensor([2]), label_smoothing=0.1)
    assert ClassHead().loss(scores, [allowed], 0.1)[1].item() == pytest.approx(smooth.item(), rel=1e-5)


def test_surveys_of_different_detail_teach_one_model(tmp_path):
    labelled = curves(150, classes=("RRab", "RRc", "EA"))
    coarse = np.where((np.arange(150) % 2 == 0) & (labelled.label != "EA"), "RR", labelled.label)
    model = train(
        replace(labelled, label=coarse), tmp_path / "m", trained_on="simulated", options=SMALL, min_class_size=5
    )
    assert model.classes == ("RRab", "RRc", "EA")
    assert model.card.data["labels"] == {"RR": 50, "RRab": 25, "RRc": 25, "EA": 50}


def test_augmentation_leaves_stars_recognisable():
    labelled = curves(30)
    rng = np.random.default_rng(0)
    how = Augmentation(wrong_period=0.0)
    changed, period = change(labelled.lcs, labelled.period, how, rng)
    share = changed.counts / labelled.lcs.counts
    assert 0.4 < share.min() < share.max() <= 1.0
    baseline = np.array([np.ptp(labelled.lcs.time[a:b]) for a, b in itertools.pairwise(labelled.lcs.offsets)])
    drift = np.abs(period / labelled.period - 1) * baseline / labelled.period
    assert 0 < np.median(drift) < 0.05
    short = labelled.lcs.keep(np.arange(labelled.lcs.time.size) < labelled.lcs.offsets[0] + 12)
    assert change(short, labelled.period, how, rng)[0].counts[0] == 12


def test_no_star_is_thinned_below_fifteen_observations():
    n, size = 500, 20
    time = np.sort(np.random.default_rng(1).uniform(0, 100, (n, size)), axis=1).ravel()
    lcs = LightCurves(time, np.ones(n * size), np.full(n * size, 0.1), np.arange(n + 1) * size)
    changed, _ = change(lcs, np.ones(n), Augmentation(), np.random.default_rng(0))
    assert set(changed.counts) == set(range(15, size + 1))
    assert (np.diff(changed.time)[np.diff(np.repeat(np.arange(n), changed.counts)) == 0] > 0).all()


def test_some_periods_are_doubled_or_halved():
    labelled = curves(300)
    _, period = change(labelled.lcs, labelled.period, Augmentation(wrong_period=0.4), np.random.default_rng(0))
    ratio = np.log2(period / labelled.period).round().astype(int)
    assert np.mean(ratio == 0) == pytest.approx(0.6, abs=0.1)
    assert np.mean(ratio == 1) == pytest.approx(0.2, abs=0.08)
    assert np.mean(ratio == -1) == pytest.approx(0.2, abs=0.08)


def test_a_wrong_period_has_the_right_one_as_its_alternative():
    right, other = np.array([1.0, 1.0, 1.0]), np.array([3.0, 3.0, np.nan])
    told = tell_right_period({"period_2": other, "bp_rp": right}, right, np.array([1.001, 2.0, 0.5]))
    assert told["period_2"].tolist() == [3.0, 1.0, 1.0]
    assert tell_right_period({"bp_rp": right}, right, right) == {"bp_rp": right}


def test_a_hidden_role_is_hidden_everywhere():
    labelled, preparation = curves(40), Preparation()
    inputs = prepare(labelled.lcs, labelled.period, preparation)
    hidden = disguise(inputs, preparation, Augmentation(role_dropout=1.0), np.random.default_rng(0))
    names = np.array(preparation.names)
    for i in range(40):
        dark = [hidden.images[i, 2 * r : 2 * r + 2].max() == 0 for r in range(2)]
        gone = [np.isnan(hidden.numbers[i, np.char.endswith(names, f"_{role}")]).all() for role in ("blue", "red")]
        assert dark == gone
        assert sum(dark) == 1
        assert np.isnan(hidden.numbers[i, names == "colour"]).all()


def test_columns_are_hidden_from_some_and_compressed_where_they_span_orders_of_magnitude():
    labelled, value = curves(200), np.linspace(-50, 5e4, 200)
    how = Preparation(columns=("evidence", "snr"), compressed=("evidence",))
    inputs = prepare(labelled.lcs, labelled.period, how, columns={"evidence": value, "snr": value})
    np.testing.assert_allclose(inputs.numbers[:, -2], np.arcsinh(value), rtol=1e-6)
    np.testing.assert_allclose(inputs.numbers[:, -1], value, rtol=1e-6)
    hidden = disguise(inputs, how, Augmentation(role_dropout=0.0, column_dropout=0.3), np.random.default_rng(0))
    gone = np.isnan(hidden.numbers[:, -2:])
    assert (gone[:, 0] == gone[:, 1]).all()
    assert 0.2 < gone.mean() < 0.4
    np.testing.assert_array_equal(hidden.numbers[:, :-2], inputs.numbers[:, :-2])
    with pytest.raises(InputError, match="compressed columns are out of none"):
        Preparation(compressed=("evidence",))


def test_cards_without_compressed_columns_keep_their_words(trained):
    """Ids are made of every word, and rows in lakes name the model by its id."""
    card = trained[1].card
    assert "compressed" not in card.to_json()
    told = replace(card, preparation=replace(card.preparation, columns=("snr",), compressed=("snr",)))
    assert Card.from_json(told.to_json(), "here").preparation == told.preparation
    assert Card.from_json(card.to_json(), "here").preparation == card.preparation


def test_a_map_of_time_differences_has_no_phase_to_be_cut_at():
    labelled, how = curves(10), Preparation(pictures=("dm-dt",))
    inputs = prepare(labelled.lcs, labelled.period, how)
    cut = disguise(inputs, how, Augmentation(role_dropout=0.0), np.random.default_rng(0))
    np.testing.assert_array_equal(cut.images[:, 2::3], inputs.images[:, 2::3])
    assert not np.array_equal(cut.images[:, ::3], inputs.images[:, ::3])


def test_only_candidate_periods_that_tell_something_are_looked_at():
    rng = np.random.default_rng(4)
    n, classes = 4000, np.array(["RRab", "RRc", "EA"], object)
    truth, which = rng.integers(0, 3, n), rng.choice(3, n, p=[0.7, 0.3, 0.0])
    scores = np.zeros((3, n, 3), np.float32)
    for k in range(3):
        scores[k, np.arange(n), np.where(which == k, truth, rng.integers(0, 3, n))] = 4.0
    targets = targets_of(classes[truth], 1)
    _, both = calibrate(ClassHead(targets.classes), scores, targets)
    _, first = calibrate(ClassHead(targets.classes), scores[[0, 0, 0]], targets)
    assert len(both) == 2
    assert both[1] == pytest.approx(0.3, abs=0.03)
    assert first == (1.0,)
