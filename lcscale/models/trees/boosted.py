"""`BoostedTrees`: histogram gradient boosting (scikit-learn) as flat arrays, under the same heads as networks."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lcscale.errors import ModelError
from lcscale.kernels.compiling import exact_kernel
from lcscale.models.heads.head import Head
from lcscale.models.inputs.preparation import Preparation
from lcscale.models.judging.baseline import Grown
from lcscale.models.labels.truth import Floats, Truth
from lcscale.models.networks.network import Network
from lcscale.models.training.options import TrainingOptions

ARRAYS = {
    "feature": torch.int32,
    "threshold": torch.float64,
    "left": torch.int32,
    "right": torch.int32,
    "missing_left": torch.bool,
    "leaf": torch.bool,
    "value": torch.float64,
}
"""Arrays [n_nodes] of all trees one after the other: numbers of a node's children count from its tree's first node."""


class BoostedTrees(Network):
    """Sums of trees on numbers; one sum a score.

    Parameters
    ----------
    n_nodes, n_trees, n_outputs
        Sizes of the arrays.
    """

    name: ClassVar[str] = "boosted_trees"
    takes: ClassVar[tuple[str, ...]] = ("numbers",)
    by_epochs: ClassVar[bool] = False

    def __init__(self, n_nodes: int, n_trees: int, n_outputs: int) -> None:
        super().__init__()
        for name, kind in ARRAYS.items():
            self.register_buffer(name, torch.zeros(n_nodes, dtype=kind))
        self.register_buffer("first", torch.zeros(n_trees + 1, dtype=torch.int32))
        self.register_buffer("output", torch.zeros(n_trees, dtype=torch.int32))
        self.register_buffer("base", torch.zeros(n_outputs, dtype=torch.float64))

    @classmethod
    def sizes_for(cls, preparation: Preparation, n_outputs: int, options: TrainingOptions) -> dict[str, Any]:
        """Trees are grown, and then there are as many as there are."""
        raise NotImplementedError

    @classmethod
    def grow(cls, head: Head[Any], numbers: Floats, truth: Truth, weight: Floats, seed: int) -> Self:
        """Trees for what the head asks."""
        return cls.of(head.grow(numbers, truth, weight, seed))

    @classmethod
    def of(cls, grown: Grown) -> Self:
        """The trees of fitted scikit-learn estimators."""
        base = grown.base.copy()
        nodes: list[npt.NDArray[Any]] = []
        output: list[int] = []
        for each, places in zip(grown.estimators, grown.outputs, strict=True):
            base[list(places)] = np.ravel(each._baseline_prediction)
            for together in each._predictors:
                nodes += [tree.nodes for tree in together]
                output += places
        joined = np.concatenate(nodes)
        trees = cls.build({"n_nodes": joined.size, "n_trees": len(nodes), "n_outputs": base.size})
        known = {"feature": "feature_idx", "threshold": "num_threshold", "missing_left": "missing_go_to_left"}
        arrays = {name: joined[known.get(name, "is_leaf" if name == "leaf" else name)] for name in ARRAYS}
        arrays |= {"first": np.cumsum([0, *(each.size for each in nodes)]), "output": np.array(output), "base": base}
        state = {name: torch.as_tensor(np.ascontiguousarray(a)) for name, a in arrays.items()}
        trees.load_state_dict({name: value.to(trees.get_buffer(name).dtype) for name, value in state.items()})
        return trees

    def forward(self, numbers: Tensor) -> Tensor:
        """Scores float32 [n, n_outputs] of standardised numbers float32 [n, n_numbers], NaN where missing."""
        arrays = {name: value.cpu().numpy() for name, value in self.named_buffers()}
        x = np.ascontiguousarray(numbers.detach().cpu().numpy(), np.float32)
        scores = np.repeat(arrays["base"][None], len(x), axis=0)
        _add(
            x,
            arrays["feature"],
            arrays["threshold"],
            arrays["left"],
            arrays["right"],
            arrays["missing_left"],
            arrays["leaf"],
            arrays["value"],
            arrays["first"],
            arrays["output"],
            scores,
        )
        return torch.from_numpy(scores.astype(np.float32)).to(numbers.device)

    def checked(self, n_numbers: int) -> Self:
        """The trees, if the compiled loop stays within their arrays.

        Raises
        ------
        ModelError
            A node points beyond its tree, or to a number that there is not.
        """
        a = {name: value.cpu().numpy() for name, value in self.named_buffers()}
        first, sizes = a["first"], np.diff(a["first"])
        whole = first[0] == 0 and first[-1] == a["leaf"].size and bool((sizes > 0).all())
        if whole:
            place = np.arange(a["leaf"].size) - np.repeat(first[:-1], sizes)
            inner, size = ~a["leaf"], np.repeat(sizes, sizes)
            whole = all(bool(((a[side] > place) & (a[side] < size))[inner].all()) for side in ("left", "right"))
            whole &= bool(((a["feature"] >= 0) & (a["feature"] < n_numbers))[inner].all())
            whole &= bool(((a["output"] >= 0) & (a["output"] < a["base"].size)).all())
        if not whole:
            raise ModelError("no boosted trees: their arrays do not belong together")
        return self


@exact_kernel
def _add(
    x: npt.NDArray[np.float32],
    feature: npt.NDArray[np.int32],
    threshold: npt.NDArray[np.float64],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
    missing_left: npt.NDArray[np.bool_],
    leaf: npt.NDArray[np.bool_],
    value: npt.NDArray[np.float64],
    first: npt.NDArray[np.int32],
    output: npt.NDArray[np.int32],
    scores: npt.NDArray[np.float64],
) -> None:
    """Add to `scores` [n, n_outputs] the values of the leaves that each row of `x` comes to."""
    for row in range(x.shape[0]):
        for tree in range(output.size):
            node = first[tree]
            while not leaf[node]:
                number = x[row, feature[node]]
                goes_left = missing_left[node] if np.isnan(number) else number <= threshold[node]
                node = first[tree] + (left[node] if goes_left else right[node])
            scores[row, output[tree]] += value[node]
