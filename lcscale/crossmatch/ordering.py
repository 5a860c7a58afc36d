"""Scattered positions are searched in the order of zones, so that the processor's cache holds what they look at."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lcscale.crossmatch.search import find_pairs
from lcscale.crossmatch.zones import ZoneIndex
from lcscale.kernels.compiling import exact_kernel

_SCATTERED = 0.2
"""Share of neighbouring rows more than one zone apart, above which reordering is cheaper than its misses."""

Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]
"""Left index, right index, separation in arcsec; in left order, neighbours by separation, ties by right index."""


def search(
    ra: npt.NDArray[np.float64],
    dec: npt.NDArray[np.float64],
    radius: npt.NDArray[np.float64],
    index: ZoneIndex,
    n_neighbors: int,
) -> Pairs:
    """`find_pairs`, with the same result, quick for positions in any order."""
    n_zones = index.zone_start.size - 1
    n_neighbors = min(n_neighbors, max(index.points.shape[0], 1))
    zones, scattered = _zones(dec, index.dec_min, index.height, n_zones)
    if scattered <= _SCATTERED * dec.size:
        in_order: Pairs = find_pairs(ra, dec, radius, index, n_neighbors)
        return in_order
    order = _order(zones, n_zones)
    del zones
    radius = radius[order] if radius.size > 1 else radius
    left, right, separation = find_pairs(ra[order], dec[order], radius, index, n_neighbors)
    restored: Pairs = _restore(order, left, right, separation)
    return restored


@exact_kernel
def _zones(
    dec: npt.NDArray[np.float64], dec_min: float, height: float, n_zones: int
) -> tuple[npt.NDArray[np.int32], int]:
    """Zone of each position (its nearest; 0 for NaN), and how many rows are more than one zone from the row before."""
    zones = np.empty(dec.size, np.int32)
    scattered = 0
    last = 0
    for i in range(dec.size):
        z = 0
        if math.isfinite(dec[i]):
            z = min(max(math.floor((dec[i] - dec_min) * (1.0 / height)), 0), n_zones - 1)
        zones[i] = z
        scattered += abs(z - last) > 1
        last = z
    return zones, scattered


@exact_kernel
def _order(zones: npt.NDArray[np.int32], n_zones: int) -> npt.NDArray[np.int64]:
    """Rows in order of zone (a counting sort)."""
    place = np.zeros(n_zones + 1, np.int64)
    for i in range(zones.size):
        place[zones[i] + 1] += 1
    for z in range(n_zones):
        place[z + 1] += place[z]
    order = np.empty(zones.size, np.int64)
    for i in range(zones.size):
        order[place[zones[i]]] = i
        place[zones[i]] += 1
    return order


@exact_kernel
def _restore(
    order: npt.NDArray[np.int64],
    left: npt.NDArray[np.int64],
    right: npt.NDArray[np.int64],
    separation: npt.NDArray[np.float64],
) -> Pairs:
    """Pairs of reordered positions, back in the order of the positions as given."""
    place = np.zeros(order.size + 1, np.int64)
    for k in range(left.size):
        place[order[left[k]] + 1] += 1
    for i in range(order.size):
        place[i + 1] += place[i]
    left_back = np.empty(left.size, np.int64)
    right_back = np.empty(left.size, np.int64)
    separation_back = np.empty(left.size)
    for k in range(left.size):
        i = order[left[k]]
        p = place[i]
        left_back[p] = i
        right_back[p] = right[k]
        separation_back[p] = separation[k]
        place[i] += 1
    return left_back, right_back, separation_back
