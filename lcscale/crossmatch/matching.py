"""`match`: which positions of two lists lie within a radius of each other on the sky."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lcscale.arrays import floats, modulo_360
from lcscale.crossmatch.bounds import ALL, MAX_RADIUS_ARCSEC, check_neighbors
from lcscale.crossmatch.ordering import Pairs, search
from lcscale.crossmatch.zones import build_index
from lcscale.errors import InputError
from lcscale.kernels.compiling import exact_kernel


def match(
    left_ra: npt.ArrayLike,
    left_dec: npt.ArrayLike,
    right_ra: npt.ArrayLike,
    right_dec: npt.ArrayLike,
    radius_arcsec: float | npt.ArrayLike,
    n_neighbors: int | None = 1,
    *,
    mutual: bool = False,
) -> Pairs:
    """For each left position the nearest right ones within a radius; exact everywhere on the sphere.

    Positions that are NaN or masked match nothing.

    Parameters
    ----------
    left_ra, left_dec, right_ra, right_dec
        Degrees or Quantities, [n_left] and [n_right]; right ascension modulo 360, declination within -90 and 90.
    radius_arcsec
        Largest separation (inclusive): one number, or one for each left position, above 0 and at most 10 degrees;
        or a Quantity. A NaN in an array matches nothing.
    n_neighbors
        Most neighbours of each left position; None for all within the radius.
    mutual
        Keep only pairs in which each is the nearest of the other (one-to-one); needs `n_neighbors` 1.

    Returns
    -------
    int64 [n_pairs], int64 [n_pairs], float64 [n_pairs]
        Left index, right index, separation in arcsec, in left order, a position's neighbours by separation.

    Examples
    --------
    >>> left, right, separation = match([0.0, 90.0], [89.9999, 0.0], [180.0, 10.0], [89.9999, 0.0], 1.0)
    >>> left.tolist(), right.tolist(), separation.round(6).tolist()
    ([0], [0], [0.72])
    """
    left = coordinates(left_ra, left_dec, "left_ra", "left_dec")
    right = coordinates(right_ra, right_dec, "right_ra", "right_dec")
    radius = _radius(radius_arcsec, left[0].size)
    wanted = check_neighbors(n_neighbors, mutual)
    pairs = search(*left, radius / 3600.0, build_index(*right), ALL if mutual else wanted)
    return keep_mutual(pairs, right[0].size) if mutual else pairs


def without_position(ra: npt.ArrayLike, dec: npt.ArrayLike) -> int:
    """Number of positions that are NaN: they match nothing.

    Examples
    --------
    >>> without_position([10.0, float("nan")], [0.0, 0.0])
    1
    """
    return int(np.count_nonzero(np.isnan(floats(ra, "ra", "deg", hours=True)) | np.isnan(floats(dec, "dec", "deg"))))


def keep_nearest(pairs: Pairs, n_neighbors: int) -> Pairs:
    """The first `n_neighbors` pairs of each left position."""
    left, right, separation = pairs
    rank = np.arange(left.size) - np.searchsorted(left, left)
    kept = rank < n_neighbors
    return left[kept], right[kept], separation[kept]


def keep_mutual(pairs: Pairs, n_right: int) -> Pairs:
    """The pairs in which each is the nearest of the other, out of all `pairs` allowed.

    That is the first pair of each left position, where it is also the one of the smallest separation of the right
    position (ties by left index).
    """
    left, right, separation = pairs
    first = np.ones(left.size, np.bool_)
    first[1:] = left[1:] != left[:-1]
    best = np.full(n_right, -1, np.int64)
    order = np.lexsort((left, separation))[::-1]
    best[right[order]] = order
    kept = first & (best[right] == np.arange(left.size))
    return left[kept], right[kept], separation[kept]


def _radius(radius_arcsec: float | npt.ArrayLike, n_left: int) -> npt.NDArray[np.float64]:
    radius = floats(radius_arcsec, "radius_arcsec", "arcsec")
    if radius.ndim == 0:
        radius = radius.reshape(1)
        if not radius[0] > 0:
            raise InputError(f"radius_arcsec must be above 0, not {radius[0]:g}")
    elif radius.shape != (n_left,):
        raise InputError(f"radius_arcsec has shape {radius.shape}; one number or {n_left}, one a left position")
    bad = (radius <= 0) | (radius > MAX_RADIUS_ARCSEC)
    if bad.any():
        raise InputError(
            f"radius_arcsec must be above 0 and at most {MAX_RADIUS_ARCSEC:g} (10 degrees), not {radius[bad][0]:g}"
        )
    return np.ascontiguousarray(radius)


def coordinates(
    ra: npt.ArrayLike, dec: npt.ArrayLike, ra_name: str, dec_name: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Contiguous float64 coordinates, right ascension in [0, 360); `InputError` with the names where they are none."""
    ra = np.ascontiguousarray(floats(ra, ra_name, "deg", hours=True))
    dec = np.ascontiguousarray(floats(dec, dec_name, "deg"))
    if ra.ndim != 1 or ra.shape != dec.shape:
        raise InputError(f"{ra_name} has shape {ra.shape} and {dec_name} {dec.shape}: both must be lists of one length")
    outside_ra, outside_dec, turned = _inspect(ra, dec)
    if outside_ra >= 0:
        raise InputError(f"{ra_name} {ra[outside_ra]:g} in row {outside_ra} is not finite")
    if outside_dec >= 0:
        raise InputError(f"{dec_name} {dec[outside_dec]:g} in row {outside_dec} is not within -90 and 90 degrees")
    return modulo_360(ra) if turned else ra, dec


@exact_kernel
def _inspect(ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]) -> tuple[int, int, bool]:
    """First row with an infinite right ascension, a declination out of range (-1: none), and whether to turn any."""
    turned = False
    for i in range(ra.size):
        if math.isinf(ra[i]):
            return i, -1, turned
        if math.fabs(dec[i]) > 90.0:
            return -1, i, turned
        turned |= ra[i] < 0.0 or ra[i] >= 360.0
    return -1, -1, turned
