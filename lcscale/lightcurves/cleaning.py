"""Which observations a kernel may use, and why an object has too few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves.batch import LightCurves

MIN_OBSERVATIONS = 5
"""Objects with fewer usable observations, in all bands together, get a reason and no features, periods or classes."""


def usable(lcs: LightCurves, min_observations: int = MIN_OBSERVATIONS) -> tuple[LightCurves, npt.NDArray[np.object_]]:
    """The observations that `clean` leaves, and the reason why an object cannot be processed.

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
    kept = clean(lcs)
    reasons = too_few(kept, min_observations)
    for i in np.flatnonzero(_constant(kept.value, kept.offsets)):
        if reasons[i] is None:
            reasons[i] = "constant flux" if kept.fluxes else "constant magnitude"
    return kept, reasons


def too_few(kept: LightCurves, min_observations: int) -> npt.NDArray[np.object_]:
    """Why objects of a clean batch have too few observations, object [n_objects]; None where they have enough."""
    reasons = np.full(len(kept), None, dtype=object) if kept.faults is None else kept.faults.copy()
    counts = kept.counts
    for i in np.flatnonzero(counts < min_observations):
        if reasons[i] is None:
            given = counts[i] if kept.left_out is None else counts[i] + kept.left_out[i].sum()
            of = "" if given == counts[i] else f" of {given}"
            reasons[i] = f"{counts[i]}{of} observations usable, {min_observations} needed"
    return reasons


def is_none(values: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Where an array of texts has none, bool [n]."""
    listed = values.tolist()
    if listed.count(None) == len(listed):
        return np.ones(len(listed), np.bool_)
    return np.array([value is None for value in listed], np.bool_)


def say_missing_bands(reasons: npt.NDArray[np.object_], lcs: LightCurves, bands: Sequence[str]) -> None:
    """Give the objects of `lcs` that were observed, but not in `bands`, a reason that says so, in place.

    Parameters
    ----------
    reasons
        Object [n_objects], as `usable` gives them for the observations in `bands`.
    lcs
        The batch with the observations in all bands.
    bands
        Those that were asked for.
    """
    if lcs.band is None:
        return
    elsewhere = (lcs.counts > 0) & (lcs.of_bands(bands).counts == 0)
    for i in np.flatnonzero(elsewhere & np.array([reason is not None for reason in reasons], np.bool_)):
        codes = np.unique(lcs.band[lcs.offsets[i] : lcs.offsets[i + 1]])
        there = ", ".join(lcs.bands[code] for code in codes if code >= 0)
        if there:
            reasons[i] = f"no observation in {', '.join(bands)}; there are some in {there}"


def clean(lcs: LightCurves) -> LightCurves:
    """The observations that can be used, in order of time; a batch that is clean already comes back as it is.

    One rule holds for every count, period, feature, image and class. Observations without a finite time and magnitude
    (or flux: zero and negative ones are observations), or with an error that is infinite, zero or negative, are left
    out; so are those of no band where the batch has bands. NaN errors mean unknown: such observations stay where their
    band of the object has no known error. The rest is sorted by time; duplicate times are kept, those of each band
    shuffled by the ranks of their brightness: a result depends neither on the order of the input nor on the zero point
    or scale of the magnitudes, and the scatter between neighbours is not biased. What is left of a band does not depend
    on the other bands.
    """
    if lcs.left_out is not None:
        return lcs
    keep = _usable(lcs)
    whole = keep.all() and lcs.offsets[0] == 0 and lcs.offsets[-1] == lcs.time.size
    left_out = np.zeros((len(lcs), lcs.n_codes), np.int64)
    if not whole:
        left_out += _left_out(lcs, keep)
    kept = replace(lcs if whole else lcs.keep(keep), left_out=left_out)
    return kept if _in_order(kept) else _sort_by_time(kept)


def _left_out(lcs: LightCurves, keep: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many observations of each object and band are not in `keep`, int64 [n_objects, n_codes]."""
    gone = ~keep[int(lcs.offsets[0]) : int(lcs.offsets[-1])]
    counts = np.bincount(lcs._cells()[gone], minlength=len(lcs) * lcs.n_codes)
    return counts.reshape(len(lcs), lcs.n_codes)


def finite_in_order(lcs: LightCurves) -> LightCurves:
    """The observations with a finite time and magnitude or flux, in the order that `clean` gives them."""
    if lcs.left_out is not None:
        return lcs
    finite = np.isfinite(lcs.time) & np.isfinite(lcs.value)
    kept = lcs if finite.all() else lcs.keep(finite)
    return kept if _in_order(kept) else _sort_by_time(lcs.keep(finite))


def _sort_by_time(lcs: LightCurves) -> LightCurves:
    """The batch, of which nothing lies outside its objects, in order of time within each object."""
    from lcscale.lightcurves.ordering import order_by_time  # compiled: what is in order does without numba

    band = np.zeros(lcs.time.size, np.int8) if lcs.band is None else lcs.band
    unsorted = _neighbours(np.diff(lcs.time) < 0, lcs.offsets) > 0
    rows = order_by_time(lcs.time, lcs.faintness, lcs.error, band, lcs.offsets, unsorted)
    return lcs._rows(rows, lcs.offsets)


def _usable(lcs: LightCurves) -> npt.NDArray[np.bool_]:
    """Which observations `clean` keeps, bool [n_observations]."""
    inside = slice(int(lcs.offsets[0]), int(lcs.offsets[-1]))
    error = lcs.error[inside]
    known, unknown = (error > 0) & (error < np.inf), np.isnan(error)
    good = known
    if unknown.any():
        cells = lcs._cells()
        good = known | (unknown & (np.bincount(cells[known], minlength=len(lcs) * lcs.n_codes)[cells] == 0))
    if lcs.band is not None and lcs.bands:
        good = good & (lcs.band[inside] >= 0)
    keep = np.zeros(lcs.time.size, np.bool_)
    keep[inside] = good & np.isfinite(lcs.time[inside]) & np.isfinite(lcs.value[inside])
    return keep


def _in_order(lcs: LightCurves) -> bool:
    """Whether the times of every object grow strictly."""
    falls = np.diff(lcs.time) <= 0
    borders = lcs.offsets[(lcs.offsets > 0) & (lcs.offsets < lcs.time.size)] - 1
    falls[borders] = False
    return not falls[int(lcs.offsets[0]) : max(int(lcs.offsets[-1]) - 1, 0)].any()


def _constant(value: npt.NDArray[Any], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether all values of an object are the same, bool [n_objects]."""
    same = np.diff(offsets) < 2
    first, last = offsets[:-1][~same], offsets[1:][~same] - 1
    same[~same] = (value[first] == value[last]) & (value[first] == value[first + 1])
    for i in np.flatnonzero(same):
        own = value[offsets[i] : offsets[i + 1]]
        same[i] = bool((own[1:] == own[:-1]).all())
    return same


def _neighbours(told: npt.NDArray[np.bool_], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many pairs of neighbours within each object are `told` of (bool, a pair each), int64 [n_objects]."""
    before = np.concatenate([[0], np.cumsum(told)])
    first, last = offsets[:-1], np.maximum(offsets[1:] - 1, offsets[:-1])
    counts: npt.NDArray[np.int64] = np.diff(before[np.minimum([first, last], told.size)], axis=0)[0]
    return counts
