"""`grow`: forests for every set of measurements, with what each says of the stars that it did not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.models.trees.additive import Additive
from lcscale.models.trees.forest import MOST_LEAVES, TREES_TOGETHER, Forest
from lcscale.models.trees.tabular import Part, Pattern, complete, matrix, sharpened


@dataclass(frozen=True)
class GrowthOptions:
    """Equal options and data give equal forests."""

    n_trees: int = 96
    """Trees of each forest; a multiple of 4."""
    min_leaf: int = 3
    """Stars a leaf has at least."""
    max_leaves: int = MOST_LEAVES
    """Leaves a tree has at most."""
    folds: int = 5
    """Parts of the sky that are left out in turn."""
    order: int = 8
    """HEALPix order of the pixels that stay together; 8 is a quarter of a degree."""
    simulated_weight: float = 0.05
    """Weight of a class's simulated stars together, where it has real ones too; these weigh 1."""
    least: int = 15
    """Stars that each class must have for a pattern to get a forest."""
    seed: int = 0
    """Of folds and trees."""

    def __post_init__(self) -> None:
        if (
            not 2 <= self.max_leaves <= MOST_LEAVES
            or self.folds < 2
            or self.n_trees < 1
            or self.n_trees % TREES_TOGETHER
        ):
            raise InputError(
                f"forests need 2 to {MOST_LEAVES} leaves, {TREES_TOGETHER}n trees, 2 folds or more; got {self}"
            )


@dataclass(frozen=True, eq=False)
class Sample:
    """Labelled objects."""

    features: Mapping[str, npt.NDArray[np.float64]]
    """Numbers by name, float64 [n]; NaN where they are not known."""
    label: npt.NDArray[np.object_]
    """object [n], class."""
    place: npt.NDArray[np.int64]
    """int64 [n], objects of the same number stay in the same fold: pixels of the sky."""
    real: npt.NDArray[np.bool_]
    """bool [n]; simulated objects are trained on, never tested."""

    def __len__(self) -> int:
        return self.label.size


@dataclass(frozen=True, eq=False)
class Grown:
    """What `grow` gives."""

    part: Part
    """Classes and patterns."""
    forests: tuple[Forest | Additive, ...]
    """One a pattern."""
    out_of_fold: npt.NDArray[np.float32]
    """float32 [n, n_classes], calibrated, of the first pattern that fits, from trees that had not seen the object's
    part of the sky; NaN for simulated objects and those that no pattern fits."""
    fold: npt.NDArray[np.int64]
    """int64 [n], part of the sky; -1 for simulated objects."""


def assign_folds(sample: Sample, options: GrowthOptions) -> npt.NDArray[np.int64]:
    """Fold of each real object, -1 for simulated ones: whole places, classes spread as evenly as these allow."""
    from sklearn.model_selection import StratifiedGroupKFold

    rows = np.flatnonzero(sample.real)
    fold = np.full(len(sample), -1, np.int64)
    split = StratifiedGroupKFold(options.folds, shuffle=True, random_state=options.seed)
    labels = sample.label[rows].astype(str)
    for number, (_, tested) in enumerate(split.split(rows, labels, sample.place[rows])):
        fold[rows[tested]] = number
    return fold


def balanced_weights(sample: Sample, rows: npt.NDArray[np.int64], simulated_weight: float) -> npt.NDArray[np.float64]:
    """Weights with which every class counts the same, simulated stars `simulated_weight` as much as real ones."""
    weights = np.zeros(rows.size)
    for name in np.unique(sample.label[rows].astype(str)):
        member = sample.label[rows] == name
        real, simulated = member & sample.real[rows], member & ~sample.real[rows]
        shares = [(real, 1.0), (simulated, simulated_weight if real.any() else 1.0)]
        total = sum(share for chosen, share in shares if chosen.any())
        for chosen, share in shares:
            weights[chosen] = share / total / max(int(chosen.sum()), 1)
    return np.asarray(weights * rows.size / weights.sum(), np.float64)


