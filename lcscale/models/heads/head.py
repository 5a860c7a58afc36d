"""`Head`: the answer of a model, and everything that depends on it; training, judging and the step know no other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.models.judging.baseline import ROUNDS, Grown
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.truth import Bools, Floats, Truth
from lcscale.vocabulary import Column

if TYPE_CHECKING:
    from torch import Tensor

    from lcscale.models.judging.sparsity import Sparse

T = TypeVar("T", bound=Truth)


def stated(row: Mapping[str, Any], later: Sequence[str]) -> dict[str, Any]:
    """What a card says, without empty fields that came `later`: ids of earlier cards are made of every word."""
    return {name: value for name, value in row.items() if value or name not in later}


@dataclass(frozen=True)
class Labelling:
    """How labels are read."""

    label: str = "label"
    """Column with the labels."""
    survey: str | None = None
    """Whose class names they are."""
    min_class_size: int = 50
    """A class with fewer stars counts as its parent."""


@dataclass(frozen=True)
class Head(ABC, Generic[T]):
    """The answer of a model. Heads are frozen dataclasses of numbers and texts, which stand in the card.

    Scores are what the network gives, float32 [n, n_outputs]; with several candidate periods, [n_candidates, n,
    n_outputs]. Answers, float32 [n, n_answers], are what is said of a star.
    """

    kind: ClassVar[str]
    """Name in a card."""
    baselines: ClassVar[Mapping[str, str]]
    """Names of the baselines, and what they are."""
    shown: ClassVar[Mapping[str, str]]
    """Figures that pages and commands show, by what they are called there."""
    later: ClassVar[tuple[str, ...]] = ()
    """Fields that heads of earlier versions do not have."""
    by_count: ClassVar[bool] = False
    """Whether answers depend on the number of observations."""
    size_name: ClassVar[str]
    """What the mean size of sets or intervals is called among figures."""

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Scores that the network gives of a star."""

    @property
    @abstractmethod
    def calibration(self) -> str:
        """What calibration found, in words."""

    @abstractmethod
    def label_column(self, labelling: Labelling) -> str:
        """Name of the column without which a row teaches nothing."""

    @abstractmethod
    def further_columns(self) -> Mapping[str, str | None]:
        """Columns of numbers that are read besides, and the unit in which; None where it is that of the column."""

    @abstractmethod
    def learn(
        self, label: npt.NDArray[np.object_], columns: Mapping[str, npt.NDArray[Any]], usable: Bools, how: Labelling
    ) -> tuple[Self, T, list[str]]:
        """The head of these labels, the truth, and the labels that nobody knows.

        Raises
        ------
        InputError
            Nothing can be learnt of them.
        """

    @abstractmethod
    def standardised(self, truth: T) -> Self:
        """The head with what it takes from the training set."""

    @abstractmethod
    def weights(self, truth: T, class_weight_power: float) -> Floats:
        """Weight of each star in the loss, float32 [n], with mean 1."""

    @abstractmethod
    def reader(
        self, label: npt.NDArray[np.object_], truth: T, weight: Floats
    ) -> tuple[tuple[str, ...] | None, Callable[[LabelledCurves], tuple[T, Floats]]]:
        """Labels that teach something (None: all), and truth and weights of stars that come later.

        Parameters
        ----------
        label, truth, weight
            Of all stars, as `learn` and `weights` have them.
        """

    @abstractmethod
    def loss(self, scores: Tensor, truth: Sequence[Tensor], smoothing: float) -> Tensor:
        """Loss of each star, [n]; `truth` is that of `Truth.arrays`."""

    @abstractmethod
    def epoch_figures(self, scores: Floats, truth: T) -> dict[str, float]:
        """`log_loss`, by which the best epoch is known, and another figure, before calibration."""

    @abstractmethod
    def fitted(self, scores: Floats, truth: T, period_weights: Sequence[float]) -> Self:
        """Calibrated: temperature or scale of the error with the highest likelihood."""

    @abstractmethod
    def likelihood(self, scores: Floats, truth: T) -> npt.NDArray[np.float64]:
        """Likelihood of what is known of each star, with each candidate period: float64 [n_candidates, n]."""

    def fitted_to_sparse(self, sparse: Sparse, period_weights: Sequence[float]) -> Self:
        """Calibrated for stars with few observations too, out of thinned ones, where `by_count`."""
        return self

    def tempered(self, scores: Floats, counts: npt.NDArray[np.integer]) -> Floats:
        """Scores [..., n, n_outputs] of stars with so many observations, as answers are made of them."""
        return scores

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """The head that `row` wrote into a card."""
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})

    def row(self) -> dict[str, Any]:
        """What stands in the card, but for the kind."""
        return stated(asdict(self), self.later)

    @abstractmethod
    def bounded(self, answers: Floats, truth: T) -> Self:
        """With sets or intervals that hold the truth for 90 % of stars like these (split conformal)."""

    @abstractmethod
    def answers(self, scores: Floats, period_weights: Sequence[float]) -> Floats:
        """Answers for scores [n_candidates, n, n_outputs]."""

    @abstractmethod
    def combined(self, answers: Floats) -> Floats:
        """Answers of an ensemble for those of its members, [n_members, n, n_answers]."""

    @abstractmethod
    def gives(self) -> tuple[Column, ...]:
        """Columns that are written: those of `columns`; the first is null where there is no answer."""

    @abstractmethod
    def columns(self, answers: Floats, extrapolated: Bools, missing: Bools) -> list[pa.Array]:
        """The columns' values; null where `missing`."""

    @abstractmethod
    def stale(self, schema: pa.Schema) -> set[str]:
        """Columns of another model that would lose their meaning beside these."""

    @abstractmethod
    def figures(self, answers: Floats, truth: T, counted: Bools | None = None) -> dict[str, Any]:
        """How good answers are, as JSON has it; always with `n`."""

    @abstractmethod
    def bounds(self, answers: Floats, truth: T) -> tuple[Bools, Floats]:
        """Whether the truth is in each star's set or interval, and how large this is: bool [n], float32 [n]."""

    @abstractmethod
    def counted(self, counts: Mapping[str, int], smallest: int) -> Bools | None:
        """Answers of which means over classes are taken; None where there are no classes."""

    @abstractmethod
    def mistakes(self, answers: Floats, truth: T, most: int) -> list[tuple[int, dict[str, Any]]]:
        """Rows of the worst mistakes, and what was said of them."""

    @abstractmethod
    def grow(self, numbers: Floats, truth: T, weight: Floats, seed: int, rounds: int = ROUNDS) -> Grown:
        """Boosted trees on standardised numbers, `rounds` a score, whose sums are scores as a network gives them."""

    @abstractmethod
    def baseline(self, name: str, train: Floats, truth: T, test: Floats, seed: int) -> Floats:
        """Answers of a baseline that is grown on numbers alone.

        Parameters
        ----------
        name
            Key of `baselines`.
        train, test
            Standardised numbers float32 [n, n_numbers], NaN where missing.
        truth
            Of the training stars.
        seed
            Of the trees.
        """
