"""Training that is interrupted, that streams, that computes in half precision: the same model, or as good a one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from labelled_curves import as_table, curves
from skies import put

from lcscale.engine.progress import Silent
from lcscale.errors import InputError, ModelError
from lcscale.models import Split, TrainingOptions, train
from lcscale.models.inputs.preparation import prepare
from lcscale.models.judging.calibration import fit_period_weights
from lcscale.models.keeping.model import network_scores
from lcscale.models.labels.targets import targets_of

SMALL = TrainingOptions(epochs=4, filters=(4, 4, 4), hidden=8, stacked_with=())


class Stopping(Silent):
    """Somebody who looks on for some epochs and presses Ctrl-C."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, rows: int) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.fixture
def stopped(monkeypatch):
    """Make the next training stop after some epochs."""

    def set_up(after: int):
        monkeypatch.setattr("lcscale.models.training.train.progress_for", lambda *_: Stopping(after))
        return monkeypatch

    return set_up


def run(folder, labelled, options=SMALL, **more):
    return train(labelled, folder, trained_on="simulated", options=options, min_class_size=5, **more)


def test_an_interrupted_training_goes_on_to_the_very_same_weights(tmp_path, stopped):
    labelled = curves(90)
    whole = run(tmp_path / "a" / "m", labelled)
    patch = stopped(2)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "b" / "m", labelled)
    patch.undo()
    beside = tmp_path / "b" / "m.checkpoint"
    assert beside.is_file()
    again = run(tmp_path / "b" / "m", labelled)
    assert again.card.id == whole.card.id
    assert [row["epoch"] for row in again.card.data["history"]] == [0, 1, 2, 3]
    assert not beside.exists()
    assert sorted(path.name for path in (tmp_path / "b" / "m").iterdir()) == ["card.json", "weights.safetensors"]


def test_another_training_does_not_go_on_from_there(tmp_path, stopped):
    labelled = curves(90)
    patch = stopped(2)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "m", labelled)
    patch.undo()
    other = replace(labelled, period=labelled.period * 1.01)
    assert run(tmp_path / "m", other).card.weights_sha256 == run(tmp_path / "n", other).card.weights_sha256
    (tmp_path / "o.checkpoint").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="is no checkpoint"):
        run(tmp_path / "o", labelled)


def with_another_label(labelled):
    """A table with the column `other`, in which each star has its neighbour's label: as many of each."""
    return as_table(labelled).append_column("other", pa.array(np.roll(labelled.label, 1).tolist()))


def as_catalog(lake, table):
    """The table as a catalog over the whole sky."""
    n = len(table)
    for name, values in zip(("ra", "dec"), np.degrees(np.random.default_rng(0).uniform(0, 1, (2, n))), strict=True):
        table = table.append_column(name, pa.array(values))
    table = table.append_column("object_id", pa.array(range(n))).sort_by("_healpix_29")
    return put(lake, "labelled", table, order=0)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("more", [{"label": "other"}, {"min_class_size": 30}, {"split": Split(seed=1)}])
def test_a_training_with_other_labels_starts_afresh(lake, tmp_path, stopped, stream, more):
    """Of classes with 24 stars each, two count as one when 30 are asked for."""
    catalog = as_catalog(lake, with_another_label(curves(96, classes=("RRab", "RRc", "EA", "LPV"))))
    patch = stopped(2)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "m", catalog, stream=stream)
    patch.undo()
    assert (tmp_path / "m.checkpoint").is_file()
    options = {"trained_on": "simulated", "options": SMALL, "min_class_size": 5, "stream": stream} | more
    here, fresh = (train(catalog, tmp_path / name, **options).card for name in ("m", "n"))
    assert here.classes == fresh.classes
    assert here.weights_sha256 == fresh.weights_sha256


def test_the_content_of_labelled_curves_is_that_of_every_array():
    labelled = replace(curves(9), columns={"colour": np.arange(9.0)}, origin=np.full(9, "here", object))
    lcs = labelled.lcs
    changed = (
        replace(labelled, lcs=replace(lcs, error=lcs.mag_err * 2)),
        replace(labelled, lcs=replace(lcs, band=lcs.band[::-1].copy())),
        replace(labelled, bands=("V", "I")),
        replace(labelled, columns={"colour": np.ones(9)}),
        replace(labelled, columns={"color": np.arange(9.0)}),
        replace(labelled, origin=np.full(9, "there", object)),
        replace(labelled, origin=None),
    )
    assert len({each.content() for each in (labelled, *changed)}) == 1 + len(changed)


