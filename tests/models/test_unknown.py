"""None of these: figures of scores by brute force, classes left out in turn, and the column of stacked models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from labelled_curves import curves

from lcscale.models import Classify, TrainingOptions, train
from lcscale.models.heads.prevalence import declared_shares, shares_of
from lcscale.models.inputs.numbers import OF_SECOND_BAND
from lcscale.models.judging.leaving_out import Stars
from lcscale.models.judging.unknown import compare, leave_classes_out
from lcscale.models.keeping.agreement import agreement
from lcscale.models.labels.targets import targets_of
from lcscale.periods import PERIOD_SCHEMA
from lcscale.simulation.synthesis import synthesize
from tests.models.test_classify import FIELD


def test_figures_are_those_of_every_pair():
    rng = np.random.default_rng(0)
    known = rng.random(300) < 0.6
    score, other = np.clip(rng.normal(0.7 + 0.15 * known, 0.2), 0, 1), rng.random(300)
    found = compare({"probability": score, "agreement": other}, known)
    for name, each in (("probability", score), ("agreement", other)):
        above = each[known][:, None] > each[~known][None]
        ties = each[known][:, None] == each[~known][None]
        assert found[name]["auc"] == pytest.approx((above + 0.5 * ties).mean(), abs=1e-4)
        ordered = np.sort(each[known])[::-1]
        n_kept = int(np.rint(found["known_sure"] * known.sum()))
        assert found[name]["unknown_kept"] == pytest.approx((each[~known] >= ordered[n_kept - 1]).mean(), abs=0.02)
    assert found["known_sure"] == pytest.approx((score[known] >= 0.9).mean(), abs=1e-4)
    assert (found["n_known"], found["n_unknown"]) == (int(known.sum()), int((~known).sum()))


def test_agreement_is_low_where_one_part_doubts():
    parts = np.array([[[0.9, 0.1], [0.8, 0.2], [np.nan] * 2], [[0.9, 0.1], [0.2, 0.8], [np.nan] * 2]])
    found = agreement(parts, np.array([0, 0, 0]))
    assert found[:2] == pytest.approx([0.9, 0.4])
    assert np.isnan(found[2])


def test_stars_of_classes_left_out_are_told_from_the_others():
    """Five classes on a pentagon; a class that is left out lies between two that are taught."""
    rng = np.random.default_rng(1)
    names = np.array(["RRab", "LPV", "RRc", "DSCT", "EW"], object)
    kind = np.repeat(np.arange(5), 200)
    angle = 2 * np.pi * kind / 5
    numbers = np.stack([np.cos(angle), np.sin(angle), np.zeros(kind.size)], axis=1) + rng.normal(0, 0.2, (1000, 3))
    truth = targets_of(names[kind], 1)
    origin = np.where(np.arange(1000) % 2, "one", "other").astype(object)
    stars = Stars(numbers.astype(np.float32), truth, origin, rng.integers(0, 12 << 58, 1000))
    (found,) = leave_classes_out(stars, ("a_blue", "b_blue", "c_red"))
    assert found["left_out"] == ["LPV", "DSCT"]
    assert found["n_unknown"] == 400
    assert 60 < found["n_known"] < 180, "a fifth of the sky"
    assert found["known_sure"] > 0.8
    for name in ("probability", "agreement"):
        assert found[name]["auc"] > 0.7
    assert leave_classes_out(stars.take(np.flatnonzero(kind != 1)), ("a", "b", "c")) == []
    one_place = replace(stars, healpix_29=np.arange(len(stars)) << 34)
    assert leave_classes_out(one_place, ("a", "b", "c")) == [], "no part of the sky can be kept from the trees"


@pytest.fixture(scope="module")
def stacked(tmp_path_factory):
    """Boosted and randomised trees on RRab, EA and LPV."""
    options = TrainingOptions(network="boosted_trees", stacked_with=("extra_trees",), withheld=OF_SECOND_BAND)
    folder = tmp_path_factory.mktemp("stacked") / "m"
    more = {"trained_on": "simulated", "options": options, "min_class_size": 5, "baselines": False}
    return folder, train(curves(240), folder, **more)


def table_of(made):
    schema = pa.schema([pa.field("object_id", pa.int64()), FIELD, PERIOD_SCHEMA.field("period")])
    return pa.Table.from_arrays(
        [pa.array(range(len(made.lcs))), made.lcs.to_arrow(), pa.array(made.period)], schema=schema
    )


def test_stacked_models_say_whether_their_parts_agree(stacked, trained):
    folder, model = stacked
    made = synthesize([("RRab", "EA", "LPV")[i % 3] for i in range(60)], 3, n_observations=(60, 150))
    table, step = table_of(made), Classify(str(folder))
    result = step(table)
    assert result.schema.equals(step.schema(table.schema), check_metadata=True)
    answers = np.stack([result[f"prob_{name}"].to_numpy() for name in model.classes], axis=1)
    parts = model.predict(made.lcs, made.period).of_parts
    assert parts.shape == (2, 60, len(model.classes))
    wanted = np.sqrt(np.prod([each[np.arange(60), answers.argmax(axis=1)] for each in parts], axis=0))
    np.testing.assert_allclose(result["agreement"].to_numpy(), wanted, rtol=1e-5)
    assert "agreement" not in Classify(str(trained[0]))(table).column_names
    assert trained[1].predict(made.lcs, made.period).of_parts is None


def test_parts_are_moved_to_the_shares_too(stacked):
    folder, model = stacked
    made = synthesize(["RRab", "EA", "LPV"] * 10, 4, n_observations=(60, 150))
    before = shares_of(model.card.data["labels"], model.classes)
    result = Classify(str(folder), prevalence={"EA": 0.01})(table_of(made))
    ratio = declared_shares({"EA": 0.01}, model.classes, before) / before
    parts = model.predict(made.lcs, made.period).of_parts * ratio
    parts /= parts.sum(axis=2, keepdims=True)
    given = np.stack([result[f"prob_{name}"].to_numpy() for name in model.classes], axis=1).argmax(axis=1)
    np.testing.assert_allclose(result["agreement"].to_numpy(), agreement(parts, given), rtol=1e-4)
