"""Measure the tables of ``docs/periods.md`` again, each with its number of stars and the CPU time a star.

    python jobs/period_tables.py DATA [one_band] [class_given] [several_bands] [evidence]

DATA has the folders of stars with published periods that ``period_sets.py`` reads.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import period_sets

from lcscale.lightcurves import LightCurves
from lcscale.periods import find
from lcscale.periods.cycles import fitted_cycles


def searched(lcs: LightCurves, known: pd.Series, within: float, **options: Any) -> tuple[pd.DataFrame, str]:
    """What `find` finds, with `right` and `related`, and the cells of a table."""
    find(lcs.take(np.arange(min(3, len(lcs)))), **options)  # compiles
    start = time.process_time()
    found = find(lcs, **options).to_pandas()
    cost = 1e3 * (time.process_time() - start) / max(len(lcs), 1)
    ratio = found[["period", "period_2", "period_3"]].div(known.to_numpy(), axis=0)
    near = (ratio - 1).abs() < within
    found["right"] = near.period
    found["related"] = np.any([np.abs(ratio.period / k - 1) < within for k in (1 / 3, 1 / 2, 1, 2, 3)], axis=0)
    shares = f"{near.period.mean():.3f} | {near.any(axis=1).mean():.3f} | {found.related.mean():.3f}"
    return found, f"{len(lcs)} | {shares} | {cost:.1f}"


def one_band(root: Path) -> None:
    print("| stars | n | period | among three | up to 2 or 3 | ms |\n|---|---:|---:|---:|---:|---:|")
    for name, within in (("gaia", 3e-3), ("ogle", 1e-4), ("catalina", 3e-3)):
        stars, lcs = getattr(period_sets, name)(root)
        for label, rows in stars.reset_index(drop=True).groupby("label").groups.items():
            print(f"| {name} {label} | {searched(lcs.take(rows.to_numpy()), stars.known.iloc[rows], within)[1]} |")


def class_given(root: Path) -> None:
    stars, lcs = period_sets.catalina(root)
    kinds = {"EW": "orbit", "beta_lyrae": "orbit", "ELL": "orbit", "EA": "eclipses", "RRab": "pulsation"}
    print("| class | n | search | class given |\n|---|---:|---:|---:|")
    for label, kind in (kinds | {"RRc": "pulsation"}).items():
        rows = np.flatnonzero(stars.label == label)
        known, own = stars.known.iloc[rows], lcs.take(rows)
        found, _ = searched(own, known, 3e-3)
        period = fitted_cycles(own, found.period.to_numpy(), found.period_2.to_numpy(), [kind] * len(rows))[:, 0]
        given = np.abs(period / known - 1) < 3e-3
        print(f"| {label} | {len(rows)} | {found.right.mean():.3f} | {given.mean():.3f} |")


def several_bands(root: Path) -> None:
    told = {"coupling": "templates", "families": ["RR Lyrae"]}
    print("| stars | coupling | n | period | among three | up to 2 or 3 | ms |\n|---|---|---:|---:|---:|---:|---:|")
    for name, fewest in (("stripe_82", 0), ("pan_starrs", 25)):
        stars, lcs = getattr(period_sets, name)(root)
        rows = np.flatnonzero((stars.known > 0) & (lcs.counts >= fewest))
        for how, options in (("free", {"coupling": "free"}), ("told", told), ("auto", {})):
            print(f"| {name} | {how} | {searched(lcs.take(rows), stars.known.iloc[rows], 1e-3, **options)[1]} |")


if __name__ == "__main__":
    names = sys.argv[2:] or ["one_band", "class_given", "several_bands"]
    for name in names:
        print(f"\n## {name}\n")
        globals()[name](Path(sys.argv[1]))
