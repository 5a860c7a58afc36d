"""`grow_native`: boosted trees on numbers of which some are missing, where what is missing tells nothing of the class.

Which measurements a star has is often a matter of the catalog that its label comes from. Each star is therefore taught
again without what another star, of any class and catalog, lacks (pattern dropout); and stars are weighted so that each
class is as frequent in every pattern of missing measurements as it is altogether.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.models.trees.additive import Additive
from lcscale.models.trees.growing import (
    Grown,
    GrowthOptions,
    Sample,
    assign_folds,
    balanced_weights,
    fit_temperature,
    index_of,
)
from lcscale.models.trees.tabular import BOOSTED, Part, Pattern, known_enough, matrix, sharpened

_MOST = 10.0
"""Largest factor of a star's weight in a pattern where its class is rare."""

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Missing:
    """Which numbers come and go together, and how a star is taught without them."""

    units: Mapping[str, frozenset[str]]
    """By feature the units (bands of a survey, its astrometry) that it is computed from."""
    needs: tuple[str, ...] = ()
    """Features that a star must have."""
    one_of: tuple[str, ...] = ()
    """Features of which a star must have one at least."""
    whole: tuple[str, ...] = ()
    """Features of objects that nothing is missing of, which are asked twice; none given: there are no such."""
    drawn: tuple[tuple[str, ...], ...] = ()
    """Sets of units that are hidden, drawn evenly; none given: each star hides what another one lacks."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the units."""
        return tuple(dict.fromkeys(name for found in self.units.values() for name in sorted(found)))

    def present(self, x: Floats, features: Sequence[str]) -> Bools:
        """Which units a star has a number of: bool [n, n_units]."""
        own = [[k for k, name in enumerate(features) if unit in self.units[name]] for unit in self.names]
        return np.stack([np.isfinite(x[:, columns]).any(axis=1) for columns in own], axis=1)

    def hidden(self, x: Floats, features: Sequence[str], shown: Bools) -> Floats:
        """The numbers without those of units that are not `shown`, bool [n, n_units]."""
        x = x.copy()
        for k, name in enumerate(features):
            needed = [self.names.index(unit) for unit in self.units[name]]
            x[~shown[:, needed].all(axis=1), k] = np.nan
        return x


@dataclass(frozen=True)
class BoostingOptions:
    """How the trees are grown."""

    iterations: int = 80
    """Trees a class."""
    learning_rate: float = 0.12
    """Of each tree."""
    leaves: int = 12
    """Leaves of a tree at most."""
    copies: int = 1
    """Times that a star is taught without what others lack."""


@dataclass(frozen=True, eq=False)
class Native:
    """Trees for whole objects, where there are such, and for all."""

    patterns: tuple[Pattern, ...]
    """From the richest to the poorest."""
    trees: tuple[Additive, ...]
    """One a pattern."""

    def probabilities(self, features: Mapping[str, npt.NDArray[np.floating]], n: int) -> Floats:
        """Of the first pattern that fits, not calibrated, float32 [n, n_classes]; NaN where none does."""
        result = np.full((n, self.trees[0].base.size), np.nan, np.float32)
        for pattern, trees in zip(self.patterns, self.trees, strict=True):
            rows = np.flatnonzero(np.isnan(result[:, 0]) & known_enough(features, pattern, n))
            if rows.size:
                result[rows] = trees.probabilities(matrix(features, pattern.features, rows))
        return result


def fit_native(
    sample: Sample,
    rows: Rows,
    features: Sequence[str],
    classes: Sequence[str],
    missing: Missing,
    options: GrowthOptions,
    boosting: BoostingOptions | None = None,
) -> Native:
    """Boosted trees for all patterns of missing numbers, taught the objects `rows`.

    Objects with all of `Missing.whole` are asked twice: by trees that were taught such objects alone, and by those for
    all; the scores' mean counts.

    Parameters
    ----------
    sample
        Labelled objects.
    rows
        Those that are taught, as far as they have the numbers asked for.
    features
        Numbers that the trees see.
    classes
        In the order of the probabilities.
    missing
        What comes and goes together.
    options, boosting
        Weight of simulated stars and seed; trees.

    Raises
    ------
    InputError
        They are of one class.
    """
    boosting, names = boosting or BoostingOptions(), tuple(features)
    for_any = Pattern("any", names, needs=missing.needs, one_of=missing.one_of, kind=BOOSTED)
    fit = known_enough(sample.features, for_any, len(sample))
    rows = rows[fit[rows]]
    if np.unique(sample.label[rows].astype(str)).size < 2:
        raise InputError("the stars that are taught are of one class")
    x = matrix(sample.features, names, rows)
    trees = _boosted(x, sample, rows, for_any, classes, missing, options, boosting)
    for_whole = replace(for_any, name="whole", needs=(*missing.whole, *missing.needs), one_of=())
    full = known_enough(sample.features, for_whole, len(sample))[rows]
    if not missing.whole or min(_counts(sample, rows[full], classes).values()) < options.least:
        return Native((for_any,), (trees,))
    alone = replace(boosting, copies=0)
    own = _boosted(x[full], sample, rows[full], for_whole, classes, missing, options, alone)
    return Native((for_whole, for_any), (Additive.mean([trees, own]), trees))


