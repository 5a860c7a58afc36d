"""Light curves as sequences: observations of all roles in the order of phase or time, filled up to one length."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves import LightCurves

CHANNELS = ("position", "magnitude", "error")
"""Channels before those of the roles: phase, or days since the first observation over `DAYS`; magnitude minus the mean
of its role; its error, 0 where there is none."""
DAYS = 1000.0


def sequences_of(
    roles: Mapping[int, LightCurves],
    n_roles: int,
    period: npt.NDArray[np.float64] | None,
    start: npt.NDArray[np.float64],
    length: int,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Sequences and masks.

    Parameters
    ----------
    roles
        Cleaned light curves of the filled roles, by the role's number; all of the same n objects.
    n_roles
        Number of roles; each is a further channel that is 1 for its observations.
    period
        Days, float64 [n], to order observations by phase; None: by time.
    start
        Days, float64 [n], time of phase or time 0; NaN for objects without observations.
    length
        Observations of a sequence; of objects with more, as many are taken evenly in their order.

    Returns
    -------
    float32 [n, length, 3 + n_roles], 0 behind the last observation; bool [n, length].
    """
    n = start.size
    sequences = np.zeros((n, length, len(CHANNELS) + n_roles), np.float32)
    mask = np.zeros((n, length), np.bool_)
    if not roles:
        return sequences, mask
    star = np.concatenate([lcs.object_index() for lcs in roles.values()])
    role = np.repeat(list(roles), [lcs.time.size for lcs in roles.values()])
    since = np.concatenate([lcs.time for lcs in roles.values()]) - start[star]
    position = since / DAYS if period is None else (since / period[star]) % 1.0
    mag = np.concatenate([lcs.mag - lcs.mean_mag[lcs.object_index()] for lcs in roles.values()])
    error = np.concatenate([np.nan_to_num(lcs.mag_err, posinf=0.0, neginf=0.0) for lcs in roles.values()])
    order = np.lexsort((position, star))
    count = np.bincount(star, minlength=n)
    of_star = star[order]
    rank = np.arange(star.size) - (np.cumsum(count) - count)[of_star]
    place = np.where(count[of_star] > length, rank * length // np.maximum(count[of_star], 1), rank)
    first = np.diff(place, prepend=-1) != 0
    first |= np.diff(of_star, prepend=-1) != 0
    chosen, row, column = order[first], of_star[first], place[first]
    for k, values in enumerate((position, mag, error)):
        sequences[row, column, k] = values[chosen]
    sequences[row, column, len(CHANNELS) + role[chosen]] = 1.0
    mask[row, column] = True
    return sequences, mask
