"""Count alerts, and those that are young stellar objects, with Spark SQL: the rows that `alert_statistics.py` gives.

    spark-submit jobs/alert_statistics_spark.py --config alerts.toml

with the file that `alert_statistics.py` takes. Alerts are matched on the cluster, partition by partition; the counting
is one query over the Parquet files.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from alert_statistics import AlertStatistics
from configuration import run_job

from lcscale import Lake, options
from lcscale.errors import InputError
from lcscale.options import Option
from lcscale.products import alert_statistics_spark, check_statistics, definition_of


@dataclass(frozen=True)
class AlertStatisticsSpark(AlertStatistics):
    """Keys of the file."""

    matched: str = Option("Catalog made in between: the alerts with their separations.", "alerts_counted").key()
    engine: str | None = options.ENGINE.key("spark")


def work(job: AlertStatisticsSpark) -> int:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError(f"Spark SQL needs PySpark: pip install 'lcscale[spark]' ({error})") from error
    spark = SparkSession.builder.appName("alert_statistics").config("spark.ui.enabled", "false").getOrCreate()
    lake = Lake(job.lake)
    definitions = {name: definition_of(given, lake) for name, given in job.definitions.items()}
    how = {"radius_arcsec": job.radius_arcsec, "time": job.time, "matched": job.matched, "engine": job.engine}
    table = pa.concat_tables(
        alert_statistics_spark(lake[job.alerts], definitions, spark, by=by, **how) for by in job.by
    )
    if not job.replace:
        check_statistics(lake, job.name, table)
    version = lake.write_table(job.name, table, replace=job.replace)
    print(f"{job.name} {version}: {table.num_rows:,} rows")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(AlertStatisticsSpark, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
