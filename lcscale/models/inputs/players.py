"""Which observations of an object play each role: those of one band, or of all together where each has few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves import LightCurves, usable
from lcscale.lightcurves.cleaning import is_none
from lcscale.models.labels.roles import Role, cast, select


def players(
    lcs: LightCurves, bands: Sequence[str], roles: Sequence[Role], rich: int
) -> tuple[list[LightCurves | None], npt.NDArray[np.object_]]:
    """The light curves that play each role, and why an object has none.

    Objects with `rich` observations in the band of a role show the bands that have so many, as they are. Of any other
    with `MIN_OBSERVATIONS` in all the bands of the roles, the first role shows these together, each less its own mean.

    Parameters
    ----------
    lcs
        A clean batch, in magnitudes.
    bands
        The catalog's bands.
    roles
        Roles, with the bands that may play them.
    rich
        Observations in one band.

    Returns
    -------
    list of LightCurves or None, object [n_objects]
        One a role, of all objects (None where nobody plays it), and reasons.
    """
    n = len(lcs)
    alone = [select(lcs, band) for band in cast(bands, roles)]
    found = [None if each is None else usable(each, rich) for each in alone]
    shown = [None if each is None else _where(each[0], is_none(each[1])) for each in found]
    enough = np.any([np.zeros(n, np.bool_), *(is_none(each[1]) for each in found if each)], axis=0)
    together, reason = _together(lcs, [band for role in roles for band in role.bands] if bands else ())
    reason[enough] = None
    few = is_none(reason) & ~enough
    if few.any():
        first = together if shown[0] is None else LightCurves.concatenate([replace(shown[0], bands=()), together])
        shown[0] = first.take(np.where(few, len(first) - n, 0) + np.arange(n))
    return shown, reason


def _where(lcs: LightCurves, good: npt.NDArray[np.bool_]) -> LightCurves:
    """All objects, those that are not `good` without observations."""
    return lcs if good.all() else lcs.keep(np.repeat(good, lcs.counts))


def _together(lcs: LightCurves, bands: Sequence[str]) -> tuple[LightCurves, npt.NDArray[np.object_]]:
    """The observations in `bands` as those of one band, each less its mean, and why an object has too few."""
    lcs, reason = usable(lcs.of_bands(bands) if bands else lcs)
    value = lcs.value.astype(np.float64)
    if lcs.band is not None:
        cell = lcs.object_index() * len(lcs.bands) + lcs.band
        value -= (np.bincount(cell, value) / np.maximum(np.bincount(cell), 1))[cell]
        lcs = replace(lcs, value=value, band=None, left_out=np.zeros((len(lcs), 1), np.int64))
        flat = is_none(reason) & ~is_none(usable(lcs)[1])
        reason[flat] = "no two different observations in one band"
    return replace(lcs, bands=()), reason
