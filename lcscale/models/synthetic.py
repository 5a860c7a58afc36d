"""Rare classes filled up: new training stars like the few there are (`lcscale.lightcurves.gaussian`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves import LightCurves, usable
from lcscale.lightcurves.gaussian import synthesize_like
from lcscale.models.curves import LabelledCurves
from lcscale.models.targets import Targets

_MOST_EACH = 4
"""New stars made like one real star: more would teach that star by heart."""
_CADENCES = 500


def fill_up(
    curves: LabelledCurves, targets: Targets, wanted: int, seed: int
) -> tuple[LabelledCurves, Targets, dict[str, int]]:
    """The training set with its rare classes enlarged.

    Parameters
    ----------
    curves, targets
        Training stars and their labels.
    wanted
        Stars each class is to have; classes with more, and labels that are groups, stay as they are.
    seed
        Of all random numbers.

    Returns
    -------
    LabelledCurves, Targets, dict
        The set with the new stars behind the real ones, and how many each class got.
    """
    parents: list[npt.NDArray[np.int64]] = []
    made: dict[str, int] = {}
    fit = targets.exact & np.isfinite(curves.period) & (curves.period > 0)
    for k, name in enumerate(targets.classes):
        stars = np.flatnonzero(fit & targets.allowed[:, k])
        n = min(wanted - stars.size, _MOST_EACH * stars.size)
        if n > 0:
            parents.append(np.resize(stars, n))
            made[name] = n
    if not parents:
        return curves, targets, made
    chosen = np.concatenate(parents)
    lcs, _ = usable(curves.lcs)
    cadences = _cadences(curves, chosen, seed)
    new, period = synthesize_like(lcs, curves.period, chosen, cadences, seed)
    like = curves.take(chosen)
    columns = {name: np.full(chosen.size, np.nan) for name in curves.columns}
    added = replace(like, lcs=new, period=period, columns=columns)
    both = np.concatenate([np.arange(len(targets)), chosen])
    return LabelledCurves.concatenate([replace(curves, lcs=lcs), added]), targets.take(both), made


def _cadences(curves: LabelledCurves, chosen: npt.NDArray[np.int64], seed: int) -> LightCurves:
    """Light curves whose times the new stars get: of the catalogs their parents come from."""
    same = np.ones(len(curves), np.bool_)
    if curves.origin is not None:
        same = np.isin(curves.origin.astype(str), curves.origin[chosen].astype(str))
    rows = np.flatnonzero(same & (curves.lcs.counts > 0))
    few = np.random.default_rng(seed).choice(rows, min(_CADENCES, rows.size), replace=False)
    return usable(curves.lcs.take(np.sort(few)))[0]
