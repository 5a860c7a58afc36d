"""The baselines every network must be compared with: trees on the numbers alone, without images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.models.labels.values import Values

BASELINES = {
    "baseline": "histogram gradient boosting on the numbers, trained on the training and validation sets",
    "random_forest": "random forest of 200 trees on the numbers, trained on the training and validation sets",
}
"""Names of the baselines in a card's metrics, and what they are; of classes and of values."""

ROUNDS = 150
"""Trees of each score of boosted trees."""
_UNSEEN = -30.0
"""Score of a class without a star: its probability is next to nothing."""
_ABSENT = -99.0
"""What the forest sees for a missing number: far from all others, which are at most 6."""


@dataclass(frozen=True, eq=False)
class Grown:
    """Boosted trees as scikit-learn has them, and which scores they add to."""

    estimators: Sequence[Any]
    """Fitted `HistGradientBoostingClassifier` or `HistGradientBoostingRegressor`."""
    outputs: Sequence[Sequence[int]]
    """For each of them, the scores that its sums are added to."""
    base: npt.NDArray[np.float64]
    """float64 [n_outputs], scores without a tree."""


def grow_classes(
    numbers: npt.NDArray[np.float32],
    allowed: npt.NDArray[np.bool_],
    weight: npt.NDArray[np.float32],
    seed: int,
    rounds: int = ROUNDS,
) -> Grown:
    """Boosted trees for the logarithms of the classes' probabilities.

    Parameters
    ----------
    numbers
        Standardised, NaN where missing.
    allowed
        bool [n, n_classes], the classes that each label allows. Stars of groups are taught as the class of their group
        that trees grown on the other stars find most probable.
    weight
        Of each star.
    seed
        Of the trees.
    rounds
        Trees of each score; the fewer, the more each of them corrects.
    """
    from threadpoolctl import threadpool_limits

    exact, targets = allowed.sum(axis=1) == 1, allowed.argmax(axis=1)
    numbers, _ = _for_trees("baseline", numbers, numbers[:0], exact)
    with threadpool_limits(1):
        trees = _trees("baseline", seed, rounds).fit(numbers[exact], targets[exact], weight[exact])
        if not exact.all():
            targets[~exact] = _resolved(trees, numbers[~exact], allowed[~exact])
            trees = _trees("baseline", seed, rounds).fit(numbers, targets, weight)
    base, places = np.full(allowed.shape[1], _UNSEEN), list(trees.classes_)
    if len(places) == 2:  # one sum, the logarithm of the ratio of their probabilities
        base[places[0]], places = 0.0, places[1:]
    return Grown([trees], [places], base)


def grow_values(
    numbers: npt.NDArray[np.float32],
    value: npt.NDArray[np.float32],
    weight: npt.NDArray[np.float32],
    seed: int,
    rounds: int = ROUNDS,
) -> Grown:
    """Boosted trees for the value, and for the logarithm of the variance about it.

    The second are taught by squares of what is left of the values by trees that had not seen them (three folds), whose
    logarithm is 1.27 below that of the variance on average.

    Parameters
    ----------
    numbers, weight, seed, rounds
        As `grow_classes` has them.
    value
        Standardised.
    """
    from sklearn.model_selection import cross_val_predict
    from threadpoolctl import threadpool_limits

    numbers, _ = _for_trees("baseline", numbers, numbers[:0], np.ones(len(value), np.bool_))
    trees, of_variance = (_trees("baseline", seed, rounds, of_values=True) for _ in range(2))
    with threadpool_limits(1):
        left = value - cross_val_predict(trees, numbers, value, cv=3, params={"sample_weight": weight})
        of_variance.set_params(max_iter=30).fit(numbers, np.log(left**2 + 1e-6) + 1.27, weight)
        trees.fit(numbers, value, weight)
    return Grown([trees, of_variance], [[0], [1]], np.zeros(2))


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

    exact = allowed.sum(axis=1) == 1
    train, test = _for_trees(name, train, test, exact)
    targets = allowed.argmax(axis=1)
    with threadpool_limits(1):
        trees = _trees(name, seed).fit(train[exact], targets[exact])
        if not exact.all():
            targets[~exact] = _resolved(trees, train[~exact], allowed[~exact])
            trees = _trees(name, seed).fit(train, targets)
        return _probabilities(trees, test, allowed.shape[1])


def baseline_values(
    name: str, train: npt.NDArray[np.float32], values: Values, test: npt.NDArray[np.float32], seed: int
) -> npt.NDArray[np.float32]:
    """Values of the test set from one of `BASELINES`, with an error that is the same for all, float32 [n_test, 2].

    Parameters
    ----------
    name
        Key of `BASELINES`.
    train, test
        Standardised numbers, NaN where missing.
    values
        Labels of the training stars. Their scatter about trees that had not seen them (three folds) is the error.
    seed
        Of the trees.
    """
    from sklearn.model_selection import cross_val_predict
    from threadpoolctl import threadpool_limits

    train, test = _for_trees(name, train, test, np.ones(len(values), np.bool_))
    with threadpool_limits(1):
        unseen = cross_val_predict(_trees(name, seed, of_values=True), train, values.value, cv=3)
        found = _trees(name, seed, of_values=True).fit(train, values.value).predict(test)
    error = float(np.sqrt(np.mean((unseen - values.value) ** 2)))
    return np.stack([found, np.full(len(test), max(error, 1e-6))], axis=1).astype(np.float32)


def _for_trees(
    name: str, train: npt.NDArray[np.float32], test: npt.NDArray[np.float32], taught: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Numbers as trees take them: boosted ones refuse a column in which no star that is taught has a number."""
    if name == "random_forest":
        train, test = (np.nan_to_num(each, nan=_ABSENT) for each in (train, test))
    known = np.isfinite(train[taught]).any(axis=0)
    return np.where(known, train, np.float32(0.0)), np.where(known, test, np.float32(0.0))


def _probabilities(trees: Any, numbers: npt.NDArray[np.float32], n_classes: int) -> npt.NDArray[np.float64]:
    """Probabilities of all classes, also of those that no tree has seen."""
    result = np.zeros((numbers.shape[0], n_classes))
    result[:, trees.classes_] = trees.predict_proba(numbers)
    return result


def _resolved(trees: Any, numbers: npt.NDArray[np.float32], allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.integer]:
    """The most probable of the classes that each label allows."""
    guess = _probabilities(trees, numbers, allowed.shape[1])
    return np.asarray(np.where(allowed, guess, -1.0).argmax(axis=1))


def _trees(name: str, seed: int, rounds: int = ROUNDS, of_values: bool = False) -> Any:
    from sklearn import ensemble

    kind = "Regressor" if of_values else "Classifier"
    if name == "random_forest":
        return getattr(ensemble, f"RandomForest{kind}")(200, min_samples_leaf=2, random_state=seed)
    return getattr(ensemble, f"HistGradientBoosting{kind}")(
        max_iter=rounds,
        learning_rate=0.08 * (ROUNDS / rounds) ** 0.5,
        max_leaf_nodes=15,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
