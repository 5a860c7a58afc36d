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
from dataclasses import dataclass, field

from configuration import Writing, finish, run_job

from lcscale import Lake


@dataclass(frozen=True)
class Crossmatch(Writing):
    """Keys of the file."""

    lake: str
    """Folder or URL of the lake."""
    left: str
    """Catalog whose rows are matched."""
    right: str
    """Catalog in which counterparts are looked for."""
    name: str
    """Catalog to make."""
    radius_arcsec: float | int = 1.0
    """Largest separation."""
    n_neighbors: int = 1
    """Most counterparts of a row, nearest first."""
    how: str = "inner"
    """Inner (rows with a counterpart), left (all), anti (those without)."""
    left_columns: list = field(default_factory=list)
    """Columns to keep of the left catalog; all without."""
    right_columns: list = field(default_factory=list)
    """Columns to keep of the right catalog; all without."""


def work(job: Crossmatch) -> int:
    lake = Lake(job.lake)
    left, right = lake[job.left], lake[job.right]
    left = left.columns(*job.left_columns) if job.left_columns else left
    right = right.columns(*job.right_columns) if job.right_columns else right
    pairs = left.crossmatch(right, radius_arcsec=job.radius_arcsec, n_neighbors=job.n_neighbors, how=job.how)
    return finish(pairs.write(job.name, **job.options))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(Crossmatch, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
