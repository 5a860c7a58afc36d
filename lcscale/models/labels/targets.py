"""What a network is taught: the class of each star, or the classes it may be of where a survey's label is a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.arrays import texts
from lcscale.models.labels.taxonomy import ancestors, roll_up
from lcscale.models.labels.taxonomy import classes as taxonomy_classes
from lcscale.models.labels.truth import Truth


@dataclass(frozen=True, eq=False)
class Targets(Truth):
    """Labels of a set of stars."""

    classes: tuple[str, ...]
    """Names of the taxonomy, in its order."""
    label: npt.NDArray[np.object_]
    """object [n]: a class, a group, or None for a star that is not used."""
    allowed: npt.NDArray[np.bool_]
    """bool [n, n_classes]: the classes that the label allows; one for most stars, none without a label."""

    def __len__(self) -> int:
        return self.label.size

    def take(self, index: npt.NDArray[np.integer]) -> Targets:
        """The labels of the stars at `index`."""
        return Targets(self.classes, self.label[index], self.allowed[index])

    @property
    def used(self) -> npt.NDArray[np.bool_]:
        """Stars with a label, bool [n]."""
        return np.asarray(self.allowed.any(axis=1))

    def members(self) -> dict[str, npt.NDArray[np.int64]]:
        """Rows of the stars of each class whose label is no group."""
        exact = self.exact
        return {name: np.flatnonzero(exact & self.allowed[:, k]) for k, name in enumerate(self.classes)}

    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """The classes that each label allows."""
        return (self.allowed,)

    @property
    def exact(self) -> npt.NDArray[np.bool_]:
        """Stars of which the one class is known, bool [n]."""
        return np.asarray(self.allowed.sum(axis=1) == 1)

    def resolve(self, scores: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
        """Index of the allowed class with the highest score, int64 [n]: a guess within the label's group is right.

        Parameters
        ----------
        scores
            float [n, n_classes], probabilities or anything that grows with them.
        """
        return np.asarray(np.where(self.allowed, scores, -np.inf).argmax(axis=1), np.int64)

    def counts(self) -> dict[str, int]:
        """Stars of each label, groups too."""
        names, counts = np.unique([name for name in self.label if name is not None], return_counts=True)
        found = {str(name): int(count) for name, count in zip(names, counts, strict=True)}
        return {name: found[name] for name in taxonomy_classes() if name in found}

    def weights(self, power: float) -> npt.NDArray[np.float32]:
        """Weight of each star, ``count of its label ** -power``, with mean 1; float32 [n].

        Power 0 leaves labels as frequent as they are, 1 makes them all count the same.
        """
        counts = self.counts()
        weights = np.array([counts[name] ** -power for name in self.label])
        return np.asarray(weights / weights.mean(), np.float32)


def targets_of(names: npt.NDArray[np.object_], min_count: int) -> Targets:
    """Targets for names of the taxonomy (None: not used).

    A class with fewer than `min_count` stars counts as its parent. A group of the taxonomy that stands as a label
    beside frequent classes of it allows these classes; alone, it is a class like any other.

    Examples
    --------
    >>> found = targets_of(np.array(["RRab", "RRc", "RR", "ECL", None], dtype=object), 1)
    >>> found.classes, found.allowed.astype(int).tolist()
    (('RRab', 'RRc', 'ECL'), [[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]])
    """
    names = texts(names, "names")
    given, counts = np.unique([name for name in names if name is not None], return_counts=True)
    frequent = [str(name) for name, count in zip(given, counts, strict=True) if count >= min_count]
    known = taxonomy_classes()
    groups = {name for name in frequent if known[name].group and any(name in ancestors(one)[1:] for one in frequent)}
    labels = roll_up(names, min_count)
    members = {name for name in labels if name is not None} - groups
    classes = tuple(name for name in known if name in members)
    allowed = np.zeros((labels.size, len(classes)), np.bool_)
    for label in members | groups:
        stars = labels == label
        for k, name in enumerate(classes):
            if name == label or (label in groups and label in ancestors(name)):
                allowed[stars, k] = True
    return Targets(classes, labels, allowed)


def targets_in(names: npt.NDArray[np.object_], classes: Sequence[str]) -> Targets:
    """Targets among classes that are given: those of a model which is asked about stars of others.

    A name that is no class counts as the nearest class it belongs to, or allows those that belong to it; one with
    neither, or None, is not used.

    Examples
    --------
    >>> found = targets_in(np.array(["DCEP_F", "RR", "QSO", None], dtype=object), ("RRab", "RRc", "DCEP"))
    >>> found.allowed.astype(int).tolist()
    [[0, 0, 1], [1, 1, 0], [0, 0, 0], [0, 0, 0]]
    """
    names, classes = texts(names, "names"), tuple(classes)
    allowed = np.zeros((names.size, len(classes)), np.bool_)
    for name in {name for name in names if name is not None}:
        nearest = next((each for each in ancestors(name) if each in classes), None)
        fit = [nearest] if nearest else [each for each in classes if name in ancestors(each)]
        allowed[np.ix_(names == name, [classes.index(each) for each in fit])] = True
    return Targets(classes, names, allowed)
