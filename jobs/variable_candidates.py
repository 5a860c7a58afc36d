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
from dataclasses import dataclass, field

from configuration import Writing, finish, run_job

from lcscale import Lake
from lcscale.periods import FrequencyGrid
from lcscale.products import variable_candidates


@dataclass(frozen=True)
class VariableCandidates(Writing):
    """Keys of the file."""

    lake: str
    """Folder or URL of the lake."""
    catalog: str
    """Catalog with light curves; its column period is used where it has one."""
    model: str
    """Name of a shipped model, or the folder of one."""
    name: str = "variable_candidates"
    """Catalog to make."""
    frequencies: list = field(default_factory=list)
    """Fmin, fmax and step of the period search, cycles per day; each object's own without."""
    keep: list = field(default_factory=list)
    """Further columns of the catalog to carry along."""
    device: str | None = None
    """Where it is computed, as torch names it; without, periods on the CPU, the network on a worker's GPU if there."""


def work(job: VariableCandidates) -> int:
    grid = FrequencyGrid(*job.frequencies) if job.frequencies else None
    catalog = Lake(job.lake)[job.catalog]
    candidates = variable_candidates(catalog, job.model, grid=grid, keep=job.keep, device=job.device)
    return finish(candidates.write(job.name, **job.options))


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(VariableCandidates, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
