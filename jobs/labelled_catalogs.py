"""Catalogs of labelled stars whose files no adapter reads as they are: each function writes one into a lake."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lcscale import Lake
from lcscale.ingest import ingest

BETWEEN = "(ra > 310) | (ra < 59)"
"""Where Stripe 82's RR Lyrae stars are listed: of Pan-STARRS1's other sources none there is one."""


def light_curves(lake: Lake, name: str, stars: pd.DataFrame, points: pd.DataFrame, **options: Any) -> None:
    """A catalog of stars (columns id, label, ra, dec) and their observations (id, time, mag, magerr, band)."""
    with tempfile.TemporaryDirectory() as folder:
        points.to_parquet(Path(folder) / "points.parquet")
        stars[["id", "label", "ra", "dec"]].to_csv(Path(folder) / "stars.csv", index=False)
        columns = {"id": "id", "mag_err": "magerr", "band": "band", "label": "label"}
        files = {"objects": f"{folder}/stars.csv"}
        ingest("lightcurves", Path(folder) / "points.parquet", lake, name, **columns, **files, **options)


def ztf_prototypes(data: Path, lake: Lake) -> None:
    """ZTF's prototypes, one star a class; their magnitudes have the wrong sign, and places are made up."""
    points = pd.read_csv(data / "ztf_prototypes" / "photometry.csv.gz").rename(columns={"cls": "id", "hjd": "time"})
    names = sorted(points.id.unique())
    stars = pd.DataFrame({"id": names, "label": names, "ra": [14.0 * k for k in range(len(names))], "dec": 0.0})
    options: dict[str, Any] = {"bands": ("g", "r", "i"), "time_offset": -2_400_000.5}
    light_curves(lake, "ztf_prototypes", stars, points.assign(mag=-points.dmag), **options)


def stripe_82(data: Path, lake: Lake, name: str = "stripe_82", bands: str = "gr") -> None:
    """RR Lyrae stars of Stripe 82 (Sesar et al. 2010), in g and r."""
    stars = pd.read_csv(data / "s82_rrlyrae/objects.csv").rename(columns={"num": "id"})
    points = pd.read_parquet(data / "s82_rrlyrae/photometry.parquet").rename(columns={"num": "id"})
    points = points[points.band.isin(list(bands)) & (points.mag < 90)]
    options: dict[str, Any] = {"bands": tuple(bands), "time_format": "mjd"}
    light_curves(lake, name, stars.assign(label="RR" + stars.type), points, **options)


def stripe_82_griz(data: Path, lake: Lake) -> None:
    """The same in four bands."""
    stripe_82(data, lake, "stripe_82_griz", "griz")


def pan_starrs(data: Path, lake: Lake) -> None:
    """RR Lyrae stars with a few points a band, and the other sources between them, nearly all of them constant."""
    stars = pd.read_csv(data / "ps1_rrlyrae/objects.csv").query(f"label == 'RR' or {BETWEEN}")
    stars = stars.assign(id=stars.ps1_id, label=np.where(stars.label == "RR", "RR" + stars.type.fillna(""), "CONST"))
    points = pd.read_parquet(data / "ps1_rrlyrae/photometry.parquet").rename(columns={"ps1_id": "id", "mjd": "time"})
    points = points[points.id.isin(stars.id)]
    options: dict[str, Any] = {"bands": tuple("grizy"), "time_format": "mjd"}
    light_curves(lake, "pan_starrs", stars, points, **options)


def ogle_lmc_types(data: Path, lake: Lake) -> None:
    """Places and types of OGLE's Cepheids and RR Lyrae stars of the LMC; of the latter, one mode alone, no type."""
    from astropy.coordinates import SkyCoord

    names = ["name", "type", "ra", "dec"]
    cepheids = pd.read_csv(data / "ogle_lmc_cepheids/ident.dat", sep=r"\s+", usecols=range(4), names=names)
    sky = SkyCoord(cepheids.ra, cepheids.dec, unit=("hourangle", "deg"))
    lyrae = pd.read_csv(data / "ogle_lmc_rrlyrae/parameters.txt.gz", sep="\t", skiprows=7, header=None)
    parts = [cepheids[["name", "type"]].assign(ra=sky.ra.deg, dec=sky.dec.deg)]
    parts.append(pd.DataFrame({"name": lyrae[0].str.strip(), "type": "RRLYR", "ra": lyrae[2], "dec": lyrae[3]}))
    with tempfile.TemporaryDirectory() as folder:
        pd.concat(parts).to_parquet(Path(folder) / "types.parquet", index=False)
        ingest("table", Path(folder) / "types.parquet", lake, "ogle_lmc_types", id="name")
