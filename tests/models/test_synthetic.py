"""Rare classes filled up with synthetic stars: in the training set alone, and said so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from labelled_curves import curves

from lcscale.errors import InputError
from lcscale.models import TrainingOptions, train
from lcscale.models.synthetic import fill_up
from lcscale.models.targets import targets_of


@pytest.fixture(scope="module")
def uneven():
    """90 stars of which 6 are eclipsing binaries."""
    labelled = curves(90, seed=4, classes=("RRab", "LPV"))
    few = curves(6, seed=6, classes=("EA",))
    joined = [
        np.concatenate([getattr(labelled, name), getattr(few, name)]) for name in ("period", "label", "healpix_29")
    ]
    lcs = type(labelled.lcs).concatenate([labelled.lcs, few.lcs])
    return replace(labelled, lcs=lcs, period=joined[0], label=joined[1], healpix_29=joined[2])


def test_classes_are_filled_up_but_not_beyond_four_new_stars_a_star(uneven):
    targets = targets_of(uneven.label, 1)
    filled, labels, made = fill_up(uneven, targets, 50, 0)
    assert made == {"RRab": 5, "EA": 24, "LPV": 5}
    assert labels.counts() == {"RRab": 50, "EA": 30, "LPV": 50}
    assert len(filled) == len(labels) == 96 + 34
    np.testing.assert_array_equal(filled.lcs.take(np.arange(96)).time, uneven.lcs.time)
    assert np.isin(filled.lcs.time, uneven.lcs.time).all()
    assert fill_up(uneven, targets, 3, 0)[2] == {}


def test_the_card_says_so_and_the_other_sets_are_real(uneven, tmp_path):
    options = TrainingOptions(epochs=1, filters=(4, 4, 4), hidden=8, synthetic=60)
    more = {"options": options, "min_class_size": 2}
    model = train(uneven, tmp_path / "m", trained_on="real", **more)
    plain = train(uneven, tmp_path / "n", trained_on="real", min_class_size=2, options=replace(options, synthetic=0))
    data = model.card.data
    assert model.card.trained_on == "mixed"
    assert plain.card.trained_on == "real"
    assert set(data["synthetic"]) == {"RRab", "EA", "LPV"}
    assert data["sets"] == plain.card.data["sets"]
    assert model.card.metrics["test"]["n"] == plain.card.metrics["test"]["n"]
    assert model.card.metrics["baseline"] == plain.card.metrics["baseline"], "the baselines see real stars alone"
    with pytest.raises(InputError, match="in memory"):
        train(uneven, tmp_path / "o", trained_on="real", stream=True, **more)
