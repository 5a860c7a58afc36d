"""Which observations a kernel may use, and why an object has too few of them."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

from lcscale.lightcurves.batch import LightCurves

MIN_OBSERVATIONS = 10
"""Objects with fewer usable observations get a reason instead of features, periods and classes."""


def usable(lcs: LightCurves, min_observations: int = MIN_OBSERVATIONS) -> tuple[LightCurves, npt.NDArray[np.object_]]:
    """Finite observations in order of time, and the reason why an object cannot be processed.

    Observations without a finite time and magnitude, or with an error that is infinite, zero or negative, are left
    out; NaN errors mean unknown and stay when the object has no other. The rest is sorted by time; duplicate
    times are kept, in an order that depends on their magnitudes alone but follows no trend in them: a result does not
    depend on the order of the input, and the scatter between neighbours is not biased.

    Parameters
    ----------
    lcs
        Any batch.
    min_observations
        Fewest usable observations of an object.

    Returns
    -------
    LightCurves, object [n_objects]
        The same objects (those with a reason too), and None or the reason as text.
    """
    keep, in_order = _inspect(lcs.time, lcs.mag, lcs.mag_err, lcs.offsets)
    whole = keep.all() and lcs.offsets[0] == 0 and lcs.offsets[-1] == lcs.time.size
    kept = lcs if whole else lcs.keep(keep)
    if not in_order:
        kept = sort_by_time(kept)
    reasons = np.full(len(lcs), None, dtype=object)
    counts = kept.counts
    for i in np.flatnonzero(counts < min_observations):
        given = lcs.counts[i]
        of = "" if given == counts[i] else f" of {given}"
        reasons[i] = f"{counts[i]}{of} observations usable, {min_observations} needed"
    for i in np.flatnonzero((counts >= min_observations) & _constant(kept.mag, kept.offsets)):
        reasons[i] = "constant magnitude"
    return kept, reasons


def sort_by_time(lcs: LightCurves) -> LightCurves:
    """The batch with every object's observations in order of time, ties in order of `scrambled` magnitude."""
    start, end = int(lcs.offsets[0]), int(lcs.offsets[-1])
    owner = lcs.object_index()
    rows = start + np.lexsort((scrambled(lcs.mag[start:end].astype(np.float64)), lcs.time[start:end], owner))
    return lcs._rows(rows, lcs.offsets - start)


@nb.vectorize(cache=True)  # type: ignore[untyped-decorator]
def scrambled(mag: float) -> float:
    """A number in [0, 1) that `mag` alone decides, without trend: the fraction of a large irrational multiple."""
    turns = mag * 39916.80618033988
    return turns - np.floor(turns)  # type: ignore[no-any-return]


@nb.njit(cache=True)  # type: ignore[untyped-decorator]
def _inspect(
    time: npt.NDArray[np.float64], mag: npt.NDArray[Any], error: npt.NDArray[Any], offsets: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], bool]:
    """Mask of usable observations, and whether those of every object are in order of (time, scrambled magnitude)."""
    keep = np.zeros(time.size, np.bool_)
    in_order = True
    for i in range(offsets.size - 1):
        known = False
        for j in range(offsets[i], offsets[i + 1]):
            known |= np.isfinite(error[j]) and error[j] > 0
        last_time = -np.inf
        last_key = -np.inf
        for j in range(offsets[i], offsets[i + 1]):
            good_error = (np.isfinite(error[j]) and error[j] > 0) if known else np.isnan(error[j])
            if np.isfinite(time[j]) and np.isfinite(mag[j]) and good_error:
                keep[j] = True
                key = scrambled(np.float64(mag[j]))
                if time[j] < last_time or (time[j] == last_time and key < last_key):
                    in_order = False
                last_time = time[j]
                last_key = key
    return keep, in_order


@nb.njit(cache=True)  # type: ignore[untyped-decorator]
def _constant(mag: npt.NDArray[Any], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    result = np.ones(offsets.size - 1, np.bool_)
    for i in range(offsets.size - 1):
        for j in range(offsets[i] + 1, offsets[i + 1]):
            if mag[j] != mag[offsets[i]]:
                result[i] = False
                break
    return result
