"""Read the release files of a survey into a catalog of the lake.

    python jobs/ingest.py --config ogle.toml --engine local

with a file such as

    lake = "lake"                       # folder or URL
    name = "spicy"                      # catalog to make
    survey = "table"                    # ogle, crts, gaia_alerts, table, ...
    paths = ["releases/spicy.parquet"]  # files, folders or patterns
    options = { ra = "RAdeg", dec = "DEdeg" }
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from configuration import finish, run_job

from lcscale.ingest import Partitioning, ingest


@dataclass(frozen=True)
class Ingest:
    """Keys of the file."""

    lake: str
    """Folder or URL of the lake."""
    name: str
    """Catalog to make."""
    survey: str
    """Name of the survey: ogle, crts, gaia_alerts, table…"""
    paths: list
    """Release files, folders or patterns."""
    options: dict = field(default_factory=dict)
    """Table: options of the survey's adapter, such as ra, dec, id."""
    partition_rows: int = Partitioning().rows
    """Rows of a partition, at most."""
    memory_gib: int | float | None = None
    """What the tasks on a machine may use together; a quarter of it."""
    max_failed: int | float = 0
    """Partitions, or the share of them as in 0.01, that may fail while the rest is published still."""
    engine: str | None = None
    """Where to run; the active Dask client, else this process."""


def ingested(job: Ingest, engine: Any) -> int:
    """Do it on `engine`; returns the exit status."""
    record = ingest(
        *(job.survey, job.paths, job.lake, job.name),
        partitioning=Partitioning(rows=job.partition_rows),
        memory=None if job.memory_gib is None else int(job.memory_gib * 2**30),
        engine=engine,
        progress=True,
        max_failed=job.max_failed,
        **job.options,
    )
    return finish(record)


def work(job: Ingest) -> int:
    return ingested(job, job.engine)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(Ingest, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
