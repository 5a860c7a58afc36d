"""Rare classes filled up with synthetic stars: in the training set alone, and said so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from labelled_curves import curves

from lcscale.errors import InputError
from lcscale.models import LabelledCurves, TrainingOptions, train
from lcscale.models.labels.roles import ROLES
from lcscale.models.labels.targets import targets_of
from lcscale.models.training.synthetic import fill_up


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


def test_new_stars_are_observed_in_their_parents_survey_and_bands():
    """Of two surveys with one band each, joined, and of a band that some stars lack: no magnitude out of nothing."""
    blue, red = (curves(24, seed=seed, classes=("RRab", "EA")) for seed in (4, 5))
    surveys = [
        replace(each, lcs=each.lcs.select_band(band), bands=(band,)).as_survey(f"in {band}", ROLES)
        for each, band in ((blue, "g"), (red, "r"))
    ]
    joined = LabelledCurves.concatenate(surveys)
    two = curves(24, seed=6, classes=("RRab", "EA"))
    lacking = (two.lcs.object_index() < 12) & (two.lcs.band == 1)
    for labelled in (joined, replace(two, lcs=two.lcs.keep(~lacking))):
        filled, targets, made = fill_up(labelled, targets_of(labelled.label, 1), 40, 0)
        n, lcs = len(labelled), filled.lcs
        new = lcs.take(np.arange(n, len(filled)))
        assert len(new) == sum(made.values()) >= 32
        assert new.mag.min() > 5
        assert new.counts.min() > 0
        if labelled.origin is not None:
            band = new.band[new.offsets[:-1]]
            assert (filled.origin[n:] == np.where(band == 0, "in g", "in r")).all()
            for code, survey in enumerate(surveys):
                assert np.isin(new.time[new.band == code], survey.lcs.time).all()
        assert (filled.label[n:] == targets.label[n:]).all()


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


def test_further_numbers_do_not_tell_synthetic_stars_from_real_ones(uneven):
    told = {"bp_rp": np.arange(len(uneven)) / 100, "period_2": 2 * uneven.period}
    filled, _, _ = fill_up(replace(uneven, columns=told), targets_of(uneven.label, 1), 60, 0)
    new = np.arange(len(uneven), len(filled))
    np.testing.assert_allclose(filled.columns["period_2"][new] / filled.period[new], 2.0)
    assert np.isin(filled.columns["bp_rp"][new], told["bp_rp"]).all()
