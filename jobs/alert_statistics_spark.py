"""Count alerts, and those that are young stellar objects, with Spark SQL: the rows that `alert_statistics.py` gives.

    spark-submit jobs/alert_statistics_spark.py --config alerts.toml

with the file that `alert_statistics.py` takes. Alerts are matched on the cluster, partition by partition; the counting
is one query over the Parquet files.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from alert_statistics import AlertStatistics, counted
from configuration import run_job

from lcscale import options
from lcscale.errors import InputError
from lcscale.options import Option
from lcscale.products import alert_statistics_spark


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
    return counted(job, alert_statistics_spark, spark=spark, matched=job.matched)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(AlertStatisticsSpark, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