def grow_native(
    sample: Sample,
    features: Sequence[str],
    classes: Sequence[str],
    missing: Missing,
    options: GrowthOptions,
    boosting: BoostingOptions | None = None,
) -> Grown:
    """`fit_native` on all objects, cross-validated over the sky and calibrated; parameters as it has them.

    Raises
    ------
    InputError
        A class has too few stars.
    """
    asked_for = Pattern("any", tuple(features), needs=missing.needs, one_of=missing.one_of, kind=BOOSTED)
    counts = _counts(sample, np.flatnonzero(known_enough(sample.features, asked_for, len(sample))), classes)
    if min(counts.values()) < options.least:
        raise InputError(f"too few stars of a class; {options.least} are needed: {counts}")
    fold = assign_folds(sample, options)
    out_of_fold = np.full((len(sample), len(classes)), np.nan, np.float32)
    for number in range(options.folds):
        tested = np.flatnonzero(fold == number)
        native = fit_native(sample, np.flatnonzero(fold != number), features, classes, missing, options, boosting)
        asked = {name: values[tested] for name, values in sample.features.items()}
        out_of_fold[tested] = native.probabilities(asked, tested.size)
    native = fit_native(sample, np.arange(len(sample)), features, classes, missing, options, boosting)
    kept, left = [], np.ones(len(sample), np.bool_)
    for pattern in native.patterns:
        here = left & known_enough(sample.features, pattern, len(sample))
        kept.append(_calibrated(pattern, sample, out_of_fold, np.flatnonzero(here), classes))
        left &= ~here
    return Grown(Part(tuple(classes), tuple(kept)), native.trees, out_of_fold, fold)


def _calibrated(pattern: Pattern, sample: Sample, out_of_fold: Floats, rows: Rows, classes: Sequence[str]) -> Pattern:
    """The pattern with its temperature, which is applied to the answers, in place, and what it was taught."""
    judged = rows[np.isfinite(out_of_fold[rows, 0])]
    shares, label = out_of_fold[judged], sample.label[judged]
    temperature = fit_temperature(shares, label, classes)
    right = shares.argmax(axis=1) == index_of(label, classes)
    out_of_fold[judged] = sharpened(shares, temperature)
    counts = _counts(sample, rows[sample.real[rows]], classes)
    counts |= {f"simulated {name}": n for name, n in _counts(sample, rows[~sample.real[rows]], classes).items()}
    accuracy = round(float(right.mean()), 5) if right.size else None
    return replace(
        pattern, temperature=temperature, accuracy=accuracy, counts={key: n for key, n in counts.items() if n}
    )


def _counts(sample: Sample, rows: Rows, classes: Sequence[str]) -> dict[str, int]:
    return {name: int((sample.label[rows] == name).sum()) for name in classes}


def _boosted(
    x: Floats,
    sample: Sample,
    rows: Rows,
    pattern: Pattern,
    classes: Sequence[str],
    missing: Missing,
    options: GrowthOptions,
    boosting: BoostingOptions,
) -> Additive:
    """The trees for the objects `rows`, whose features, those of the pattern, are `x`."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    rng, features = np.random.default_rng(options.seed), pattern.features
    shown = missing.present(x, features)
    parts, chosen = [x], [np.arange(rows.size)]
    for _ in range(boosting.copies):
        other = _drawn(missing, shown, sample.real[rows], rng)
        hidden = missing.hidden(x, features, shown & other)
        enough = known_enough(dict(zip(features, hidden.T, strict=True)), pattern, rows.size)
        parts.append(hidden[enough])
        chosen.append(np.flatnonzero(enough))
    taught, index = np.concatenate(parts), np.concatenate(chosen)
    label = index_of(sample.label[rows], classes)
    weight = balanced_weights(sample, rows, options.simulated_weight)[index]
    weight = _evened(weight, label[index], missing.present(taught, features))
    known = np.isfinite(taught).any(axis=0)  # scikit-learn refuses a column without any number
    taught[:, ~known] = 0.0
    trees = HistGradientBoostingClassifier(
        max_iter=boosting.iterations,
        learning_rate=boosting.learning_rate,
        max_leaf_nodes=boosting.leaves,
        l2_regularization=1.0,
        min_samples_leaf=10 * (1 + boosting.copies // 2),
        early_stopping=False,
        random_state=options.seed,
    )
    with threadpool_limits(1):
        trees.fit(taught, label[index], weight)
    places = list(trees.classes_)
    base = np.full(len(classes), -30.0)  # of a class without a star
    if len(places) == 2:  # one sum, the logarithm of the ratio of their probabilities
        base[places[0]], places = 0.0, places[1:]
    return Additive.of([trees], [places], base)


def _drawn(missing: Missing, shown: Bools, real: Bools, rng: np.random.Generator) -> Bools:
    """The units that each star keeps at most."""
    if not missing.drawn:
        pool = np.flatnonzero(real) if real.any() else np.arange(real.size)
        return np.asarray(shown[rng.choice(pool, real.size)])
    kept = np.array([[unit not in hidden for unit in missing.names] for hidden in missing.drawn])
    return np.asarray(kept[rng.integers(0, len(kept), real.size)])


def _evened(weight: npt.NDArray[np.float64], label: Rows, shown: Bools) -> npt.NDArray[np.float64]:
    """Weights with which a pattern of missing units tells nothing of the class."""
    pattern = shown @ (1 << np.arange(shown.shape[1]))
    share = np.bincount(label, weight) / weight.sum()
    weight = weight.copy()
    for each in np.unique(pattern):
        inside = pattern == each
        found = np.bincount(label[inside], weight[inside], minlength=share.size) / weight[inside].sum()
        factor = np.minimum(share / np.maximum(found, 1e-12), _MOST)
        weight[inside] *= factor[label[inside]]
    return np.asarray(weight * weight.size / weight.sum(), np.float64)
