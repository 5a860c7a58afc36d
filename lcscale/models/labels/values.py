"""`Values`: numbers with their errors as labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.models.labels.truth import Truth


@dataclass(frozen=True, eq=False)
class Values(Truth):
    """Values of a set of stars."""

    value: npt.NDArray[np.float32]
    """float32 [n]; NaN for a star that is not used."""
    error: npt.NDArray[np.float32]
    """float32 [n], standard error of the value; 0 where none is known."""

    def __len__(self) -> int:
        return self.value.size

    def take(self, index: npt.NDArray[np.integer]) -> Values:
        """The values of the stars at `index`."""
        return Values(self.value[index], self.error[index])

    @property
    def used(self) -> npt.NDArray[np.bool_]:
        """Stars with a value, bool [n]."""
        return np.isfinite(self.value)

    @property
    def exact(self) -> npt.NDArray[np.bool_]:
        """All."""
        return np.ones(len(self), np.bool_)

    def counts(self) -> dict[str, int]:
        """Stars with a value."""
        return {"values": int(self.used.sum())}

    def members(self) -> dict[str, npt.NDArray[np.int64]]:
        """None: there are no classes."""
        return {}

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Values and errors."""
        return self.value, self.error
