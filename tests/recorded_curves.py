"""Light curves of which `models/recorded_numbers.json` has what models were told before it came from features."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from lcscale.lightcurves import LightCurves

RECORDED = json.loads((Path(__file__).parent / "models" / "recorded_numbers.json").read_text())
PERIODS = np.array([0.36, 0.55, 0.61, 1.7, 12.0, 0.09, 85.0, 0.3])
N_REAL = 12


def made() -> LightCurves:
    """Stars in two bands, one of which has no errors in r."""
    rng = np.random.default_rng(20)
    counts = np.array([14, 35, 60, 95, 120, 180, 240, 29]) * 2
    offsets = np.r_[0, np.cumsum(counts)]
    time = np.concatenate([np.sort(rng.uniform(0, 600, n)) for n in counts])
    band = rng.integers(0, 2, time.size).astype(np.int8)
    turns = 2 * np.pi * time / np.repeat(PERIODS, counts)
    mag = 16 + 0.3 * np.cos(turns) + 0.12 * np.cos(2 * turns + 1) + 0.05 * np.cos(3 * turns + 2) + 0.2 * band
    mag += 0.06 * np.cos(turns * 0.7445) + rng.normal(0, 0.02, time.size)
    error = np.where((band == 1) & (np.repeat(np.arange(8), counts) == 3), np.nan, rng.uniform(0.01, 0.03, time.size))
    return LightCurves(time, mag.astype(np.float32), error.astype(np.float32), offsets, band, ("g", "r"))


def outbursts() -> LightCurves:
    """Light curves over time, without errors: flares and dips of some days, from 5 observations on."""
    rng = np.random.default_rng(21)
    counts = np.array([5, 7, 12, 20, 40, 90])
    time = np.concatenate([np.sort(rng.uniform(0, 300, n)) for n in counts])
    time += np.where(rng.random(time.size) < 0.3, 0.0, 0.1)
    mag = 17 - 2 * np.exp(-0.5 * ((time - 120) / 20) ** 2) + rng.normal(0, 0.1, time.size)
    offsets = np.r_[0, np.cumsum(counts)]
    for a, b in pairwise(offsets):
        order = a + np.argsort(time[a:b])
        time[a:b], mag[a:b] = time[order], mag[order]
    none = np.full(time.size, np.nan, np.float32)
    return LightCurves(time, mag.astype(np.float32), none, offsets, None, ("G",))


def crts(folder: Path) -> tuple[LightCurves, np.ndarray]:
    """Stars of CRTS North without simultaneous observations, and the periods of its catalogue."""
    objects = pd.read_csv(folder / "crts_north" / "objects.csv").sort_values("id")
    points = pd.read_parquet(folder / "crts_north" / "photometry.parquet")
    alike = points.id[points.duplicated(["id", "mjd"])]
    objects = objects[~objects.id.isin(alike)].iloc[:: len(objects) // 20][:N_REAL]
    points = points[points.id.isin(objects.id)].sort_values(["id", "mjd"], kind="stable")
    counts = points.groupby("id").size().loc[objects.id]
    lcs = LightCurves(points.mjd, points.mag, points.magerr, np.r_[0, np.cumsum(counts)], None, ("V",))
    return lcs, objects.cat_period.to_numpy(float)
