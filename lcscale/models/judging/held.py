"""`Held`: stars held back from training, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lcscale.models.inputs.preparation import ALTERNATIVES
from lcscale.models.keeping.model import candidates_of
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.truth import Truth


@dataclass(frozen=True, eq=False)
class Held:
    """Stars of the validation or test set."""

    curves: LabelledCurves
    """All of them can be classified."""
    truth: Truth
    """What is known of them."""

    def __len__(self) -> int:
        return len(self.curves)

    @property
    def periods(self) -> npt.NDArray[np.float64]:
        """Candidate periods, float64 [n, n_candidates], the best first, which stands for those there are not."""
        others = [self.curves.columns[name] for name in ALTERNATIVES if name in self.curves.columns]
        return candidates_of(np.stack([self.curves.period, *others], axis=1), len(self), 1 + len(others))


@dataclass(frozen=True, eq=False)
class Answered:
    """Held stars with the answers of a model that has not seen them."""

    held: Held
    """The stars."""
    answers: npt.NDArray[np.float32]
    """float32 [n, n_answers]."""
    numbers: npt.NDArray[np.float32]
    """Standardised numbers, which the baselines see."""
    inside: npt.NDArray[np.bool_] | None = None
    """bool [n], whether the truth is in the star's set or interval; None where there are none."""
    bound_sizes: npt.NDArray[np.floating] = field(default_factory=lambda: np.empty(0))
    """float [n], classes in the set or width of the interval."""
