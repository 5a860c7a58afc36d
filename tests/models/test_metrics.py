import numpy as np
import pytest
import sklearn.metrics

from lcscale.models.heads.classes import ClassHead
from lcscale.models.judging.metrics import evaluate, expected_calibration_error
from lcscale.models.labels.targets import targets_of

NAMES = np.array(["RRab", "RRc", "EA", "EW"], dtype=object)


@pytest.fixture
def guesses():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 500)
    scores = rng.normal(size=(500, 4)) + 2.0 * np.eye(4)[truth]
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), truth


def test_figures_agree_with_scikit_learn(guesses):
    probabilities, truth = guesses
    guess = probabilities.argmax(axis=1)
    figures = evaluate(probabilities, targets_of(NAMES[truth], 1))
    assert figures["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, guess), abs=1e-5)
    assert figures["macro_f1"] == pytest.approx(sklearn.metrics.f1_score(truth, guess, average="macro"), abs=1e-5)
    assert figures["log_loss"] == pytest.approx(sklearn.metrics.log_loss(truth, probabilities), abs=1e-5)
    assert figures["confusion"] == sklearn.metrics.confusion_matrix(truth, guess).tolist()
    precision, recall, _, n = sklearn.metrics.precision_recall_fscore_support(truth, guess)
    for k, name in enumerate(NAMES):
        row = figures["per_class"][name]
        assert (row["n"], row["precision"], row["recall"]) == (
            n[k],
            pytest.approx(precision[k], abs=1e-5),
            pytest.approx(recall[k], abs=1e-5),
        )


def test_only_the_counted_classes_are_averaged(guesses):
    probabilities, truth = guesses
    figures = evaluate(probabilities, targets_of(NAMES[truth], 1), np.array([True, False, False, True]))
    f1 = [figures["per_class"][name]["f1"] for name in ("RRab", "EW")]
    assert figures["macro_f1"] == pytest.approx(np.mean(f1), abs=1e-5)


def test_calibration_error_by_hand():
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.4, 0.6]] * 10)
    truth = np.array([0] * 9 + [1] + [1] * 2 + [0] * 8)
    assert expected_calibration_error(probabilities, truth) == pytest.approx(0.5 * 0.0 + 0.5 * 0.4)


def test_probabilities_that_tell_the_truth_are_calibrated():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], 50_000)
    truth = (rng.random(50_000)[:, None] > probabilities.cumsum(axis=1)).sum(axis=1)
    assert expected_calibration_error(probabilities, truth) < 0.01


def test_a_group_is_right_with_any_class_of_it():
    targets = targets_of(np.array(["RR", "RR", "RRab", "RRc", "EA"], dtype=object), 1)
    probabilities = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]])
    figures = evaluate(probabilities, targets)
    assert figures["accuracy"] == pytest.approx(4 / 5)
    assert figures["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.9, 0.8, 0.9]).mean(), abs=1e-5)
    assert figures["ece"] == pytest.approx(expected_calibration_error(probabilities[2:], np.array([0, 1, 2])), abs=1e-5)
    inside, sizes = ClassHead(targets.classes, threshold=0.25).bounds(probabilities, targets)
    assert (inside.mean(), sizes.mean()) == (0.8, pytest.approx(1.2))
