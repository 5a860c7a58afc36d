import itertools
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from lcscale.engine.progress import Silent
from lcscale.errors import InputError
from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.lightcurves.synthesis import synthesize
from lcscale.models import Augmentation, LabelledCurves, Split, TrainingOptions, train
from lcscale.models.augmentation import change, disguise
from lcscale.models.fitting import class_weights, fit, fit_temperature
from lcscale.models.preparation import Preparation, fit_standards, prepare, standardise

SMALL = TrainingOptions(epochs=2, filters=(4, 4, 4), hidden=8)


def curves(n=90, seed=3, classes=("RRab", "EA", "LPV")):
    made = synthesize([classes[i % len(classes)] for i in range(n)], seed, n_observations=(40, 80))
    place = np.random.default_rng(seed).integers(0, 12 << 58, n)
    return LabelledCurves(made.lcs, made.period, made.label.astype(object), place, made.lcs.bands)


def as_table(labelled: LabelledCurves) -> pa.Table:
    field = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "g,r"})
    schema = pa.schema(
        [
            pa.field("_healpix_29", pa.int64()),
            field,
            pa.field("period", pa.float64()),
            pa.field("label", pa.string()),
        ]
    )
    arrays = [labelled.healpix_29, labelled.lcs.to_arrow(), labelled.period, labelled.label.tolist()]
    return pa.Table.from_arrays([pa.array(values) for values in arrays], schema=schema)


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
    assert sum(data["sets"].values()) == sum(data["classes"].values()) == 360
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
    targets = np.arange(90) % 3
    options = replace(SMALL, epochs=10, patience=2, learning_rate=1e-5)
    wrong = (targets + 1) % 3
    fitted = fit(labelled, targets, (inputs, wrong), how, replace(options, learning_rate=5e-2), 3, Silent())
    losses = [row["log_loss"] for row in fitted.history]
    assert len(losses) == int(np.argmin(losses)) + 1 + options.patience or len(losses) == options.epochs


def test_temperature_is_the_one_the_scores_were_spoilt_with():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(20_000, 4)).astype(np.float32) * 2
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = (rng.random(20_000)[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, 3)
    assert fit_temperature(scores * 1.7, truth) == pytest.approx(1.7, rel=0.03)


def test_class_weights():
    targets = np.array([0] * 90 + [1] * 10)
    np.testing.assert_allclose(class_weights(targets, 2, 0.0), [1, 1])
    even = class_weights(targets, 2, 1.0)
    assert even[0] * 90 == pytest.approx(even[1] * 10)
    assert even[targets].mean() == pytest.approx(1.0)


def test_augmentation_leaves_stars_recognisable():
    labelled = curves(30)
    rng = np.random.default_rng(0)
    how = Augmentation()
    changed, period = change(labelled.lcs, labelled.period, how, rng)
    share = changed.counts / labelled.lcs.counts
    assert 0.4 < share.min() < share.max() <= 1.0
    baseline = np.array([np.ptp(labelled.lcs.time[a:b]) for a, b in itertools.pairwise(labelled.lcs.offsets)])
    drift = np.abs(period / labelled.period - 1) * baseline / labelled.period
    assert 0 < np.median(drift) < 0.05
    short = labelled.lcs.keep(np.arange(labelled.lcs.time.size) < labelled.lcs.offsets[0] + 12)
    assert change(short, labelled.period, how, rng)[0].counts[0] == 12


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
