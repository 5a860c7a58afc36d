"""The choice among the peaks of many stars, on the CPU or on a device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lcscale.kernels.compiling import Floats
from lcscale.periods.choice import choose_each
from lcscale.periods.each import for_each
from lcscale.periods.series import Series


def chosen(
    series: Series,
    members: Sequence[int],
    peaks: Floats,
    df: float,
    fmin: float,
    n_harmonics: int = 1,
    doubles: bool = True,
    reach: float | None = None,
    n_ranked: int | None = None,
    device: str = "cpu",
) -> Floats:
    """What `choose` writes for each of the objects `members`, float64 [n_members, 7].

    Parameters
    ----------
    series
        The batch.
    members
        Objects.
    peaks, df, fmin, n_harmonics, doubles, reach, n_ranked
        As for `choose_each`; half of `df`, and all peaks, for None.
    device
        As torch names it.
    """
    n, n_peaks = len(members), peaks.shape[1]
    how = (df, fmin, n_harmonics, doubles, 0.5 * df if reach is None else reach, n_ranked or n_peaks)
    return for_each(choose_each, np.full((n, 7), np.nan), series, members, (peaks, *how), (n_peaks, 4), device)
