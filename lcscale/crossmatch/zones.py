"""The index of a sky match: points in zones of declination, sorted by right ascension inside each zone."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import exact_kernel, inlined

SLOP_DEG = 1e-10
"""Search windows are widened by this many degrees (0.4 µas), so that rounding of their edges never loses a point."""

_ZONE_SPACINGS = 3.0
"""Height of a zone in mean distances between points: balances zones visited against points looked at in vain."""

_GAP_BINS = 720
"""Bins of right ascension in which the largest empty stretch of the sky is looked for."""

_Sorted = tuple[
    npt.NDArray[np.float64],
    npt.NDArray[np.int64],
    npt.NDArray[np.int64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
]


class ZoneIndex(NamedTuple):
    """Points sorted by (zone, right ascension), and where to find them.

    Right ascension counts from `origin`, in the middle of the largest empty stretch, so that a footprint across
    0/360 is one piece. Each zone is cut into as many bins of right ascension as it has points, so that a position is
    found by one look instead of a binary search.
    """

    points: npt.NDArray[np.float64]
    """float64 [n_points, 4]: ra, dec (degrees), cos dec, row number in the input (exact below 2^53)."""
    bin_start: npt.NDArray[np.int64]
    """int64 [n_points + n_zones + 1], first point of each bin, all zones one after the other."""
    zone_start: npt.NDArray[np.int64]
    """int64 [n_zones + 1], first point of each zone; the bins of zone *z* start at ``zone_start[z] + z``."""
    zone_ra: npt.NDArray[np.float64]
    """float64 [n_zones], smallest right ascension from `origin`, degrees."""
    zone_scale: npt.NDArray[np.float64]
    """float64 [n_zones], bins per degree."""
    dec_min: float
    """Lower edge of zone 0, degrees."""
    height: float
    """Height of a zone, degrees."""
    origin: float
    """Right ascension from which bins count, degrees."""


def build_index(ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]) -> ZoneIndex:
    """Index the points with finite coordinates; `ra` in [0, 360], `dec` in [-90, 90], float64 degrees."""
    n_finite, dec_min, dec_max, occupied = _survey(ra, dec)
    if n_finite == 0:
        dec_min = dec_max = 0.0
    origin, span = _largest_gap(occupied)
    height = _zone_height(n_finite, dec_min, dec_max, span)
    points, bin_start, zone_start, zone_ra, zone_scale = _sort(ra, dec, dec_min, dec_max, height, origin)
    return ZoneIndex(points, bin_start, zone_start, zone_ra, zone_scale, dec_min, height, origin)


def _zone_height(n: int, dec_min: float, dec_max: float, ra_span: float) -> float:
    """Zone height in degrees from the mean distance between points, at most one zone a point."""
    breadth = ra_span * math.cos(math.radians(max(0.0, dec_min, -dec_max)))
    tall = max(dec_max - dec_min, SLOP_DEG)
    spacing = math.sqrt(tall * max(breadth, SLOP_DEG) / max(n, 1))
    return max(_ZONE_SPACINGS * spacing, tall / max(n, 1), SLOP_DEG)


def _largest_gap(occupied: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Middle of the largest empty stretch of right ascension, and the length of all outside it, degrees."""
    width = 360.0 / occupied.size
    filled = np.flatnonzero(occupied)
    if filled.size == 0:
        return 0.0, 360.0
    gaps = np.diff(np.append(filled, filled[0] + occupied.size)) - 1
    largest = int(np.argmax(gaps))
    middle = (filled[largest] + 1 + 0.5 * gaps[largest]) * width
    return float(middle % 360.0), 360.0 - float(gaps[largest]) * width


@exact_kernel
def _survey(
    ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]
) -> tuple[int, float, float, npt.NDArray[np.bool_]]:
    """Number of finite positions, their range of declination, and which bins of right ascension they occupy."""
    occupied = np.zeros(_GAP_BINS, np.bool_)
    n_finite = 0
    dec_min = np.inf
    dec_max = -np.inf
    for i in range(ra.size):
        if math.isfinite(ra[i]) and math.isfinite(dec[i]):
            n_finite += 1
            dec_min = min(dec_min, dec[i])
            dec_max = max(dec_max, dec[i])
            occupied[min(int(ra[i] * (_GAP_BINS / 360.0)), _GAP_BINS - 1)] = True
    return n_finite, dec_min, dec_max, occupied


@inlined
def ra_from(origin: float, ra: float) -> float:
    """Right ascension counted from `origin`, degrees in [0, 360)."""
    turned = ra - origin
    return turned + 360.0 if turned < 0.0 else turned


