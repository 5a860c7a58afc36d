"""Loops over the stars of a series, on the CPU or on a device: each star is looked at by one thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, inlined
from lcscale.kernels.harmonics import N_PARAMETERS, WORK_ROWS, Curve
from lcscale.periods.series import Series

SCRATCH_ROWS = 6
"""Rows of scratch memory as long as a star has observations: four for the fit of a series, two that a loop may keep."""


def for_each(
    loop: Callable[..., None],
    out: Floats,
    series: Series,
    members: Sequence[int] | Integers,
    arguments: tuple[Any, ...],
    memory: tuple[int, int],
    device: str = "cpu",
) -> Floats:
    """`out` after ``loop(0, n_members, out, arrays, members, *arguments, room)``.

    Parameters
    ----------
    loop
        A kernel; for each row of `out` it takes `curve_of` the star and `room_of` its row.
    out
        float64 [n_members, n_columns], as it shall be where the loop writes nothing.
    series
        The stars.
    members
        Which of them.
    arguments
        Numbers and arrays.
    memory
        Shape of what a star's loop needs besides scratch memory and that of a fit.
    device
        As torch names it.
    """
    n, chosen = len(members), np.asarray(members, np.int64)
    arrays = (
        series.time,
        series.weight,
        series.weighted,
        series.segments,
        series.objects,
        series.share,
        series.coupling,
    )
    if device == "cpu":
        work = np.empty((1, WORK_ROWS, N_PARAMETERS))
        room = (np.empty(SCRATCH_ROWS * series.longest), np.zeros(n, np.int64), work, np.empty((1, *memory)))
        loop(0, n, out, arrays, chosen, *arguments, room)
        return out
    import torch

    from lcscale.kernels.devices import device_named
    from lcscale.kernels.launching import launch

    where = device_named(device)
    empty = partial(torch.empty, dtype=torch.float64, device=where)
    places = SCRATCH_ROWS * series.segments[series.objects[chosen]]
    own = (empty(SCRATCH_ROWS * series.time.size), places, empty((n, WORK_ROWS, N_PARAMETERS)), empty((n, *memory)))
    return launch(loop, out, (arrays, chosen, *arguments, own), where)


@inlined
def curve_of(series: Any, i: int) -> Curve:
    """Star `i` of the arrays of a `Series`; its cuts count from the first observation of all."""
    time, weight, weighted, segments, objects, share, coupling = series
    first, last = objects[i], objects[i + 1]
    return (time, weight, weighted, segments[first : last + 1], share[first:last], coupling[first:last])


@inlined
def room_of(room: Any, m: int, n: int) -> tuple[Any, Any, Any]:
    """Memory of row `m`, a star of `n` observations: float64 [`SCRATCH_ROWS`, n], that of a fit, and what else."""
    scratch, places, work, more = room
    rows = scratch[places[m] : places[m] + SCRATCH_ROWS * n].reshape((SCRATCH_ROWS, n))
    own = min(m, work.shape[0] - 1)
    return rows, work[own], more[own]
