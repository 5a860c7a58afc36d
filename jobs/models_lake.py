"""Make the lake that `make models` trains from, out of public labelled light curves; what is there already stays.

    python jobs/models_lake.py DATA LAKE

DATA holds the folders `crts_north`, `crts_south`, `eros2_lmc`, `gaia_dr3_epochs`, `ogle_lmc_cepheids`,
`ogle_lmc_rrlyrae`, `s82_rrlyrae`, `ps1_rrlyrae`, `ztf_yso`, `ztf_gaia_binaries`, `ztf_prototypes`. Beside each catalog
stands ``NAME_periods``, periods that the search finds. Interrupted, it goes on where it was.
"""

from __future__ import annotations

import sys
from pathlib import Path

import labelled_catalogs

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
FURTHER = ("ztf_prototypes", "stripe_82", "stripe_82_griz", "pan_starrs", "ogle_lmc_types")
"""What `labelled_catalogs` makes."""


def main(data: str, lake_url: str) -> None:
    lake, source = Lake(lake_url), Path(data)
    for name, (survey, path) in RELEASES.items():
        if name not in lake:
            ingest(survey, source / path, lake, name)
    if "ztf_gaia_binaries_types" not in lake:
        ingest("table", source / "ztf_gaia_binaries/objects.csv", lake, "ztf_gaia_binaries_types", id="nick")
    for name in FURTHER:
        if name not in lake:
            getattr(labelled_catalogs, name)(source, lake)
    for name in (*RELEASES, *FURTHER):
        if f"{name}_periods" not in lake and "lightcurve" in lake[name].column_names:
            lake[name].map(Search()).without("lightcurve").write(f"{name}_periods")


if __name__ == "__main__":
    main(*sys.argv[1:])
