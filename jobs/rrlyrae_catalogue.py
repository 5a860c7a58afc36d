"""Publish a catalogue of RR Lyrae stars: Parquet, VOTable, light curves, model, and what the checks found.

    python jobs/rrlyrae_catalogue.py --config catalogue.toml

with a file such as

    lake = "lake"
    catalog = "rrlyrae_distances"       # or rrlyrae_metallicities; infra/rrlyrae/pipeline.toml makes both
    folder = "published"                # rrlyrae.parquet, rrlyrae.vot, light_curves.parquet, model/, checks.json

The status is 1 where a check fails.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from catalogs import find_catalog
from configuration import run_job

from lcscale import Lake, options
from lcscale.lake import export
from lcscale.options import Option
from lcscale.products.rrlyrae import RRLyraeModel
from lcscale.products.rrlyrae.checking import check_catalogue, check_files
from lcscale.products.rrlyrae.model import DEFAULT_MODEL


@dataclass(frozen=True)
class CatalogueJob:
    """Keys of the file."""

    lake: str = options.LAKE.key()
    catalog: str = options.CATALOG.key()
    folder: str = Option("Folder to write to.").key()
    model: str = Option("Name or folder of the model that made it.", DEFAULT_MODEL).key()


def work(job: CatalogueJob) -> int:
    catalog, folder = find_catalog(Lake(job.lake), job.catalog), Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    model = RRLyraeModel.load(job.model)
    parquet, votable = folder / "rrlyrae.parquet", folder / "rrlyrae.vot"
    for path in (parquet, votable):
        export(catalog, path, overwrite=True)
    stars, curves = catalog.columns(catalog.id_column), catalog.light_curves()
    curves = curves.columns(curves.id_column, "ra", "dec", "lightcurve").join(stars, on=catalog.id_column, how="inner")
    export(curves, folder / "light_curves.parquet", overwrite=True)
    model.save(folder / "model")
    table = catalog.to_arrow()
    found = {
        "catalog": f"{catalog.name} {catalog.source.version}",
        "rows": len(table),
        "model": model.card.id,
        "rows that break a rule": check_catalogue(table, catalog.id_column, model.card.id),
        "columns that files do not give back": check_files(table, parquet, votable),
    }
    (folder / "checks.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))
    broken = {**found["rows that break a rule"], **found["columns that files do not give back"]}
    return int(any(broken.values()) or not len(table))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(CatalogueJob, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
