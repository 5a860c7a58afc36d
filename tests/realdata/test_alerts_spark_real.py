"""The listing of Gaia's alerts, counted by Spark SQL and by Dask's tasks: the same rows."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.products import Near, OfClass, alert_statistics, alert_statistics_spark

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]


def test_the_listing_is_counted_the_same(real_data, tmp_path):
    sql = pytest.importorskip("pyspark.sql", reason="Spark needs PySpark")
    lake = Lake(tmp_path)
    ingest("gaia_alerts", real_data / "gaia_alerts" / "alerts.csv.gz", lake, "alerts", progress=False)
    ingest("table", real_data / "yso" / "spicy.parquet", lake, "spicy", progress=False, ra="RAdeg", dec="DEdeg")
    definitions = {"spicy": Near(lake["spicy"]), "survey": OfClass(("YSO",))}
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    try:
        for by, count in (("year", 22), ("class", 90), (("month", "class"), 2666), ("night", 5910)):
            ours = alert_statistics_spark(lake["alerts"], definitions, spark, by=by, engine="serial")
            assert ours.equals(alert_statistics(lake["alerts"], definitions, by=by, engine="serial"))
            assert ours.num_rows == count
            n_yso = sum(row["n_yso"] for row in ours.to_pylist() if row["definition"] == "spicy")
            assert n_yso == 331
    finally:
        spark.stop()
