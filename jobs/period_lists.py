"""Lists whose periods may be wrong themselves, for ``docs/periods.md``: EROS-2's Cepheids, Gaia's eclipsing binaries.

    python jobs/period_lists.py DATA

DATA has the folders ``eros2_lmc`` and ``gaia_dr3_epochs``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from period_sets import batch

from lcscale.lightcurves import LightCurves
from lcscale.periods import find


def eros(root: Path) -> None:
    """Cepheids of EROS-2 with the catalogue's period, and the luminosities of those with another."""
    stars = pd.read_csv(root / "eros2_lmc/objects.csv.gz").drop_duplicates("Unnamed: 0").query("type == 2")
    points = pd.read_parquet(root / "eros2_lmc/photometry.parquet")
    points = points.assign(id=points.id.astype(str), band=points.band.astype(str))
    stars = stars.rename(columns={"Unnamed: 0": "id"}).astype({"id": str})
    stars = stars[stars.id.isin(points.id)]
    lcs = batch(stars, points, "id", "t", ("b", "r"))
    known, mag = (stars.period / stars.div_period).to_numpy(), stars.magnitude_r.to_numpy()
    period = find(lcs).to_pandas().period.to_numpy()
    same = np.any([np.abs(period / known / k - 1) < 3e-3 for k in (1 / 3, 1 / 2, 1, 2, 3)], axis=0)
    line = np.polyfit(np.log10(known[same]), mag[same], 1)
    ours, theirs = (np.abs(mag - np.polyval(line, np.log10(each)))[~same] for each in (period, known))
    print(
        f"| n | as the catalogue | of the rest nearer the relation with ours |\n|---:|---:|---:|\n| {len(stars)} |",
        end="",
    )
    print(f" {same.mean():.3f} | {np.mean(ours < theirs):.3f} (of {(~same).sum()}) |")


def variance_left(lcs: LightCurves, frequency: float) -> float:
    """Share of the weighted variance that the better of two series leaves: order 4, or 6 at half the frequency."""
    left = []
    for turn, order in ((lcs.time * frequency, 4), (0.5 * lcs.time * frequency, 6)):
        parts = [f(2 * np.pi * k * turn) for k in range(1, order + 1) for f in (np.cos, np.sin)]
        design = np.stack([np.ones_like(turn), *parts], axis=1) / lcs.mag_err[:, None]
        wanted = lcs.mag / lcs.mag_err
        flat, best = (d @ np.linalg.lstsq(d, wanted, rcond=None)[0] for d in (design[:, :1], design))
        left.append(np.sum((wanted - best) ** 2) / np.sum((wanted - flat) ** 2))
    return float(min(left))


def gaia_list(root: Path) -> None:
    """Frequencies that no eclipsing binary has, and ours."""
    stars = pd.read_csv(root / "gaia_dr3_epochs/objects.csv").query("best_class_name in ('ECL', 'RR')")
    stars = stars.assign(known=stars.gaia_vari_period.fillna(1 / stars.lit_frequency)).query("known < 0.2")
    lcs = batch(stars, pd.read_parquet(root / "gaia_dr3_epochs/photometry_G.parquet"), "source_id", "time")
    found = find(lcs).to_pandas().period.to_numpy()
    print("| label, 1/d | ours | variance left at the label | at ours |\n|---:|---:|---:|---:|")
    for i in np.argsort(-stars.known.to_numpy()):
        label, ours, star = 1 / stars.known.iloc[i], 1 / found[i], lcs.take([i])
        print(f"| {label:.3f} | {ours:.3f} | {variance_left(star, label):.3f} | {variance_left(star, ours):.3f} |")


if __name__ == "__main__":
    for table in (eros, gaia_list):
        print(f"\n## {table.__name__}\n")
        table(Path(sys.argv[1]))
