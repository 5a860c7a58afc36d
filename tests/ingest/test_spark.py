"""Ingest through Spark's shuffle: the same leaves as without, byte for byte, and the same ledger."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ztf_bulk import corner_stars, write_bulk

import lcscale as lc
from lcscale import surveys
from lcscale.engine import Ledger
from lcscale.errors import LcscaleError
from lcscale.ingest import Partitioning, ingest, job, shuffle

pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
ROOT = Path(__file__).parents[2]
LIMITS = Partitioning(rows=50)


@pytest.fixture(scope="module")
def session():
    sql = pytest.importorskip("pyspark.sql", reason="Spark needs PySpark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def detections(tmp_path_factory):
    """Detections of 150 objects in 5 files, each of all objects, in any order; some belong to none."""
    folder = tmp_path_factory.mktemp("detections")
    rng = np.random.default_rng(4)
    n, m = 150, 3000
    objects = {"object_id": np.arange(n) * 7, "ra": rng.uniform(0, 360, n), "dec": rng.uniform(-80, 80, n)}
    pq.write_table(pa.table(objects), folder / "objects.parquet")
    (folder / "files").mkdir()
    for i in range(5):
        columns = {
            "object_id": rng.integers(0, n + 1, m) * 7,
            "time": rng.uniform(50_000, 60_000, m).round(1),
            "mag": rng.normal(15, 1, m),
            "mag_err": rng.uniform(0, 1, m),
            "band": rng.choice(["g", "r"], m),
        }
        pq.write_table(pa.table(columns), folder / "files" / f"{i}.parquet")
    (folder / "files" / "torn.parquet").write_bytes(b"PAR1 torn")
    return folder / "files", {"objects": str(folder / "objects.parquet"), "band": "band", "bands": "g,r"}


def digests(lake, name):
    return lc.Lake(lake)[name].source.digests()


def test_the_same_leaves_as_without_a_shuffle(session, detections, tmp_path, monkeypatch):
    monkeypatch.setattr("lcscale.ingest.staging._SPILL_BYTES", 40_000)
    files, options = detections
    records = [
        ingest("lightcurves", files, tmp_path / name, "lcs", partitioning=LIMITS, engine=engine, **options)
        for name, engine in (("dask", "serial"), ("spark", session))
    ]
    dask, spark = records
    assert spark.engine == "spark local[2]"
    assert (spark.version, spark.rows, spark.bytes, spark.exit_status) == (dask.version, 150, dask.bytes, 3)
    assert (spark.quarantined, spark.notes) == (dask.quarantined, dask.notes)
    assert digests(tmp_path / "spark", "lcs") == digests(tmp_path / "dask", "lcs")
    again = ingest("lightcurves", files, tmp_path / "spark", "lcs", partitioning=LIMITS, **options)
    assert (again.published, again.done, again.quarantined) == (False, 0, spark.quarantined)


def test_rows_of_any_columns_travel_unchanged(session, tmp_path):
    rng = np.random.default_rng(5)
    n = 400
    table = pa.table(
        {
            "ra": 80 + rng.uniform(0, 0.5, n),
            "dec": -69 + rng.uniform(0, 0.5, n),
            "id": pa.array(np.arange(n) % 390, pa.uint64()),
            "name": pa.array([f"star {i}" if i % 3 else None for i in range(n)]).dictionary_encode(),
            "half": pa.array(rng.normal(size=n).astype(np.float16)),
            "when": pa.array(rng.integers(0, 10**18, n), pa.timestamp("ns")),
        }
    )
    files = [tmp_path / f"{i}.parquet" for i in range(2)]
    for i, path in enumerate(files):
        pq.write_table(table.slice(i * n // 2, n // 2), path)
    limits = Partitioning(rows=100)
    for name, engine in (("dask", "serial"), ("spark", session)):
        record = ingest("table", files, tmp_path / name, "sky", id="id", partitioning=limits, engine=engine)
        assert (record.rows, record.exit_status) == (n, 0)
    assert digests(tmp_path / "spark", "sky") == digests(tmp_path / "dask", "sky")


def test_objects_joined_by_position_through_the_shuffle(session, tmp_path):
    """Pieces on the borders of partitions go to every leaf that they matter to, at once and when files are added."""
    rng = np.random.default_rng(12)
    paths, _ = write_bulk(tmp_path / "bulk", rng, *corner_stars(rng, radius_deg=0.2))
    for name, engine in (("dask", "serial"), ("spark", session)):
        for some in (paths[:2], paths):
            ingest("ztf", some, tmp_path / name, "ztf", partitioning=LIMITS, engine=engine, append=True)
    assert digests(tmp_path / "spark", "ztf") == digests(tmp_path / "dask", "ztf")


def test_what_is_written_is_not_written_again(session, detections, tmp_path, monkeypatch):
    """The session is lost after the first round of leaves; the next run, without Spark, writes the others."""
    files, options = detections

    class Breaking(job.SparkShuffle):
        def outcomes(self, tasks, retries):
            for number, outcome in enumerate(super().outcomes(tasks, retries)):
                if number == 3:
                    raise LcscaleError("the session is gone")
                yield outcome

    monkeypatch.setattr(shuffle, "_LEAVES_PER_SLOT", 2)
    monkeypatch.setattr(job, "SparkShuffle", Breaking)
    arguments = ("lightcurves", files, tmp_path / "lake", "lcs")
    with pytest.raises(LcscaleError, match="is gone"):
        ingest(*arguments, partitioning=LIMITS, engine=session, **options)
    monkeypatch.undo()
    record = ingest(*arguments, partitioning=LIMITS, engine="serial", **options)
    assert (record.published, record.skipped) == (True, 3)
    (folder,) = (tmp_path / "lake" / "lcs").glob("v1-*")
    keys = [entry["key"] for entry in Ledger(folder / "ledger").entries()]
    assert len(keys) == len(set(keys))
    whole = ingest("lightcurves", files, tmp_path / "whole", "lcs", partitioning=LIMITS, engine="serial", **options)
    assert whole.rows == record.rows
    assert digests(tmp_path / "whole", "lcs") == digests(tmp_path / "lake", "lcs")


def test_a_file_that_is_lost_meanwhile_stops_it_clearly(session, detections, tmp_path, monkeypatch):
    files, options = detections
    shutil.copytree(files, tmp_path / "files")

    class Losing(job.SparkShuffle):
        def outcomes(self, tasks, retries):
            (tmp_path / "files" / "2.parquet").unlink()
            return super().outcomes(tasks, retries)

    monkeypatch.setattr(job, "SparkShuffle", Losing)
    with pytest.raises(LcscaleError, match=r"(?s)the shuffle on spark .* failed.*2\.parquet"):
        ingest("lightcurves", tmp_path / "files", tmp_path / "lake", "lcs", engine=session, **options)


def test_appended_through_the_shuffle(session, detections, tmp_path):
    """New observations of objects, a part of which stand in another partition in the newer list."""
    files, options = detections
    every = sorted(files.glob("[0-9].parquet"))
    for name, engine in (("dask", "serial"), ("spark", session)):
        folder = tmp_path / name
        folder.mkdir()
        objects = pq.read_table(options["objects"])
        given = options | {"objects": str(folder / "objects.parquet")}
        for some, shift in ((every[:2], 0.0), (every[2:4], 30.0)):
            moved = pa.array((objects["ra"].to_numpy() + shift * (np.arange(150) % 2)) % 360)
            pq.write_table(objects.set_column(1, "ra", moved), given["objects"])
            ingest("lightcurves", some, folder, "lcs", partitioning=LIMITS, engine=engine, append=True, **given)
        table = lc.Lake(folder)["lcs"].to_arrow()
        assert sorted(table["object_id"].to_pylist()) == sorted(objects["object_id"].to_pylist())
    assert digests(tmp_path / "spark", "lcs") == digests(tmp_path / "dask", "lcs")


@pytest.mark.slow
def test_the_job_script_under_spark_submit(tmp_path):
    release = surveys.write_release(tmp_path / "release", n=20, seed=3)
    config = tmp_path / "ingest.toml"
    config.write_text(
        f'lake = "{tmp_path}/lake"\nname = "sim"\nsurvey = "simulated"\n'
        f'paths = ["{release.survey}"]\npartition_rows = 8\n'
    )
    submit = os.path.join(os.path.dirname(sys.executable), "spark-submit")
    command = [submit, "--master", "local[2]", ROOT / "jobs" / "ingest_spark.py", "--config", config]
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "sim: 20 rows" in done.stdout
    ingest("simulated", release.survey, tmp_path / "serial", "sim", partitioning=Partitioning(rows=8), engine="serial")
    assert digests(tmp_path / "lake", "sim") == digests(tmp_path / "serial", "sim")
