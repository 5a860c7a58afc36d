"""`Additive`: gradient-boosted trees as flat arrays, for numbers of which some are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import ModelError
from lcscale.kernels.compiling import exact_kernel
from lcscale.models.trees.forest import (
    MOST_CLASSES,
    MOST_LEAVES,
    NO_LEAF_STRUCK,
    NODES_TOGETHER,
    TREES_TOGETHER,
    Forest,
    rounded_down,
)

NODES: Mapping[str, Any] = {
    "feature": np.int32,
    "threshold": np.float64,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "leaf": np.bool_,
    "value": np.float64,
}
"""Arrays [n_nodes] of all trees one after the other: numbers of a node's children count from its tree's first node."""
ARRAYS: Mapping[str, Any] = {**NODES, "first": np.int32, "output": np.int32, "base": np.float64}
"""With those by tree and by score."""
_LARGEST = float(np.finfo(np.float32).max)
_BLOCK = 128
"""Rows that go through a tree together: it and they stay in the processor's first caches."""
_THEIRS = {
    "feature": "feature_idx",
    "threshold": "num_threshold",
    "missing_left": "missing_go_to_left",
    "leaf": "is_leaf",
}


@dataclass(frozen=True, eq=False)
class Additive:
    """Sums of trees, one sum a score."""

    nodes: Mapping[str, npt.NDArray[Any]]
    """`NODES`."""
    first: npt.NDArray[np.int32]
    """int32 [n_trees + 1]: where each tree's nodes begin."""
    output: npt.NDArray[np.int32]
    """int32 [n_trees]: the score that a tree adds to."""
    base: npt.NDArray[np.float64]
    """float64 [n_outputs]: scores without a tree."""

    @classmethod
    def of(cls, estimators: Sequence[Any], outputs: Sequence[Sequence[int]], base: npt.NDArray[np.float64]) -> Additive:
        """The trees of scikit-learn's histogram gradient boosting.

        Parameters
        ----------
        estimators
            Fitted `HistGradientBoostingClassifier` or `HistGradientBoostingRegressor`.
        outputs
            For each of them, the scores that its sums are added to.
        base
            float64 [n_outputs], scores that no estimator adds to.
        """
        base, trees = base.astype(np.float64), []
        places: list[int] = []
        for each, added in zip(estimators, outputs, strict=True):
            base[list(added)] = np.ravel(each._baseline_prediction)
            for together in each._predictors:
                trees += [tree.nodes for tree in together]
                places += added
        joined = np.concatenate(trees)
        nodes: dict[str, npt.NDArray[Any]] = {
            name: joined[_THEIRS.get(name, name)].astype(kind) for name, kind in NODES.items()
        }
        first = np.cumsum([0, *(each.size for each in trees)]).astype(np.int32)
        return cls(nodes, first, np.array(places, np.int32), base)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], n_features: int, n_outputs: int) -> Additive:
        """The trees stored as `ARRAYS`, checked.

        Raises
        ------
        ModelError
            An array is missing, or points beyond another.
        """
        missing = [name for name in ARRAYS if name not in arrays]
        if missing or arrays["base"].size != n_outputs:
            raise ModelError(f"no boosted trees: {', '.join(missing) or 'scores'} do not fit")
        found: dict[str, npt.NDArray[Any]] = {
            name: np.ascontiguousarray(arrays[name], kind) for name, kind in ARRAYS.items()
        }
        trees = cls({name: found[name] for name in NODES}, found["first"], found["output"], found["base"])
        return trees.checked(n_features)

    @classmethod
    def mean(cls, members: Sequence[Additive]) -> Additive:
        """Trees whose scores are the mean of those of the members: the geometric mean of their probabilities."""
        nodes = {name: np.concatenate([each.nodes[name] for each in members]) for name in NODES}
        nodes["value"] = nodes["value"] / len(members)
        ends = np.cumsum([0, *(each.first[-1] for each in members)])
        first = [each.first[:-1] + start for each, start in zip(members, ends, strict=False)]
        output = np.concatenate([each.output for each in members])
        base = np.mean([each.base for each in members], axis=0)
        return cls(nodes, np.concatenate([*first, ends[-1:]]).astype(np.int32), output, base)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What is stored."""
        return {**self.nodes, "first": self.first, "output": self.output, "base": self.base}

    def checked(self, n_features: int) -> Additive:
        """The trees, if the compiled loop stays within their arrays.

        Raises
        ------
        ModelError
            A node points beyond its tree, or to a number that there is not.
        """
        a, first, sizes = self.nodes, self.first, np.diff(self.first)
        whole = first[0] == 0 and first[-1] == a["leaf"].size and bool((sizes > 0).all())
        if whole:
            place = np.arange(a["leaf"].size) - np.repeat(first[:-1], sizes)
            inner, size = ~a["leaf"], np.repeat(sizes, sizes)
            whole = all(bool(((a[side] > place) & (a[side] < size))[inner].all()) for side in ("left", "right"))
            whole &= bool(((a["feature"] >= 0) & (a["feature"] < n_features))[inner].all())
            whole &= bool(((self.output >= 0) & (self.output < self.base.size)).all())
        if not whole:
            raise ModelError("no boosted trees: their arrays do not belong together")
        return self

    def scores(self, x: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Scores float64 [n, n_outputs] of float [n, n_features], NaN where missing."""
        scores = np.repeat(self.base[None], len(x), axis=0)
        a = self.nodes
        nodes = (a["feature"], a["threshold"], a["left"], a["right"], a["missing_left"], a["leaf"], a["value"])
        _add(np.ascontiguousarray(x, np.float32), *nodes, self.first, self.output, scores)
        return scores

    @cached_property
    def _forests(self) -> list[Forest] | None:
        """The same trees as masks of leaves, many times faster; None where they do not fit into such.

        Each forest adds to `MOST_CLASSES` scores and looks at every number twice: with -inf where it is missing and
        goes left, with inf where that goes right.
        """
        found = [self._forest(score) for score in range(0, self.base.size, MOST_CLASSES)]
        whole = [each for each in found if each is not None]
        return whole if len(whole) == len(found) else None

    def _forest(self, start: int) -> Forest | None:
        """Of the trees that add to the scores from `start`."""
        n_scores = min(MOST_CLASSES, self.base.size - start)
        of_scores = (self.output >= start) & (self.output < start + n_scores)
        trees: list[int | None] = list(np.flatnonzero(of_scores).tolist())
        trees += [None] * (-len(trees) % TREES_TOGETHER if trees else TREES_TOGETHER)
        columns: list[npt.NDArray[np.int32]] = []
        thresholds: list[npt.NDArray[np.float32]] = []
        masks: list[npt.NDArray[np.uint32]] = []
        values: list[npt.NDArray[np.float32]] = []
        used = int(self.nodes["feature"].max()) + 1
        for tree in trees:
            leaves: list[float] = []
            inner: list[tuple[int, float, int]] = []
            if tree is None:
                leaves.append(0.0)
            elif not self._visit(int(self.first[tree]), 0, leaves, inner):
                return None
            inner += [(0, np.inf, NO_LEAF_STRUCK)] * (-len(inner) % NODES_TOGETHER)
            column = np.array([node[0] for node in inner], np.int32)
            columns.append(np.where(column < 0, used - 1 - column, column).astype(np.int32))
            thresholds.append(rounded_down(np.array([node[1] for node in inner], np.float64)))
            masks.append(np.array([node[2] for node in inner], np.uint32))
            of_tree = np.zeros((len(leaves), n_scores), np.float32)
            of_tree[:, 0 if tree is None else self.output[tree] - start] = leaves
            values.append(of_tree)
        nodes, ends = ([0, *(len(each) for each in found)] for found in (columns, values))
        return Forest(
            np.concatenate(columns),
            np.concatenate(thresholds),
            np.concatenate(masks),
            np.cumsum(nodes).astype(np.int32),
            np.cumsum(ends).astype(np.int32),
            np.concatenate(values),
        )

    def _visit(self, start: int, node: int, leaves: list[float], inner: list[tuple[int, float, int]]) -> bool:
        """Leaves of a tree from the left, and its nodes; of a column below 0 what is missing goes right."""
        a, k = self.nodes, start + node
        if a["leaf"][k]:
            leaves.append(float(a["value"][k]))
            return len(leaves) <= MOST_LEAVES
        first, feature = len(leaves), int(a["feature"][k])
        if not self._visit(start, int(a["left"][k]), leaves, inner):
            return False
        struck = (1 << len(leaves)) - (1 << first)
        column = feature if a["missing_left"][k] else -1 - feature
        threshold = min(float(a["threshold"][k]), _LARGEST)  # at inf only what is missing goes right
        inner.append((column, threshold, NO_LEAF_STRUCK ^ struck))
        return self._visit(start, int(a["right"][k]), leaves, inner)

    def quick_scores(self, x: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """The same as `scores` but for the rounding of float32 sums; what it needs is made at the first call."""
        forests = self._forests
        if forests is None:
            return self.scores(x)
        used = int(self.nodes["feature"].max()) + 1
        columns = np.asarray(x, np.float32).T[:used]
        missing = np.isnan(columns)
        both = np.concatenate([np.where(missing, -np.inf, columns), np.where(missing, np.inf, columns)])
        turned = both.astype(np.float32).T
        sums = [forest.probabilities(turned) * np.float32(forest.n_trees) for forest in forests]
        return np.asarray(np.concatenate(sums, axis=1) + self.base)

    def probabilities(self, x: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Softmax of the scores, float32 [n, n_outputs]."""
        scores = self.quick_scores(x)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


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
    for start in range(0, x.shape[0], _BLOCK):
        for tree in range(output.size):
            root, score = first[tree], output[tree]
            for row in range(start, min(start + _BLOCK, x.shape[0])):
                node = root
                while not leaf[node]:
                    number = x[row, feature[node]]
                    goes_left = missing_left[node] if np.isnan(number) else number <= threshold[node]
                    node = root + (left[node] if goes_left else right[node])
                scores[row, score] += value[node]
