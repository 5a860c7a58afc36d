"""`ExtraTrees`: extremely randomised trees (Geurts et al. 2006) as a network, for surveys that are not in training."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lcscale.errors import InputError, ModelError
from lcscale.kernels.compiling import exact_kernel
from lcscale.models.heads.head import Head
from lcscale.models.labels.targets import Targets
from lcscale.models.labels.truth import Floats, Truth
from lcscale.models.networks.network import Grown
from lcscale.models.trees.forest import rounded_down

_ABSENT = -9.0
"""What trees see for a missing number: below all others, which are at least -6."""
_LEAST = 1e-4
"""Least probability before calibration."""
_NODES = {"feature": np.int32, "threshold": np.float32, "left": np.int32, "right": np.int32}


class ExtraTrees(Grown):
    """Mean of the class shares in the leaves that a star comes to; scores are its logarithms.

    Splits are drawn at random, so that no number alone decides: where a survey is new, such trees lose less than
    boosted ones. Nodes of all trees stand one after the other; children count from their tree's first node, and `left`
    of a leaf (whose `feature` is -1) is its row of `share`.

    Parameters
    ----------
    n_nodes, n_leaves, n_trees, n_outputs
        Sizes of the arrays.
    """

    name: ClassVar[str] = "extra_trees"
    takes: ClassVar[tuple[str, ...]] = ("numbers",)

    def __init__(self, n_nodes: int, n_leaves: int, n_trees: int, n_outputs: int) -> None:
        super().__init__()
        for name, kind in _NODES.items():
            self.register_buffer(name, torch.from_numpy(np.zeros(n_nodes, kind)))
        self.register_buffer("first", torch.zeros(n_trees + 1, dtype=torch.int32))
        self.register_buffer("share", torch.zeros(n_leaves, n_outputs))

    @classmethod
    def grow(cls, head: Head[Any], numbers: Floats, truth: Truth, weight: Floats, seed: int) -> Self:
        """Trees for the classes of the stars; those of groups are taught as `grow_extra_trees` has it."""
        if not isinstance(truth, Targets):
            raise InputError(f"{cls.name} answers classes, no values: take boosted_trees")
        return cls.of(grow_extra_trees(numbers, truth.allowed, weight, seed), truth.allowed.shape[1])

    @classmethod
    def of(cls, grown: Any, n_outputs: int) -> Self:
        """The trees of a fitted `sklearn.ensemble.ExtraTreesClassifier`, whose classes are places among the scores."""
        trees = [each.tree_ for each in grown.estimators_]
        leaf = [each.children_left < 0 for each in trees]
        ends = np.cumsum([0, *(int(each.sum()) for each in leaf)])
        row = [start + np.cumsum(each) - 1 for start, each in zip(ends, leaf, strict=False)]
        share = np.zeros((int(ends[-1]), n_outputs), np.float32)
        share[:, grown.classes_] = np.concatenate([t.value[at, 0] for t, at in zip(trees, leaf, strict=True)])
        share /= share.sum(axis=1, keepdims=True)
        left = [np.where(at, r, t.children_left) for t, at, r in zip(trees, leaf, row, strict=True)]
        arrays = {
            "feature": np.concatenate([np.where(at, -1, t.feature) for t, at in zip(trees, leaf, strict=True)]),
            "threshold": rounded_down(np.concatenate([t.threshold for t in trees])),
            "left": np.concatenate(left),
            "right": np.concatenate([np.where(at, 0, t.children_right) for t, at in zip(trees, leaf, strict=True)]),
        }
        first = np.cumsum([0, *(t.node_count for t in trees)])
        sizes = {"n_nodes": int(first[-1]), "n_leaves": len(share), "n_trees": len(trees), "n_outputs": n_outputs}
        network = cls.build(sizes)
        known = {name: torch.from_numpy(arrays[name].astype(kind)) for name, kind in _NODES.items()}
        network.load_state_dict(
            known | {"first": torch.from_numpy(first.astype(np.int32)), "share": torch.from_numpy(share)}
        )
        return network

    def forward(self, numbers: Tensor) -> Tensor:
        """Scores float32 [n, n_outputs] of standardised numbers float32 [n, n_numbers], NaN where missing."""
        x = np.nan_to_num(numbers.detach().cpu().numpy().astype(np.float32, copy=False), nan=_ABSENT)
        a = {name: value.cpu().numpy() for name, value in self.named_buffers()}
        summed = np.zeros((len(x), a["share"].shape[1]))
        _add(x, a["feature"], a["threshold"], a["left"], a["right"], a["first"], a["share"], summed)
        shares = summed / (a["first"].size - 1)
        return torch.from_numpy(np.log(np.maximum(shares, _LEAST)).astype(np.float32)).to(numbers.device)

    def checked(self, n_numbers: int) -> Self:
        """The trees, if the compiled loop stays within their arrays; a `ModelError` where not."""
        a = {name: value.cpu().numpy() for name, value in self.named_buffers()}
        first, sizes, leaf = a["first"], np.diff(a["first"]), a["feature"] < 0
        whole = first.size > 1 and first[0] == 0 and first[-1] == leaf.size and bool((sizes > 0).all())
        whole &= a["share"].shape[1] == self.n_outputs and all(a[name].size == leaf.size for name in _NODES)
        if whole:
            place, size = np.arange(leaf.size) - np.repeat(first[:-1], sizes), np.repeat(sizes, sizes)
            whole = all(bool(((a[side] > place) & (a[side] < size))[~leaf].all()) for side in ("left", "right"))
            whole &= bool((a["feature"] < n_numbers).all())
            whole &= bool(((a["left"] >= 0) & (a["left"] < len(a["share"])))[leaf].all())
        if not whole:
            raise ModelError("no extra trees: their arrays do not belong together")
        return self


def grow_extra_trees(
    numbers: Floats, allowed: npt.NDArray[np.bool_], weight: npt.NDArray[np.floating], seed: int
) -> Any:
    """`sklearn.ensemble.ExtraTreesClassifier` on standardised numbers, NaN where missing.

    Stars of groups are taught as the class of their group that trees grown on the other stars find most probable.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from threadpoolctl import threadpool_limits

    def fitted(rows: npt.NDArray[np.bool_]) -> Any:
        trees = ExtraTreesClassifier(200, min_samples_leaf=2, max_features=0.3, max_leaf_nodes=500, random_state=seed)
        return trees.fit(filled[rows], targets[rows], weight[rows])

    filled = np.nan_to_num(numbers, nan=_ABSENT)
    exact, targets = allowed.sum(axis=1) == 1, allowed.argmax(axis=1)
    with threadpool_limits(1):
        trees = fitted(exact)
        if not exact.all():
            guess = np.zeros((int((~exact).sum()), allowed.shape[1]))
            guess[:, trees.classes_] = trees.predict_proba(filled[~exact])
            targets[~exact] = np.where(allowed[~exact], guess, -1.0).argmax(axis=1)
            trees = fitted(np.ones(len(exact), np.bool_))
    return trees


@exact_kernel
def _add(
    x: npt.NDArray[np.float32],
    feature: npt.NDArray[np.int32],
    threshold: npt.NDArray[np.float32],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
    first: npt.NDArray[np.int32],
    share: npt.NDArray[np.float32],
    summed: npt.NDArray[np.float64],
) -> None:
    """Add to `summed` [n, n_outputs] the shares of the leaves that each row of `x` comes to."""
    for tree in range(first.size - 1):
        root = first[tree]
        for row in range(x.shape[0]):
            node = root
            while feature[node] >= 0:
                node = root + (left[node] if x[row, feature[node]] <= threshold[node] else right[node])
            for k in range(summed.shape[1]):
                summed[row, k] += share[left[node], k]
