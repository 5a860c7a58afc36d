"""`select_features`: which Fourier parameters tell [Fe/H], by univariate tests and by forward selection."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lcscale.products.rrlyrae.sample import columns_of

_BOOTSTRAPS = 100
_FOLDS = 5


def select_features(stars: pa.Table, seed: int = 0, n_forward: int = 2) -> dict[str, Any]:
    """Rank parameters of stars with `feh` by scikit-learn's SelectKBest and SequentialFeatureSelector.

    Parameters
    ----------
    stars
        As `clean_sample` gives them.
    seed
        Of the folds and the bootstraps.
    n_forward
        Features that the forward selection takes.

    Returns
    -------
    dict
        ``n``; ``univariate``: F of each, the highest first; ``forward``: names taken, on fixed folds; ``stability``:
        share of 100 bootstraps in which the forward selection (of linear regressions) takes each.
    """
    from sklearn.feature_selection import SelectKBest, SequentialFeatureSelector, f_regression
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import KFold

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
            LinearRegression(), n_features_to_select=n_forward, scoring="neg_mean_squared_error", cv=folds
        ).fit(inputs[rows], feh[rows])
        return [name for name, taken in zip(names, chosen.get_support(), strict=True) if taken]

    rng, counts = np.random.default_rng(seed), dict.fromkeys(names, 0)
    for _ in range(_BOOTSTRAPS):
        for name in forward(rng.integers(0, len(feh), len(feh))):
            counts[name] += 1
    order = np.argsort(-score)
    return {
        "n": len(feh),
        "univariate": {names[k]: round(float(score[k]), 2) for k in order},
        "forward": forward(np.arange(len(feh))),
        "stability": {name: counts[name] / _BOOTSTRAPS for name in names},
    }
