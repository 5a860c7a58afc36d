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
from dataclasses import dataclass

from catalogs import finish
from configuration import run_job

from lcscale import options as declared
from lcscale.engine import EngineSpec
from lcscale.ingest import Partitioning, ingest
from lcscale.options import Option


@dataclass(frozen=True)
class Ingest:
    """Keys of the file."""

    lake: str = declared.LAKE.key()
    name: str = declared.NAME.key()
    survey: str = declared.SURVEY.key()
    paths: list = Option("Release files, folders or patterns.").key()
    options: dict = Option("Options of the survey's adapter, such as ra, dec, id.", {}).key()
    partition_rows: int | None = declared.PARTITION_ROWS.key()
    memory_gib: int | float | None = declared.MEMORY_GIB.key()
    max_failed: int | float = declared.MAX_FAILED.key()
    engine: str | None = declared.ENGINE.key()


def ingested(job: Ingest, engine: EngineSpec) -> int:
    """Do it on `engine`; returns the exit status."""
    record = ingest(
        *(job.survey, job.paths, job.lake, job.name),
        partitioning=None if job.partition_rows is None else Partitioning(rows=job.partition_rows),
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
