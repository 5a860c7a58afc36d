"""`ClassHead`: which class a star is of, with calibrated probabilities and sets that hold the true one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.models.heads.columns import CLASS, PREDICTION_SET, PROBABILITY
from lcscale.models.heads.head import Head, Labelling
from lcscale.models.judging.baseline import BASELINES, ROUNDS, Grown, baseline_probabilities, grow_classes
from lcscale.models.judging.calibration import (
    adaptive_sets,
    fit_temperature,
    mass_thresholds,
    prediction_sets,
    softmax,
)
from lcscale.models.judging.metrics import evaluate
from lcscale.models.judging.sparsity import AS_MANY, Sparse, factors, fit_sparsity
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.targets import Targets, targets_of
from lcscale.models.labels.taxonomy import map_labels, widest
from lcscale.models.labels.truth import Bools, Floats
from lcscale.vocabulary import Column

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ClassHead(Head[Targets]):
    """Classes that exclude each other. What a new model is given is empty; training fills it."""

    classes: tuple[str, ...] = ()
    """Names of the taxonomy, in the order of the probabilities."""
    temperature: float = 1.0
    """Scores are divided by it before the softmax."""
    threshold: float = 0.0
    """Of models of earlier versions: classes of at least this probability are a star's prediction set at 90 %."""
    thresholds: tuple[float, ...] = ()
    """By class, alike for those of a group: a class is in a star's prediction set at 90 % while the more probable ones
    have together at most this probability. None in models of earlier versions."""
    sparsity: float = 0.0
    """The logarithm of the temperature is larger by ``sparsity (10 / n)²`` for stars with n usable observations."""
    kind = "classes"
    later = ("thresholds", "sparsity")
    by_count = True
    baselines = BASELINES
    shown: ClassVar[Mapping[str, str]] = {
        "accuracy": "accuracy",
        "mean F1": "macro_f1",
        "log loss": "log_loss",
        "calibration error": "ece",
    }
    size_name = "mean_set_size"

    @property
    def n_outputs(self) -> int:
        """One score a class."""
        return len(self.classes)

    @property
    def calibration(self) -> str:
        """Temperature, also that of stars with few observations, and thresholds."""
        few = f" ({self.temperature * factors(np.array([AS_MANY]), self.sparsity)[0]:.3f} with {AS_MANY} observations)"
        of_group = dict(zip(map(widest, self.classes), self.thresholds, strict=False))  # none, or one a class
        own = ", ".join(f"{value:.3f} for {group}" for group, value in of_group.items()) or f"{self.threshold:.3f}"
        return f"Temperature {self.temperature:.3f}{few if self.sparsity else ''}; thresholds of the 90 % sets {own}"

    def label_column(self, labelling: Labelling) -> str:
        """The column with the class."""
        return labelling.label

    def further_columns(self) -> Mapping[str, str | None]:
        """None."""
        return {}

    def learn(
        self, label: npt.NDArray[np.object_], columns: Mapping[str, npt.NDArray[Any]], usable: Bools, how: Labelling
    ) -> tuple[Self, Targets, list[str]]:
        """Map the labels to classes of the taxonomy, rare ones to their parents."""
        names = map_labels(label, how.survey)
        unknown = sorted({str(text) for text, name in zip(label, names, strict=True) if name is None})
        names[~usable] = None
        targets = targets_of(names, how.min_class_size)
        if len(targets.classes) < 2:
            strange = f" (unknown labels: {', '.join(unknown[:10])})" if unknown else ""
            raise InputError(
                f"training needs stars of at least two classes of the taxonomy; found {len(targets.classes)}{strange}"
            )
        return replace(self, classes=targets.classes), targets, unknown

    def standardised(self, truth: Targets) -> Self:
        """As it is."""
        return self

    def weights(self, truth: Targets, class_weight_power: float) -> Floats:
        """``count of the label ** -power``."""
        return truth.weights(class_weight_power)

    def reader(
        self, label: npt.NDArray[np.object_], truth: Targets, weight: Floats
    ) -> tuple[tuple[str, ...], Callable[[LabelledCurves], tuple[Targets, Floats]]]:
        """By the label as the catalog spells it."""
        used = np.flatnonzero(truth.used)
        names, first = np.unique(label[used].astype(str), return_index=True)
        row_of = {str(name): int(used[k]) for name, k in zip(names, first, strict=True)}

        def read(curves: LabelledCurves) -> tuple[Targets, Floats]:
            rows = np.array([row_of[text] for text in curves.label], np.int64)
            return truth.take(rows), weight[rows]

        return tuple(row_of), read

    def loss(self, scores: Tensor, truth: Sequence[Tensor], smoothing: float) -> Tensor:
        """Cross entropy with labels that may be groups, their probability being the sum of their classes'.

        Of the truth, `smoothing` is spread evenly over all classes.
        """
        import torch

        log_probability = torch.log_softmax(scores, dim=1)
        of_label = torch.logsumexp(log_probability.masked_fill(~truth[0], -torch.inf), dim=1)
        return -(1 - smoothing) * of_label - smoothing * log_probability.mean(dim=1)

    def epoch_figures(self, scores: Floats, truth: Targets) -> dict[str, float]:
        """`log_loss` and `accuracy`."""
        probabilities = softmax(scores)
        chance = np.maximum((probabilities * truth.allowed).sum(axis=1), 1e-12)
        right = probabilities.argmax(axis=1) == truth.resolve(probabilities)
        return {"log_loss": round(float(-np.log(chance).mean()), 5), "accuracy": round(float(right.mean()), 5)}

    def fitted(self, scores: Floats, truth: Targets, period_weights: Sequence[float]) -> Self:
        """With the temperature of the lowest log loss."""
        return replace(self, temperature=fit_temperature(scores, truth, period_weights))

    def fitted_to_sparse(self, sparse: Sparse, period_weights: Sequence[float]) -> Self:
        """With the sparsity of the lowest log loss."""
        assert isinstance(sparse.truth, Targets)
        found = fit_sparsity(sparse.scores, sparse.truth, period_weights, self.temperature, sparse.counts)
        return replace(self, sparsity=found)

    def tempered(self, scores: Floats, counts: npt.NDArray[np.integer]) -> Floats:
        """The nearer to each other, the fewer observations there are."""
        return scores / factors(counts, self.sparsity)[:, None] if self.sparsity else scores

    def likelihood(self, scores: Floats, truth: Targets) -> npt.NDArray[np.float64]:
        """Sum of the probabilities of the classes that the label allows."""
        return np.asarray((softmax(scores / self.temperature) * truth.allowed).sum(axis=2), np.float64)

    def bounded(self, answers: Floats, truth: Targets) -> Self:
        """With the thresholds of prediction sets, one for each of the widest groups of the classes."""
        return replace(self, thresholds=mass_thresholds(answers, truth, [widest(name) for name in self.classes]))

    def sets(self, answers: Floats) -> Bools:
        """Which classes are in the prediction set of each star, bool [n, n_classes]."""
        return adaptive_sets(answers, self.thresholds) if self.thresholds else prediction_sets(answers, self.threshold)

    def answers(self, scores: Floats, period_weights: Sequence[float]) -> Floats:
        """Probabilities, summed over the candidate periods."""
        weights = np.array(period_weights, np.float32)
        summed = np.tensordot(weights, softmax(scores / self.temperature), 1)
        return summed.astype(np.float32, copy=False)

    def combined(self, answers: Floats) -> Floats:
        """The members' mean."""
        return np.asarray(answers.mean(axis=0))

    def gives(self) -> tuple[Column, ...]:
        """`class`, ``prob_<class>`` for every class, `prediction_set`."""
        return (CLASS, *map(PROBABILITY.of, self.classes), PREDICTION_SET)

    def columns(self, answers: Floats, extrapolated: Bools, missing: Bools) -> list[pa.Array]:
        """Class of the highest probability, probabilities, and the set as text, the most probable first."""
        names = np.array(self.classes, dtype=object)
        best = np.nan_to_num(answers, nan=0.0).argmax(axis=1)
        sets = self.sets(answers)
        order = np.argsort(-answers, axis=1, kind="stable")
        texts = [",".join(self.classes[k] for k in row if chosen[k]) for row, chosen in zip(order, sets, strict=True)]
        return [
            pa.array(names[best], pa.string(), mask=missing),
            *(pa.array(answers[:, k], pa.float32(), mask=missing) for k in range(len(names))),
            pa.array(texts, pa.string(), mask=missing),
        ]

    def stale(self, schema: pa.Schema) -> set[str]:
        """Probabilities of another model, of which no other column would say whose they are."""
        return set(PROBABILITY.found(schema).values())

    def figures(self, answers: Floats, truth: Targets, counted: Bools | None = None) -> dict[str, Any]:
        """Those of `evaluate`; stars with one class and stars with a group as label apart too."""
        exact = truth.exact
        right = truth.allowed[np.arange(len(truth)), answers.argmax(axis=1)]
        parts = {"exact": exact, "groups": ~exact}
        apart = {name: {"n": int(rows.sum()), "accuracy": _share(right[rows])} for name, rows in parts.items()}
        return evaluate(answers, truth, counted) | {"by_label": apart}

    def bounds(self, answers: Floats, truth: Targets) -> tuple[Bools, Floats]:
        """Whether an allowed class is in the star's prediction set, and the number of classes in it."""
        sets = self.sets(answers)
        return np.asarray((sets & truth.allowed).any(axis=1)), np.asarray(sets.sum(axis=1), np.float32)

    def counted(self, counts: Mapping[str, int], smallest: int) -> Bools:
        """Classes with enough stars."""
        return np.array([counts.get(name, 0) >= smallest for name in self.classes], np.bool_)

    def mistakes(self, answers: Floats, truth: Targets, most: int) -> list[tuple[int, dict[str, Any]]]:
        """The wrong classes of the highest probability."""
        given = answers.argmax(axis=1)
        wrong = np.flatnonzero(~truth.allowed[np.arange(len(given)), given])
        surest = wrong[np.argsort(-answers[wrong, given[wrong]], kind="stable")][:most]
        return [
            (
                int(row),
                {
                    "label": str(truth.label[row]),
                    "class": self.classes[given[row]],
                    "probability": round(float(answers[row, given[row]]), 4),
                },
            )
            for row in surest
        ]

    def grow(self, numbers: Floats, truth: Targets, weight: Floats, seed: int, rounds: int = ROUNDS) -> Grown:
        """Trees of `grow_classes`."""
        return grow_classes(numbers, truth.allowed, weight, seed, rounds)

    def baseline(self, name: str, train: Floats, truth: Targets, test: Floats, seed: int) -> Floats:
        """Probabilities of trees."""
        return baseline_probabilities(name, train, truth.allowed, test, seed).astype(np.float32)


def _share(right: Bools) -> float | None:
    return round(float(right.mean()), 5) if right.size else None
