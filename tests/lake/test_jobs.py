"""What a job promises, each promise with a test that tries to break it."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hats.io import paths
from hats.pixel_math import HealpixPixel
from skies import put, sky_table
from slowly import Slowly
from upath import UPath

from lcscale.errors import ConflictError
from lcscale.features import Extract
from lcscale.lake import Pixel, leaf
from lcscale.lake.leaf import leaf_path, parquet_options

TESTS = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(TESTS)}


@pytest.mark.parametrize("pixel", [(0, 0), (0, 11), (6, 12345), (10, 10_000), (13, 805_306_367), (29, (12 << 58) - 1)])
def test_leaves_lie_where_hats_looks_for_them(pixel):
    folder = UPath("/lake/sky/v1")
    assert str(leaf_path(folder, Pixel(*pixel))) == str(paths.pixel_catalog_file(folder, HealpixPixel(*pixel)))


def test_a_worker_writes_a_leaf_without_importing_hats(lake, sky):
    """The import alone takes longer than many a partition."""
    plan = replace(sky.plan(), leaf_options=parquet_options(sky.schema))
    task = pickle.dumps((sky.partitions[3], plan, lake.root / "elsewhere"))
    script = (
        "import pickle, sys\n"
        "from lcscale.lake.partition_task import write_partition\n"
        "print(write_partition(*pickle.load(sys.stdin.buffer))['rows'], 'hats' in sys.modules)\n"
    )
    told = subprocess.run([sys.executable, "-c", script], input=task, capture_output=True, env=ENVIRONMENT, check=True)
    rows = sky.partitions[3].read()
    assert told.stdout.split() == [str(rows.num_rows).encode(), b"False"]
    written = replace(sky.partitions[3], path=str(leaf_path(lake.root / "elsewhere", sky.partitions[3].pixel)))
    assert written.read().equals(rows)


def test_any_engine_number_of_workers_and_batch_size_gives_the_same_rows_in_the_same_order(lake, monkeypatch):
    from distributed import Client, LocalCluster

    sky = put(lake, "sky", sky_table(6000), order=0)
    work = sky.map(Extract(("amplitude", "von_neumann", "skewness")), Slowly(0.0)).without("lightcurve")
    streamed = sky.map(Extract(("amplitude", "von_neumann", "skewness"))).without("lightcurve")
    work.write("serial", engine="serial")
    expected = lake["serial"].to_arrow()
    assert expected.column("object_id").to_pylist() == sky_table(6000).column("object_id").to_pylist()
    others = 0
    for workers, threads in ((1, 1), (2, 2)):
        options = {"n_workers": workers, "threads_per_worker": threads, "dashboard_address": None}
        with LocalCluster(processes=False, **options) as cluster, Client(cluster, set_as_default=False) as client:
            work.write(f"dask{workers}", engine=client)
            monkeypatch.setattr(leaf, "_BATCH_BYTES", 1)  # one row group at a time: 128 rows
            streamed.write(f"small_batches{workers}", engine=client)
            monkeypatch.undo()
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    work.write("local", engine="local:2")
    if shutil.which("java"):
        pytest.importorskip("pyspark")
        streamed.write("spark", engine="spark")
    for name in set(lake.names()) - {"sky", "serial"}:
        found, others = lake[name].to_arrow(), others + 1
        assert found.equals(expected.select(found.column_names)), name
    assert others >= 5


def writer(lake, seconds, name="result"):
    """A process that writes `name` slowly, and has begun."""
    script = (
        "import sys; from lcscale.lake import Lake; from slowly import Slowly\n"
        "from lcscale.errors import LcscaleError\n"
        "try: record = Lake(sys.argv[1])['sky'].map(Slowly(float(sys.argv[2]))).write(sys.argv[3])\n"
        "except LcscaleError as error: sys.exit(str(error))\n"
        "print(record.done, record.skipped, record.published)\n"
    )
    command = [sys.executable, "-c", script, str(lake.root), str(seconds), name]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list((lake.root / name).glob("v*/dataset/**/*.parquet")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def test_a_second_writer_of_the_same_plan_is_told_and_the_first_goes_on(lake):
    sky = put(lake, "sky", sky_table(500, lightcurves=False), order=1)
    first = writer(lake, 0.05)
    with pytest.raises(ConflictError, match="another process is writing .*/result/v1-"):
        sky.map(Slowly(0.05)).write("result")
    out, err = first.communicate(timeout=60)
    assert (out.split(), err) == (["48", "0", "True"], "")
    again = sky.map(Slowly(0.05)).write("result")
    assert (again.done, again.skipped, again.published) == (0, 48, False)


def test_of_two_plans_one_is_published_and_the_other_loses_nothing(lake):
    sky = put(lake, "sky", sky_table(500, lightcurves=False), order=1)
    slow = writer(lake, 0.05)
    quick = sky.columns("object_id").write("result")
    assert quick.published
    _, err = slow.communicate(timeout=60)
    assert slow.returncode == 1
    assert "was published while" in err
    assert "run the same command again" in err
    assert err.count("\n") == 1
    assert lake.current("result") == quick.version
    record = sky.map(Slowly(0.05)).write("result")
    assert (record.done, record.skipped, record.published) == (0, 48, True)
    assert lake["result"].without("slow").to_arrow().equals(sky.to_arrow())


def in_a_small_place(folder, script, *, options):
    """Run a script with `folder` on a file system of its own; returns exit status, stdout, stderr."""
    folder.mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o {options} tmpfs {folder}"
    command = f"{mount} && exec {sys.executable} -c '{script}' {folder}"
    told = subprocess.run(["unshare", "-rm", "sh", "-c", command], env=ENVIRONMENT, capture_output=True, text=True)
    return told.returncode, told.stdout, told.stderr


@pytest.fixture
def own_mounts():
    """Skip where a process cannot have mounts of its own."""
    if not shutil.which("unshare") or subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("no mounts of our own here (unshare -rm)")


FULL = """
import os, sys
from skies import put, sky_table
from lcscale.errors import LcscaleError
from lcscale.lake import Lake
lake = Lake(sys.argv[1] + "/lake")
sky = put(lake, "sky", sky_table(3000), order=0)
first = sky.columns("object_id").write("result")
filler = sys.argv[1] + "/filler"
left = os.statvfs(sys.argv[1])
with open(filler, "wb") as stream:
    stream.write(bytes(left.f_bavail * left.f_frsize - 120_000))
