"""Measure what the other multiples of a peak give eclipsing stars: a table of ``docs/periods.md``.

    python jobs/period_orbits.py DATA

DATA has the folders ``ztf_gaia_binaries``, ``crts_north`` and ``crts_south``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import period_sets

from lcscale.lightcurves import LightCurves
from lcscale.periods import find, multiples
from lcscale.periods.cycles import fitted_cycles

SURE = multiples.SURE


def orbits(words: str, lcs: LightCurves, known: pd.Series) -> None:
    """A row: stars, periods within 0.3 % of those known, with other multiples and without."""
    found = find(lcs).to_pandas()
    told = found.period.to_numpy(), found.period_2.to_numpy(), ["eclipses"] * len(lcs)
    right = []
    for multiples.SURE in (SURE, np.inf):
        right.append(int((np.abs(fitted_cycles(lcs, *told)[:, 0] / known.to_numpy() - 1) < 3e-3).sum()))
    print(f"| {words} | {len(lcs)} | {right[0]} | {right[1]} |", flush=True)


def eclipsing(n: int, low: int, high: int) -> tuple[LightCurves, pd.Series]:
    """Simulated stars in two bands, with two eclipses 0.01 to 0.03 wide in orbits of 6 to 40 d."""
    rng, rows = np.random.default_rng(period_sets.SEED), []
    for star in range(n):
        period, width, depth = np.exp(rng.uniform(*np.log((6, 40)))), rng.uniform(0.01, 0.03), rng.uniform(0.3, 1.0)
        for band in range(2):
            time = rng.choice(2000, rng.integers(low, high), replace=False)
            time = time + rng.uniform(0.2, 0.45, time.size)
            phase = time / period % 1.0
            shapes = [np.clip(2 - np.abs(phase - at) * 4 / width, 0, 1) for at in (0.25, 0.75)]
            mag = 15 + depth * shapes[0] + depth * (0.2 + 0.1 * (star % 6)) * shapes[1] + rng.normal(0, 0.02, time.size)
            rows.append(
                pd.DataFrame({"star": star, "t": time, "mag": mag, "magerr": 0.02, "band": "gr"[band], "p": period})
            )
    points = pd.concat(rows)
    known = points.groupby("star").p.first().reset_index()
    return period_sets.batch(known, points, "star", "t", ("g", "r")), known.p


def main(root: Path) -> None:
    print("| stars | n | right | without |\n|---|---:|---:|---:|")
    stars = pd.read_csv(root / "ztf_gaia_binaries/objects.csv").drop_duplicates("nick")
    points = pd.read_parquet(root / "ztf_gaia_binaries/ztf_dr_lc.parquet").query("catflags == 0")
    points = points.rename(columns={"filtercode": "band"}).query("band in ('zg', 'zr')")
    stars = stars[stars.type.str.startswith("EA") & stars.nick.isin(points.nick) & (stars.period > 0)]
    orbits("ZTF, EA", period_sets.batch(stars, points, "nick", "hjd", ("zg", "zr")), stars.period)
    stars, lcs = period_sets.catalina(root)
    ea = np.flatnonzero(stars.label == "EA")
    orbits("Catalina North, EA", lcs.take(ea), stars.known.iloc[ea])
    stars = pd.read_csv(root / "crts_south/objects.csv.gz")
    points = pd.read_parquet(root / "crts_south/photometry_subset.parquet")
    stars = stars[stars.id.isin(points.id) & (stars.type_name == "EA")]
    orbits("Catalina South, EA", period_sets.batch(stars, points, "id", "mjd"), stars.period)
    for low, high in ((400, 900), (150, 250)):
        orbits(f"simulated, {low} to {high} points a band", *eclipsing(200, low, high))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
