"""Search periods and extract features of every light curve of a catalog.

    python jobs/features.py --config crts_features.toml --engine local

with a file such as

    lake = "lake"
    catalog = "crts_north"
    name = "crts_features"              # catalog to make
    features = ["amplitude", "stetson_k", "r21", "phi21"]
    frequencies = [0.001, 20.0, 1e-4]   # fmin, fmax, step in cycles per day

Without `features` all of them are extracted, without `frequencies` each object gets a grid of its own. A column
`period` of the catalog is used where it has one, and none is searched.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from catalogs import find_catalog, finish
from configuration import FREQUENCIES, Writing, run_job

from lcscale import Lake, options
from lcscale.features import Extract
from lcscale.options import Option
from lcscale.periods import PERIOD, FrequencyGrid, Search


@dataclass(frozen=True)
class Features(Writing):
    """Keys of the file."""

    lake: str = options.LAKE.key()
    catalog: str = options.CATALOG.key()
    name: str = options.NAME.key()
    features: list = options.FEATURES.key()
    frequencies: list = FREQUENCIES.key()
    keep_light_curves: bool = Option("Whether the light curves stand in the result too.", False).key()


def work(job: Features) -> int:
    lake = Lake(job.lake)
    catalog = find_catalog(lake, job.catalog)
    if not PERIOD.is_in(catalog.schema):
        catalog = catalog.map(Search(FrequencyGrid(*job.frequencies) if job.frequencies else None))
    table = catalog.map(Extract(tuple(job.features) or None))
    if not job.keep_light_curves:
        table = table.without("lightcurve")
    return finish(table.write(job.name, lake=lake, **job.writing))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(Features, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
