"""Training that forgets the survey: cadences, trees on thinned copies, what is withheld; a planted leak is closed."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from labelled_curves import curves
from sklearn.ensemble import ExtraTreesClassifier

from lcscale.errors import InputError, ModelError
from lcscale.lightcurves import LightCurves
from lcscale.models import Augmentation, Preparation, Split, TrainingOptions, ValueHead, load, train
from lcscale.models.heads.classes import ClassHead
from lcscale.models.inputs.augmentation import change
from lcscale.models.inputs.cadences import cadences, observed_as, observed_as_others
from lcscale.models.inputs.numbers import OF_SECOND_BAND, TELLING, matching
from lcscale.models.inputs.preparation import prepare
from lcscale.models.judging.leaving_out import Stars, boosted, forgetting, leave_out
from lcscale.models.keeping.model import network_scores
from lcscale.models.labels.splitting import VALIDATION, assign
from lcscale.models.labels.targets import targets_in, targets_of
from lcscale.models.networks.table import NETWORKS, named
from lcscale.models.training.forgetting import thinned_numbers, without
from lcscale.models.trees.extra import ExtraTrees, grow_extra_trees

SMALL = TrainingOptions(epochs=1, filters=(4, 4, 4), hidden=8, stacked_with=())


def long_curves(n=40, points=600, seed=0):
    """Two bands, four observations in each of many visits, eight years, hardly any noise."""
    rng = np.random.default_rng(seed)
    visits = np.sort(rng.uniform(0, 2900, (n, points // 4)), axis=1)
    time = (visits[:, :, None] + np.arange(4) * 0.006).ravel()
    mag = 15 + rng.normal(0, 0.3, time.size)
    band = rng.integers(0, 2, time.size).astype(np.int8)
    offsets = np.arange(n + 1) * points
    return LightCurves(time, mag, np.full(time.size, 1e-3), offsets, band, ("g", "r"))


@pytest.mark.parametrize("name", list(cadences()))
def test_stars_are_seen_as_declared(name):
    how, lcs = cadences()[name], long_curves()
    seen = observed_as(lcs, how, np.random.default_rng(1))
    assert len(seen) == len(lcs)
    for row in range(len(seen)):
        part = seen.between(row, row + 1)
        assert np.unique(part.band).size == min(how.bands, 2)
        for code in np.unique(part.band):
            time = part.time[part.band == code]
            assert how.fewest <= time.size <= max(how.observations[1], how.fewest)
            assert np.ptp(time) <= how.days
            visits = np.split(time, np.flatnonzero(np.diff(time) > how.visit_hours / 24) + 1)
            assert max(map(len, visits)) <= how.per_visit
            error = part.mag_err[part.band == code]
            assert np.ptp(error) < 1e-6
            assert how.noise[0] * 0.999 <= error[0] <= how.noise[1] * 1.001


def test_noise_is_as_large_as_the_errors_say_and_zero_points_differ():
    flat = replace(long_curves(200), value=np.full(200 * 600, 15.0))
    how = replace(cadences()["ztf"], zero_point=0.5)
    seen = observed_as(flat, how, np.random.default_rng(2)).select_band("g")
    offset = np.array([np.mean(seen.mag[a:b]) - 15.0 for a, b in zip(seen.offsets, seen.offsets[1:], strict=False)])
    assert np.std(offset) == pytest.approx(0.5, rel=0.15)
    pull = (seen.mag - 15.0 - np.repeat(offset, seen.counts)) / seen.mag_err
    assert np.std(pull) == pytest.approx(1.0, abs=0.05)


def test_poor_light_curves_stay_as_they_are():
    """12 observations or the fewest of the survey, with errors of 0.3 mag: it saw no less, and none with more noise."""
    rng = np.random.default_rng(3)
    many = LightCurves(np.sort(rng.uniform(0, 900, 12)), rng.normal(15, 1, 12), np.full(12, 0.3), [0, 12], None, ("V",))
    for how in cadences().values():
        poor = many.keep(np.arange(12) < how.fewest)
        seen = observed_as(poor, replace(how, zero_point=0.0), rng)
        np.testing.assert_array_equal(seen.time, poor.time)
        np.testing.assert_array_equal(seen.mag, poor.mag)
    unknown = replace(many, error=np.full(12, np.nan))
    assert np.isnan(observed_as(unknown, cadences()["gaia"], rng).mag_err).all()


def test_a_time_that_is_missing_is_no_season():
    rng = np.random.default_rng(3)
    time = np.sort(rng.uniform(0, 3000, 300))
    time[7] = np.nan
    lcs = LightCurves(time, rng.normal(15, 0.1, 300), np.full(300, 0.01), [0, 300])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = observed_as(lcs, cadences()["gaia"], rng)
    assert np.ptp(seen.time) <= cadences()["gaia"].days
    assert 15 <= seen.counts[0] <= 80


def test_each_star_of_a_batch_stays_itself():
    lcs = long_curves()
    own = replace(lcs, value=np.repeat(np.arange(len(lcs)) * 10.0, lcs.counts))
    seen = observed_as_others(own, ("gaia", "rubin"), np.random.default_rng(4))
    assert np.rint(seen.mean_mag / 10).tolist() == list(range(len(lcs)))
    how = Augmentation(cadences=("gaia",), thinned=0.5)
    changed, _ = change(own, np.ones(len(lcs)), how, np.random.default_rng(5))
    assert np.rint(changed.mean_mag / 10).tolist() == list(range(len(lcs)))
    few = changed.counts <= 80
    assert 0.2 < few.mean() < 0.8
    with pytest.raises(InputError, match="no cadence kepler; there are gaia, catalina, ztf, rubin"):
        observed_as_others(own, ("kepler",), np.random.default_rng(6))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_trees_are_those_of_the_library(n_classes):
    rng = np.random.default_rng(7)
    x, other = rng.normal(size=(2, 600, 6)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    label = np.digitize(np.nan_to_num(x[:, 0]) + 0.5 * rng.normal(size=600), [0.0, 0.7, 1.2][: n_classes - 1])
    allowed = np.eye(5, dtype=bool)[label]
    grown = grow_extra_trees(x, allowed, np.ones(600, np.float32), 0)
    assert isinstance(grown, ExtraTreesClassifier)
    trees = ExtraTrees.of(grown, 5).checked(6)
    found = trees(torch.from_numpy(other)).double().exp().numpy()
    wanted = grown.predict_proba(other)
    np.testing.assert_allclose(found[:, :n_classes], np.maximum(wanted, 1e-4), atol=1e-6)
    assert found[:, n_classes:].max() < 1.01e-4
    for n_trees in (0, 1):  # `first` is of no tree, or missing
        none = ExtraTrees.build({"n_nodes": 0, "n_leaves": 0, "n_trees": 0, "n_outputs": 5})
        none.first = none.first[n_trees:]
        with pytest.raises(ModelError, match="do not belong together"):
            none.checked(6)
    trees.get_buffer("left")[0] = 10**6
    with pytest.raises(ModelError, match="do not belong together"):
        trees.checked(6)


def test_stars_of_groups_are_taught_as_the_likelier_of_their_classes():
    rng = np.random.default_rng(8)
    kind = rng.integers(0, 3, 900)
    x = (rng.normal(size=(900, 3)) + 3.0 * np.eye(3)[kind]).astype(np.float32)
    allowed = np.eye(3, dtype=bool)[kind]
    group = (rng.random(900) < 0.7) & (kind < 2)
    allowed[group, :2] = True
    trees = ExtraTrees.of(grow_extra_trees(x, allowed, np.ones(900, np.float32), 0), 3)
    fresh = (rng.normal(size=(600, 3)) + 3.0 * np.eye(3)[np.arange(600) % 3]).astype(np.float32)
    given = trees(torch.from_numpy(fresh)).numpy().argmax(axis=1)
    assert (given == np.arange(600) % 3).mean() > 0.95


def test_a_leak_through_signal_and_second_band_is_closed():
    """One survey has a red band and a high signal, and nothing but Cepheids: both come to mean Cepheid."""
    rng = np.random.default_rng(9)
    names = ("log_period", "r21_blue", "log_signal_blue", "r21_red")

    def survey(n, classes, signal, red):
        kind = rng.integers(0, len(classes), n)
        label = np.array(classes, object)[kind]
        shape = {"DCEP_F": 0.9, "RRab": -0.9, "EA": 0.0}
        r21 = rng.normal([shape[each] for each in label], 0.3)
        second = r21 + rng.normal(0, 0.1, n) if red else np.full(n, np.nan)
        return np.stack([rng.normal(size=n), r21, rng.normal(signal, 0.3, n), second], axis=1), label

    parts = [
        survey(300, ["DCEP_F"], 3.0, True),
        survey(300, ["RRab", "EA", "DCEP_F"], 0.0, False),
        survey(300, ["RRab", "EA", "DCEP_F"], 2.8, True),  # the next survey: as good as the first, and of all classes
    ]
    numbers = np.concatenate([part[0] for part in parts]).astype(np.float32)
    truth = targets_of(np.concatenate([part[1] for part in parts]), 1)
    origin = np.repeat(np.array(["cepheids", "shallow", "next"], object), 300)
    stars = Stars(numbers, truth, origin, rng.integers(0, 12 << 58, 900))
    leaking = leave_out(stars, boosted(stars))["next"]["left_out"]["accuracy"]
    copies = np.stack([numbers, numbers])
    closed = leave_out(stars, forgetting(stars, copies, names))["next"]["left_out"]["accuracy"]
    assert closed > 0.8  # three classes three standard deviations apart: 0.91 at best
    assert leaking < closed - 0.1


def test_what_is_withheld_decides_nothing_and_copies_are_of_the_same_stars():
    labelled = curves(60)
    how = Preparation(kinds=("numbers",))
    copies = thinned_numbers(labelled, how, ("ztf", "rubin"), 3, 0)
    assert copies.shape == (3, 60, len(how.names))
    period = copies[:, :, how.names.index("log_period")]
    np.testing.assert_allclose(period, np.broadcast_to(np.log10(labelled.period), period.shape), rtol=1e-5)
    assert not np.array_equal(copies[0], copies[1], equal_nan=True)
    kept = without(copies[0], how.names, (*TELLING, *OF_SECOND_BAND))
    gone = matching(how.names, (*TELLING, *OF_SECOND_BAND))
    assert np.isnan(kept[:, gone]).all()
    np.testing.assert_array_equal(kept[:, ~gone], copies[0][:, ~gone])
    assert set(np.array(how.names)[~gone]) >= {"log_period", "log_amplitude_blue", "r21_blue", "cos_phi31_blue"}


def test_a_model_is_trained_so_and_kept(tmp_path):
    labelled = curves(240)
    options = TrainingOptions.forgetting()
    model = train(labelled, tmp_path / "m", trained_on="simulated", options=options, min_class_size=20)
    assert model.card.network == "extra_trees"
    assert model.card.metrics["accuracy"] > 0.85
    again = load(tmp_path / "m")
    some = labelled.take(np.arange(50))
    before = model.predict_proba(some.lcs, some.period, bands=some.bands)
    np.testing.assert_array_equal(again.predict_proba(some.lcs, some.period, bands=some.bands), before)
    both = replace(SMALL, stacked_with=("extra_trees",))
    stacked = train(labelled, tmp_path / "s", trained_on="simulated", options=both, min_class_size=20)
    assert stacked.card.architecture["parts"][1]["name"] == "extra_trees"


def test_numbers_withheld_from_a_network_count_for_nothing(tmp_path):
    """Whatever they are, and as they were seen missing in training: the card's figures are those of full inputs."""
    labelled = curves(150)
    options = replace(
        TrainingOptions.forgetting(network="folded_images"), epochs=2, filters=(4, 4, 4), hidden=8, copies=0
    )
    how = {"trained_on": "simulated", "min_class_size": 5, "split": Split(0.2, 0.3, 4), "baselines": False}
    model = train(labelled, tmp_path / "m", options=options, **how)
    card = model.card
    assert (card.network, card.data["options"]["stacked_with"]) == ("folded_images", [])
    gone = matching(card.preparation.names, options.withheld)
    inputs = prepare(labelled.lcs, labelled.period, card.preparation, bands=labelled.bands)
    other, missing, kept = (inputs.numbers.copy() for _ in range(3))
    other[:, gone] = np.random.default_rng(0).normal(size=other[:, gone].shape)
    missing[:, gone] = np.nan
    kept[:, ~gone] = np.nan
    scores = [network_scores(model.network, replace(inputs, numbers=x)) for x in (inputs.numbers, other, missing, kept)]
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], scores[2])
    assert np.abs(scores[0] - scores[3]).max() > 0.01, "the others count"
    rows = np.flatnonzero(assign(labelled.healpix_29, Split(0.2, 0.3, 4)) == VALIDATION)
    truth = targets_in(labelled.label[rows], model.classes)
    figures = ClassHead(model.classes).epoch_figures(scores[0][rows], truth)
    assert min(row["log_loss"] for row in card.data["history"]) == pytest.approx(figures["log_loss"], abs=1e-4)


def test_a_network_that_cannot_look_away_is_refused(tmp_path):
    class Blunt(named("folded_images")):
        name = "blunt"

        def __init__(self, architecture):
            super().__init__(architecture)
            self.told = None

    NETWORKS["blunt"] = Blunt
    try:
        options = replace(SMALL, network="blunt", withheld=TELLING, withheld_from=("blunt",), stacked_with=())
        with pytest.raises(InputError, match="blunt has no number_layers called told"):
            train(curves(60), tmp_path / "m", trained_on="simulated", options=options, min_class_size=5)
    finally:
        del NETWORKS["blunt"]


def test_options_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(InputError, match="copies are made as surveys would see"):
        TrainingOptions(copies=2)
    with pytest.raises(InputError, match="no cadence tess"):
        TrainingOptions(augmentation=Augmentation(cadences=("tess",)))
    labelled = curves(60)
    labelled = replace(labelled, columns={"feh": np.random.default_rng(0).normal(size=60)})
    with pytest.raises(InputError, match="answers classes"):
        train(
            labelled,
            tmp_path / "m",
            trained_on="simulated",
            head=ValueHead("feh"),
            options=TrainingOptions.forgetting(),
        )
