"""Simulated bulk files of ZTF, one a night: a first one with all stars, later ones with some of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

OID = 205 * 10**11 + 10**10 + 3 * 10**8
"""Of field 205, band g, readout channel 3: the first of its numbers."""


def stars(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Right ascension and declination, degrees, all over the sky."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))


def night(folder: Path, number: int, which: np.ndarray, place: tuple[np.ndarray, np.ndarray], points: int) -> Path:
    """The file of a night: `points` observations of each of the stars `which` at `place`, periodic in brightness."""
    rng, n = np.random.default_rng(1000 + number), which.size
    time = np.sort(58_000.0 + 40.0 * number + rng.uniform(0, 35, (n, points)), axis=1)
    period = 0.4 + 0.37 * (which % 13)[:, None] / 13
    mag = 15 + 0.4 * np.sin(2 * np.pi * time / period) + rng.normal(0, 0.02, (n, points))
    bounds = pa.array(np.arange(n + 1, dtype=np.int32) * points)
    values = {"hmjd": time, "mag": mag.astype(np.float32), "magerr": np.full((n, points), 0.02, np.float32)}
    values["catflags"] = np.zeros((n, points), np.int32)
    columns = {"objectid": OID + which, "filterid": np.full(n, 1, np.uint8), "fieldid": np.full(n, 205, np.int16)}
    columns |= {"rcid": np.full(n, 3, np.uint8), "objra": place[0][which], "objdec": place[1][which]}
    columns |= {name: pa.ListArray.from_arrays(bounds, pa.array(each.ravel())) for name, each in values.items()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"night{number:04d}.parquet"
    pq.write_table(pa.table(columns), path)
    return path
