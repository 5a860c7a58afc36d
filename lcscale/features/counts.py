"""How often and how long an object was observed."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.features.batch import BandBatch
from lcscale.features.compiling import Floats, Integers, kernel
from lcscale.features.declaration import Family, Feature

FEATURES = (
    Feature("n_observations", "", "n, usable observations", agrees="light-curve ObservationCount"),
    Feature("duration", "day", "t[n] - t[1]", agrees="light-curve Duration"),
    Feature("smallest_gap", "day", "min (t[j+1] - t[j])", agrees="light-curve MinimumTimeInterval"),
    Feature("largest_gap", "day", "max (t[j+1] - t[j])", agrees="light-curve MaximumTimeInterval"),
    Feature("cadence", "day", "median (t[j+1] - t[j])", agrees="numpy.median of numpy.diff"),
)


@kernel  # type: ignore[untyped-decorator]
def counts(time: Floats, gaps: Floats, out: Any) -> None:
    """The features of this family for one light curve with sorted `gaps`, into `out`."""
    n = time.size
    out[0] = n
    out[1] = time[n - 1] - time[0]
    out[2] = gaps[0]
    out[3] = gaps[n - 2]
    out[4] = 0.5 * (gaps[(n - 2) // 2] + gaps[(n - 1) // 2])


@kernel  # type: ignore[untyped-decorator]
def _each(time: Floats, gaps: Floats, offsets: Integers, out: Any) -> None:
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        if b - a > 1:
            counts(time[a:b], gaps[a : b - 1], out[i])


def _compute(batch: BandBatch) -> Floats:
    out = np.full((len(batch), len(FEATURES)), np.nan)
    _each(batch.time, batch.gaps, batch.offsets, out)
    return out


FAMILY = Family("counts", FEATURES, _compute)
