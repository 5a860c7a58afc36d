"""`Forest`: a random forest as flat arrays and bit masks, several times faster than the library it was grown with.

A tree of up to 32 leaves is scored without walking down it (QuickScorer, Lucchese et al. 2015): every node that sends a
row to the right strikes the leaves of its left branch out of a 32-bit word, and the first leaf left is the row's. The
loop over rows has neither branches nor pointers, so that one instruction works on many rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import ModelError
from lcscale.kernels.compiling import exact_kernel

MOST_LEAVES = 32
"""Leaves a tree may have: one a bit. Grow forests with ``max_leaf_nodes`` up to it."""
MOST_CLASSES = 4
"""Classes a forest may have: their shares are added in one instruction."""
ARRAYS = ("column", "threshold", "mask", "first_node", "first_leaf", "values")
"""Names of the arrays a forest is stored as."""
TREES_TOGETHER = 4
"""The number of trees is a multiple of it: the shares of so many are added at once."""
_BLOCK = 256
"""Rows that go through a tree together: their words and numbers stay in the processor's first caches."""
NODES_TOGETHER = 4
"""Nodes looked at in one pass over the words; trees are filled up to a multiple of it with nodes without effect."""
NO_LEAF_STRUCK = 2**32 - 1
"""Mask of a node without effect."""
_ALL = np.uint32(NO_LEAF_STRUCK)
_EXPONENT_BITS, _BIAS = np.int32(23), np.int32(127)


@dataclass(frozen=True, eq=False)
class Forest:
    """Decision trees one after the other."""

    column: npt.NDArray[np.int32]
    """int32 [n_nodes]: number that a node looks at."""
    threshold: npt.NDArray[np.float32]
    """float32 [n_nodes]: rows above it go right."""
    mask: npt.NDArray[np.uint32]
    """uint32 [n_nodes]: the leaves that are left to a row that goes right."""
    first_node: npt.NDArray[np.int32]
    """int32 [n_trees + 1]: where each tree's nodes begin."""
    first_leaf: npt.NDArray[np.int32]
    """int32 [n_trees + 1]: where each tree's leaves begin."""
    values: npt.NDArray[np.float32]
    """float32 [n_leaves, n_classes]: shares of the classes in each leaf, from the left to the right."""

    @classmethod
    def of(cls, grown: Any) -> Forest:
        """The trees of a fitted scikit-learn forest (`RandomForestClassifier`, `ExtraTreesClassifier`).

        A row goes right where its float32 number is above the float64 threshold; rounded down to float32 the threshold
        divides the same numbers in the same way, so that nothing is lost.
        """
        if len(grown.classes_) > MOST_CLASSES or len(grown.estimators_) % TREES_TOGETHER:
            raise ModelError(
                f"a forest of {len(grown.estimators_)} trees and {len(grown.classes_)} classes cannot be stored: "
                f"grow a multiple of {TREES_TOGETHER} trees for {MOST_CLASSES} classes at most"
            )
        trees = [_flattened(estimator.tree_) for estimator in grown.estimators_]
        columns, thresholds, masks, values = (list(parts) for parts in zip(*trees, strict=True))
        return cls(
            np.concatenate(columns),
            np.concatenate(thresholds),
            np.concatenate(masks),
            _starts(columns),
            _starts(values),
            np.concatenate(values),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], n_features: int, n_classes: int) -> Forest:
        """The forest stored as `ARRAYS`, checked so that the compiled loop stays within them.

        Raises
        ------
        ModelError
            An array is missing, of a wrong shape, or points beyond another.
        """
        missing = [name for name in ARRAYS if name not in arrays]
        if missing:
            raise ModelError(f"no forest: the array {', '.join(missing)} is missing")
        forest = cls(**{name: np.ascontiguousarray(arrays[name]) for name in ARRAYS})
        n_nodes, leaves = forest.column.size, np.diff(forest.first_leaf)
        sound = (
            forest.threshold.shape == forest.mask.shape == (n_nodes,)
            and forest.values.shape == (forest.first_leaf[-1], n_classes)
            and n_classes <= MOST_CLASSES
            and forest.first_node.shape == forest.first_leaf.shape
            and forest.n_trees % TREES_TOGETHER == 0
            and forest.first_node[0] == forest.first_leaf[0] == 0
            and forest.first_node[-1] == n_nodes
            and bool(
                (np.diff(forest.first_node) >= 0).all() and (np.diff(forest.first_node) % NODES_TOGETHER == 0).all()
            )
            and bool(((leaves >= 1) & (leaves <= MOST_LEAVES)).all())
            and bool(((forest.column >= 0) & (forest.column < n_features)).all())
            and _keeps_a_leaf(forest)
        )
        if not sound:
            raise ModelError("no forest: its arrays do not belong together")
        return forest

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What is stored."""
        return {name: getattr(self, name) for name in ARRAYS}

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return int(self.first_node.size - 1)

    def probabilities(self, x: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Mean of the trees' shares, float32 [n_rows, n_classes], as scikit-learn's ``predict_proba`` has it.

        Parameters
        ----------
        x
            float [n_rows, n_features], finite; in columns (Fortran order) it need not be copied.
        """
        n_classes = self.values.shape[1]
        values = np.pad(self.values, ((0, 0), (0, MOST_CLASSES - n_classes)))
        total = np.zeros((x.shape[0], MOST_CLASSES), np.float32)
        by_column = np.ascontiguousarray(np.asarray(x, np.float32).T)
        _score(by_column, self.column, self.threshold, self.mask, self.first_node, self.first_leaf, values, total)
        return total[:, :n_classes] / np.float32(self.n_trees)


