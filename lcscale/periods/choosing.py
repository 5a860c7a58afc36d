"""The choice among the peaks of many stars, on the CPU or on a device."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from lcscale.kernels.compiling import Floats
from lcscale.kernels.harmonics import N_PARAMETERS, WORK_ROWS
from lcscale.periods.choice import choose_each
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
    arrays = (
        series.time,
        series.weight,
        series.weighted,
        series.segments,
        series.objects,
        series.share,
        series.coupling,
    )
    task = (
        arrays,
        np.array(members, np.int64),
        peaks,
        df,
        fmin,
        n_harmonics,
        doubles,
        0.5 * df if reach is None else reach,
        n_ranked or n_peaks,
    )
    out = np.full((n, 7), np.nan)
    if device == "cpu":
        work, ranking = np.empty((1, WORK_ROWS, N_PARAMETERS)), np.empty((1, n_peaks, 4))
        choose_each(0, n, out, *task, (np.empty(4 * series.longest), np.zeros(n, np.int64), work, ranking))
        return out
    import torch

    from lcscale.kernels.devices import device_named
    from lcscale.kernels.launching import launch

    where = device_named(device)
    empty = partial(torch.empty, dtype=torch.float64, device=where)
    places = 4 * series.segments[series.objects[members]]
    room = (empty(4 * series.time.size), places, empty((n, WORK_ROWS, N_PARAMETERS)), empty((n, n_peaks, 4)))
    return launch(choose_each, out, (*task, room), where)
