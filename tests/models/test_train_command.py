"""`lcscale train`: what its options reach."""

from __future__ import annotations

import pytest

from lcscale import cli, models
from lcscale.errors import InputError


@pytest.fixture
def called(sky, lake, monkeypatch):
    """Run ``lcscale train`` with some options; returns what `lcscale.models.train` was called with."""

    def call(*options):
        arguments = {}

        def train(source, folder, **given):
            arguments.update(given)
            raise InputError("enough")

        monkeypatch.setattr(models, "train", train, raising=False)
        command = ["lcscale", "train", "sky", "--lake", str(lake.root), "--model", "m", "--view", "raw", *options]
        monkeypatch.setattr("sys.argv", command)
        with pytest.raises(SystemExit):
            cli.main()
        return arguments

    return call


def test_a_seed_changes_the_training_and_not_the_test_sky(called):
    first, other = called("--seed", "1"), called("--seed", "2")
    assert (first["options"].seed, other["options"].seed) == (1, 2)
    splits = [given.get("split") or models.Split() for given in (first, other)]
    assert splits[0] == splits[1] == models.Split()


def test_the_device_is_handed_on(called):
    assert called("--device", "cpu")["device"] == "cpu"
    assert called()["device"] is None


def test_trees_that_forget_the_survey_are_asked_for(called):
    given = called("--forget-survey", "--seed", "4")
    assert given["options"] == models.TrainingOptions.forgetting(seed=4)
    assert [role.name for role in given["preparation"].roles] == ["blue"]
    assert {"g", "I"} <= set(given["preparation"].roles[0].bands)
    assert len(called()["preparation"].roles) == 2
    assert called("--forget-survey", "--network", "gru") == {}, "it would have been ignored"
    assert called("--forget-survey", "--network", "extra_trees")["options"].network == "extra_trees"


def test_what_stands_beside_the_network_is_asked_for(called):
    assert called()["options"].stacked_with is None, "boosted trees, where the answer is a class"
    assert called("--stacked-with", "none")["options"].stacked_with == ()
    both = called("--stacked-with", "boosted_trees", "--stacked-with", "extra_trees")
    assert both["options"].stacked_with == ("boosted_trees", "extra_trees")
    assert called("--forget-survey", "--stacked-with", "boosted_trees") == {}, "it would have been ignored"


def test_ratios_of_the_candidate_periods_are_told_where_there_are_periods(called):
    assert called()["preparation"].columns == ()
    assert called("--view", "folded")["preparation"].columns == ("period_2", "period_3")


def test_a_value_an_ensemble_and_another_network_are_asked_for(called):
    given = called("--value", "feh", "--unit", "dex", "--value-error", "e_feh", "--folds", "5", "--network", "gru")
    assert given["head"] == models.ValueHead("feh", "dex", "e_feh")
    assert (given["folds"], given["options"].network) == (5, "gru")
    assert called()["head"] is None
    assert (called()["folds"], called("--folds", "1")["folds"]) == ("auto", None)
