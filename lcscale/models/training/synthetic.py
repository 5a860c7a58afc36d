"""Rare classes filled up: new training stars like the few there are (`lcscale.simulation.gaussian`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves import LightCurves, usable
from lcscale.models.inputs.preparation import ALTERNATIVES
from lcscale.models.labels.curves import LabelledCurves
from lcscale.models.labels.truth import Truth
from lcscale.simulation.gaussian import synthesize_like

_MOST_EACH = 4
"""New stars made like one real star: more would teach that star by heart."""
_CADENCES = 500


def fill_up(
    curves: LabelledCurves, truth: Truth, wanted: int, seed: int
) -> tuple[LabelledCurves, Truth, dict[str, int]]:
    """The training set with its rare classes enlarged.

    Parameters
    ----------
    curves, truth
        Training stars and what is known of them.
    wanted
        Stars each class is to have; classes with more, and labels that are groups, stay as they are.
    seed
        Of all random numbers.

    Returns
    -------
    LabelledCurves, Truth, dict
        The set with the new stars behind the real ones, and how many each class got.
    """
    parents: list[npt.NDArray[np.int64]] = []
    made: dict[str, int] = {}
    lcs, _ = usable(curves.lcs)
    fit = np.isfinite(curves.period) & (curves.period > 0) & (lcs.counts > 0)
    for name, members in truth.members().items():
        stars = members[fit[members]]
        n = min(wanted - stars.size, _MOST_EACH * stars.size)
        if n > 0:
            parents.append(np.resize(stars, n))
            made[name] = n
    if not parents:
        return curves, truth, made
    chosen, new, period = _new_stars(lcs, curves, np.concatenate(parents), seed)
    like = curves.take(chosen)
    stretched = period / like.period  # the other candidates are near multiples and aliases of it still
    columns = {name: values * stretched if name in ALTERNATIVES else values for name, values in like.columns.items()}
    added = replace(like, lcs=new, period=period, columns=columns)
    both = np.concatenate([np.arange(len(truth)), chosen])
    return LabelledCurves.concatenate([replace(curves, lcs=lcs), added]), truth.take(both), made


def _new_stars(
    lcs: LightCurves, curves: LabelledCurves, parents: npt.NDArray[np.int64], seed: int
) -> tuple[npt.NDArray[np.int64], LightCurves, npt.NDArray[np.float64]]:
    """The parents in order of their kind, and a new star of each: light curves and periods."""
    kind = _kinds(lcs, curves.origin)
    chosen: list[npt.NDArray[np.int64]] = []
    new: list[LightCurves] = []
    periods: list[npt.NDArray[np.float64]] = []
    for k, each in enumerate(np.unique(kind[parents])):
        same = np.flatnonzero(kind == each)
        few = np.random.default_rng(seed + k).choice(same, min(_CADENCES, same.size), replace=False)
        chosen.append(parents[kind[parents] == each])
        made, period = synthesize_like(lcs, curves.period, chosen[-1], lcs.take(np.sort(few)), seed + k)
        new.append(made)
        periods.append(period)
    return np.concatenate(chosen), LightCurves.concatenate(new), np.concatenate(periods)


def _kinds(lcs: LightCurves, origin: npt.NDArray[np.object_] | None) -> npt.NDArray[np.int64]:
    """A number for each star, int64 [n]: equal for those of one catalog that were observed in the same bands."""
    seen = np.zeros((len(lcs), max(1, len(lcs.bands)) + 1), np.int64)
    seen[lcs.object_index(), 0 if lcs.band is None else lcs.band] = 1
    seen = seen[:, :-1]  # without -1, which is no band
    if origin is not None:
        seen = np.column_stack([seen, np.unique(origin.astype(str), return_inverse=True)[1]])
    return np.asarray(np.unique(seen, axis=0, return_inverse=True)[1].ravel(), np.int64)
