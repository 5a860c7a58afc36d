"""Give every Gaia source its probability of being a young star, from its photometry in Gaia, 2MASS and AllWISE.

    python jobs/yso_candidates.py --config yso.toml --engine local

with a file such as

    lake = "lake"
    gaia = "gaia_dr3"                   # or a catalog that is joined already, without the next two
    twomass = "twomass"
    allwise = "allwise"
    known = ["spicy", "neowise_yso"]    # catalogs of known young stars to compare with
    dust_map = "planck_tau353.fits"     # from which a column tau is made
    tau = 1.3e-5                        # least dust optical depth, where there is a column tau
    prevalence = { extragalactic = 0.03, main_sequence = 0.75, evolved = 0.21, YSO = 0.01 }  # else equally frequent
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from configuration import Writing, finish, run_job

from lcscale import Lake
from lcscale.products import join_surveys, yso_candidates


@dataclass(frozen=True)
class YsoCandidates(Writing):
    """Keys of the file."""

    lake: str
    """Folder or URL of the lake."""
    gaia: str
    """Catalog of Gaia sources, or one joined already."""
    twomass: str | None = None
    """Catalog of 2MASS sources to join."""
    allwise: str | None = None
    """Catalog of AllWISE sources to join."""
    gaia_epoch: float | int | None = None
    """Julian year of Gaia's positions, where the catalog does not tell it."""
    known: list = field(default_factory=list)
    """Catalogs of known young stars to compare with."""
    model: str = "yso"
    """Name of a shipped model, or the folder of one."""
    tau: float | int = 1.3e-5
    """Least dust optical depth, where there is a column tau."""
    dust_map: str | None = None
    """FITS map of the dust optical depth, from which a column tau is made."""
    prevalence: dict = field(default_factory=dict)
    """Shares of the classes among the sources."""
    name: str = "yso_candidates"
    """Catalog to make."""


def work(job: YsoCandidates) -> int:
    lake = Lake(job.lake)
    source = lake[job.gaia]
    if job.twomass or job.allwise:
        sides = (lake[each] if each else None for each in (job.twomass, job.allwise))
        source = join_surveys(source, *sides, gaia_epoch=job.gaia_epoch)
    known = {each: lake[each] for each in job.known}
    options = {"known": known, "tau": job.tau, "dust_map": job.dust_map, "prevalence": job.prevalence or None}
    candidates = yso_candidates(source, job.model, **options)
    return finish(candidates.write(job.name, lake=lake, **job.options))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(YsoCandidates, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
