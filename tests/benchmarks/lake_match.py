"""One lake-to-lake match in a process of its own: ``python lake_match.py make|ours|lsdb FOLDER [memory|write]``.

Prints its wall time (without imports and compilation), its rows and its peak memory as JSON.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import sys
import time
import warnings

import numpy as np
import pyarrow as pa

N_LEFT, N_RIGHT, N_COMMON = 2_000_000, 1_500_000, 900_000
MOST_ROWS = 250_000


def positions(rng, n):
    """The plane of the Galaxy: 10 by 4 degrees, 50,000 sources a square degree at 2,000,000, and clusters."""
    from astropy.coordinates import SkyCoord

    n_clustered = n // 20
    n_field = n - n_clustered
    longitude = rng.uniform(20.0, 30.0, n_field)
    latitude = -np.log(1 - rng.uniform(0, 1, n_field) * (1 - np.exp(-2.0))) * rng.choice([-1, 1], n_field)
    centres = np.random.default_rng(99)
    at = np.column_stack([centres.uniform(20.2, 29.8, 30), centres.uniform(-1.5, 1.5, 30)])
    clustered = at[rng.integers(0, 30, n_clustered)] + rng.normal(0, 0.05, (n_clustered, 2))
    longitude, latitude = np.append(longitude, clustered[:, 0]), np.append(latitude, clustered[:, 1])
    sky = SkyCoord(l=longitude, b=latitude, unit="deg", frame="galactic").icrs
    order = rng.permutation(n)
    return sky.ra.deg[order], sky.dec.deg[order]


def make(folder):
    """Two catalogs of 17 and 18 columns; most right sources lie 0.1 to 0.3 arcsec from a left one."""
    rng = np.random.default_rng(20260726)
    ra, dec = positions(rng, N_LEFT)
    own = rng.choice(N_LEFT, N_COMMON, replace=False)
    distance, angle = rng.uniform(0.1, 0.3, N_COMMON) / 3600, rng.uniform(0, 2 * np.pi, N_COMMON)
    field = positions(rng, N_RIGHT - N_COMMON)
    dec2 = np.append(dec[own] + distance * np.sin(angle), field[1])
    ra2 = np.append(ra[own] + distance * np.cos(angle) / np.cos(np.radians(dec[own])), field[0])
    for name, place in (("a", (ra, dec)), ("b", (ra2, dec2))):
        write(folder, name, columns(rng, *place, further=10 if name == "a" else 11))


def columns(rng, ra, dec, further):
    n = ra.size
    measured = {"mag": rng.uniform(12, 21, n), "magerr": rng.uniform(0.005, 0.2, n)}
    motion = {"pmra": rng.normal(0, 5, n), "pmdec": rng.normal(0, 5, n)}
    more = {f"f{k}": rng.normal(0, 1, n) for k in range(further)}
    return pa.table({"id": np.arange(n), "ra": ra, "dec": dec, **measured, **motion, **more})


def write(folder, name, table):
    from hats.pixel_math import generate_alignment
    from hats.pixel_math.spatial_index import compute_spatial_index

    from lcscale.lake import HEALPIX_COLUMN, Lake, Pixel, write_leaf

    index = compute_spatial_index(table["ra"].to_numpy(), table["dec"].to_numpy())
    order = np.argsort(index, kind="stable")
    index = index[order]
    table = table.take(pa.array(order)).add_column(0, HEALPIX_COLUMN, pa.array(index))
    counts = np.bincount(index >> 42, minlength=12 << 16)
    found = generate_alignment(counts, highest_order=8, threshold=MOST_ROWS, drop_empty_siblings=True)
    pixels = sorted({Pixel(int(each[0]), int(each[1])) for each in found if each is not None})
    lake = Lake(folder)
    with lake.draft(f"{name}_raw", name) as draft:
        leaves = []
        for pixel in pixels:
            first, last = np.searchsorted(index, pixel.span)
            leaves.append(write_leaf(draft.folder, pixel, table.slice(first, last - first)))
        draft.publish(leaves, table.schema, ra="ra", dec="dec")
    lake[f"{name}_raw"].write(name, engine="serial", progress=False)  # as ingestion does, with digests of its leaves


def ours(folder, action):
    from lcscale.lake import Lake

    lake = Lake(folder)

    def work():
        pairs = lake["a"].crossmatch(lake["b"], radius_arcsec=1.0)
        if action == "memory":
            return pairs.to_arrow().num_rows
        shutil.rmtree(folder / "pairs", ignore_errors=True)
        return pairs.write("pairs", engine="serial", progress=False).rows

    return work


def lsdb(folder, action):
    import dask
    import lsdb as peer

    dask.config.set(scheduler="synchronous")

    def work():
        left, right = (peer.open_catalog(folder / name) for name in "ab")
        pairs = left.crossmatch(
            right,
            radius_arcsec=1.0,
            n_neighbors=1,
            suffixes=("_a", "_b"),
            suffix_method="all_columns",
            require_right_margin=False,
            log_changes=False,
        )
        if action == "memory":
            return len(pairs.compute(progress_bar=False))
        shutil.rmtree(folder / "lsdb_pairs", ignore_errors=True)
        options = {} if action == "write15" else {"compression": "zstd", "compression_level": 3}
        pairs.write_catalog(folder / "lsdb_pairs", progress_bar=False, write_table_kwargs=options)
        return None

    return work


def peak_mb():
    """Highest resident memory of this process, MB."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    (line,) = (each for each in lines if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main():
    warnings.filterwarnings("ignore")
    what, folder, *rest = sys.argv[1:]
    folder = pathlib.Path(folder)
    if what == "make":
        make(folder)
        return
    work = {"ours": ours, "lsdb": lsdb}[what](folder, rest[0])
    seconds, rows = [], None
    for _ in range(int(rest[1]) if len(rest) > 1 else 2):
        start, used = time.perf_counter(), time.process_time()
        rows = work()
        seconds.append((time.perf_counter() - start, time.process_time() - used))
    wall, cpu = (min(each) for each in zip(*seconds, strict=True))
    print(json.dumps({"seconds": wall, "cpu": cpu, "all": seconds, "rows": rows, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
