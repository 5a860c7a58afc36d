"""Stars with a published period, as ``docs/periods.md`` compares with them: names, known periods, light curves."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd

from lcscale.lightcurves import LightCurves

SEED = 3


def batch(stars: pd.DataFrame, points: pd.DataFrame, key: str, time: str, bands: tuple[str, ...] = ()) -> LightCurves:
    """The light curves of `stars`, in their order; `points` has `key`, `time`, mag, magerr and, for bands, band."""
    points = points.rename(columns={"mag_err": "magerr"})
    points = points[(points.mag > 5) & (points.mag < 27) & (points.magerr > 0) & (points.magerr < 0.5)]
    rows = pd.Series(np.arange(len(stars)), stars[key])
    points = points.assign(row=points[key].map(rows)).dropna(subset="row").sort_values(["row", time], kind="stable")
    offsets = np.r_[0, np.cumsum(np.bincount(points.row.astype(int), minlength=len(stars)))]
    band = points.band.map(bands.index).to_numpy(np.int8) if bands else None
    values = [points[name].to_numpy(np.float64) for name in (time, "mag", "magerr")]
    return LightCurves(*values, offsets, band, bands)


def catalina(root: Path, most: int = 400) -> tuple[pd.DataFrame, LightCurves]:
    """At most so many of each class, drawn at random."""
    stars = pd.read_csv(root / "crts_north/objects.csv").rename(columns={"cls": "label", "cat_period": "known"})
    stars = stars[stars.known > 0].sample(frac=1, random_state=SEED).groupby("label").head(most)
    return stars, batch(stars, pd.read_parquet(root / "crts_north/photometry.parquet"), "id", "mjd")


def gaia(root: Path) -> tuple[pd.DataFrame, LightCurves]:
    """Pulsating stars of Gaia's epochs."""
    stars = pd.read_csv(root / "gaia_dr3_epochs/objects.csv").rename(columns={"best_class_name": "label"})
    stars["known"] = stars.gaia_vari_period.fillna(1 / stars.lit_frequency).fillna(stars.ogle_period)
    shortest = stars.label.map({"RR": 0.2, "CEP": 0.5, "DSCT|GDOR|SXPHE": 0.0})
    stars = stars[stars.known > shortest]
    return stars, batch(stars, pd.read_parquet(root / "gaia_dr3_epochs/photometry_G.parquet"), "source_id", "time")


def ogle(root: Path, n: int = 500) -> tuple[pd.DataFrame, LightCurves]:
    """Cepheids of the Large Magellanic Cloud that pulsate in one mode, some drawn at random."""
    with gzip.open(root / "ogle_lmc_cepheids/parameters.txt.gz", "rt") as lines:
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
    published = [(int(row[0].strip()[-4:]), row[1].strip(), float(row[7])) for row in rows]
    stars = pd.DataFrame(published, columns=["cep", "label", "known"])
    points = pd.read_parquet(root / "ogle_lmc_cepheids/photometry_I.parquet")
    stars = stars[stars.label.isin(["F", "1"]) & stars.cep.isin(points.cep)].sample(n, random_state=SEED)
    return stars, batch(stars, points, "cep", "hjd")


def stripe_82(root: Path) -> tuple[pd.DataFrame, LightCurves]:
    """RR Lyrae stars of which no template was made."""
    stars = pd.read_csv(root / "s82_rrlyrae/objects.csv").rename(columns={"type": "label", "period": "known"})
    stars = stars[stars.known > 0].iloc[1::2]
    return stars, batch(stars, pd.read_parquet(root / "s82_rrlyrae/photometry.parquet"), "num", "time", tuple("ugriz"))


def pan_starrs(root: Path, n_others: int = 800) -> tuple[pd.DataFrame, LightCurves]:
    """RR Lyrae stars, and others between them on the sky: elsewhere nobody has listed which are RR Lyrae stars."""
    stars = pd.read_csv(root / "ps1_rrlyrae/objects.csv").rename(columns={"period": "known"})
    others = stars[(stars.label == "other") & ((stars.ra > 310) | (stars.ra < 59))].sample(n_others, random_state=SEED)
    stars = pd.concat([stars[stars.known > 0], others])
    points = pd.read_parquet(root / "ps1_rrlyrae/photometry.parquet")
    return stars, batch(stars, points, "ps1_id", "mjd", tuple("grizy"))


def young(root: Path) -> tuple[pd.DataFrame, LightCurves]:
    """Young stars in ZTF r: strictly periodic (p), quasi-periodic or dipping (q), bursting, dipping, stochastic (b)."""
    stars = pd.read_csv(root / "ztf_yso/objects.csv").rename(columns={"period": "known"})
    stars["label"] = stars.primary_class.str[0].map({"p": "p", "q": "q", "b": "b", "a": "b", "s": "b"})
    points = pd.read_parquet(root / "ztf_yso/photometry.parquet").query("filtercode == 'zr' and catflags == 0")
    stars = stars[stars.label.notna() & stars.name.isin(points.name)]
    return stars, batch(stars, points, "name", "hjd")
