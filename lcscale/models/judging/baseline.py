"""The baselines every network must be compared with: trees on the numbers alone, without images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

BASELINES = {
    "baseline": "histogram gradient boosting on the numbers, trained on the training and validation sets",
    "random_forest": "random forest of 200 trees on the numbers, trained on the training and validation sets",
}
"""Names of the baselines in a card's metrics, and what they are."""

_ABSENT = -99.0
"""What the forest sees for a missing number: far from all others, which are at most 6."""


def baseline_probabilities(
    name: str,
    train: npt.NDArray[np.float32],
    allowed: npt.NDArray[np.bool_],
    test: npt.NDArray[np.float32],
    seed: int,
) -> npt.NDArray[np.float64]:
    """Probabilities of the test set from one of `BASELINES`, float64 [n_test, n_classes].

    Parameters
    ----------
    name
        Key of `BASELINES`.
    train, test
        Standardised numbers as `lcscale.models.inputs.preparation` makes them, NaN where missing.
    allowed
        bool [n, n_classes], the classes that each label allows. Stars of groups are taught as the class of their group
        that trees grown on the other stars find most probable; classes without a star get probability 0. A number that
        no such star has counts for nothing.
    seed
        Of the trees.
    """
    from threadpoolctl import threadpool_limits

    if name == "random_forest":
        train, test = (np.nan_to_num(each, nan=_ABSENT) for each in (train, test))
    exact = allowed.sum(axis=1) == 1
    known = np.isfinite(train[exact]).any(axis=0)  # the boosted trees refuse a column without a number
    train, test = (np.where(known, each, np.float32(0.0)) for each in (train, test))
    targets = allowed.argmax(axis=1)
    with threadpool_limits(1):
        trees = _trees(name, seed).fit(train[exact], targets[exact])
        if not exact.all():
            guess = _probabilities(trees, train[~exact], allowed.shape[1])
            targets[~exact] = np.where(allowed[~exact], guess, -1.0).argmax(axis=1)
            trees = _trees(name, seed).fit(train, targets)
        return _probabilities(trees, test, allowed.shape[1])


def _probabilities(trees: Any, numbers: npt.NDArray[np.float32], n_classes: int) -> npt.NDArray[np.float64]:
    """Probabilities of all classes, also of those that no tree has seen."""
    result = np.zeros((numbers.shape[0], n_classes))
    result[:, trees.classes_] = trees.predict_proba(numbers)
    return result


def _trees(name: str, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    if name == "random_forest":
        return RandomForestClassifier(200, min_samples_leaf=2, random_state=seed)
    return HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.08,
        max_leaf_nodes=15,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
