"""Probabilities at other class shares than those of the training set, by Bayes' theorem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.models.labels.taxonomy import ancestors, classes

Shares = npt.NDArray[np.float64]
_LEAST = 1e-12
"""Share of a class that no star is of, where shares divide or are divided."""


def at_prevalence(
    probabilities: npt.NDArray[np.floating], prevalence: npt.ArrayLike, calibrated_at: npt.ArrayLike = 1.0
) -> npt.NDArray[np.float64]:
    """Probabilities for classes of these shares, out of those for the shares they were calibrated at.

    Parameters
    ----------
    probabilities
        float [n, n_classes]; NaN stays NaN.
    prevalence, calibrated_at
        Shares of the classes, [n_classes], of any sum; classes are equally frequent where 1 stands for all.

    Returns
    -------
    float64 [n, n_classes]
        Where only classes of share 0 have a probability, the shares themselves.

    Examples
    --------
    >>> at_prevalence(np.array([[0.5, 0.5]]), [0.99, 0.01]).round(3).tolist()
    [[0.99, 0.01]]
    """
    shares = np.asarray(prevalence, np.float64)
    scaled = probabilities * (shares / np.maximum(calibrated_at, _LEAST))
    total = scaled.sum(axis=1, keepdims=True)
    nowhere = total == 0
    return np.asarray(np.where(nowhere, shares / shares.sum(), scaled / np.where(nowhere, 1.0, total)))


def shares_of(counts: Mapping[str, int], of_classes: Sequence[str]) -> Shares:
    """Shares of the classes among labelled stars; those of a group in proportion to the members that are known.

    Examples
    --------
    >>> shares_of({"RRab": 30, "RRc": 10, "RR": 20, "EA": 20}, ("RRab", "RRc", "EA")).tolist()
    [0.5625, 0.1875, 0.25]
    """
    exact = np.array([counts.get(name, 0) for name in of_classes], np.float64)
    total = exact.copy()
    for label, count in counts.items():
        if label not in of_classes:
            inside = _members(label, of_classes)
            known = np.where(inside, exact, 0.0)
            known = known if known.any() else inside.astype(np.float64)
            total += count * known / known.sum() if known.any() else 0.0
    return np.asarray(total / total.sum())


def declared_shares(prevalence: Mapping[str, float], of_classes: Sequence[str], calibrated_at: Shares) -> Shares:
    """Shares of all classes where those of some classes or groups are declared.

    A group's share is that of its classes which are not named themselves: it is divided among them, and what is left
    over among the classes that no name stands for, as they are at `calibrated_at`.

    Raises
    ------
    InputError
        A name stands for no class of the model that is not named more narrowly, or for classes of which no star was in
        training; shares are below 0 or beyond 1 in all, or fall short of 1 where all classes are named.

    Examples
    --------
    >>> found = declared_shares({"RR": 0.4, "ACEP": 0.0}, ("RRab", "RRc", "ACEP", "EA"), np.array([0.3, 0.1, 0.3, 0.3]))
    >>> found.round(3).tolist()
    [0.3, 0.1, 0.0, 0.6]
    """
    result, named = np.zeros(len(of_classes)), np.zeros(len(of_classes), np.bool_)
    members = {name: _members(name, of_classes) for name in prevalence}
    for name in sorted(prevalence, key=lambda name: int(members[name].sum())):
        share, inside = prevalence[name], members[name] & ~named
        if not inside.any():
            what = "all classes of which are named" if members[name].any() else "which is no class"
            raise InputError(f"prevalence: {name!r}, {what}; the model's are {', '.join(of_classes)}")
        if not 0 <= share <= 1:
            raise InputError(f"prevalence: the share of {name} is between 0 and 1, not {share}")
        if share and not calibrated_at[inside].any():
            raise InputError(f"prevalence: no star of {name} was in training, so that nothing is known of its share")
        result += divided(share, inside, calibrated_at)
        named |= inside
    left = 1.0 - result.sum()
    if left < -1e-6 or (named.all() and left > 1e-6):
        raise InputError(f"prevalence: the shares add up to {result.sum():g}, not to 1")
    return np.asarray(result if named.all() else result + divided(max(left, 0.0), ~named, calibrated_at))


def _members(name: str, of_classes: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which classes the name stands for: the class, or those of the group."""
    if name in of_classes:
        return np.array([each == name for each in of_classes], np.bool_)
    known = classes()
    return np.array([each in known and name in ancestors(each) for each in of_classes], np.bool_)


def divided(share: float, inside: npt.NDArray[np.bool_], calibrated_at: Shares) -> Shares:
    """A share divided among the classes `inside`, as they are at `calibrated_at`; float64 [n_classes]."""
    weight = np.where(inside, np.maximum(calibrated_at, _LEAST), 0.0)
    return np.asarray(share * weight / weight.sum())
