"""Simulated bulk files of ZTF, one a field and band; their stars stand on the corners of HEALPix pixels."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cdshealpix.nested import cone_search, vertices

FIELDS = ((205, 1, 3), (205, 2, 3), (206, 1, 60), (1206, 2, 17))
"""Number of the field, of the band, of the readout channel: g and r of one field, and both bands of others."""
PLACES = ((0.0, 0.0), (45.0, 41.81), (120.0, 89.9))
"""Where right ascension begins anew, where three base pixels meet, and near the pole."""


def corner_stars(rng, order=9, radius_deg=0.5):
    """Right ascension and declination, degrees, of stars within an arcsecond of corners of pixels of `order`.

    Each has a companion 4 arcsec away.
    """
    import astropy.units as u
    from astropy.coordinates import Latitude, Longitude

    points = []
    for lon, lat in PLACES:
        cells, _, _ = cone_search(Longitude(lon, u.deg), Latitude(lat, u.deg), radius_deg * u.deg, order)
        ra, dec = vertices(cells, order)
        points += [np.column_stack([ra.deg.ravel() % 360, dec.deg.ravel()])]
    every = np.concatenate(points)
    vectors = unit(*np.radians(every.T))
    seen = np.tril(np.linalg.norm(vectors[:, None] - vectors[None], axis=2) < 1e-5, -1).any(axis=1)  # 2 arcsec
    corners = every[~seen]
    stars = np.concatenate([shifted(rng, corners, 0.5), shifted(rng, corners, 0.2, north=4.0)])
    return stars[:, 0], stars[:, 1]


def unit(ra, dec):
    """Unit vectors [n, 3] of positions in radians."""
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def shifted(rng, positions, arcsec, north=0.0):
    """The positions [n, 2], each moved at random by a little, and to the north (near the pole across it)."""
    ra, dec = np.radians(positions.T)
    start = unit(ra, dec)
    up = np.column_stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)])
    east = np.column_stack([-np.sin(ra), np.cos(ra), np.zeros_like(ra)])
    by = np.radians(rng.uniform(-arcsec, arcsec, (2, ra.size)) / 3600 / np.sqrt(2))
    moved = start + up * (by[0] + np.radians(north / 3600))[:, None] + east * by[1][:, None]
    moved /= np.linalg.norm(moved, axis=1)[:, None]
    return np.column_stack([np.degrees(np.arctan2(moved[:, 1], moved[:, 0])) % 360, np.degrees(np.arcsin(moved[:, 2]))])


def write_bulk(folder, rng, ra, dec):
    """A file for each of `FIELDS`, each of most stars, in an order and with numbers of its own.

    Returns the paths, and the star of each oid.
    """
    folder.mkdir(exist_ok=True)
    paths, star_of = [], {}
    for field, band, channel in FIELDS:
        stars = rng.permutation(np.flatnonzero(rng.random(ra.size) < 0.8))
        oid = np.sort(field * 10**11 + band * 10**10 + channel * 10**8 + rng.choice(10**6, stars.size, replace=False))
        star_of |= dict(zip(oid.tolist(), stars.tolist(), strict=True))
        place = shifted(rng, np.column_stack([ra, dec])[stars], 0.4)
        counts = rng.integers(0, 6, stars.size)
        bounds = pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
        n = int(counts.sum())
        values = {
            "hmjd": np.round(rng.uniform(58_000, 58_100, n)),
            "mag": (np.repeat(stars % 100, counts) / 10 + 12 + 0.1 * band).astype(np.float32),
            "magerr": np.full(n, 0.05, np.float32),
            "catflags": rng.choice([0, 0, 0, 32768], n),
        }
        columns = {
            "objectid": oid,
            "filterid": np.full(stars.size, band, np.uint8),
            "fieldid": np.full(stars.size, field, np.int16),
            "rcid": np.full(stars.size, channel, np.uint8),
            "objra": place[:, 0],
            "objdec": place[:, 1],
            **{name: pa.ListArray.from_arrays(bounds, pa.array(each)) for name, each in values.items()},
        }
        paths.append(folder / f"field{field:06d}_z{'gri'[band - 1]}_c{channel:02d}.parquet")
        pq.write_table(pa.table(columns), paths[-1], row_group_size=200)
    return paths, star_of


def expected_objects(paths, star_of):
    """By the smallest oid of each star: its oids, and its clean observations as (time, oid, mag) in order."""
    members: dict[int, list[int]] = {}
    seen: dict[int, list[tuple[float, int, float]]] = {}
    for row in pa.concat_tables([pq.read_table(path) for path in paths]).to_pylist():
        star = star_of[row["objectid"]]
        members.setdefault(star, []).append(row["objectid"])
        clean = zip(row["hmjd"], row["mag"], row["catflags"], strict=True)
        seen.setdefault(star, []).extend((time, row["objectid"], mag) for time, mag, flags in clean if flags == 0)
    return {min(oids): (sorted(oids), sorted(seen[star])) for star, oids in members.items()}
