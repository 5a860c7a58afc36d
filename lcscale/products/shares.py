"""A share of a count in percent, with its 95 % interval."""

from __future__ import annotations

from typing import overload

import numpy as np
import numpy.typing as npt

from lcscale.arrays import integers
from lcscale.errors import InputError

Floats = npt.NDArray[np.float64]


@overload
def yso_share(n_alerts: int, n_yso: int) -> tuple[float, float, float]:
    """The share of one count of alerts."""


@overload
def yso_share(n_alerts: npt.ArrayLike, n_yso: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """The shares of many."""


def yso_share(n_alerts: npt.ArrayLike, n_yso: npt.ArrayLike) -> tuple[float | Floats, float | Floats, float | Floats]:
    """Share of alerts that are young stellar objects, in percent, with the 95 % score interval of Wilson (1927).

    The interval holds for small counts too: it never leaves 0 to 100 %, and 0 of 104 still has an upper limit.

    Parameters
    ----------
    n_alerts
        Number of alerts, an integer or an array of them.
    n_yso
        How many of them are YSOs, of the same shape.

    Returns
    -------
    (percentage, low, high)
        Percent; floats for integers, float64 arrays for arrays. NaN where there are no alerts.

    Raises
    ------
    InputError
        For negative numbers, or more YSOs than alerts.

    Examples
    --------
    >>> tuple(round(value, 2) for value in yso_share(3553, 95))
    (2.67, 2.19, 3.26)
    >>> tuple(round(value, 2) for value in yso_share(104, 0))
    (0.0, 0.0, 3.56)
    """
    from astropy.stats import binom_conf_interval

    counts = (integers(n_alerts, "n_alerts"), integers(n_yso, "n_yso"))
    total, part = np.broadcast_arrays(*(each.astype(np.float64) for each in counts))
    if np.any(~(part >= 0)) or np.any(~(part <= total)):
        raise InputError(f"yso_share: n_yso must be from 0 to n_alerts, got n_alerts={total}, n_yso={part}")
    counted = np.where(total > 0, total, np.nan)
    share = part / counted
    interval = binom_conf_interval(part, np.maximum(total, 1.0), 0.95, "wilson")
    low, high = np.where(total > 0, interval, np.nan)
    low, high = np.where(part == 0, 0.0 * counted, low), np.where(part == total, 1.0 + 0.0 * counted, high)  # exact
    if total.ndim == 0:
        return float(100 * share), float(100 * low), float(100 * high)
    return 100 * share, 100 * low, 100 * high
