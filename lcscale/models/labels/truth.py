"""`Truth`: what is known of labelled stars, whatever is asked of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


class Truth(ABC):
    """What is known of a set of stars."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of stars."""

    @abstractmethod
    def take(self, index: npt.NDArray[np.integer]) -> Self:
        """That of the stars at `index`."""

    @property
    @abstractmethod
    def used(self) -> Bools:
        """Stars of which enough is known, bool [n]."""

    @property
    @abstractmethod
    def exact(self) -> Bools:
        """Stars of which one answer alone is right, bool [n]; others have a group as label."""

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """Stars of each label."""

    @abstractmethod
    def members(self) -> dict[str, npt.NDArray[np.int64]]:
        """Rows of the stars that are of one known class, by class; none where there are no classes."""

    @abstractmethod
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """What the loss compares scores with; arrays with one row a star."""
