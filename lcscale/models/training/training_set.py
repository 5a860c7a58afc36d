"""What a network is taught with: batches of labelled light curves, from memory or as a catalog streams them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.truth import Truth


@dataclass(frozen=True, eq=False)
class Batch:
    """Stars between two steps of the optimizer."""

    curves: LabelledCurves
    """n light curves."""
    truth: Truth
    """What is known of them."""
    weight: npt.NDArray[np.float32]
    """float32 [n], of each star in the loss."""


class TrainingSet(Protocol):
    """Anything that gives every star of the training set once an epoch."""

    def __len__(self) -> int:
        """Number of stars."""

    def batches(self, epoch: int, size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """About ``len(self) / size`` batches in an order of the epoch's own."""

    def per_epoch(self, size: int) -> int:
        """Number of these batches."""


@dataclass(frozen=True, eq=False)
class InMemory:
    """A training set that is held as a whole."""

    curves: LabelledCurves
    """All stars."""
    truth: Truth
    """What is known of them."""
    weight: npt.NDArray[np.float32]
    """float32 [n]."""

    def __len__(self) -> int:
        return len(self.curves)

    def batches(self, epoch: int, size: int, rng: np.random.Generator) -> Iterator[Batch]:
        """The stars in an order that `rng` draws."""
        for chosen in np.array_split(rng.permutation(len(self)), self.per_epoch(size)):
            yield Batch(self.curves.take(chosen), self.truth.take(chosen), self.weight[chosen])

    def per_epoch(self, size: int) -> int:
        """Number of batches, as even as can be."""
        return max(1, round(len(self) / size))
