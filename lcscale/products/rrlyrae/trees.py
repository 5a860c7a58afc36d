"""`Trees`: boosted trees from denoised Fourier parameters, their errors and the period to [Fe/H]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from lcscale.kernels.compiling import Floats
from lcscale.models.heads.values import ValueHead
from lcscale.models.inputs.inputs import Inputs
from lcscale.models.keeping.model import network_scores
from lcscale.models.labels.values import Values
from lcscale.models.trees.boosted import BoostedTrees
from lcscale.products.rrlyrae.parameters import N_FEATURES, FourierParameters

_ALONE = (1.0,)


@dataclass(frozen=True, eq=False)
class Trees:
    """The package's boosted trees under a head of a value; inputs are those of the Gaussian process."""

    head: ValueHead
    """Calibrated on stars that the trees had not seen."""
    trees: BoostedTrees
    """For value and logarithm of its variance."""

    @classmethod
    def fit(cls, period: Floats, parameters: FourierParameters, feh: Floats, seed: int = 0) -> Self:
        """Learn from stars with known [Fe/H]."""
        truth = _values(feh)
        head = ValueHead("feh", "dex").standardised(truth)
        numbers = parameters.inputs(period).astype(np.float32)
        return cls(head, BoostedTrees.grow(head, numbers, truth, np.ones(len(feh), np.float32), seed))

    def scores(self, period: Floats, parameters: FourierParameters) -> npt.NDArray[np.float32]:
        """Mean and log variance in units of the training set, float32 [n, 2]."""
        numbers = parameters.inputs(period).astype(np.float32)
        none = np.empty((len(numbers), 0, 0, 0), np.uint8)
        return network_scores(self.trees, Inputs(none, numbers, np.full(len(numbers), None, object)))

    def predict(self, period: Floats, parameters: FourierParameters) -> Floats:
        """[Fe/H] and its error, dex, float64 [2, n]."""
        answers = self.head.answers(self.scores(period, parameters)[None], _ALONE)
        return np.asarray(answers.T, np.float64)

    def calibrated(self, unseen: npt.NDArray[np.float32], feh: Floats) -> Self:
        """With errors that fit the scores of trees which had not seen the stars."""
        head = self.head.fitted(unseen, _values(feh), _ALONE)
        return replace(self, head=head.bounded(head.answers(unseen[None], _ALONE), _values(feh)))

    def parts(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """Numbers for a card, and arrays."""
        arrays = {name: value.numpy() for name, value in self.trees.state_dict().items()}
        return {"head": asdict(self.head), "sizes": dict(self.trees.sizes)}, arrays

    @classmethod
    def of_parts(cls, numbers: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """The trees that `parts` took apart."""
        head: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in numbers["head"].items()}
        trees = BoostedTrees.build(numbers["sizes"])
        trees.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
        return cls(ValueHead(**head), trees.checked(N_FEATURES + 1))


def _values(feh: Floats) -> Values:
    value = feh.astype(np.float32)
    return Values(value, np.zeros_like(value))