def grow(
    sample: Sample, patterns: Mapping[str, Sequence[str]], classes: Sequence[str], options: GrowthOptions
) -> Grown:
    """Grow a forest for each pattern for which all classes have stars, and cross-validate it over the sky.

    Parameters
    ----------
    sample
        Labelled objects.
    patterns
        Features by the name of the pattern, from the richest to the poorest.
    classes
        In the order of the probabilities.
    options
        How.

    Raises
    ------
    InputError
        No pattern has stars of all classes.
    """
    fold = assign_folds(sample, options)
    out_of_fold = np.full((len(sample), len(classes)), np.nan, np.float32)
    kept, forests = [], []
    for name, features in patterns.items():
        rows = np.flatnonzero(complete(sample.features, tuple(features), len(sample)))
        counts = _counts(sample, rows, classes)
        if min(counts[each] + counts[f"simulated {each}"] for each in classes) < options.least:
            continue
        x = matrix(sample.features, tuple(features), rows)
        shares = _left_out_shares(x, sample, rows, fold[rows], classes, options)
        tested = np.isfinite(shares[:, 0])
        temperature = fit_temperature(shares[tested], sample.label[rows[tested]], classes)
        forests.append(Forest.of(fit_forest(x, sample, rows, classes, options)))
        right = shares[tested].argmax(axis=1) == index_of(sample.label[rows[tested]], classes)
        accuracy = round(float(right.mean()), 5) if right.size else None
        kept.append(Pattern(name, tuple(features), temperature, accuracy, {key: n for key, n in counts.items() if n}))
        new = tested & np.isnan(out_of_fold[rows, 0])
        out_of_fold[rows[new]] = sharpened(shares[new], temperature)
    if not kept:
        raise InputError(f"no set of measurements has {options.least} stars of each of {', '.join(classes)}")
    return Grown(Part(tuple(classes), tuple(kept)), tuple(forests), out_of_fold, fold)


def fit_forest(
    x: npt.NDArray[np.float32],
    sample: Sample,
    rows: npt.NDArray[np.int64],
    classes: Sequence[str],
    options: GrowthOptions,
) -> Any:
    """scikit-learn's random forest for the objects `rows` with features `x`; its classes are places in `classes`."""
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(
        options.n_trees,
        min_samples_leaf=options.min_leaf,
        max_leaf_nodes=options.max_leaves,
        random_state=options.seed,
        n_jobs=1,
    )
    return forest.fit(
        x, index_of(sample.label[rows], classes), balanced_weights(sample, rows, options.simulated_weight)
    )


def index_of(label: npt.NDArray[np.object_], classes: Sequence[str]) -> npt.NDArray[np.int64]:
    """Place of each label in `classes`."""
    place = {name: k for k, name in enumerate(classes)}
    return np.array([place[name] for name in label], np.int64)


def _left_out_shares(
    x: npt.NDArray[np.float32],
    sample: Sample,
    rows: npt.NDArray[np.int64],
    fold: npt.NDArray[np.int64],
    classes: Sequence[str],
    options: GrowthOptions,
) -> npt.NDArray[np.float32]:
    """Shares of the classes for each real object from a forest without its part of the sky; NaN for simulated ones."""
    shares = np.full((rows.size, len(classes)), np.nan, np.float32)
    for number in range(options.folds):
        tested, trained = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if not tested.size or not trained.size:
            continue
        grown = fit_forest(x[trained], sample, rows[trained], classes, options)
        found = Forest.of(grown).probabilities(x[tested])
        shares[tested] = 0.0
        shares[np.ix_(tested, grown.classes_)] = found
    return shares


def _counts(sample: Sample, rows: npt.NDArray[np.int64], classes: Sequence[str]) -> dict[str, int]:
    label, real = sample.label[rows], sample.real[rows]
    found = {name: int(((label == name) & real).sum()) for name in classes}
    return found | {f"simulated {name}": int(((label == name) & ~real).sum()) for name in classes}


def fit_temperature(shares: npt.NDArray[np.float32], label: npt.NDArray[np.object_], classes: Sequence[str]) -> float:
    """Temperature, 0.2 to 5, of the lowest log loss with classes that count the same."""
    from scipy.optimize import minimize_scalar

    if not label.size:
        return 1.0
    truth = index_of(label, classes)
    weight = (1.0 / np.bincount(truth, minlength=len(classes)).clip(1))[truth]

    def loss(log_temperature: float) -> float:
        chance = sharpened(shares, float(np.exp(log_temperature)))[np.arange(truth.size), truth]
        return float(-(weight * np.log(chance)).sum())

    found = minimize_scalar(loss, bounds=(np.log(0.2), np.log(5.0)), method="bounded", options={"xatol": 1e-4})
    return round(float(np.exp(found.x)), 5)
