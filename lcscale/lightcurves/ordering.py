"""Observations put in order of time, simultaneous ones so that no order of the input shows in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import exact_kernel
from lcscale.kernels.sorting import argsort_segments


def order_by_time(
    time: npt.NDArray[np.float64],
    mag: npt.NDArray[Any],
    error: npt.NDArray[Any],
    band: npt.NDArray[np.int8],
    offsets: npt.NDArray[np.int64],
    unsorted: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Row numbers of every object in order of time, simultaneous ones band by band and shuffled within a band.

    The shuffle of a band does not depend on the other bands: each band alone comes out the same. Times are finite;
    `unsorted` (bool [n_objects]) says of which objects they do not ascend.
    """
    rows = np.arange(time.size)
    argsort_segments(time, offsets, unsorted, rows)
    _part_simultaneous(time, mag, error, band, offsets, rows)
    return rows


@exact_kernel
def _part_simultaneous(
    time: npt.NDArray[np.float64],
    mag: npt.NDArray[Any],
    error: npt.NDArray[Any],
    band: npt.NDArray[np.int8],
    offsets: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
) -> None:
    """Order simultaneous ones among rows in order of time."""
    before = np.zeros(256, np.int64)  # observations of each band so far, from code -128 on
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        before[:] = 0
        start = a
        for j in range(a + 1, b + 1):
            if j == b or time[rows[j]] != time[rows[start]]:
                if j - start > 1:
                    rows[start:j] = rows[start:j][np.argsort(band[rows[start:j]], kind="mergesort")]
                first = start
                for k in range(start + 1, j + 1):
                    if k == j or band[rows[k]] != band[rows[first]]:
                        code = band[rows[first]] + 128
                        if k - first > 1:
                            _shuffle(mag, error, before[code], rows[first:k])
                        before[code] += k - first
                        first = k
                start = j


@exact_kernel
def _shuffle(mag: npt.NDArray[Any], error: npt.NDArray[Any], place: int, rows: npt.NDArray[np.int64]) -> None:
    """Order simultaneous observations by a hash of their rank in magnitude and of the place of the first of them."""
    ranked = rows[np.argsort(error[rows], kind="mergesort")]
    ranked = ranked[np.argsort(mag[ranked], kind="mergesort")]
    keys = np.empty(rows.size, np.uint64)
    for r in range(rows.size):
        keys[r] = _mixed(_mixed(np.uint64(place)) + np.uint64(r))
    rows[:] = ranked[np.argsort(keys, kind="mergesort")]


@exact_kernel
def _mixed(x: np.uint64) -> np.uint64:
    """The finalizer of SplitMix64 (Steele, Lea & Flood 2014): neighbours become unrelated numbers."""
    x += np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
