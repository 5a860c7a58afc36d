"""Which observations a kernel may use, and why an object has too few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import exact_kernel
from lcscale.lightcurves.batch import LightCurves

MIN_OBSERVATIONS = 10
"""Objects with fewer usable observations get a reason instead of features, periods and classes."""


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
    reasons = np.full(len(lcs), None, dtype=object) if lcs.faults is None else lcs.faults.copy()
    counts = kept.counts
    given = counts if kept.left_out is None else counts + kept.left_out.sum(axis=1)
    readable = np.array([reason is None for reason in reasons], np.bool_)
    for i in np.flatnonzero(readable & (counts < min_observations)):
        of = "" if given[i] == counts[i] else f" of {given[i]}"
        reasons[i] = f"{counts[i]}{of} observations usable, {min_observations} needed"
    for i in np.flatnonzero(readable & (counts >= min_observations) & _constant(kept.value, kept.offsets)):
        reasons[i] = "constant flux" if kept.fluxes else "constant magnitude"
    return kept, reasons


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
    keep = np.empty(lcs.time.size, np.bool_)
    band = lcs.band if lcs.band is not None and lcs.bands else np.empty(0, np.int8)
    in_order = _inspect(lcs.time, lcs.value, lcs.error, band, lcs.offsets, keep)
    whole = keep.all() and lcs.offsets[0] == 0 and lcs.offsets[-1] == lcs.time.size
    left_out = np.zeros((len(lcs), lcs.n_codes), np.int64)
    if not whole:
        left_out += _left_out(lcs, keep)
    kept = replace(lcs if whole else lcs.keep(keep), left_out=left_out)
    return kept if in_order else _sort_by_time(kept)


def _left_out(lcs: LightCurves, keep: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """How many observations of each object and band are not in `keep`, int64 [n_objects, n_codes]."""
    gone = ~keep[int(lcs.offsets[0]) : int(lcs.offsets[-1])]
    counts = np.bincount(lcs._cells()[gone], minlength=len(lcs) * lcs.n_codes)
    return counts.reshape(len(lcs), lcs.n_codes)


def finite_in_order(lcs: LightCurves) -> LightCurves:
    """The observations with a finite time and magnitude or flux, in the order that `clean` gives them."""
    if lcs.left_out is not None or _finite_and_in_order(lcs.time, lcs.value, lcs.offsets):
        return lcs
    return _sort_by_time(lcs.keep(np.isfinite(lcs.time) & np.isfinite(lcs.value)))


def _sort_by_time(lcs: LightCurves) -> LightCurves:
    """The batch, of which nothing lies outside its objects, in order of time within each object."""
    rows = np.arange(lcs.time.size)
    band = np.zeros(lcs.time.size, np.int8) if lcs.band is None else lcs.band
    _order(lcs.time, lcs.faintness, lcs.error, band, lcs.offsets, rows)
    return lcs._rows(rows, lcs.offsets)


@exact_kernel
def _finite_and_in_order(time: npt.NDArray[np.float64], mag: npt.NDArray[Any], offsets: npt.NDArray[np.int64]) -> bool:
    """Whether all magnitudes are finite and the times of every object are too, and grow strictly."""
    for i in range(offsets.size - 1):
        last = -np.inf
        for j in range(offsets[i], offsets[i + 1]):
            if not (last < time[j] < np.inf and abs(mag[j]) < np.inf):
                return False
            last = time[j]
    return True


@exact_kernel
def _order(
    time: npt.NDArray[np.float64],
    mag: npt.NDArray[Any],
    error: npt.NDArray[Any],
    band: npt.NDArray[np.int8],
    offsets: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
) -> None:
    """Put the row numbers of every object in order of time; simultaneous ones band by band, shuffled within a band.

    The shuffle of a band does not depend on the other bands: each band alone comes out the same.
    """
    before = np.zeros(256, np.int64)  # observations of each band so far, from code -128 on
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        if b > a and np.any(np.diff(time[a:b]) < 0.0):
            rows[a:b] = a + np.argsort(time[a:b], kind="mergesort")
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


@exact_kernel
def _inspect(
    time: npt.NDArray[np.float64],
    mag: npt.NDArray[Any],
    error: npt.NDArray[Any],
    band: npt.NDArray[np.int8],
    offsets: npt.NDArray[np.int64],
    keep: npt.NDArray[np.bool_],
) -> bool:
    """Fill the mask of usable observations; whether the times of every object grow strictly over them.

    `band` is empty where all observations are of one.
    """
    keep[:] = False
    known = np.zeros(128, np.int64)
    in_order = True
    for i in range(offsets.size - 1):
        rows = slice(offsets[i], offsets[i + 1])  # views, whose loops become vector instructions
        t, m, e, good = time[rows], mag[rows], error[rows], keep[rows]
        unknown = 0
        for j in range(t.size):
            good[j] = (e[j] > 0.0) & (e[j] < np.inf) & (abs(t[j]) < np.inf) & (abs(m[j]) < np.inf)
            unknown += np.isnan(e[j])
        if unknown:
            known[:] = 0
            for j in range(t.size):
                known[band[rows][j] if band.size else 0] += (e[j] > 0.0) & (e[j] < np.inf)
            for j in range(t.size):
                if np.isnan(e[j]) and known[band[rows][j] if band.size else 0] == 0:
                    good[j] = (abs(t[j]) < np.inf) & (abs(m[j]) < np.inf)
        if band.size:
            b = band[rows]
            for j in range(t.size):
                good[j] &= b[j] >= 0
        kept = 0
        for j in range(t.size):
            kept += good[j]
        if kept == t.size:
            backward = 0
            for j in range(1, t.size):
                backward += t[j] <= t[j - 1]
            in_order &= backward == 0
        else:
            last = -np.inf
            for j in range(t.size):
                if good[j]:
                    in_order &= t[j] > last
                    last = t[j]
    return in_order


@exact_kernel
def _constant(mag: npt.NDArray[Any], offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    result = np.ones(offsets.size - 1, np.bool_)
    for i in range(offsets.size - 1):
        for j in range(offsets[i] + 1, offsets[i + 1]):
            if mag[j] != mag[offsets[i]]:
                result[i] = False
                break
    return result
