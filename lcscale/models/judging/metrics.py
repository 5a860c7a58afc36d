"""How good probabilities are: accuracy, F1, confusion, calibration."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.models.labels.targets import Targets
from lcscale.models.labels.values import Values


def evaluate(
    probabilities: npt.NDArray[np.floating], targets: Targets, counted: npt.NDArray[np.bool_] | None = None
) -> dict[str, Any]:
    """Figures of a set of stars with known labels, as JSON has them.

    A star whose label is a group is right with any class of the group; in the counts by class it is of the one in its
    group that has the highest probability. The calibration error is that of stars whose one class is known.

    Parameters
    ----------
    probabilities
        float [n_objects, n_classes].
    targets
        Labels of the same stars.
    counted
        bool [n_classes], the classes of which the mean F1 is taken; default: those with a star here.

    Returns
    -------
    dict
        `n`, `accuracy`, `macro_f1`, `log_loss`, `ece`, `ece_excess` (above what perfect calibration shows);
        `per_class` with `n`, `precision`, `recall`, `f1`, `false_positive_rate` (share of the others' stars that are
        given the class); `confusion`, counts by true class (rows) and class given (columns).
    """
    truth = targets.resolve(probabilities)
    n_classes = len(targets.classes)
    confusion = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(confusion, (truth, probabilities.argmax(axis=1)), 1)
    right = np.diag(confusion)
    given, true = confusion.sum(axis=0), confusion.sum(axis=1)
    precision, recall = right / np.maximum(given, 1), right / np.maximum(true, 1)
    f1 = 2 * right / np.maximum(given + true, 1)
    counted = true > 0 if counted is None else counted
    chance = np.maximum((probabilities * targets.allowed).sum(axis=1), 1e-12)
    return {
        "n": int(truth.size),
        "accuracy": _rounded(right.sum() / max(truth.size, 1)),
        "macro_f1": _rounded(f1[counted].mean() if counted.any() else 0.0),
        "log_loss": _rounded(-np.log(chance).mean() if truth.size else 0.0),
        "ece": _rounded(expected_calibration_error(probabilities[targets.exact], truth[targets.exact])),
        "ece_excess": _rounded(calibration_excess(probabilities[targets.exact], truth[targets.exact])),
        "per_class": {
            name: {
                "n": int(true[k]),
                "precision": _rounded(precision[k]),
                "recall": _rounded(recall[k]),
                "f1": _rounded(f1[k]),
                "false_positive_rate": _rounded((given[k] - right[k]) / max(truth.size - true[k], 1)),
            }
            for k, name in enumerate(targets.classes)
        },
        "confusion": confusion.tolist(),
    }


def expected_calibration_error(
    probabilities: npt.NDArray[np.floating], truth: npt.NDArray[np.integer], n_bins: int = 15
) -> float:
    """Mean distance of the highest probability from the share of right answers (Guo et al. 2017), even bins of width.

    Examples
    --------
    >>> expected_calibration_error(np.array([[0.75, 0.25]] * 4), np.array([0, 0, 0, 1]))
    0.0
    """
    if not truth.size:
        return 0.0
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    which = np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)
    gap = np.bincount(which, confidence - right, minlength=n_bins)
    return float(np.abs(gap).sum() / truth.size)


def calibration_excess(
    probabilities: npt.NDArray[np.floating], truth: npt.NDArray[np.integer], draws: int = 50, seed: int = 0
) -> float:
    """`expected_calibration_error` less its mean for answers that are right as often as their probabilities say.

    So few stars show an error where there is none: with 173 stars 0.035 to 0.075.

    Parameters
    ----------
    probabilities, truth
        As `expected_calibration_error` has them.
    draws, seed
        Of the right answers that are drawn.
    """
    if not truth.size:
        return 0.0
    confidence, rng = probabilities.max(axis=1).astype(np.float64), np.random.default_rng(seed)
    told = np.stack([confidence, np.zeros_like(confidence)], axis=1)  # right is 0, wrong 1
    perfect = [
        expected_calibration_error(told, (rng.random(truth.size) >= confidence).astype(np.int64)) for _ in range(draws)
    ]
    return expected_calibration_error(probabilities, truth) - float(np.mean(perfect))


def _rounded(value: float) -> float:
    return round(float(value), 5)


def evaluate_values(answers: npt.NDArray[np.floating], values: Values) -> dict[str, Any]:
    """Figures of values with errors, as JSON has them.

    Parameters
    ----------
    answers
        float [n, 2], value and error.
    values
        What is known of the same stars, with the errors of the labels.

    Returns
    -------
    dict
        `n`; `rmse`, `mae`, `bias` (mean of answer minus label) and `scatter` (1.4826 times the median absolute
        deviation) in the value's unit; `r2`; `log_loss` of the normal likelihood; `z_rms`, root mean square of the
        residual in total errors, 1 where the errors are right.
    """
    n = len(values)
    if not n:
        return {"n": 0}
    mean, error = answers.astype(np.float64).T
    residual = mean - values.value
    variance = error**2 + values.error.astype(np.float64) ** 2
    log_loss = 0.5 * (np.log(2 * np.pi * variance) + residual**2 / variance)
    spread = float(np.var(values.value.astype(np.float64)))
    return {
        "n": n,
        "rmse": _rounded(np.sqrt(np.mean(residual**2))),
        "mae": _rounded(np.abs(residual).mean()),
        "bias": _rounded(residual.mean()),
        "scatter": _rounded(1.4826 * np.median(np.abs(residual - np.median(residual)))),
        "r2": _rounded(1 - np.mean(residual**2) / spread) if spread > 0 else None,
        "log_loss": _rounded(log_loss.mean()),
        "z_rms": _rounded(np.sqrt(np.mean(residual**2 / variance))),
    }
