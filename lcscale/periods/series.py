"""One object's observations made ready for periodograms: sorted into bands, centred, weighted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.harmonics import FREE, N_PARAMETERS, NARROWNESS, WORK_ROWS, Curve
from lcscale.lightcurves import LightCurves

MIN_BAND_OBSERVATIONS = 5
"""A band with fewer observations does not take part in a search over several bands (unless it is the only one).

Where bands share their amplitudes (`coupling`) one observation is enough."""


@dataclass(frozen=True, eq=False)
class Series:
    """Weighted observations of many objects, each cut into segments of one band.

    Within a segment weights sum to 1 and magnitudes have weighted mean 0 and a scatter of about 1, so that no unit is
    too small for float32; `share` weighs the segments of an object so that the drops of χ² they find add up to the
    power, between 0 and 1.

    Attributes
    ----------
    time, weight, weighted
        Days since `start` of the object, w and w y, float64 [n].
    segments
        int64 [n_segments + 1], offsets of segments in the observations.
    objects
        int64 [n_objects + 1], offsets of objects in the segments.
    share
        float64 [n_segments].
    start, baseline
        First time and span of each object, days, float64 [n_objects].
    band
        Code of the band of each segment, int64 [n_segments].
    mean, scale
        What was taken from the magnitudes of each segment, and what they were multiplied by, float64 [n_segments].
    chi2
        χ² about the means of the segments, float64 [n_objects].
    coupling
        How the segments of an object share amplitudes and means, float64 [n_segments, `N_LINKS`] (see `coupling`).
    """

    time: Floats
    weight: Floats
    weighted: Floats
    segments: Integers
    objects: Integers
    share: Floats
    start: Floats
    baseline: Floats
    band: Integers
    mean: Floats
    scale: Floats
    chi2: Floats
    coupling: Floats

    @property
    def longest(self) -> int:
        """Most observations of an object."""
        return int(np.diff(self.segments[self.objects]).max(initial=0))

    def room(self) -> tuple[Floats, Floats]:
        """Memory for the Fourier series of one object at a time: float64 [4, longest] and [work rows, parameters]."""
        return np.empty((4, self.longest)), np.empty((WORK_ROWS, N_PARAMETERS))

    @classmethod
    def of(cls, lcs: LightCurves, floor: Floats | None = None, fewest: int = MIN_BAND_OBSERVATIONS) -> Series:
        """Prepare `lcs`, whose observations must be usable and in order of time.

        Parameters
        ----------
        lcs
            The batch.
        floor
            Added in quadrature to the errors of each band, mag, float64 [n_bands]; None adds nothing.
        fewest
            Observations below which a band is left out beside others.
        """
        lcs, segments, objects = _cut(lcs, fewest)
        time = np.empty(lcs.time.size)
        weight = np.empty_like(time)
        weighted = np.empty_like(time)
        share = np.zeros(segments.size - 1)
        mean, scale = np.zeros_like(share), np.ones_like(share)
        start, baseline, chi2 = np.zeros(len(lcs)), np.zeros(len(lcs)), np.zeros(len(lcs))
        mag, error = lcs.faintness.astype(np.float64), lcs.error.astype(np.float64)
        band = np.zeros(share.size, np.int64)
        if lcs.band is not None and len(lcs.bands) > 1:  # one band's objects are its segments, and may be empty
            band[:] = lcs.band[segments[:-1]]
        if floor is not None:
            error = np.hypot(error, floor[np.repeat(band, np.diff(segments))])
        out = (time, weight, weighted, share, start, baseline, mean, scale, chi2)
        _prepare(lcs.time, mag, error, segments, objects, *out)
        coupling = np.tile(FREE, (share.size, 1))
        coupling[:, NARROWNESS] = 1.0 / np.maximum(np.diff(segments), 1)
        return cls(time, weight, weighted, segments, objects, share, start, baseline, band, mean, scale, chi2, coupling)

    def rows(self, i: int) -> slice:
        """Where the observations of object `i` are."""
        return slice(int(self.segments[self.objects[i]]), int(self.segments[self.objects[i + 1]]))

    def cuts(self, i: int) -> Integers:
        """Offsets of the segments of object `i`, counted from its first observation."""
        cuts: Integers = self.segments[self.objects[i] : self.objects[i + 1] + 1] - self.rows(i).start
        return cuts

    def one(self, i: int) -> Curve:
        """Time, weight, weighted, cuts, share and coupling of object `i`, which periodograms and series fits take."""
        rows, own = self.rows(i), slice(int(self.objects[i]), int(self.objects[i + 1]))
        return (
            self.time[rows],
            self.weight[rows],
            self.weighted[rows],
            self.cuts(i),
            self.share[own],
            self.coupling[own],
        )


def _cut(lcs: LightCurves, fewest: int) -> tuple[LightCurves, Integers, Integers]:
    """The batch sorted by band within objects, without bands too thin, with offsets of segments and objects."""
    n = len(lcs)
    if lcs.band is None or len(lcs.bands) < 2:
        return lcs, lcs.offsets, np.arange(n + 1)
    owner = lcs.object_index()
    inside = slice(int(lcs.offsets[0]), int(lcs.offsets[-1]))
    n_bands = len(lcs.bands)
    cell = owner * n_bands + lcs.band[inside]
    counts = np.bincount(cell[lcs.band[inside] >= 0], minlength=n * n_bands).reshape(n, n_bands)
    enough = counts >= np.minimum(fewest, counts.max(axis=1, initial=1))[:, None]
    enough &= counts > 0
    keep = np.zeros(lcs.time.size, np.bool_)
    keep[inside] = (lcs.band[inside] >= 0) & enough.ravel()[cell]
    kept = lcs.keep(keep)
    order = np.argsort(cell[keep[inside]], kind="stable")
    kept = kept._rows(order, kept.offsets)
    segments = np.concatenate([[0], np.cumsum(counts[enough])])
    return kept, segments, np.concatenate([[0], np.cumsum(enough.sum(axis=1))])


@kernel
def _prepare(
    times: Floats,
    mag: Floats,
    error: Floats,
    segments: Integers,
    objects: Integers,
    time: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    weighted: npt.NDArray[np.float64],
    share: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64],
    baseline: npt.NDArray[np.float64],
    mean: npt.NDArray[np.float64],
    scale: npt.NDArray[np.float64],
    chi2: npt.NDArray[np.float64],
) -> None:
    """Fill the arrays of `Series`."""
    for i in range(objects.size - 1):
        a, b = segments[objects[i]], segments[objects[i + 1]]
        if a == b:
            continue
        low, high = times[a], times[a]
        for j in range(a, b):
            low, high = min(low, times[j]), max(high, times[j])
        start[i], baseline[i] = low, high - low
        typical = _typical_weight(error[a:b])
        total = 0.0
        for g in range(objects[i], objects[i + 1]):
            scatter = _weigh(segments[g], segments[g + 1], low, typical, times, mag, error, time, weight, weighted)
            share[g], mean[g], scale[g] = scatter[0], scatter[2], scatter[3]
            total += scatter[0] * scatter[1]
        chi2[i] = total
        for g in range(objects[i], objects[i + 1]):
            share[g] = share[g] / total if total > 0.0 else 0.0


@kernel
def _typical_weight(error: Floats) -> float:
    """Weight of an observation whose error is unknown: that of the geometric mean of the known ones, else 1."""
    known = 0
    logs = 0.0
    for j in range(error.size):
        if np.isfinite(error[j]):
            known += 1
            logs += np.log(error[j])
    return np.exp(-2.0 * logs / known) if known else 1.0


@kernel
def _weigh(
    a: int,
    b: int,
    low: float,
    typical: float,
    times: Floats,
    mag: Floats,
    error: Floats,
    time: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    weighted: npt.NDArray[np.float64],
) -> tuple[float, float, float, float]:
    """Centre, weigh and scale one segment; its total weight, weighted mean square deviation, mean and scale.

    The scale is a power of two, which changes no digit. Sums are taken in loops that store nothing: a compiler that
    must rule out overlap of what is read and stored may choose the order of a sum by where the arrays happen to lie in
    memory.
    """
    for j in range(a, b):
        weight[j] = 1.0 / (error[j] * error[j]) if np.isfinite(error[j]) else typical
        time[j] = times[j] - low
    total = 0.0
    mean = 0.0
    for j in range(a, b):
        total += weight[j]
        mean += weight[j] * (mag[j] - mag[a])
    mean = mag[a] + mean / total
    for j in range(a, b):
        weight[j] /= total
        weighted[j] = weight[j] * (mag[j] - mean)
    scatter = 0.0
    for j in range(a, b):
        scatter += weighted[j] * (mag[j] - mean)
    scale = 1.0
    if 0.0 < scatter < np.inf:
        scale = 2.0 ** -np.rint(0.5 * np.log2(scatter))
        for j in range(a, b):
            weighted[j] *= scale
    return total / (scale * scale), scatter * scale * scale, mean, scale
