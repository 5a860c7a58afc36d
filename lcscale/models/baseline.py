"""The baseline every network must be compared with: gradient-boosted trees on the numbers alone, without images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BASELINE = "histogram gradient boosting on the numbers, trained on the training and validation sets"
"""What it is, for the card."""


def boosted_trees(
    train: npt.NDArray[np.float32],
    targets: npt.NDArray[np.int64],
    test: npt.NDArray[np.float32],
    n_classes: int,
    seed: int,
) -> npt.NDArray[np.float64]:
    """Probabilities of the test set from scikit-learn's histogram gradient boosting, float64 [n_test, n_classes].

    Parameters
    ----------
    train, test
        Numbers as `lcscale.models.preparation` makes them, NaN where missing.
    targets
        Classes of the training set.
    n_classes
        Number of classes; those without a training star get probability 0.
    seed
        Of the trees.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    trees = HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.08,
        max_leaf_nodes=15,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    result = np.zeros((test.shape[0], n_classes))
    with threadpool_limits(1):
        trees.fit(train, targets)
        result[:, trees.classes_] = trees.predict_proba(test)
    return result
