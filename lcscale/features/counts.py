"""How often and how long an object was observed."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, comparing_kernel, kernel

FEATURES = (
    Feature("n_observations", "", "n, usable observations", agrees="light-curve ObservationCount"),
    Feature("duration", "d", "t[n] - t[1]", agrees="light-curve Duration"),
    Feature("smallest_gap", "d", "min (t[j+1] - t[j])", agrees="light-curve MinimumTimeInterval"),
    Feature("largest_gap", "d", "max (t[j+1] - t[j])", agrees="light-curve MaximumTimeInterval"),
)

CADENCE_FEATURES = (Feature("cadence", "d", "median (t[j+1] - t[j])", agrees="numpy.median of numpy.diff"),)


@comparing_kernel
def counts(time: Floats, out: Any) -> None:
    """The features of this family for one light curve, into `out`."""
    n = time.size
    smallest = np.inf
    largest = 0.0
    for j in range(n - 1):
        gap = time[j + 1] - time[j]
        smallest = min(smallest, gap)
        largest = max(largest, gap)
    out[0] = n
    out[1] = time[n - 1] - time[0]
    out[2] = smallest
    out[3] = largest


@kernel
def cadence(gaps: Floats, out: Any) -> None:
    """The median of the sorted `gaps` of one light curve, into `out`."""
    out[0] = 0.5 * (gaps[(gaps.size - 1) // 2] + gaps[gaps.size // 2])


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, time: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b - a > 1:
            counts(time[a:b], out[i])


@kernel
def _each_cadence(start: int, stop: int, out: Any, offsets: Integers, gaps: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b - a > 1:
            cadence(gaps[a : b - 1], out[i])


FAMILY = Family("counts", FEATURES, _each, lambda batch: (batch.time,))
CADENCE_FAMILY = Family("cadence", CADENCE_FEATURES, _each_cadence, lambda batch: (batch.gaps,))
