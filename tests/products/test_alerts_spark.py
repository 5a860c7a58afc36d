"""Alert statistics with Spark SQL: equal to the Dask ones, row for row."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put

from lcscale.lake import HEALPIX_COLUMN, Lake
from lcscale.products import Near, OfClass, alert_statistics, alert_statistics_spark

pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
JOBS = Path(__file__).parents[2] / "jobs"


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql", reason="Spark needs PySpark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.sql.shuffle.partitions", "2")
    session = session.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


def on_sky(columns: dict) -> pa.Table:
    index = np.asarray(compute_spatial_index(columns["ra"], columns["dec"]))
    return pa.table({HEALPIX_COLUMN: index, **columns}).take(pa.array(np.argsort(index)))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Alerts of ten years with names, classes and times that are missing or at the edge of a night; two YSO lists."""
    lake, rng, n = Lake(tmp_path_factory.mktemp("lake")), np.random.default_rng(2), 900
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    seconds = rng.integers(1_400_000_000, 1_710_000_000, n)
    seconds[:50] = seconds[:50] // 86_400 * 86_400 - np.arange(50) % 2
    missing = rng.uniform(size=n) < 0.05
    words = np.array(["SNIa", "YSO", "it's", "QSO `?`", None], object)[rng.integers(0, 5, n)]
    days = seconds / 86_400 + 40_587.0
    days[::3] += 2_400_000.5
    columns = {
        "object_id": np.arange(n), "ra": ra, "dec": dec, "label": words.tolist(),
        "class": rng.permutation(words).tolist(), "period": rng.uniform(size=n),
        "Date": pa.array(seconds, pa.timestamp("s"), mask=missing), "days": pa.array(days, mask=missing),
    }  # fmt: skip
    put(lake, "alerts", on_sky(columns))
    for name, chosen in (("near", slice(0, 300)), ("wide", slice(200, 700))):
        shift = rng.uniform(-1, 1, (2, ra[chosen].size)) / 3600
        known = {"ra": ra[chosen] % 360, "dec": np.clip(dec[chosen] + shift[0], -90, 90)}
        put(lake, name, on_sky(known | {"prob_YSO": rng.uniform(size=ra[chosen].size)}))
    definitions = {
        "near": Near(lake["near"]),
        "sure one": Near(lake["wide"], "prob_YSO", 0.5),
        "survey": OfClass(("YSO", "it's")),
        "other": OfClass(("YSO",), column="class"),
    }
    return lake, definitions


@pytest.mark.parametrize(
    ("by", "time"), [("year", "Date"), ("night", "days"), ("class", "Date"), (("month", "class"), "Date")]
)
def test_the_rows_are_the_same(archive, spark, by, time):
    lake, definitions = archive
    ours = alert_statistics_spark(lake["alerts"], definitions, spark, by=by, time=time, engine="serial")
    theirs = alert_statistics(lake["alerts"], definitions, by=by, time=time, engine="serial")
    assert theirs.num_rows > 3
    assert ours.schema == theirs.schema
    assert ours.to_pylist() == theirs.to_pylist()


def test_the_job(archive, spark, tmp_path, monkeypatch, capsys):
    lake, _ = archive
    config = tmp_path / "alerts.toml"
    definitions = '{ near = "near", survey = { classes = ["YSO"] } }'
    by = json.dumps(["year", "class"])
    config.write_text(f'lake = "{lake.root}"\nalerts = "alerts"\nby = {by}\ndefinitions = {definitions}\n')
    monkeypatch.syspath_prepend(str(JOBS))
    found = {}
    for name in ("alert_statistics", "alert_statistics_spark"):
        monkeypatch.setattr(sys, "argv", [name, "--config", str(config), "--engine", "serial"])
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(JOBS / f"{name}.py"), run_name="__main__")
        assert stop.value.code == 0, capsys.readouterr().err
        found[name] = lake.table("alert_statistics").to_pylist()
    assert len(found["alert_statistics"]) > 10
    assert found["alert_statistics_spark"] == found["alert_statistics"]
