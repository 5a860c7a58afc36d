"""What stands in a card about how good a model is: figures on sky it has not seen, beside those of the baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.models.heads.head import Head
from lcscale.models.judging.calibration import mixture_weights
from lcscale.models.judging.held import Answered
from lcscale.models.judging.sparsity import Sparse
from lcscale.models.labels.splitting import Split
from lcscale.models.labels.truth import Bools, Floats, Truth

N_ERRORS = 24
"""Mistakes that are kept for the report, those the model was surest of."""
_ROUNDS = 4
_NEXT_TO_NOTHING = 0.005
_FAILURES = (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
"""Errors of another library's trees: the network is trained by then, and its card says what failed."""
_OF_ALL = ("per_class", "confusion")
"""Figures that stand for all stars only, not for those of each survey."""


def calibrate(
    head: Head[Any],
    scores: Floats,
    truth: Truth,
    counts: npt.NDArray[np.integer] | None = None,
    sparse: Sparse | None = None,
) -> tuple[Head[Any], tuple[float, ...]]:
    """The head with temperature or error scale and bounds, and the weights of the candidate periods.

    Every further candidate costs as much as a further star: the fewest are taken that lose next to nothing in log loss.

    Parameters
    ----------
    head
        Not calibrated.
    scores
        float32 [n_candidates, n_objects, n_outputs], of stars that were not trained on.
    truth
        What is known of them.
    counts
        Usable observations of each; None: many.
    sparse
        Thinned stars, of which heads that answer by the number of observations learn what to say of few.
    """
    fits = [_fit_candidates(head, scores[:n], truth) for n in range(1, len(scores) + 1)]
    losses = [
        -np.log(np.maximum(np.tensordot(weights, fitted.likelihood(scores[: len(weights)], truth), 1), 1e-12)).mean()
        for fitted, weights in fits
    ]
    fitted, weights = fits[int(np.argmax(np.array(losses) <= min(losses) + _NEXT_TO_NOTHING))]
    scores = scores[: len(weights)]
    if counts is not None and sparse is not None:
        fitted = fitted.fitted_to_sparse(replace(sparse, scores=sparse.scores[: len(weights)]), weights)
        scores = fitted.tempered(scores, counts)
    return fitted.bounded(fitted.answers(scores, weights), truth), weights


def _fit_candidates(head: Head[Any], scores: Floats, truth: Truth) -> tuple[Head[Any], tuple[float, ...]]:
    """Head and weights for scores with so many candidates."""
    weights: tuple[float, ...] = (1.0,)
    head = head.fitted(scores[0], truth, weights)
    for _ in range(_ROUNDS if len(scores) > 1 else 0):  # a sum is flatter than its parts: each needs the other
        weights = mixture_weights(head.likelihood(scores, truth))
        head = head.fitted(scores[: len(weights)], truth, weights)
    return head, weights


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a baseline is grown on, and the stars it then judges."""

    numbers: Floats
    """Standardised numbers."""
    truth: Truth
    """What is known of them."""
    judged: Mapping[str, npt.NDArray[np.integer]]
    """Rows of each set."""


def assess(
    head: Head[Any],
    parts: Mapping[str, Answered],
    lessons: Sequence[Lesson],
    *,
    split: Split,
    counted: Bools | None,
    in_training: Sequence[str],
    seed: int | None,
) -> dict[str, Any]:
    """The metrics of a card.

    Parameters
    ----------
    head
        Calibrated.
    parts
        `validation`, `test` and further sets with stars; answers are those of networks that have not seen them.
    lessons
        What the baselines are grown on: one, or one a fold.
    split
        Of the sky.
    counted
        bool [n_classes], the classes of which the mean F1 is taken.
    in_training
        Origins with stars in the training set.
    seed
        Of the baselines; None: there are none.
    """
    classes = getattr(head, "classes", ())
    figures: dict[str, Any] = {}
    if counted is not None:
        figures["macro_f1_over"] = [name for name, kept in zip(classes, counted, strict=True) if kept]
    for name, part in parts.items():
        figures[name] = _of_set(head, part, counted, split, in_training)
    main = "test" if "test" in parts else "validation"
    if main == "test":
        figures["errors"] = _errors(head, parts["test"])
    figures |= {name: value for name, value in figures[main].items() if name in ("accuracy", "macro_f1", "ece", "rmse")}
    judged = {name: part for name, part in parts.items() if name != "validation"}
    if seed is None:
        return figures
    for baseline, what in head.baselines.items() if judged else ():
        try:
            answers = _baseline(head, baseline, lessons, judged, seed)
        except _FAILURES as error:
            figures.setdefault("baselines_failed", {})[baseline] = f"{type(error).__name__}: {error}"
            continue
        found = {
            name: _of_set(head, replace(part, answers=answers[name], inside=None), counted, split, in_training)
            for name, part in judged.items()
        }
        figures[baseline] = {"what": what, **found.pop("test", {}), **found}
    return figures


def _baseline(
    head: Head[Any], name: str, lessons: Sequence[Lesson], parts: Mapping[str, Answered], seed: int
) -> dict[str, Floats]:
    answers = {each: np.empty_like(part.answers) for each, part in parts.items()}
    for lesson in lessons:
        rows = {each: lesson.judged[each] for each in parts}
        together = np.concatenate([parts[each].numbers[chosen] for each, chosen in rows.items()])
        found = head.baseline(name, lesson.numbers, lesson.truth, together, seed)
        ends = np.cumsum([chosen.size for chosen in rows.values()])[:-1]
        for (each, chosen), values in zip(rows.items(), np.split(found, ends), strict=True):
            answers[each][chosen] = values
    return answers


def _of_set(
    head: Head[Any], part: Answered, counted: Bools | None, split: Split, in_training: Sequence[str]
) -> dict[str, Any]:
    """Figures of all stars with their sky, and of each survey whether it was in training."""
    held, origin = part.held, part.held.curves.origin

    def of(rows: npt.NDArray[np.integer], counted: Bools | None = None) -> dict[str, Any]:
        figures = head.figures(part.answers[rows], held.truth.take(rows), counted)
        if part.inside is not None:
            figures |= {"coverage": _mean(part.inside[rows]), head.size_name: _mean(part.bound_sizes[rows])}
        pixels = np.unique(held.curves.healpix_29[rows] >> 2 * (29 - split.order)).size
        return figures | {"sky": {"order": split.order, "pixels": int(pixels)}}

    figures = of(np.arange(len(held)), counted)
    if origin is not None:
        figures["by_origin"] = {}
        for name in sorted(set(origin.tolist())):
            found = {key: value for key, value in of(np.flatnonzero(origin == name)).items() if key not in _OF_ALL}
            figures["by_origin"][str(name)] = found | {"in_training": name in in_training}
    return figures


def _mean(values: npt.NDArray[Any]) -> float:
    return round(float(values.mean()), 5)


def _errors(head: Head[Any], part: Answered) -> list[dict[str, Any]]:
    """The mistakes that the model was surest of, with the place where their light curves are found again."""
    curves = part.held.curves
    return [
        {
            "healpix_29": int(curves.healpix_29[row]),
            **said,
            "period": None if np.isnan(curves.period[row]) else float(curves.period[row]),
            "origin": None if curves.origin is None else str(curves.origin[row]),
        }
        for row, said in head.mistakes(part.answers, part.held.truth, N_ERRORS)
    ]
