"""Give every Gaia source its probability of being a young star, from its photometry in Gaia, 2MASS and AllWISE.

    python jobs/yso_candidates.py --config yso.toml --engine local

with a file such as

    lake = "lake"
    gaia = "gaia_dr3"                   # or a catalog that is joined already, without the next two
    twomass = "twomass"
    allwise = "allwise"
    known = ["spicy", "neowise_yso"]    # catalogs of known young stars to compare with
    outbursts = "ztf_outbursts"         # of lcscale outbursts
    dust_map = "planck_tau353.fits"     # from which a column tau is made
    tau = 1.3e-5                        # least dust optical depth, where there is a column tau
    prevalence = { extragalactic = 0.03, main_sequence = 0.75, evolved = 0.21, YSO = 0.01 }  # else equally frequent
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from catalogs import finish
from configuration import Writing, run_job

from lcscale import Lake, options
from lcscale.products import join_surveys, yso_candidates


@dataclass(frozen=True)
class YsoCandidates(Writing):
    """Keys of the file."""

    lake: str = options.LAKE.key()
    gaia: str = options.GAIA.key()
    twomass: str | None = options.TWOMASS.key()
    allwise: str | None = options.ALLWISE.key()
    gaia_epoch: float | int | None = options.GAIA_EPOCH.key()
    known: list = options.KNOWN.key()
    model: str = options.MODEL.key("yso")
    tau: float | int = options.TAU.key()
    outbursts: str | None = options.OUTBURSTS.key()
    dust_map: str | None = options.DUST_MAP.key()
    prevalence: dict = options.PREVALENCE.key()
    name: str = options.NAME.key("yso_candidates")


def work(job: YsoCandidates) -> int:
    lake = Lake(job.lake)
    source = lake[job.gaia]
    if job.twomass or job.allwise:
        sides = (lake[each] if each else None for each in (job.twomass, job.allwise))
        source = join_surveys(source, *sides, gaia_epoch=job.gaia_epoch)
    known = {each: lake[each] for each in job.known}
    shares, curves = job.prevalence or None, lake[job.outbursts] if job.outbursts else None
    candidates = yso_candidates(
        source, job.model, known=known, tau=job.tau or None, dust_map=job.dust_map, prevalence=shares, outbursts=curves
    )
    return finish(candidates.write(job.name, lake=lake, **job.writing))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(YsoCandidates, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
