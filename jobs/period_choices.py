"""Mirrored periods, and periods of the class that a model gives, for ``docs/periods.md``: Catalina's stars.

    python jobs/period_choices.py DATA

DATA has the folder ``crts_north``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import period_sets
import pyarrow as pa

from lcscale.models import Classify
from lcscale.periods import Search, find
from lcscale.products.class_period import PeriodOfClass


def mirrors(root: Path) -> None:
    """Which wrong periods have the right one as their mirror, and which are flagged."""
    stars, lcs = period_sets.catalina(root)
    print(
        "| class | n | wrong | mirror right | period_3 right | either | wrong flagged | right flagged |\n|---|"
        + "---:|" * 7
    )
    for label in ("RRab", "EA"):
        rows = np.flatnonzero(stars.label == label)
        found, known = find(lcs.take(rows)).to_pandas(), stars.known.iloc[rows].to_numpy()
        ratio = found[["period", "period_mirror", "period_3"]].div(known, axis=0)
        related = (1 / 2, 1, 2, 4) if label == "EA" else (1,)
        right, mirror, third = (np.any([np.abs(ratio[c] * k - 1) < 3e-3 for k in related], axis=0) for c in ratio)
        shares = [found.mirror[rows_].notna().mean() for rows_ in (~right, right)]
        counts = [(~right).sum(), (mirror & ~right).sum(), (third & ~right).sum(), ((mirror | third) & ~right).sum()]
        print(f"| {label} | {len(rows)} | {' | '.join(map(str, counts))} | {shares[0]:.2f} | {shares[1]:.2f} |")


def class_predicted(root: Path) -> None:
    """Periods of Catalina's stars that belong to the class that `general` gives; part of these were in its training."""
    stars, lcs = period_sets.catalina(root)
    done: pa.Table = pa.table({"lightcurve": lcs.to_arrow()})
    for step in (Search(), Classify("general"), PeriodOfClass()):
        done = step(done)
    right = pd.Series(np.abs(done["period"].to_numpy() / stars.known.to_numpy() - 1) < 3e-3)
    print("| class | n | period right | of those with this class |\n|---|---:|---:|---:|")
    given = pd.Series(done["class"].to_pylist())
    for label, name in {"EW": "EW", "EA": "EA", "beta_lyrae": "EB", "ELL": "ELL", "RRab": "RRab", "RRc": "RRc"}.items():
        own = (stars.label == label).to_numpy()
        print(f"| {name} | {own.sum()} | {right[own].mean():.3f} | {right[own & (given == name)].mean():.3f} |")


if __name__ == "__main__":
    for table in (mirrors, class_predicted):
        print(f"\n## {table.__name__}\n")
        table(Path(sys.argv[1]))
