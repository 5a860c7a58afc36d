"""The search of a sky match: the nearest points of a `ZoneIndex`, or all within a radius, for each position."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lcscale.crossmatch.bounds import ALL
from lcscale.crossmatch.zones import SLOP_DEG, ZoneIndex, bin_of, ra_from
from lcscale.kernels.compiling import exact_kernel, inlined

_FEW = 16
"""So many points in the window of a zone are looked at one by one."""

_Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]


@inlined
def _half_sine_squared(degrees: float) -> float:
    """sin²(x / 2) of an angle in degrees; by its series, exact to rounding, below 11 degrees."""
    half = degrees * (math.pi / 360.0)
    if half < 0.1:
        x2 = half * half
        series = 1.0 - x2 / 6.0 * (1.0 - x2 / 20.0 * (1.0 - x2 / 42.0 * (1.0 - x2 / 72.0 * (1.0 - x2 / 110.0))))
        sine = half * series
    else:
        sine = math.sin(half)
    return sine * sine


@inlined
def haversine(ra1: float, dec1: float, cos1: float, ra2: float, dec2: float, cos2: float) -> float:
    """sin²(separation / 2), symmetric in the two points to the last bit; degrees."""
    delta = abs(ra1 - ra2)
    if delta > 180.0:
        delta = 360.0 - delta
    return float(_half_sine_squared(abs(dec1 - dec2)) + (cos1 * cos2) * _half_sine_squared(delta))


@inlined
def ra_window(radius: float, dec: float, cos_dec: float) -> float:
    """Upper bound on the difference of right ascension within `radius` of a point at `dec`, degrees."""
    if abs(dec) + radius >= 90.0 - SLOP_DEG:
        return 181.0
    sine = math.radians(radius) / cos_dec
    if sine < 0.5:  # asin x ≤ x + 0.19 x³ there
        return math.degrees(sine * (1.0 + 0.19 * sine * sine)) + SLOP_DEG
    return math.degrees(math.asin(min(sine, 1.0))) + SLOP_DEG


@inlined
def angle(hav: float) -> float:
    """Separation in degrees from its haversine; by the series of the arcsine, exact to rounding, below 5 degrees."""
    sine = math.sqrt(min(hav, 1.0))
    if sine < 0.045:
        x2 = sine * sine
        tail = x2 * (3.0 / 40.0 + x2 * (15.0 / 336.0 + x2 * (105.0 / 3456.0 + x2 * (945.0 / 42240.0))))
        return math.degrees(2.0 * sine * (1.0 + x2 / 6.0 + x2 * tail))
    return math.degrees(2.0 * math.asin(sine))


@inlined
def _insert(
    hav: float, row: int, havs: npt.NDArray[np.float64], rows: npt.NDArray[np.int64], found: int, wanted: int
) -> int:
    """Put a candidate in its place among the `found` nearest, ties in order of row; gives how many there are then."""
    k = found
    if found == wanted:
        if (hav, row) >= (havs[k - 1], rows[k - 1]):
            return found
        k -= 1
    while k > 0 and (hav, row) < (havs[k - 1], rows[k - 1]):
        havs[k] = havs[k - 1]
        rows[k] = rows[k - 1]
        k -= 1
    havs[k] = hav
    rows[k] = row
    return min(found + 1, wanted)


@inlined
def _nearest_of(
    ra: float,
    dec: float,
    cos_dec: float,
    radius: float,
    index: ZoneIndex,
    wanted: int,
    havs: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int64],
) -> int:
    """The `wanted` nearest points within `radius` degrees, into `havs` and `rows`; gives how many there are.

    Zones are taken in order of their distance; in each, points outward from the position, in both directions. The
    radius shrinks to the last neighbour kept, so the cost follows the distance of neighbours and not the radius asked.
    """
    points, bin_start, zone_start, zone_ra, zone_scale, dec_min, height, origin = index
    n_zones = zone_start.size - 1
    limit = _half_sine_squared(radius)
    window = ra_window(radius, dec, cos_dec)
    turned = ra_from(origin, ra)
    above = min(max(math.floor((dec - dec_min) * (1.0 / height)), 0), n_zones - 1)
    below = above - 1
    found = 0
    while True:
        gap_above = dec_min + above * height - dec if above < n_zones else np.inf
        gap_below = dec - (dec_min + (below + 1) * height) if below >= 0 else np.inf
        if min(gap_above, gap_below) > radius + SLOP_DEG:
            break
        if gap_above <= gap_below:
            z = above
            above += 1
        else:
            z = below
            below -= 1
        first = zone_start[z]
        end = zone_start[z + 1]
        left_over = end - first
        middle = bin_start[first + z + bin_of(turned, zone_ra[z], zone_scale[z], left_over + 1)]
        for direction in (1, -1):
            j = middle if direction == 1 else middle - 1
            lap = 0.0
            while left_over > 0:
                if j == end:
                    j = first
                    lap = 360.0
                elif j < first:
                    j = end - 1
                    lap = 360.0
                if direction * (ra_from(origin, points[j, 0]) - turned) + lap > window:
                    break
                left_over -= 1
                if abs(points[j, 1] - dec) <= radius + SLOP_DEG:
                    hav = haversine(ra, dec, cos_dec, points[j, 0], points[j, 1], points[j, 2])
                    if hav <= limit:
                        found = _insert(hav, int(points[j, 3]), havs, rows, found, wanted)
                        if found == wanted:
                            limit = havs[wanted - 1]
                            radius = angle(limit)
                            window = ra_window(radius, dec, cos_dec)
                j += direction
    return found


@inlined
def _all_within(
    ra: float,
    dec: float,
    cos_dec: float,
    radius: float,
    window: float,
    index: ZoneIndex,
    havs: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int64],
) -> int:
    """Number of points within `radius` degrees; the first of them, as many as fit, go into `havs` and `rows`.

    Each zone is read forward from the lower edge of the window of right ascension, round the circle if need be.
    """
    points, bin_start, zone_start, zone_ra, zone_scale, dec_min, height, origin = index
    limit = _half_sine_squared(radius)
    edge = ra_from(origin, ra) - window
    if edge < 0.0:
        edge += 360.0
    lowest = math.floor((dec - radius - SLOP_DEG - dec_min) * (1.0 / height))
    highest = math.floor((dec + radius + SLOP_DEG - dec_min) * (1.0 / height))
    found = 0
    for z in range(max(lowest, 0), min(highest, zone_start.size - 2) + 1):
        first = zone_start[z]
        end = zone_start[z + 1]
        j = bin_start[first + z + bin_of(edge, zone_ra[z], zone_scale[z], end - first + 1)]
        lap = -edge
        for _ in range(end - first):
            if j == end:
                j = first
                lap += 360.0
            if ra_from(origin, points[j, 0]) + lap > 2.0 * window:
                break
            if abs(points[j, 1] - dec) <= radius + SLOP_DEG:
                hav = haversine(ra, dec, cos_dec, points[j, 0], points[j, 1], points[j, 2])
                if hav <= limit:
                    if found < havs.size:
                        havs[found] = hav
                        rows[found] = int(points[j, 3])
                    found += 1
            j += 1
    return found


@inlined
def _is_sparse(ra: float, dec: float, radius: float, window: float, index: ZoneIndex) -> bool:
    """Whether so few points lie about a position that to look at all is cheaper than to search outward."""
    if radius > index.height:
        return False
    turned = ra_from(index.origin, ra)
    z = min(max(math.floor((dec - index.dec_min) * (1.0 / index.height)), 0), index.zone_start.size - 2)
    first = index.zone_start[z]
    n_bins = index.zone_start[z + 1] - first + 1
    low = bin_of(turned - window, index.zone_ra[z], index.zone_scale[z], n_bins)
    high = bin_of(turned + window, index.zone_ra[z], index.zone_scale[z], n_bins)
    return bool(index.bin_start[first + z + high + 1] - index.bin_start[first + z + low] <= _FEW)


@exact_kernel
def _sort_candidates(havs: npt.NDArray[np.float64], rows: npt.NDArray[np.int64], found: int) -> None:
    """Sort the first `found` candidates by distance, ties by row (Shell's sort: most often there are one or two)."""
    gap = found
    while gap > 1:
        gap = max(gap * 5 // 11, 1)
        for j in range(gap, found):
            hav = havs[j]
            row = rows[j]
            k = j
            while k >= gap and (hav, row) < (havs[k - gap], rows[k - gap]):
                havs[k] = havs[k - gap]
                rows[k] = rows[k - gap]
                k -= gap
            havs[k] = hav
            rows[k] = row


@exact_kernel
def _grown(
    left: npt.NDArray[np.int64], right: npt.NDArray[np.int64], separation: npt.NDArray[np.float64], size: int
) -> _Pairs:
    """Longer arrays that start with the same pairs."""
    longer = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size)
    for k in range(left.size):
        longer[0][k] = left[k]
        longer[1][k] = right[k]
        longer[2][k] = separation[k]
    return longer


@exact_kernel
def find_pairs(
    ra: npt.NDArray[np.float64],
    dec: npt.NDArray[np.float64],
    radius: npt.NDArray[np.float64],
    index: ZoneIndex,
    n_neighbors: int,
) -> _Pairs:
    """Pairs of each position with its `n_neighbors` nearest points (or `ALL`) within its radius.

    Parameters
    ----------
    ra, dec
        float64 [n], degrees; positions that are not finite match nothing.
    radius
        float64 [n], or [1] for one radius of all, degrees; NaN matches nothing.
    index
        The points.
    n_neighbors
        Most neighbours of each position, or `ALL`.

    Returns
    -------
    int64 [n_pairs], int64 [n_pairs], float64 [n_pairs]
        Position, row of the point, separation in arcsec; in order of position, then separation, then row.
    """
    n_points = index.points.shape[0]
    wanted = n_neighbors if n_neighbors != ALL else n_points
    havs = np.empty(max(8 * _FEW, n_neighbors))
    rows = np.empty(havs.size, np.int64)
    left = np.empty(ra.size if n_points else 0, np.int64)
    right = np.empty(left.size, np.int64)
    separation = np.empty(left.size)
    n_pairs = 0
    for i in range(left.size):
        reach = radius[i] if radius.size > 1 else radius[0]
        if not (math.isfinite(ra[i]) and math.isfinite(dec[i]) and reach >= 0.0):
            continue
        cos_dec = math.cos(math.radians(dec[i]))
        window = ra_window(reach, dec[i], cos_dec)
        if n_neighbors == ALL or _is_sparse(ra[i], dec[i], reach, window, index):
            while True:
                found = _all_within(ra[i], dec[i], cos_dec, reach, window, index, havs, rows)
                if found <= havs.size:
                    break
                havs = np.empty(2 * found)
                rows = np.empty(2 * found, np.int64)
            if found > 1:
                _sort_candidates(havs, rows, found)
            found = min(found, wanted)
        else:
            found = _nearest_of(ra[i], dec[i], cos_dec, reach, index, wanted, havs, rows)
        if n_pairs + found > left.size:
            left, right, separation = _grown(left, right, separation, 2 * left.size + found)
        for k in range(found):
            left[n_pairs] = i
            right[n_pairs] = rows[k]
            separation[n_pairs] = angle(havs[k]) * 3600.0
            n_pairs += 1
    return left[:n_pairs], right[:n_pairs], separation[:n_pairs]


@exact_kernel
def count_within(
    ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64], radius: float, index: ZoneIndex
) -> npt.NDArray[np.int64]:
    """Number of points within `radius` degrees of each position, int64 [n]."""
    counts = np.zeros(ra.size, np.int64)
    havs = np.empty(0)
    rows = np.empty(0, np.int64)
    if index.points.shape[0]:
        for i in range(ra.size):
            if math.isfinite(ra[i]) and math.isfinite(dec[i]):
                cos_dec = math.cos(math.radians(dec[i]))
                window = ra_window(radius, dec[i], cos_dec)
                counts[i] = _all_within(ra[i], dec[i], cos_dec, radius, window, index, havs, rows)
    return counts
