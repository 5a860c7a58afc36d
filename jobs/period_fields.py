"""Measure what aligned fields of ZTF give young stars: the figures of ``docs/periods.md``.

    python jobs/period_fields.py DATA

DATA has the folder ``ztf_yso``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from lcscale.lightcurves import LightCurves
from lcscale.lightcurves.field_offsets import AlignFields
from lcscale.periods import find


def main(root: Path) -> None:
    stars = pd.read_csv(root / "ztf_yso/objects.csv")
    points = pd.read_parquet(root / "ztf_yso/photometry.parquet").query("filtercode == 'zr' and catflags == 0")
    points = points[points.name.isin(stars.name[stars.primary_class.notna()])].sort_values(["name", "hjd"])
    parts = {"time": "hjd", "mag": "mag", "mag_err": "magerr", "oid": "oid"}
    groups = points.groupby("name")
    rows = [{part: star[name].tolist() for part, name in parts.items()} for _, star in groups]
    stars = stars.set_index("name").loc[list(groups.groups)]
    plain = pa.table({"lightcurve": rows})
    told = AlignFields()(plain)
    offset, error = (told[name].to_numpy(zero_copy_only=False) for name in ("field_offset", "field_offset_error"))
    sure = np.abs(offset) > 3 * error
    print(
        f"{len(stars)} stars, {np.isfinite(offset).sum()} with enough pairs, median {np.nanmedian(np.abs(offset)):.3f}"
    )
    print(f"mag, {sure.sum()} above three errors; within 2 % of the published period, and median evidence:")
    for letter, words in (("p", "strictly periodic"), ("q", "quasi-periodic")):
        rows = np.flatnonzero((stars.primary_class.str[0] == letter) & (stars.period > 0))
        for table, how in ((plain, "as they are"), (told, "aligned")):
            found = find(LightCurves.from_arrow(table).take(rows)).to_pandas()
            right = (np.abs(found.period.to_numpy() / stars.period.iloc[rows].to_numpy() - 1) < 0.02).sum()
            print(f"{words}, {how}: {right} of {len(rows)}, {found.evidence.median():.0f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
