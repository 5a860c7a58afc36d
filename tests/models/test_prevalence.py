"""Probabilities at declared class shares: Bayes' theorem from outside, groups, the step, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from lcscale.errors import InputError
from lcscale.models import Classify
from lcscale.models.heads.prevalence import at_prevalence, declared_shares, shares_of
from lcscale.models.judging.shares import at_shares, class_shares
from lcscale.models.labels.targets import targets_in, targets_of
from tests.models.test_classify import catalog

NAMES = ("RRab", "RRc", "EA")
BEFORE, AFTER = np.array([0.5, 0.3, 0.2]), np.array([0.02, 0.18, 0.8])
CENTRES = np.array([-1.0, 0.0, 1.5])


def posterior(x, shares):
    joint = shares * norm.pdf(x[:, None], CENTRES)
    return joint / joint.sum(axis=1, keepdims=True)


def test_moved_posteriors_are_those_of_the_other_population():
    x = np.random.default_rng(0).normal(0.0, 2.0, 500)
    np.testing.assert_allclose(at_prevalence(posterior(x, BEFORE), AFTER, BEFORE), posterior(x, AFTER), rtol=1e-9)
    equal = posterior(x, np.ones(3))
    np.testing.assert_allclose(at_prevalence(equal, AFTER), posterior(x, AFTER), rtol=1e-9)
    found = at_prevalence(np.array([[0.25] * 4, [0.0, 0.05, 0.0, 0.95]]), (0.2, 0.5, 0.29, 0.01))
    np.testing.assert_allclose(found[0], [0.2, 0.5, 0.29, 0.01])
    assert found[1, 3] == pytest.approx(0.95 * 0.01 / (0.95 * 0.01 + 0.05 * 0.5))


def test_what_cannot_be_is_given_no_probability_and_nothing_is_no_number():
    found = at_prevalence(np.array([[0.7, 0.3, 0.0], [0.0, 1.0, 0.0], [np.nan] * 3]), [0.4, 0.0, 0.6], BEFORE)
    assert found[0].tolist() == [1.0, 0.0, 0.0]
    assert found[1].tolist() == [0.4, 0.0, 0.6]  # only an impossible class had a probability
    assert np.isnan(found[2]).all()


def test_a_class_that_no_star_was_calibrated_with_is_no_division_by_zero():
    before = np.array([0.6, 0.4, 0.0])
    found = at_prevalence(np.array([[0.5, 0.3, 0.2]]), [0.3, 0.7, 0.0], before)
    np.testing.assert_allclose(found[0], np.array([0.25, 0.525, 0.0]) / 0.775)
    left = declared_shares({"RRab": 0.3}, NAMES, before)
    moved = at_prevalence(np.array([[0.5, 0.3, 0.2]]), left, before)
    np.testing.assert_allclose(moved.sum(), 1.0)
    assert np.isfinite(moved).all()
    with pytest.raises(InputError, match="no star of EA was in training"):
        declared_shares({"EA": 0.2}, NAMES, before)
    assert declared_shares({"EA": 0.0}, NAMES, before).tolist() == [0.6, 0.4, 0.0]


def test_stars_of_groups_count_with_the_members_that_are_known():
    counts = {"RRab": 300, "RRc": 100, "RR": 200, "EA": 100, "ECL": 50, "QSO": 7}
    np.testing.assert_allclose(shares_of(counts, NAMES), np.array([450, 150, 150]) / 750)
    assert shares_of({"RR": 10, "EA": 10}, NAMES).tolist() == [0.25, 0.25, 0.5]  # none is known: evenly


def test_a_group_s_share_and_what_is_left_are_divided_as_before():
    classes = ("RRab", "RRc", "ACEP", "EA", "EW")
    before = np.array([0.3, 0.1, 0.2, 0.1, 0.3])
    found = declared_shares({"RR": 0.6, "ACEP": 0.0}, classes, before)
    np.testing.assert_allclose(found, [0.45, 0.15, 0.0, 0.1, 0.3])
    np.testing.assert_allclose(declared_shares({"EA": 0.1}, classes, before), before)
    survey = {"ECL": 0.5, "EA": 0.2, "RRc": 0.1}  # a survey that tells detached binaries from the others
    np.testing.assert_allclose(declared_shares(survey, classes, before), [0.12, 0.1, 0.08, 0.2, 0.5])


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"QSO": 0.1}, "'QSO', which is no class; the model's are RRab, RRc, EA"),
        ({"nova": 0.1}, "'nova', which is no class"),
        ({"RR": 0.5, "RRc": 0.1, "RRab": 0.1}, "'RR', all classes of which are named"),
        ({"EA": -0.1}, "between 0 and 1"),
        ({"RR": 0.7, "EA": 0.7}, "add up to 1.4"),
        ({"RR": 0.5, "EA": 0.1}, "add up to 0.6"),
    ],
)
def test_shares_that_make_no_sense_are_refused(shares, words):
    with pytest.raises(InputError, match=words):
        declared_shares(shares, NAMES, BEFORE)


def test_the_step_gives_probabilities_at_the_shares(trained):
    table, _ = catalog()
    folder, model = str(trained[0]), trained[1]
    columns = [f"prob_{name}" for name in model.classes]

    def probabilities(step):
        return np.stack([step(table)[name].to_numpy() for name in columns], axis=1)

    plain, rare = Classify(folder), Classify(folder, prevalence={"EA": 0.01})
    before = shares_of(model.card.data["labels"], model.classes)
    wanted = declared_shares({"EA": 0.01}, model.classes, before)
    ratio = probabilities(plain) * wanted / before
    np.testing.assert_allclose(probabilities(rare), ratio / ratio.sum(axis=1, keepdims=True), rtol=1e-5, atol=1e-7)
    never = Classify(folder, prevalence={"EA": 0.0})
    assert "EA" in plain(table)["class"].to_pylist()
    assert "EA" not in never(table)["class"].to_pylist()
    assert not any("EA" in text for text in never(table)["prediction_set"].to_pylist())
    assert len({step.fingerprint() for step in (plain, rare, never)}) == 3
    assert Classify(folder, prevalence=(("EA", 0.01),)) == rare
    assert hash(rare) == hash(Classify(folder, prevalence={"EA": 0.01}))
    with pytest.raises(InputError, match="which is no class"):
        Classify(folder, prevalence={"QSO": 0.5})


def test_declared_shares_are_right_where_the_others_are_not():
    """Two populations that overlap: the best classifier of one is not that of the other (Bayes)."""
    rng = np.random.default_rng(1)
    kind = np.repeat([0, 1, 2], 4000)
    x = rng.normal(CENTRES[kind])
    truth = targets_of(np.array(NAMES, object)[kind], 1)
    found = at_shares(posterior(x, BEFORE), truth, dict(zip(NAMES, AFTER, strict=True)), BEFORE)
    population = rng.choice(3, 200_000, p=AFTER)
    y = rng.normal(CENTRES[population])
    for how, shares in (("as_is", BEFORE), ("declared", AFTER)):
        of_population = posterior(y, shares)
        right = (of_population.argmax(axis=1) == population).mean()
        assert found[how]["accuracy"] == pytest.approx(right, abs=0.01)
        loss = -np.log(of_population[np.arange(y.size), population]).mean()
        assert found[how]["log_loss"] == pytest.approx(loss, abs=0.02)
    assert found["declared"]["accuracy"] > found["as_is"]["accuracy"] + 0.1


def test_labels_that_are_groups_or_narrower_than_a_class_have_their_share():
    labels = ["RRab"] * 3 + ["RRc"] * 2 + ["RR"] * 5 + ["MIRA", "LPV", "EB", "ECL"]
    truth = targets_in(np.array(labels, object), ("RRab", "RRc", "EA", "EB", "LPV"))
    shares = {"RRab": 0.3, "RRc": 0.1, "RR": 0.1, "MIRA": 0.1, "LPV": 0.1, "EB": 0.1, "ECL": 0.2}
    calibrated_at = np.array([0.3, 0.2, 0.1, 0.2, 0.2])
    found = class_shares(truth, shares, calibrated_at)  # RR: 3 to 2 among its classes; ECL: EA, as EB is named itself
    assert found.tolist() == pytest.approx([0.36, 0.14, 0.2, 0.1, 0.2])
    answers = np.full((len(labels), 5), 0.2, np.float32)
    figures = at_shares(answers, truth, shares, calibrated_at)
    assert [figures[how]["accuracy"] for how in ("as_is", "declared")] == [
        0.4,
        0.2,
    ]  # all are RRab; then, by 0.2 / 0.1, all are EA
