"""Measure which stars the evidence calls periodic, for ``docs/periods.md``: real stars, and real ones shuffled.

    python jobs/evidence_tables.py DATA

A shuffled star has its own magnitudes at its own times, but in another order within each band: outliers stay, and no
period does. DATA has the folders that ``period_sets.py`` reads.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import period_sets

from lcscale.lightcurves import LightCurves
from lcscale.periods import find
from lcscale.products.class_period import SURE, SURE_TIED

NAMES = {"beta_lyrae": "EB"}


def shuffled(lcs: LightCurves, seed: int = 1) -> LightCurves:
    """The magnitudes of each band of each star, with their errors, in another order."""
    random = np.random.default_rng(seed).uniform(size=lcs.time.size)
    cell = lcs.object_index() * 100 + (0 if lcs.band is None else lcs.band)
    to, source = np.lexsort((np.arange(cell.size), cell)), np.lexsort((random, cell))
    mag, error = np.empty_like(lcs.mag), np.empty_like(lcs.mag_err)
    mag[to], error[to] = lcs.mag[source], lcs.mag_err[source]
    return LightCurves(lcs.time, mag, error, lcs.offsets, lcs.band, lcs.bands)


def row(name: str, found: pd.DataFrame, cut: float) -> None:
    evidence, walk = found.evidence.fillna(-np.inf), found.evidence_walk.fillna(-np.inf)
    shares = [np.mean(evidence > 0), np.mean(evidence > cut), np.mean(walk > 0)]
    cells = " | ".join(f"{share:.3f}" for share in shares)
    print(f"| {name} | {len(found)} | {cells} | {evidence.median():.0f} | {walk.median():.0f} |")


def free(root: Path) -> None:
    """Stars of one band, of which each class is cut at `SURE`."""
    for survey in ("catalina", "young"):
        stars, lcs = getattr(period_sets, survey)(root)
        stars = stars.reset_index(drop=True)
        found = find(lcs).to_pandas()
        ratio = found.period / stars.known
        right = np.any([np.abs(ratio / k - 1) < 3e-3 for k in (0.25, 0.5, 1, 2, 4)], axis=0)
        for label, rows in stars.groupby("label").groups.items():
            if survey == "young" or label in ("EW", "EA", "beta_lyrae", "RRab", "RRc"):
                rows = rows[right[rows]] if survey == "catalina" else rows
                row(f"{survey} {NAMES.get(label, label)}", found.loc[rows], SURE)
        row(f"{survey}, all, shuffled", find(shuffled(lcs)).to_pandas(), SURE)


def tied(root: Path) -> None:
    """Pan-STARRS1's stars, whose bands share more than the period, cut at `SURE_TIED`."""
    stars, lcs = period_sets.pan_starrs(root)
    found, other = find(lcs).to_pandas(), (stars.label == "other").to_numpy()
    right = ((found.period / stars.known.to_numpy() - 1).abs() < 1e-3).to_numpy()
    like = found.family.fillna("").str.startswith("RR")
    row("Pan-STARRS1 RR Lyrae, period right", found[right], SURE_TIED)
    row("Pan-STARRS1 RR Lyrae, 25 points or more", found[~other & (lcs.counts >= 25)], SURE_TIED)
    row("Pan-STARRS1 others", found[other], SURE_TIED)
    print(f"Of the others {np.mean(like[other] & (found.evidence[other] > SURE_TIED)):.3f} pass as RR Lyrae stars.")
    row("Pan-STARRS1 others, shuffled", find(shuffled(lcs.take(np.flatnonzero(other)))).to_pandas(), SURE_TIED)


if __name__ == "__main__":
    print("| stars | n | evidence > 0 | > cut | walk > 0 | median | of walk |\n|---|---:|---:|---:|---:|---:|---:|")
    free(Path(sys.argv[1]))
    tied(Path(sys.argv[1]))