def _flattened(tree: Any) -> tuple[npt.NDArray[Any], ...]:
    """Columns, thresholds and masks of a tree's nodes, and the shares of its leaves from the left to the right."""
    if tree.n_leaves > MOST_LEAVES:
        raise ModelError(
            f"a tree of {tree.n_leaves} leaves cannot be stored: grow it with max_leaf_nodes={MOST_LEAVES}"
        )
    leaves: list[int] = []
    nodes: list[tuple[int, float, int]] = []

    def visit(node: int) -> None:
        if tree.children_left[node] < 0:
            leaves.append(node)
            return
        first = len(leaves)
        visit(tree.children_left[node])
        struck = (1 << len(leaves)) - (1 << first)
        nodes.append((tree.feature[node], tree.threshold[node], int(_ALL) ^ struck))
        visit(tree.children_right[node])

    visit(0)
    nodes += [(0, np.inf, int(_ALL))] * (-len(nodes) % NODES_TOGETHER)
    shares = tree.value[leaves, 0, :]
    return (
        np.array([node[0] for node in nodes], np.int32),
        rounded_down(np.array([node[1] for node in nodes], np.float64)),
        np.array([node[2] for node in nodes], np.uint32),
        (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32),
    )


def rounded_down(threshold: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The largest float32 that is not above each number."""
    nearest = threshold.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    return np.asarray(np.where(nearest.astype(np.float64) > threshold, below, nearest), np.float32)


def _starts(parts: list[npt.NDArray[Any]]) -> npt.NDArray[np.int32]:
    return np.cumsum([0, *(len(part) for part in parts)]).astype(np.int32)


def _keeps_a_leaf(forest: Forest) -> bool:
    """Whether each tree's last leaf is struck by none of its nodes, so that a row always comes to a leaf."""
    tree = np.repeat(np.arange(forest.n_trees), np.diff(forest.first_node))
    last = (np.diff(forest.first_leaf)[tree] - 1).astype(np.uint32)
    return bool(((forest.mask >> last) & np.uint32(1)).all())


@exact_kernel
def _score(
    by_column: npt.NDArray[np.float32],
    column: npt.NDArray[np.int32],
    threshold: npt.NDArray[np.float32],
    mask: npt.NDArray[np.uint32],
    first_node: npt.NDArray[np.int32],
    first_leaf: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    total: npt.NDArray[np.float32],
) -> None:
    """Add the shares of the leaf that each row comes to in each tree; `by_column` is [n_features, n_rows]."""
    leaves = np.empty(_BLOCK, np.uint32)
    lowest = np.empty(_BLOCK, np.float32)  # a power of two: its exponent is the leaf's number
    bits = lowest.view(np.int32)
    place = np.empty((TREES_TOGETHER, _BLOCK), np.uint32)
    for first in range(0, by_column.shape[1], _BLOCK):
        n = min(_BLOCK, by_column.shape[1] - first)
        rows = slice(first, first + n)
        for group in range(0, first_node.size - 1, TREES_TOGETHER):
            for one in range(TREES_TOGETHER):
                leaves[:] = _ALL
                for k in range(first_node[group + one], first_node[group + one + 1], NODES_TOGETHER):
                    a, b = by_column[column[k], rows], by_column[column[k + 1], rows]
                    c, d = by_column[column[k + 2], rows], by_column[column[k + 3], rows]
                    over_a, over_b, over_c, over_d = threshold[k], threshold[k + 1], threshold[k + 2], threshold[k + 3]
                    mask_a, mask_b, mask_c, mask_d = mask[k], mask[k + 1], mask[k + 2], mask[k + 3]
                    for i in range(n):
                        leaves[i] &= (
                            (mask_a if a[i] > over_a else _ALL)
                            & (mask_b if b[i] > over_b else _ALL)
                            & (mask_c if c[i] > over_c else _ALL)
                            & (mask_d if d[i] > over_d else _ALL)
                        )
                for i in range(_BLOCK):
                    lowest[i] = np.float32(leaves[i] & (~leaves[i] + np.uint32(1)))
                offset = np.int32(first_leaf[group + one] - _BIAS)
                for i in range(_BLOCK):
                    place[one, i] = np.uint32(offset + (bits[i] >> _EXPONENT_BITS))
            for i in range(n):  # unsigned indices spare numba the question whether they count from the end
                p, q, r, s = place[0, i], place[1, i], place[2, i], place[3, i]
                row = np.uint64(first + i)
                for k in range(MOST_CLASSES):
                    total[row, k] += (values[p, k] + values[q, k]) + (values[r, k] + values[s, k])
