"""Read the release files of a survey into a catalog of the lake, with Spark's shuffle in between.

    python jobs/ingest_spark.py --config ztf.toml
    spark-submit --master spark://host:7077 --py-files jobs/configuration.py,jobs/ingest.py jobs/ingest_spark.py ...

with the file that jobs/ingest.py takes. Detections in any order become light curves, one row an object, without
passing through the lake in between; the catalog is the same as Dask's, row for row. The lake and the release must be
in reach of every executor.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from configuration import run_job
from ingest import Ingest, ingested
from pyspark.sql import SparkSession


def work(job: Ingest) -> int:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = SparkSession.builder.appName(f"lcscale ingest {job.name}").getOrCreate()
    try:
        return ingested(job, session)
    finally:
        session.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(Ingest, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
