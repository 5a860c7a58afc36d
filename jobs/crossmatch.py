"""Join a catalog of the lake with the nearest sources of another one.

    python jobs/crossmatch.py --config ztf_gaia.toml --engine local

with a file such as

    lake = "lake"
    left = "ztf_dr23"
    right = "gaia_dr3"
    name = "ztf_gaia"                   # catalog to make
    radius_arcsec = 1.0
    how = "inner"                       # or left (all rows), anti (those without a counterpart)
    right_columns = ["source_id", "phot_g_mean_mag"]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from catalogs import find_catalog, finish
from configuration import Writing, run_job

from lcscale import Lake, options
from lcscale.options import Option


@dataclass(frozen=True)
class Crossmatch(Writing):
    """Keys of the file."""

    lake: str = options.LAKE.key()
    left: str = options.LEFT.key()
    right: str = options.RIGHT.key()
    name: str = options.NAME.key()
    radius_arcsec: float | int = options.RADIUS_ARCSEC.key()
    n_neighbors: int = options.N_NEIGHBORS.key()
    how: str = options.HOW.key()
    left_columns: list = Option("Columns to keep of the left catalog (default: all).", []).key()
    right_columns: list = Option("Columns to keep of the right catalog (default: all).", []).key()


def work(job: Crossmatch) -> int:
    lake = Lake(job.lake)
    left, right = lake[job.left], find_catalog(lake, job.right)
    left = left.columns(*job.left_columns) if job.left_columns else left
    right = right.columns(*job.right_columns) if job.right_columns else right
    pairs = left.crossmatch(right, radius_arcsec=job.radius_arcsec, n_neighbors=job.n_neighbors or None, how=job.how)
    return finish(pairs.write(job.name, **job.writing))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(Crossmatch, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
