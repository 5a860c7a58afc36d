"""Light curves of stars with a known class and period, as folders of survey data hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lcscale.lightcurves import LightCurves


def read_labelled(
    kind: dict[str, Any], root: Path, every: int = 2, most: int = 150
) -> tuple[pd.DataFrame, LightCurves]:
    """Every so many of the stars, at most so many of a class, with `label` and `period`, and their light curves.

    `kind` names the `folder`, its `list` of stars (objects.csv), `columns`, `bands` and `classes`.
    """
    columns, folder = kind["columns"], root / kind["folder"]
    stars = _listed(folder, kind.get("list", "objects.csv")).iloc[::every]
    stars = stars.assign(
        label=stars[columns["label"]].map(kind["classes"]), period=stars[columns["period"]].astype(float)
    )
    stars = stars[stars.label.notna() & (stars.period > 0)].drop_duplicates(columns["id"])
    stars = stars.groupby("label").head(most).reset_index(drop=True)
    points = pd.concat([_photometry(file) for file in sorted(folder.glob("photometry*.parquet"))])
    points = points[(points.mag > 5) & (points.mag < 27) & (points.magerr > 0) & (points.magerr < 0.5)]
    points["row"] = points[columns["id"]].map(pd.Series(stars.index, stars[columns["id"]]))
    points = points[points.row.notna()].sort_values(["row", columns["time"]], kind="stable")
    offsets = np.r_[0, np.cumsum(np.bincount(points.row.astype(int), minlength=len(stars)))]
    band = points.band.map(kind["bands"].index).to_numpy(np.int8) if len(kind["bands"]) > 1 else None
    values = [points[column].to_numpy(np.float64) for column in (columns["time"], "mag", "magerr")]
    return stars, LightCurves(*values, offsets, band, tuple(kind["bands"]))


def _listed(folder: Path, name: str) -> pd.DataFrame:
    if name == "objects.csv":
        return pd.read_csv(folder / name)
    ogle = pd.read_csv(folder / name, sep="\t", comment="#", header=None, dtype=str)
    return pd.DataFrame(
        {"cep": ogle[0].str.strip().str[-4:].astype(int), "mode": ogle[1].str.strip(), "period": ogle[7]}
    )


def _photometry(file: Path) -> pd.DataFrame:
    points = pd.read_parquet(file).rename(columns={"mag_err": "magerr"})
    return points if "band" in points else points.assign(band=file.stem.removeprefix("photometry_"))
