"""Classify every light curve of a catalog: periods, classes, a probability for each class.

    python jobs/variable_candidates.py --config candidates.toml --engine local

with a file such as

    lake = "lake"
    catalog = "crts_north"              # its column `period` is used where it has one
    model = "models/crts"               # folder of a model, or the name of a shipped one
    name = "variable_candidates"        # catalog to make
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from catalogs import find_catalog, finish
from configuration import FREQUENCIES, Writing, run_job

from lcscale import Lake, options
from lcscale.options import Option
from lcscale.periods import FrequencyGrid
from lcscale.products import variable_candidates


@dataclass(frozen=True)
class VariableCandidates(Writing):
    """Keys of the file."""

    lake: str = options.LAKE.key()
    catalog: str = options.CATALOG.key()
    model: str = options.MODEL.key()
    name: str = options.NAME.key("variable_candidates")
    frequencies: list = FREQUENCIES.key()
    keep: list = Option("Further columns of the catalog to carry along.", []).key()
    prevalence: dict = options.SHARES.key()
    device: str | None = options.DEVICE.key()


def work(job: VariableCandidates) -> int:
    grid = FrequencyGrid(*job.frequencies) if job.frequencies else None
    lake = Lake(job.lake)
    catalog = find_catalog(lake, job.catalog)
    candidates = variable_candidates(
        catalog, job.model, grid=grid, keep=job.keep, prevalence=job.prevalence or None, device=job.device
    )
    return finish(candidates.write(job.name, lake=lake, **job.writing))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(VariableCandidates, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
