"""What stands in a card about how good a model is: figures on sky it has not seen, beside those of the baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.models.inputs.preparation import ALTERNATIVES, Preparation
from lcscale.models.judging.baseline import BASELINES, baseline_probabilities
from lcscale.models.judging.calibration import conformal_threshold, fit_period_weights, fit_temperature
from lcscale.models.judging.metrics import coverage, evaluate
from lcscale.models.keeping.model import Model, candidates_of, scores_of, softmax
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.targets import Targets
from lcscale.models.networks.folded_images import FoldedImageNet

N_ERRORS = 24
"""Mistakes that are kept for the report, those the model was surest of."""


@dataclass(frozen=True, eq=False)
class Held:
    """Stars of the validation or test set, and their labels."""

    curves: LabelledCurves
    """All of them can be classified."""
    targets: Targets
    """Their labels."""

    def __len__(self) -> int:
        return len(self.curves)

    @property
    def periods(self) -> npt.NDArray[np.float64]:
        """Candidate periods, float64 [n, n_candidates], the best first, which stands for those there are not."""
        others = [self.curves.columns[name] for name in ALTERNATIVES if name in self.curves.columns]
        return candidates_of(np.stack([self.curves.period, *others], axis=1), len(self), 1 + len(others))


_ROUNDS = 4
_NEXT_TO_NOTHING = 0.005
_FAILURES = (ArithmeticError, LookupError, MemoryError, RuntimeError, ValueError)
"""Errors of another library's trees: the network is trained by then, and its card says what failed."""
_KEPT = ("n", "accuracy", "macro_f1", "log_loss", "ece", "coverage", "mean_set_size")


@dataclass(frozen=True)
class Calibration:
    """What turns scores into probabilities that mean what they say."""

    temperature: float
    """Scores are divided by it."""
    period_weights: tuple[float, ...]
    """How far each candidate period is believed."""
    threshold: float
    """Probability from which on a class is in a prediction set."""


def calibrate(network: FoldedImageNet, preparation: Preparation, held: Held) -> Calibration:
    """Temperature, weights of the candidate periods and the sets' threshold, all from the validation set.

    Every further candidate costs as much as a further star: the fewest are taken that lose next to nothing in log loss.
    """
    curves, targets = held.curves, held.targets
    scores, _ = scores_of(network, preparation, curves.lcs, held.periods, bands=curves.bands, columns=curves.columns)
    fits = [_fit_candidates(scores[:n], targets) for n in range(1, len(scores) + 1)]
    losses = [-np.log(np.maximum((mixed * targets.allowed).sum(axis=1), 1e-12)).mean() for *_, mixed in fits]
    temperature, weights, mixed = fits[int(np.argmax(np.array(losses) <= min(losses) + _NEXT_TO_NOTHING))]
    return Calibration(temperature, weights, conformal_threshold(mixed, targets))


def _fit_candidates(
    scores: npt.NDArray[np.float32], targets: Targets
) -> tuple[float, tuple[float, ...], npt.NDArray[np.float32]]:
    """Temperature and weights for scores [n_candidates, n_objects, n_classes], and the probabilities they give."""
    weights: tuple[float, ...] = (1.0,)
    temperature = fit_temperature(scores[0], targets)
    for _ in range(_ROUNDS if len(scores) > 1 else 0):  # a sum is flatter than its parts: each needs the other
        weights = fit_period_weights(softmax(scores / temperature), targets)
        temperature = fit_temperature(scores[: len(weights)], targets, weights)
    probabilities = softmax(scores[: len(weights)] / temperature)
    return temperature, weights, np.tensordot(np.array(weights, np.float32), probabilities, 1)


def assess(
    model: Model,
    held: dict[str, Held],
    known: tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]],
    test_numbers: Mapping[str, npt.NDArray[np.float32]],
    counted: npt.NDArray[np.bool_],
    seed: int,
) -> dict[str, Any]:
    """The metrics of a card.

    Parameters
    ----------
    model
        Calibrated.
    held
        `validation` and `test`, either may be empty, and `simulated_test` where there is one.
    known
        Numbers of stars that the baselines are trained on, and the classes that their labels allow.
    test_numbers
        Numbers of the test sets that have stars.
    counted
        bool [n_classes], the classes of which the mean F1 is taken.
    seed
        Of the baselines.
    """
    classes = model.classes
    figures: dict[str, Any] = {"macro_f1_over": [name for name, kept in zip(classes, counted, strict=True) if kept]}
    for name, part in held.items():
        if len(part):
            probabilities = _predict(model, part)
            figures[name] = _of_set(probabilities, part, counted, model.card.threshold)
            if name == "test":
                figures["errors"] = _errors(probabilities, part)
    main = figures["test" if "test" in figures else "validation"]
    figures |= {name: main[name] for name in ("accuracy", "macro_f1", "ece")}
    if test_numbers and (known[1].sum(axis=1) == 1).any():
        together = np.concatenate(list(test_numbers.values()))
        ends = np.cumsum([len(each) for each in test_numbers.values()])[:-1]
        for baseline, what in BASELINES.items():
            try:
                guessed = baseline_probabilities(baseline, *known, together, seed)
            except _FAILURES as error:
                figures.setdefault("baselines_failed", {})[baseline] = f"{type(error).__name__}: {error}"
                continue
            parts = np.split(guessed, ends)
            found = {name: _of_set(part, held[name], counted) for name, part in zip(test_numbers, parts, strict=True)}
            figures[baseline] = {"what": what, **found.pop("test", {}), **found}
    return figures


def _predict(model: Model, held: Held) -> npt.NDArray[np.float32]:
    curves = held.curves
    return model.predict_proba(curves.lcs, held.periods, bands=curves.bands, columns=curves.columns)


def _of_set(
    probabilities: npt.NDArray[np.floating],
    held: Held,
    counted: npt.NDArray[np.bool_],
    threshold: float | None = None,
) -> dict[str, Any]:
    """Figures of all stars, and the most important ones by origin; of prediction sets where there is a threshold."""

    def of(rows: npt.NDArray[np.integer], counted: npt.NDArray[np.bool_] | None) -> dict[str, Any]:
        targets = held.targets.take(rows)
        sets = {} if threshold is None else coverage(probabilities[rows], targets, threshold)
        return evaluate(probabilities[rows], targets, counted) | sets

    figures, origin = of(np.arange(len(held)), counted), held.curves.origin
    if origin is not None:
        figures["by_origin"] = {
            str(name): {key: value for key, value in of(np.flatnonzero(origin == name), None).items() if key in _KEPT}
            for name in sorted(set(origin.tolist()))
        }
    return figures


def _errors(probabilities: npt.NDArray[np.float32], held: Held) -> list[dict[str, Any]]:
    """The mistakes that the model was surest of, with the place where their light curves are found again."""
    classes = held.targets.classes
    given = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(~held.targets.allowed[np.arange(len(given)), given])
    surest = wrong[np.argsort(-probabilities[wrong, given[wrong]], kind="stable")][:N_ERRORS]
    return [
        {
            "healpix_29": int(held.curves.healpix_29[row]),
            "label": str(held.targets.label[row]),
            "class": classes[given[row]],
            "probability": round(float(probabilities[row, given[row]]), 4),
            "period": None if np.isnan(held.curves.period[row]) else float(held.curves.period[row]),
            "origin": None if held.curves.origin is None else str(held.curves.origin[row]),
        }
        for row in surest
    ]
