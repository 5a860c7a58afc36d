"""`select_features`: which Fourier parameters tell [Fe/H], by univariate tests and by forward selection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lcscale.products.rrlyrae.sample import columns_of

_BOOTSTRAPS = 100
_FOLDS = 5
_SQUARES = "neg_mean_squared_error"


def select_features(stars: pa.Table, seed: int = 0, n_forward: int = 2) -> dict[str, Any]:
    """Rank parameters of stars with `feh` by scikit-learn's SelectKBest and SequentialFeatureSelector.

    Parameters
    ----------
    stars
        As `clean_sample` gives them.
    seed
        Of the folds and the bootstraps.
    n_forward
        Features that either way takes.

    Returns
    -------
    dict
        ``n``; ``univariate``: F of each, the highest first; ``forward``: names taken, on fixed folds; ``stability``:
        share of 100 bootstraps in which either way takes each; ``rmse of linear regressions, folds``: of some sets.
    """
    from sklearn.feature_selection import SelectKBest, SequentialFeatureSelector, f_regression
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import KFold, cross_val_score

    a = columns_of(stars, ("A1", "A2", "A3"))
    named = {
        "P": columns_of(stars, ("pf",))[:, 0],
        **{f"A{k + 1}": a[:, k] for k in range(3)},
        "R21": a[:, 1] / a[:, 0],
        "R31": a[:, 2] / a[:, 0],
        **{f"phi{k}1": columns_of(stars, (f"phi{k}1_g",))[:, 0] for k in (2, 3)},
    }
    names, inputs, feh = list(named), np.stack(list(named.values()), axis=1), columns_of(stars, ("feh",))[:, 0]
    score = SelectKBest(f_regression, k="all").fit(inputs, feh).scores_
    folds = KFold(_FOLDS, shuffle=True, random_state=seed)

    def forward(rows: Any) -> list[str]:
        chosen = SequentialFeatureSelector(
            LinearRegression(), n_features_to_select=n_forward, scoring=_SQUARES, cv=folds
        ).fit(inputs[rows], feh[rows])
        return [name for name, taken in zip(names, chosen.get_support(), strict=True) if taken]

    def univariate(rows: Any) -> list[str]:
        chosen = SelectKBest(f_regression, k=n_forward).fit(inputs[rows], feh[rows])
        return [name for name, taken in zip(names, chosen.get_support(), strict=True) if taken]

    def rmse(chosen: Sequence[str]) -> float:
        some = inputs[:, [names.index(name) for name in chosen]]
        return round(
            float(np.sqrt(-cross_val_score(LinearRegression(), some, feh, cv=folds, scoring=_SQUARES).mean())), 4
        )

    rng = np.random.default_rng(seed)
    draws = [rng.integers(0, len(feh), len(feh)) for _ in range(_BOOTSTRAPS)]
    counts = {how.__name__: Counter(name for rows in draws for name in how(rows)) for how in (univariate, forward)}
    order, taken = np.argsort(-score), forward(np.arange(len(feh)))
    sets = {" + ".join(each): rmse(each) for each in (("P",), ("P", "phi31"), taken, ("P", "phi31", "A2"), names)}
    return {
        "n": len(feh),
        "univariate": {names[k]: round(float(score[k]), 2) for k in order},
        "forward": taken,
        "stability": {how: {name: found[name] / _BOOTSTRAPS for name in names} for how, found in counts.items()},
        "rmse of linear regressions, folds": sets,
    }
