"""How well a survey, the number of observations and the noise are told from what a model sees or makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.models.labels.splitting import Split, assign_folds

_FOLDS = 3
_TREES: Mapping[str, Any] = {"max_iter": 40, "learning_rate": 0.15, "max_leaf_nodes": 12, "early_stopping": False}

Floats = npt.NDArray[np.floating]


def probe(
    seen: Floats,
    origin: npt.NDArray[np.object_],
    nuisances: Mapping[str, Floats],
    healpix_29: npt.NDArray[np.int64],
    *,
    order: int = 6,
    seed: int = 0,
) -> dict[str, Any]:
    """What boosted trees tell from `seen` of stars in parts of the sky that they have not seen (three folds).

    Parameters
    ----------
    seen
        float [n, n_numbers]: a model's numbers, or its embedding; NaN where missing.
    origin
        object [n], survey.
    nuisances
        What should not matter, float [n] each, such as the logarithm of the number of observations.
    healpix_29
        int64 [n], place on the sky.
    order
        HEALPix order of the pixels that stay together.
    seed
        Of the trees.

    Returns
    -------
    dict
        `survey`: `accuracy` and `chance`, the share of the largest survey (None where there is one survey); of each
        nuisance the share of the variance that is told (`r2`) and of that within surveys (`r2_within`); `n`. None where
        all stars are of one part of the sky.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    fold = assign_folds(healpix_29, Split(order=order), _FOLDS)
    known = np.isfinite(seen).any(axis=0)
    seen = np.where(known, seen, 0.0)

    def unseen(make: Any, target: npt.NDArray[Any], rows: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
        given = np.full(target.size, np.nan)
        for number in range(_FOLDS):
            taught, asked = rows & (fold != number), rows & (fold == number)
            if taught.any() and asked.any():
                given[asked] = make(random_state=seed, **_TREES).fit(seen[taught], target[taught]).predict(seen[asked])
        return given

    result: dict[str, Any] = {"n": int(origin.size), "survey": None}
    with threadpool_limits(1):
        names, which = np.unique(origin.astype(str), return_inverse=True)
        if names.size > 1:
            given = unseen(HistGradientBoostingClassifier, which, np.ones(which.size, np.bool_))
            told, chance = np.isfinite(given), np.bincount(which).max() / which.size
            if told.any():
                accuracy = (given == which)[told].mean()
                result["survey"] = {"accuracy": _rounded(accuracy), "chance": _rounded(chance)}
        for name, value in nuisances.items():
            good = np.isfinite(value)
            given = unseen(HistGradientBoostingRegressor, np.where(good, value, 0.0), good)
            told = good & np.isfinite(given)
            result[name] = _told(value[told], given[told], which[told])
    return result


def _told(value: Floats, given: Floats, survey: npt.NDArray[np.integer]) -> dict[str, Any] | None:
    if value.size < 2 or not np.ptp(value):
        return None
    left = float(np.sum((value - given) ** 2))
    means = np.bincount(survey, value) / np.maximum(np.bincount(survey), 1)
    within = float(np.sum((value - means[survey]) ** 2))
    return {
        "n": int(value.size),
        "r2": _rounded(1 - left / float(np.sum((value - value.mean()) ** 2))),
        "r2_within": _rounded(1 - left / within) if within > 0 else None,
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)
