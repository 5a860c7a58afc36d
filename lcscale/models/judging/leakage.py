"""What a test must not have: a star on both its sides, or a label that a single input decides."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from lcscale.arrays import integers
from lcscale.errors import InputError
from lcscale.models.labels.targets import Targets

SAME_STAR_ARCSEC = 2.0
"""Rows of two surveys within this distance are one star."""
DECIDES = 0.995
"""Balanced accuracy of a tree on one input, on stars it has not seen, from which on the input may decide the label."""
_CODES = 2
"""An input with at most so many values a class is a code."""
_VALLEY = 0.5
"""Stars at a boundary, in units of an even distribution, below which two classes lie apart by nature."""

Places = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def in_list(places: Places, listed: Places, radius_arcsec: float = SAME_STAR_ARCSEC) -> Bools:
    """Which stars are at the place of a star of a list, bool [n].

    Parameters
    ----------
    places, listed
        Nested HEALPix indices at order 29 (a cell is 0.4 milliarcseconds), int64 [n] and [n_listed].
    radius_arcsec
        Largest distance.

    Examples
    --------
    >>> in_list(np.array([10, 1 << 58]), np.array([11])).tolist()
    [True, False]
    """
    from lcscale.crossmatch import match

    places, listed = integers(places, "places"), integers(listed, "listed")
    found = np.zeros(places.size, np.bool_)
    if places.size and listed.size:
        found[match(*_position(places), *_position(listed), radius_arcsec)[0]] = True
    return found


def require_apart(taught: Places, judged: Places, what: str = "the test") -> None:
    """Refuse a test in which a judged star is taught too.

    Raises
    ------
    InputError
        One is, by position.
    """
    twice = int(in_list(judged, taught).sum())
    if twice:
        raise InputError(
            f"{what}: {twice:,} of {judged.size:,} judged stars are within {SAME_STAR_ARCSEC:g} arcsec of a star that "
            "was taught; leave them out of one side"
        )


def require_undecided(numbers: npt.NDArray[np.floating], names: Sequence[str], truth: Targets) -> None:
    """Refuse labels that are a function of one input.

    An input decides the labels where a small tree on it alone gives unseen stars their class, and it does so by codes
    (few values), or by boundaries in the midst of its values. Classes that lie apart by nature, such as Miras and RR
    Lyrae stars by period, have few stars at the boundary.

    Parameters
    ----------
    numbers
        float [n, n_names], NaN where missing.
    names
        Of the inputs.
    truth
        Labels; stars with a group as label are left out.

    Raises
    ------
    InputError
        An input does; it is named.
    """
    rows = np.flatnonzero(truth.exact)
    label = truth.allowed[rows].argmax(axis=1)
    classes, counts = np.unique(label, return_counts=True)
    common = classes[counts >= 10]
    kept = np.isin(label, common)
    if common.size < 2:
        return
    deciding = [
        name for k, name in enumerate(names) if _decides(numbers[rows, k][kept].astype(np.float64), label[kept])
    ]
    if deciding:
        raise InputError(
            f"the labels are a function of {', '.join(deciding)}: a model that is told it learns nothing else, and its "
            "figures mean nothing; leave it out of the inputs, or take labels from elsewhere"
        )


def _decides(x: npt.NDArray[np.float64], label: npt.NDArray[np.int64]) -> bool:
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.tree import DecisionTreeClassifier

    missing = ~np.isfinite(x)
    filled = np.where(missing, np.nanmin(x, initial=0.0) - 1.0, x)[:, None]
    tree = DecisionTreeClassifier(max_leaf_nodes=4 * np.unique(label).size, class_weight="balanced", random_state=0)
    split = StratifiedKFold(3, shuffle=True, random_state=0)
    given = cross_val_predict(tree, filled, label, cv=split)
    if balanced_accuracy_score(label, given) < DECIDES:
        return False
    if np.unique(filled).size <= _CODES * np.unique(label).size:
        return True
    known = ~missing
    medians = {k: np.median(x[known & (label == k)]) for k in np.unique(label[known])}
    order = sorted(medians, key=lambda k: medians[k])
    return all(_crowded(x[known], label[known], a, b) for a, b in pairwise(order))


def _crowded(x: npt.NDArray[np.float64], label: npt.NDArray[np.int64], low: int, high: int) -> bool:
    """Whether stars stand at the boundary of two classes as densely as between their medians."""
    below, above = x[label == low], x[label == high]
    boundary, reach = 0.5 * (below.max() + above.min()), 0.05 * (np.median(above) - np.median(below))
    between = (below >= np.median(below)).sum() + (above <= np.median(above)).sum()
    at_it = (np.abs(np.concatenate([below, above]) - boundary) <= reach).sum()
    return bool(at_it >= _VALLEY * 0.1 * between)


def _position(places: Places) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Right ascension and declination of cells of order 29, degrees."""
    from cdshealpix.nested import healpix_to_lonlat

    lon, lat = healpix_to_lonlat(places.astype(np.uint64), 29)
    return np.asarray(lon.deg), np.asarray(lat.deg)
