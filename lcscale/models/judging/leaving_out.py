"""Each survey left out in turn: what is said of its stars with and without others of it in training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lcscale.models.heads.classes import ClassHead
from lcscale.models.judging.baseline import baseline_probabilities
from lcscale.models.judging.calibration import softmax
from lcscale.models.judging.leakage import in_list, require_apart
from lcscale.models.labels.splitting import Split, assign_folds
from lcscale.models.labels.targets import Targets
from lcscale.models.labels.taxonomy import widest
from lcscale.models.training.forgetting import without
from lcscale.models.training.options import TrainingOptions
from lcscale.models.trees.extra import ExtraTrees, grow_extra_trees

KNOWN = 50
"""Stars with this exact label that other surveys have, from which on a class is known elsewhere."""
ORDER = 6
"""HEALPix order of the pixels that stay together in folds over the sky; 6 is 0.9 degrees."""

Probabilities = npt.NDArray[np.floating]
Rows = npt.NDArray[np.int64]
Fit = Callable[[Rows], Callable[[Rows], Probabilities]]
"""From rows that are taught to a function from rows to their probabilities, float [n_rows, n_classes]."""


@dataclass(frozen=True, eq=False)
class Stars:
    """Labelled stars of several surveys, as trees see them."""

    numbers: npt.NDArray[np.float32]
    """float32 [n, n_numbers], NaN where missing."""
    truth: Targets
    """Labels; all of them teach something."""
    origin: npt.NDArray[np.object_]
    """object [n], survey."""
    healpix_29: npt.NDArray[np.int64]
    """int64 [n], place on the sky."""
    listed: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    """Places, by survey, of further stars from whose lists its labels or periods come."""

    def __len__(self) -> int:
        return self.origin.size

    def take(self, rows: Rows) -> Stars:
        """The stars of these rows."""
        return Stars(self.numbers[rows], self.truth.take(rows), self.origin[rows], self.healpix_29[rows], self.listed)


def boosted(stars: Stars, seed: int = 0) -> Fit:
    """Histogram gradient boosting on the numbers (`baseline_probabilities`)."""

    def fit(taught: Rows) -> Callable[[Rows], Probabilities]:
        numbers, allowed = stars.numbers[taught], stars.truth.allowed[taught]
        return lambda asked: baseline_probabilities("baseline", numbers, allowed, stars.numbers[asked], seed)

    return fit


def forgetting(stars: Stars, copies: npt.NDArray[np.float32], names: Sequence[str], seed: int = 0) -> Fit:
    """Trees that forget the survey (`TrainingOptions.forgetting`), on the numbers and those of thinned copies.

    Parameters
    ----------
    stars
        Labelled.
    copies
        float32 [n_copies, n, n_numbers], of the same stars as other surveys would have seen them; NaN where too little
        was left.
    names
        Of the numbers.
    seed
        Of the trees.
    """
    numbers = without(np.concatenate([stars.numbers[None], copies]), names, TrainingOptions.forgetting().withheld)

    def fit(taught: Rows) -> Callable[[Rows], Probabilities]:
        every = numbers[:, taught]
        some = np.isfinite(every).any(axis=2)
        allowed = np.broadcast_to(stars.truth.allowed[taught], (*some.shape, len(stars.truth.classes)))[some]
        grown = grow_extra_trees(every[some], allowed, np.ones(len(allowed), np.float32), seed)
        trees = ExtraTrees.of(grown, allowed.shape[1])
        return lambda asked: softmax(trees(torch.from_numpy(numbers[0][asked])).numpy())

    return fit


def leave_out(
    stars: Stars, fit: Fit, *, folds: int | None = 3, order: int = ORDER, names: Sequence[str] = ()
) -> dict[str, Any]:
    """Figures of each survey's stars: left out of training, and in training with the star's part of the sky left out.

    Both are of the same stars. Stars of other surveys at the place of a judged one are not taught.

    Parameters
    ----------
    stars
        Of two surveys or more.
    fit
        What is fitted; see `boosted`.
    folds, order
        Parts of the sky of the second kind (None: it is left out), and the HEALPix order of the pixels that stay
        together.
    names
        Surveys that are left out, of those of the stars; default: each in turn.

    Returns
    -------
    dict
        By survey: `n`; `left_out` and `by_sky` (`evaluate`, exact and group labels apart, and the accuracy over the
        widest classes, `wide_accuracy`); the same of the stars whose class, or one of whose group, has `KNOWN` exact
        stars elsewhere (`known`); `removed`, stars of other surveys that are the same ones. Where the others have no
        two classes, or all stars are of one part of the sky, `left_out` is None and nothing else is said.
    """
    inside = None if folds is None else _by_sky(stars, fit, folds, order)
    return {name: _of_survey(stars, fit, name, inside) for name in names or sorted(set(stars.origin.tolist()))}


def _by_sky(stars: Stars, fit: Fit, folds: int, order: int) -> Probabilities:
    """What is said of each star by what was taught the stars of other parts of the sky."""
    fold = assign_folds(stars.healpix_29, Split(order=order), folds)
    inside = np.full((len(stars), len(stars.truth.classes)), np.nan)
    for number in range(folds):
        judged, taught = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        taught = taught[~in_list(stars.healpix_29[taught], stars.healpix_29[judged])]
        inside[judged] = fit(taught)(judged) if judged.size and taught.size else np.nan
    return inside


def _of_survey(stars: Stars, fit: Fit, name: str, inside: Probabilities | None) -> dict[str, Any]:
    judged, others = np.flatnonzero(stars.origin == name), np.flatnonzero(stars.origin != name)
    away = np.concatenate([stars.healpix_29[judged], stars.listed.get(name, np.empty(0, np.int64))])
    twice = in_list(stars.healpix_29[others], away)
    taught = others[~twice]
    require_apart(stars.healpix_29[taught], stars.healpix_29[judged], f"{name} left out")
    truth, elsewhere = stars.truth.take(judged), stars.truth.take(taught)
    nowhere = inside is not None and np.isnan(inside[judged]).any()
    if (elsewhere.allowed[elsewhere.exact].any(axis=0)).sum() < 2 or nowhere:
        return {"n": int(judged.size), "removed": int(twice.sum()), "left_out": None}
    outside = fit(taught)(judged)
    counts = elsewhere.allowed[elsewhere.exact].sum(axis=0)
    known = np.flatnonzero((truth.allowed & (counts >= KNOWN)).any(axis=1))
    return {
        "n": int(judged.size),
        "removed": int(twice.sum()),
        "left_out": figures(outside, truth),
        "by_sky": None if inside is None else figures(inside[judged], truth),
        "known": {
            "n": int(known.size),
            "left_out": figures(outside[known], truth.take(known)) if known.size else None,
            "by_sky": figures(inside[judged][known], truth.take(known)) if known.size and inside is not None else None,
        },
    }


def figures(probabilities: Probabilities, truth: Targets) -> dict[str, Any]:
    """Those of a card and the accuracy over the widest classes that the classes belong to.

    The confusion is told by name, of classes that were taken for others alone (`taken_for`): true class, class given,
    number of stars.
    """
    found = ClassHead(truth.classes).figures(np.asarray(probabilities, np.float32), truth)
    per_class = {name: row for name, row in found.pop("per_class").items() if row["n"] or row["false_positive_rate"]}
    taken_for = mistakes(truth.classes, found.pop("confusion"))
    return found | {
        "wide_accuracy": _wide_accuracy(probabilities, truth),
        "per_class": per_class,
        "taken_for": taken_for,
    }


def mistakes(classes: Sequence[str], confusion: Sequence[Sequence[int]]) -> dict[str, dict[str, int]]:
    """Stars of each class that were given another, by that one; a confusion matrix has true classes in its rows.

    Examples
    --------
    >>> mistakes(("RRab", "EW"), [[8, 2], [0, 5]])
    {'RRab': {'EW': 2}}
    """
    rows = {
        name: {other: int(n) for other, n in zip(classes, counts, strict=True) if n and other != name}
        for name, counts in zip(classes, confusion, strict=True)
    }
    return {name: row for name, row in rows.items() if row}


def _wide_accuracy(probabilities: Probabilities, truth: Targets) -> float:
    """Share of stars whose class belongs to the same widest class as the one given: RR, CEP, DSCT, ECL, LPV, ROT."""
    group = np.array([widest(name) for name in truth.classes], object)
    summed = np.stack([probabilities[:, group == name].sum(axis=1) for name in dict.fromkeys(group)], axis=1)
    names = np.array(list(dict.fromkeys(group)), object)
    given, true = names[summed.argmax(axis=1)], group[truth.resolve(probabilities)]
    return round(float((given == true).mean()), 5)
