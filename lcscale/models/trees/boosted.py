"""`BoostedTrees`: histogram gradient boosting (scikit-learn) as a network, under the same heads as others."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from lcscale.errors import ModelError
from lcscale.models.heads.head import Head
from lcscale.models.judging.baseline import ROUNDS, Grown
from lcscale.models.labels.truth import Floats, Truth
from lcscale.models.networks.network import Grown as GrownNetwork
from lcscale.models.trees.additive import ARRAYS, NODES, Additive


class BoostedTrees(GrownNetwork):
    """Sums of trees on numbers; one sum a score.

    Parameters
    ----------
    n_nodes, n_trees, n_outputs
        Sizes of the arrays.
    """

    name: ClassVar[str] = "boosted_trees"
    takes: ClassVar[tuple[str, ...]] = ("numbers",)
    _kept: Additive | None = None

    def __init__(self, n_nodes: int, n_trees: int, n_outputs: int) -> None:
        super().__init__()
        sizes = dict.fromkeys(NODES, n_nodes) | {"first": n_trees + 1, "output": n_trees, "base": n_outputs}
        for name, kind in ARRAYS.items():
            self.register_buffer(name, torch.from_numpy(np.zeros(sizes[name], kind)))

    @classmethod
    def grow(
        cls, head: Head[Any], numbers: Floats, truth: Truth, weight: Floats, seed: int, rounds: int = ROUNDS
    ) -> Self:
        """Trees for what the head asks, `rounds` a score."""
        return cls.of(head.grow(numbers, truth, weight, seed, rounds))

    @classmethod
    def of(cls, grown: Grown) -> Self:
        """The trees of fitted scikit-learn estimators."""
        return cls.holding(Additive.of(grown.estimators, grown.outputs, grown.base))

    @classmethod
    def holding(cls, found: Additive) -> Self:
        """These very trees."""
        sizes = {"n_nodes": found.nodes["leaf"].size, "n_trees": found.output.size, "n_outputs": found.base.size}
        trees = cls.build(sizes)
        arrays = found.arrays()
        trees.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(arrays[name])) for name in ARRAYS})
        return trees

    def fused(self) -> Self:
        """The same for inference: scored as masks of leaves."""
        quick = super().fused()
        quick._kept = quick._flat()
        return quick

    def _flat(self) -> Additive:
        arrays = {name: value.cpu().numpy() for name, value in self.named_buffers()}
        nodes = {name: arrays[name] for name in NODES}
        return Additive(nodes, arrays["first"], arrays["output"], arrays["base"])

    def forward(self, numbers: Tensor) -> Tensor:
        """Scores float32 [n, n_outputs] of standardised numbers float32 [n, n_numbers], NaN where missing."""
        x = numbers.detach().cpu().numpy()
        scores = self._flat().scores(x) if self._kept is None else self._kept.quick_scores(x)
        return torch.from_numpy(scores.astype(np.float32)).to(numbers.device)

    def checked(self, n_numbers: int) -> Self:
        """The trees, if the compiled loop stays within their arrays; a `ModelError` where not."""
        if self._flat().checked(n_numbers).base.size != self.n_outputs:
            raise ModelError(f"{self.name}: scores of another number of classes")
        return self
