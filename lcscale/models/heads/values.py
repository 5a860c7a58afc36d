"""`ValueHead`: a number of a star with its error, such as a metallicity or the logarithm of a luminosity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.models.heads.columns import value_columns
from lcscale.models.heads.head import Head, Labelling
from lcscale.models.judging.baseline import BASELINES, ROUNDS, Grown, baseline_values, grow_values
from lcscale.models.judging.calibration import conformal_rank
from lcscale.models.judging.metrics import evaluate_values
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.truth import Bools, Floats
from lcscale.models.labels.values import Values
from lcscale.vocabulary import Column

if TYPE_CHECKING:
    from torch import Tensor

_FEWEST = 9
"""Stars without which no interval holds 90 %."""
_LOG_VARIANCES = (-14.0, 6.0)
"""Of what the network may say, in units of the training set's variance."""
_BINS = 20


@dataclass(frozen=True)
class ValueHead(Head[Values]):
    """Mean and log variance of a normal distribution, learnt with the errors of the labels.

    The network gives mean and log variance in units of the training set's spread. The likelihood of a label of error e
    is that of a normal distribution of variance ``σ² + e²`` (Nix & Weigend 1994): noisy labels teach less, and σ is
    the scatter of the value itself. Over candidate periods and members of an ensemble the mean is the weighted mean,
    the variance the mean of the variances plus the variance of the means (law of total variance).
    """

    name: str
    """Of the value: its column, in the training table and in what is written."""
    unit: str = ""
    """Unit as astropy spells it."""
    error: str | None = None
    """Column with the errors of the labels, where there is one."""
    density_power: float = 0.0
    """Stars weigh ``density of the labels ** -power``, so that rare values count; 0 leaves them as frequent as they
    are."""
    ucd: str = ""
    """What the value is, in the words of UCD1+."""
    centre: float = 0.0
    """Mean of the training set's values."""
    scale: float = 1.0
    """Their standard deviation."""
    range: tuple[float, float] = (0.0, 0.0)
    """The least and the largest of them."""
    error_scale: float = 1.0
    """Errors of the network are multiplied by it; fitted on the validation set."""
    interval: float = 1.645
    """Errors on either side of the value within which 90 % of true values lie; fitted on the validation set."""
    kind = "value"
    baselines = BASELINES
    shown: ClassVar[Mapping[str, str]] = {"RMSE": "rmse", "scatter": "scatter", "R²": "r2", "log loss": "log_loss"}
    size_name = "mean_width"

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise InputError(f"a value is named like a column, not {self.name!r}")

    @property
    def n_outputs(self) -> int:
        """Mean and log variance."""
        return 2

    @property
    def calibration(self) -> str:
        """Scale of the errors, and the interval in them."""
        return f"Errors times {self.error_scale:.3f}, 90 % intervals of {self.interval:.2f} errors to either side"

    def label_column(self, labelling: Labelling) -> str:
        """The column of its name."""
        return self.name

    def further_columns(self) -> Mapping[str, str | None]:
        """Value and error, in the unit of the head where it has one."""
        return dict.fromkeys((self.name,) if self.error is None else (self.name, self.error), self.unit or None)

    def learn(
        self, label: npt.NDArray[np.object_], columns: Mapping[str, npt.NDArray[Any]], usable: Bools, how: Labelling
    ) -> tuple[Self, Values, list[str]]:
        """Take values and errors from the columns; a star with a value but without a finite error is not used."""
        missing = [name for name in self.further_columns() if name not in columns]
        if missing:
            raise InputError(f"training {self.name} needs the column {', '.join(missing)}; there are {sorted(columns)}")
        value = np.where(usable, columns[self.name], np.nan).astype(np.float32)
        error = np.zeros_like(value) if self.error is None else columns[self.error].astype(np.float32)
        value[~(np.isfinite(error) & (error >= 0))] = np.nan
        if not np.isfinite(value).any():
            raise InputError(f"no star that can be used has a value of {self.name}: nothing to train on")
        return self, Values(value, error), []

    def standardised(self, truth: Values) -> Self:
        """With mean, spread and range of the values."""
        value = truth.value.astype(np.float64)
        ends = (round(float(value.min()), 6), round(float(value.max()), 6))
        return replace(
            self, centre=round(float(value.mean()), 6), scale=max(round(float(value.std()), 6), 1e-6), range=ends
        )

    def weights(self, truth: Values, class_weight_power: float) -> Floats:
        """``density ** -density_power``, at most ten times the mean."""
        used = truth.used
        weights = np.zeros(len(truth), np.float32)
        counts, edges = np.histogram(truth.value[used], _BINS)
        which = np.clip(np.searchsorted(edges, truth.value[used], "right") - 1, 0, _BINS - 1)
        rarity = counts[which].astype(np.float64) ** -self.density_power
        weights[used] = np.minimum(rarity / rarity.mean(), 10.0)
        return weights

    def reader(
        self, label: npt.NDArray[np.object_], truth: Values, weight: Floats
    ) -> tuple[None, Callable[[LabelledCurves], tuple[Values, Floats]]]:
        """From the columns; weights are those of the star with the nearest value."""
        used = np.flatnonzero(truth.used)
        order = used[np.argsort(truth.value[used], kind="stable")]
        known = truth.value[order]

        def read(curves: LabelledCurves) -> tuple[Values, Floats]:
            _, found, _ = self.learn(curves.label, curves.columns, np.ones(len(curves), np.bool_), Labelling())
            near = np.clip(np.searchsorted(known, found.value), 0, known.size - 1)
            return found, np.where(found.used, weight[order[near]], 0).astype(np.float32)

        return None, read

    def loss(self, scores: Tensor, truth: Sequence[Tensor], smoothing: float) -> Tensor:
        """Minus the logarithm of the likelihood, without its constant."""
        value, error = ((truth[0] - self.centre) / self.scale, truth[1] / self.scale)
        variance = scores[:, 1].clamp(*_LOG_VARIANCES).exp() + error**2
        return 0.5 * (variance.log() + (value - scores[:, 0]) ** 2 / variance)

    def epoch_figures(self, scores: Floats, truth: Values) -> dict[str, float]:
        """`log_loss` and `rmse`."""
        figures = self.figures(self.answers(scores[None], (1.0,)), truth)
        return {name: figures[name] for name in ("log_loss", "rmse")}

    def fitted(self, scores: Floats, truth: Values, period_weights: Sequence[float]) -> Self:
        """With the scale of the error of the highest likelihood, 0.2 to 5."""
        from scipy.optimize import minimize_scalar

        scores = scores.reshape(-1, *scores.shape[-2:])

        def loss(log_scale: float) -> float:
            head = replace(self, error_scale=float(np.exp(log_scale)))
            chance = np.tensordot(np.asarray(period_weights), head.likelihood(scores, truth), 1)
            return float(-np.log(np.maximum(chance, 1e-300)).mean())

        found = minimize_scalar(loss, bounds=(np.log(0.2), np.log(5.0)), method="bounded", options={"xatol": 1e-4})
        return replace(self, error_scale=round(float(np.exp(found.x)), 5))

    def likelihood(self, scores: Floats, truth: Values) -> npt.NDArray[np.float64]:
        """Normal densities, per unit of the value."""
        mean, error = self._of(scores)
        variance = error**2 + truth.error.astype(np.float64) ** 2
        return np.asarray(np.exp(-0.5 * (truth.value - mean) ** 2 / variance) / np.sqrt(2 * np.pi * variance))

    def _of(self, scores: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        mean = self.centre + self.scale * scores[..., 0].astype(np.float64)
        log_variance = np.clip(scores[..., 1].astype(np.float64), *_LOG_VARIANCES)
        return mean, self.error_scale * self.scale * np.exp(0.5 * log_variance)

    def bounded(self, answers: Floats, truth: Values) -> Self:
        """With the number of errors on either side; the labels' errors count as the stars', which is safe."""
        if len(truth) < _FEWEST:
            raise InputError(f"{len(truth)} stars are too few for an interval that holds 90 %: {_FEWEST} are needed")
        distance = np.sort(np.abs(truth.value - answers[:, 0]) / answers[:, 1])
        return replace(self, interval=round(float(distance[conformal_rank(distance.size) - 1]) + 5e-6, 5))

    def answers(self, scores: Floats, period_weights: Sequence[float]) -> Floats:
        """Value and error, float32 [n, 2]."""
        mean, error = self._of(scores)
        return _total(mean, error, np.asarray(period_weights))

    def combined(self, answers: Floats) -> Floats:
        """Mean, and error by the law of total variance."""
        each = answers.astype(np.float64)
        return _total(each[..., 0], each[..., 1], np.full(len(answers), 1 / len(answers)))

    def gives(self) -> tuple[Column, ...]:
        """``<name>``, ``<name>_error``, ``<name>_low``, ``<name>_high``, `extrapolated`."""
        return value_columns(self.name, self.unit, self.ucd)

    def columns(self, answers: Floats, extrapolated: Bools, missing: Bools) -> list[pa.Array]:
        """Value, error, the 90 % interval, and whether nothing like it was in the training set."""
        mean, error = answers.T
        beyond = extrapolated | (mean < self.range[0]) | (mean > self.range[1])
        values = (mean, error, mean - self.interval * error, mean + self.interval * error)
        return [
            *(pa.array(each, pa.float32(), mask=missing) for each in values),
            pa.array(beyond, pa.bool_(), mask=missing),
        ]

    def stale(self, schema: pa.Schema) -> set[str]:
        """None."""
        return set()

    def figures(self, answers: Floats, truth: Values, counted: Bools | None = None) -> dict[str, Any]:
        """Those of `evaluate_values`."""
        return evaluate_values(answers, truth)

    def bounds(self, answers: Floats, truth: Values) -> tuple[Bools, Floats]:
        """Whether the label is in the star's interval, and the width of it."""
        half = self.interval * answers[:, 1]
        return np.abs(truth.value - answers[:, 0]) <= half, 2 * half

    def counted(self, counts: Mapping[str, int], smallest: int) -> None:
        """There are no classes."""

    def mistakes(self, answers: Floats, truth: Values, most: int) -> list[tuple[int, dict[str, Any]]]:
        """The stars that are the most errors from their labels, beyond the interval."""
        distance = np.abs(truth.value - answers[:, 0]) / np.hypot(answers[:, 1], truth.error)
        worst = np.argsort(-distance, kind="stable")[:most]
        return [
            (
                int(row),
                {
                    "label": round(float(truth.value[row]), 5),
                    "value": round(float(answers[row, 0]), 5),
                    "error": round(float(answers[row, 1]), 5),
                },
            )
            for row in worst
            if distance[row] > self.interval
        ]

    def grow(self, numbers: Floats, truth: Values, weight: Floats, seed: int, rounds: int = ROUNDS) -> Grown:
        """Trees of `grow_values`."""
        standardised = (truth.value - np.float32(self.centre)) / np.float32(self.scale)
        return grow_values(numbers, standardised, weight, seed, rounds)

    def baseline(self, name: str, train: Floats, truth: Values, test: Floats, seed: int) -> Floats:
        """Values of trees; their error is the scatter of the training stars about trees that had not seen them."""
        return baseline_values(name, train, truth, test, seed)


def _total(mean: npt.NDArray[np.float64], error: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> Floats:
    """Mean and error of mixtures over the first axis."""
    together = np.tensordot(weights, mean, 1)
    variance = np.tensordot(weights, error**2 + (mean - together) ** 2, 1)
    return np.stack([together, np.sqrt(variance)], axis=1).astype(np.float32)
