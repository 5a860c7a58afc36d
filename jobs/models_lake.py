"""Make the lake that `make models` trains from, out of public labelled light curves; what is there already stays.

    python jobs/models_lake.py DATA LAKE

DATA holds the folders `crts_north`, `crts_south`, `eros2_lmc`, `gaia_dr3_epochs`, `ogle_lmc_cepheids`, `ztf_yso`,
`ztf_gaia_binaries`, `ztf_prototypes`. Beside each catalog stands ``NAME_periods``, periods that the search finds.
Interrupted, it goes on where it was.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pandas as pd

from lcscale import Lake
from lcscale.ingest import ingest
from lcscale.periods import Search

RELEASES = {
    "crts_north": ("crts", "crts_north"),
    "crts_south": ("crts", "crts_south"),
    "eros2_lmc": ("eros2", "eros2_lmc"),
    "gaia_dr3_epochs": ("gaia_epochs", "gaia_dr3_epochs"),
    "ogle_lmc_cepheids": ("ogle", "ogle_lmc_cepheids"),
    "ztf_yso": ("ztf", "ztf_yso/photometry.parquet"),
    "ztf_gaia_binaries": ("ztf", "ztf_gaia_binaries/ztf_dr_lc.parquet"),
}
"""Survey and files of each catalog."""
COLUMNS = {"id": "cls", "time": "hjd", "mag_err": "magerr", "band": "band", "bands": ("g", "r", "i"), "label": "label"}


def prototypes(data: Path, lake: Lake) -> None:
    """ZTF's prototypes, one star a class; their magnitudes have the wrong sign, and places are made up."""
    points = pd.read_csv(data / "ztf_prototypes" / "photometry.csv.gz")
    names = sorted(points.cls.unique())
    places = pd.DataFrame({"cls": names, "label": names, "ra": [14.0 * k for k in range(len(names))], "dec": 0.0})
    with tempfile.TemporaryDirectory() as folder:
        points.assign(mag=-points.dmag).to_parquet(Path(folder) / "points.parquet")
        places.to_csv(Path(folder) / "stars.csv", index=False)
        options = COLUMNS | {"objects": f"{folder}/stars.csv", "time_offset": -2_400_000.5}
        ingest("lightcurves", Path(folder) / "points.parquet", lake, "ztf_prototypes", **options)


def main(data: str, lake_url: str) -> None:
    lake, source = Lake(lake_url), Path(data)
    for name, (survey, path) in RELEASES.items():
        if name not in lake:
            ingest(survey, source / path, lake, name)
    if "ztf_gaia_binaries_types" not in lake:
        ingest("table", source / "ztf_gaia_binaries/objects.csv", lake, "ztf_gaia_binaries_types", id="nick")
    if "ztf_prototypes" not in lake:
        prototypes(source, lake)
    for name in (*RELEASES, "ztf_prototypes"):
        if f"{name}_periods" not in lake:
            lake[name].map(Search()).without("lightcurve").write(f"{name}_periods")


if __name__ == "__main__":
    main(*sys.argv[1:])