try:
    sky.write("result")
except LcscaleError as error:
    print(error, file=sys.stderr)
assert lake.current("result") == first.version
assert lake["result"].to_arrow().num_rows == 3000
os.unlink(filler)
record = sky.write("result")
assert record.published and record.exit_status == 0 and record.skipped > 0, record
assert lake["result"].to_arrow().equals(sky.to_arrow())
print("went on", record.done, record.skipped)
"""


def test_a_full_disk_stops_the_job_and_changes_nothing_visible(own_mounts, tmp_path):
    status, out, err = in_a_small_place(tmp_path / "full", FULL, options="size=4m")
    assert status == 0, err
    assert "went on" in out
    assert "No space left on device; nothing was published" in err
    assert err.count("\n") == 1


READ_ONLY = """
import os, subprocess, sys
import pyarrow as pa
from skies import put, sky_table
from lcscale.errors import LcscaleError
from lcscale.lake import Lake
lake = Lake(sys.argv[1] + "/lake")
sky = put(lake, "sky", sky_table(300), order=0)
first = sky.columns("object_id").write("result")
subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
def attempts():
    yield lambda: sky.write("result")
    yield lambda: sky.write("new")
    yield lambda: lake.write_table("table", pa.table({"a": [1]}))
for attempt in attempts():
    try:
        attempt()
    except LcscaleError as error:
        print(error, file=sys.stderr)
assert sky.columns("object_id").write("result").skipped == 12
assert lake["result"].to_arrow().num_rows == 300
assert lake.names() == ["result", "sky"]
"""


def test_a_read_only_lake_says_so_in_one_line(own_mounts, tmp_path):
    status, _, err = in_a_small_place(tmp_path / "fixed", READ_ONLY, options="size=4m")
    assert status == 0, err
    assert err.count("Read-only file system; nothing was published") == 3
    assert err.count("\n") == 3


def test_the_record_names_the_versions_of_code_steps_and_models(lake):
    from lcscale.models import Classify
    from lcscale.periods import PERIOD_SCHEMA

    step = Classify("demo")
    periods = pa.array([None] * 20, pa.float64())
    sky = put(lake, "sky", sky_table(20).append_column(PERIOD_SCHEMA.field("period"), periods), order=0)
    for _ in range(2):  # also where there is nothing to do
        record = sky.map(step).columns("class").write("classes")
        assert record.versions["Classify"] == f"v{step.version}"
        assert record.versions["model demo"] == step.model_id
        assert record.versions["lcscale"]


def test_a_retry_is_not_what_the_next_retry_repeats(lake, sky, monkeypatch):
    command = ["features", "sky", "--lake", str(lake.root), "--name", "slow"]
    step = Slowly(0.0)
    monkeypatch.setattr(sys, "argv", ["lcscale", *command])
    whole = Slowly.__call__

    def failing(self, table):
        if 0 in table.column("object_id").to_pylist():
            raise ValueError("this partition is broken")
        return whole(self, table)

    monkeypatch.setattr(Slowly, "__call__", failing)
    assert sky.map(step).write("slow", retries=0).exit_status == 3
    monkeypatch.setattr(Slowly, "__call__", whole)
    monkeypatch.setattr(sys, "argv", ["lcscale", "jobs", "retry", "slow", "--lake", str(lake.root)])
    record = sky.map(step).write("slow")
    assert (record.done, record.skipped, record.exit_status) == (1, 47, 0)
    assert {job.command for job in lake.jobs() if job.name == "slow"} == {tuple(command)}
