"""The baselines every network must be compared with: trees on the numbers alone, without images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

BASELINES = {
    "baseline": "histogram gradient boosting on the numbers, trained on the training and validation sets",
    "random_forest": "random forest of 300 trees on the numbers, trained on the training and validation sets",
}
"""Names of the baselines in a card's metrics, and what they are."""

_ABSENT = -99.0
"""What the forest sees for a missing number: far from all others, which are at most 6."""


def baseline_probabilities(
    name: str,
    train: npt.NDArray[np.float32],
    targets: npt.NDArray[np.int64],
    test: npt.NDArray[np.float32],
    n_classes: int,
    seed: int,
) -> npt.NDArray[np.float64]:
    """Probabilities of the test set from one of `BASELINES`, float64 [n_test, n_classes].

    Parameters
    ----------
    name
        Key of `BASELINES`.
    train, test
        Standardised numbers as `lcscale.models.preparation` makes them, NaN where missing.
    targets
        Classes of the training set.
    n_classes
        Number of classes; those without a training star get probability 0.
    seed
        Of the trees.
    """
    from threadpoolctl import threadpool_limits

    trees = _trees(name, seed)
    if name == "random_forest":
        train, test = (np.nan_to_num(each, nan=_ABSENT) for each in (train, test))
    result = np.zeros((test.shape[0], n_classes))
    with threadpool_limits(1):
        trees.fit(train, targets)
        result[:, trees.classes_] = trees.predict_proba(test)
    return result


def _trees(name: str, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    if name == "random_forest":
        return RandomForestClassifier(300, min_samples_leaf=2, random_state=seed)
    return HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.08,
        max_leaf_nodes=15,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