@inlined
def bin_of(turned: float, first: float, scale: float, n_bins: int) -> int:
    """Bin of a right ascension counted from the origin; positions outside the zone get its first or last bin."""
    return min(max(int((turned - first) * scale), 0), n_bins - 1)


@inlined
def zone_of(dec: float, dec_min: float, height: float) -> int:
    """Zone of a declination not below `dec_min`."""
    return int((dec - dec_min) * (1.0 / height))


@exact_kernel
def _sort(
    ra: npt.NDArray[np.float64],
    dec: npt.NDArray[np.float64],
    dec_min: float,
    dec_max: float,
    height: float,
    origin: float,
) -> _Sorted:
    """Sort points by zone, then inside each zone, which the processor's cache holds, by right ascension."""
    n_zones = zone_of(dec_max, dec_min, height) + 1
    zone_start, zone_ra, zone_scale = _measure_zones(ra, dec, dec_min, height, origin, n_zones)
    n_points = zone_start[-1]
    by_zone = np.empty((n_points, 4))
    place = zone_start.copy()
    for i in range(ra.size):
        if math.isfinite(ra[i]) and math.isfinite(dec[i]):
            z = zone_of(dec[i], dec_min, height)
            by_zone[place[z], 0] = ra[i]
            by_zone[place[z], 1] = dec[i]
            by_zone[place[z], 2] = ra_from(origin, ra[i])
            by_zone[place[z], 3] = i
            place[z] += 1
    points = np.empty((n_points, 4))
    bin_start = np.empty(n_points + n_zones + 1, np.int64)
    for z in range(n_zones):
        first, end = zone_start[z], zone_start[z + 1]
        bins = bin_start[first + z : end + z + 2]
        _sort_zone(by_zone[first:end], points[first:end], bins, zone_ra[z], zone_scale[z])
        for b in range(bins.size):
            bins[b] += first
        for j in range(first, end):
            points[j, 2] = math.cos(math.radians(points[j, 1]))
    return points, bin_start, zone_start, zone_ra, zone_scale


@exact_kernel
def _measure_zones(
    ra: npt.NDArray[np.float64],
    dec: npt.NDArray[np.float64],
    dec_min: float,
    height: float,
    origin: float,
    n_zones: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """First point, smallest right ascension and bins per degree of each zone."""
    zone_start = np.zeros(n_zones + 1, np.int64)
    zone_ra = np.full(n_zones, np.inf)
    last_ra = np.full(n_zones, -np.inf)
    for i in range(ra.size):
        if math.isfinite(ra[i]) and math.isfinite(dec[i]):
            z = zone_of(dec[i], dec_min, height)
            turned = ra_from(origin, ra[i])
            zone_start[z + 1] += 1
            zone_ra[z] = min(zone_ra[z], turned)
            last_ra[z] = max(last_ra[z], turned)
    zone_scale = np.empty(n_zones)
    for z in range(n_zones):
        count = zone_start[z + 1]
        zone_start[z + 1] += zone_start[z]
        zone_scale[z] = count / max(last_ra[z] - zone_ra[z], 1e-6) if count else 0.0
        if count == 0:
            zone_ra[z] = 0.0
    return zone_start, zone_ra, zone_scale


@exact_kernel
def _sort_zone(
    points: npt.NDArray[np.float64],
    result: npt.NDArray[np.float64],
    bins: npt.NDArray[np.int64],
    first_ra: float,
    scale: float,
) -> None:
    """Sort the points of one zone by their third number into `result`; `bins` get the first place of each."""
    n_bins = bins.size - 1
    bins[:] = 0
    for j in range(points.shape[0]):
        b = bin_of(points[j, 2], first_ra, scale, n_bins)
        if b + 2 < bins.size:
            bins[b + 2] += 1
    for b in range(2, bins.size):
        bins[b] += bins[b - 1]
    for j in range(points.shape[0]):  # bins[b + 1] runs from the first place of bin b to that of the next
        b = bin_of(points[j, 2], first_ra, scale, n_bins)
        for k in range(4):
            result[bins[b + 1], k] = points[j, k]
        bins[b + 1] += 1
    for b in range(n_bins):
        if bins[b + 1] - bins[b] > 1:
            _sort_bin(result[bins[b] : bins[b + 1]])


@exact_kernel
def _sort_bin(points: npt.NDArray[np.float64]) -> None:
    """Sort points by their third number (Shell's sort: most bins hold two or three)."""
    gap = points.shape[0]
    while gap > 1:
        gap = max(gap * 5 // 11, 1)
        for j in range(gap, points.shape[0]):
            k = j
            while k >= gap and points[k - gap, 2] > points[k, 2]:
                for c in range(4):
                    points[k - gap, c], points[k, c] = points[k, c], points[k - gap, c]
                k -= gap