def test_a_catalog_that_streams_teaches_as_well(lake, tmp_path):
    labelled = curves(240, seed=5)
    catalog = as_catalog(lake, as_table(labelled))
    options = TrainingOptions(epochs=8, filters=(6, 8, 12), hidden=24, learning_rate=5e-3, batch_size=12)
    held = run(tmp_path / "held" / "m", catalog, replace(options, epochs=1))
    streamed = run(tmp_path / "streamed" / "m", catalog, options, stream=True)
    assert streamed.card.data["sets"] == held.card.data["sets"]
    assert streamed.card.data["labels"] == held.card.data["labels"]
    assert streamed.card.metrics["test"]["n"] == held.card.metrics["test"]["n"]
    assert streamed.card.metrics["accuracy"] > 0.85
    assert streamed.card.metrics["random_forest"]["accuracy"] > 0.85
    with pytest.raises(InputError, match="needs the column label"):
        run(tmp_path / "none", catalog.without("label"), options, stream=True)


def test_half_precision_scores_are_those_of_single_precision_but_for_rounding(trained):
    labelled = curves(60)
    card = trained[1].card
    inputs = prepare(labelled.lcs, labelled.period, card.preparation)
    full, half = (network_scores(trained[1].network, inputs, precision) for precision in ("float32", "bfloat16"))
    assert not np.array_equal(full, half)
    assert np.abs(full - half).max() < 0.05 * np.abs(full).max(), "bfloat16 keeps 8 bits"
    assert np.mean(full.argmax(axis=1) == half.argmax(axis=1)) > 0.95


def test_training_in_half_precision_learns(tmp_path):
    options = replace(
        SMALL, epochs=10, filters=(6, 8, 12), hidden=24, learning_rate=5e-3, precision="bfloat16", batch_size=12
    )
    model = run(tmp_path / "m", curves(200), options, split=Split(test=0.2))
    assert model.card.metrics["accuracy"] > 0.8
    assert all(value.dtype == torch.float32 for value in model.network.parameters())
    with pytest.raises(InputError, match="precision is one of"):
        TrainingOptions(precision="float8")


def test_candidate_periods_count_as_often_as_they_are_right():
    rng = np.random.default_rng(2)
    n, classes = 40_000, np.array(["RRab", "RRc", "EA", "EW"], object)
    truth, which = rng.integers(0, 4, n), rng.choice(3, n, p=[0.65, 0.3, 0.05])
    seen = np.full((3, n, 4), 0.0)
    for k in range(3):
        guess = np.where(which == k, truth, rng.integers(0, 4, n))
        seen[k] = 0.04 / 4
        seen[k, np.arange(n), guess] += 0.96
    weights = fit_period_weights(seen, targets_of(classes[truth], 1))
    np.testing.assert_allclose(weights, [0.65, 0.3, 0.05], atol=0.01)
    only = fit_period_weights(np.stack([seen[0], np.full((n, 4), 1e-9)]), targets_of(classes[truth], 1))
    assert only == (1.0,)


def test_a_wrong_alias_is_outvoted_by_the_weights_of_the_card(trained):
    _, model = trained
    labelled = curves(30)
    both = replace(model, card=replace(model.card, period_weights=(0.75, 0.25)))
    right, wrong = labelled.period, labelled.period * 1.37
    one, other = (model.predict_proba(labelled.lcs, period) for period in (right, wrong))
    mixed = both.predict_proba(labelled.lcs, np.stack([wrong, right], axis=1))
    np.testing.assert_allclose(mixed, 0.75 * other + 0.25 * one, atol=1e-5)
    np.testing.assert_allclose(both.predict_proba(labelled.lcs, right), one, atol=1e-6)
    missing = np.stack([right, np.full(30, np.nan)], axis=1)
    np.testing.assert_allclose(both.predict_proba(labelled.lcs, missing), one, atol=1e-6)


def test_mistakes_are_kept_with_their_places(trained):
    errors = trained[1].card.metrics["errors"]
    test = trained[1].card.metrics["test"]
    wrong = test["n"] - round(test["accuracy"] * test["n"])
    assert len(errors) == min(wrong, 24)
    assert all(row["label"] != row["class"] and row["healpix_29"] >= 0 for row in errors)
    assert [row["probability"] for row in errors] == sorted((row["probability"] for row in errors), reverse=True)
