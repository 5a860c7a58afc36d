"""What a probability is worth where young stars are rare: the precision among sources with at least as high a one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.products.yso.labels import CLASSES

DUSTY_FIELD = {"extragalactic": 0.03, "main_sequence": 0.75, "evolved": 0.21, "YSO": 0.01}
"""What a dusty field is about: one source in a hundred is a YSO (Marton et al. 2019)."""
_AT = (*(k / 100 for k in range(100)), 0.995, 0.999)

Floats = npt.NDArray[np.floating]


def count_above(probability: Floats, label: npt.NDArray[np.object_]) -> dict[str, Any]:
    """Stars of each class with a probability of a YSO of at least each of some values, for the card.

    Parameters
    ----------
    probability
        Of a YSO, float [n], from trees that had not seen the star; NaN where there is none.
    label
        object [n], class.
    """
    known = np.isfinite(probability)
    counts = {name: np.sort(probability[known & (label == name)]) for name in CLASSES}
    above = {name: (p.size - np.searchsorted(p, _AT)).tolist() for name, p in counts.items()}
    return {"at": list(_AT), "above": above, "n": {name: int(p.size) for name, p in counts.items()}}


def precision_of(probability: Floats, counted: Mapping[str, Any], shares: Sequence[float]) -> npt.NDArray[np.float32]:
    """Share of young stars among sources with at least these probabilities, float32 [n]; NaN for NaN.

    It never falls as the probability rises: above the highest values that labelled stars reach it stays as it was.

    Parameters
    ----------
    probability
        Of a YSO, classes equally frequent, float [n].
    counted
        What `count_above` counted. A count k of n stands for (k + 1/2) / (n + 1): no class is told for certain.
    shares
        Of the classes among the sources, in the order of `CLASSES`.

    Examples
    --------
    >>> label = np.array(["YSO"] * 99 + ["evolved"] * 99, object)
    >>> counted = count_above(np.r_[np.full(99, 0.95), np.full(99, 0.05)], label)
    >>> precision_of(np.array([0.9, 0.0]), counted, (0.0, 0.0, 0.99, 0.01)).astype(float).round(3).tolist()
    [0.668, 0.01]
    """
    passing = np.array(
        [(np.array(counted["above"][name]) + 0.5) / (counted["n"][name] + 1) for name in CLASSES], np.float64
    )
    weighted = passing * np.asarray(shares, np.float64)[:, None]
    precision = np.maximum.accumulate(weighted[CLASSES.index("YSO")] / weighted.sum(axis=0))
    at = np.searchsorted(counted["at"], np.nan_to_num(probability), side="right") - 1
    return np.where(np.isfinite(probability), precision[at], np.nan).astype(np.float32)
