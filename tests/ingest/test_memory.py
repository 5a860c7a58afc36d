"""One setting bounds what an ingest takes, however large the release and its partitions are."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcscale.engine import resolve
from lcscale.engine.machine import Machine, machine_memory
from lcscale.errors import InputError
from lcscale.ingest import Partitioning, ingest
from lcscale.ingest.memory import LEAST_BYTES, memory_of_a_task

MEASURED = r"""
import json, re, sys
import cdshealpix, hats, pandas, pyarrow.parquet
from lcscale.ingest import Partitioning, ingest
survey, path, lake, memory, options = sys.argv[1:]

def status(name):
    return int(re.search(name + r":\s+(\d+) kB", open("/proc/self/status").read())[1]) << 10

limits = Partitioning(rows=10**9, bytes=1 << 40)
before = status("VmRSS")
options = {"memory": int(memory), "partitioning": limits, "engine": "serial", **json.loads(options)}
record = ingest(survey, path, lake, "it", **options)
assert record.exit_status == 0, record.quarantined
print(status("VmHWM") - before)
"""


def taken(survey, path, lake, memory, options):
    command = [sys.executable, "-c", MEASURED, survey, path, lake, str(memory), options]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_positions_in_one_large_partition(tmp_path):
    """400 MB of rows, all in one partition."""
    rng = np.random.default_rng(1)
    n = 2_500_000
    columns = {"ra": rng.uniform(10, 11, n), "dec": rng.uniform(10, 11, n)}
    columns |= {f"f{i}": rng.normal(0, 1, n).astype(np.float64) for i in range(18)}
    pq.write_table(pa.table(columns), tmp_path / "sky.parquet", compression="none")
    assert taken("table", tmp_path / "sky.parquet", tmp_path / "lake", LEAST_BYTES, "{}") < LEAST_BYTES


def test_detections_in_one_large_partition(tmp_path):
    """5 million detections, 100 MB as they are and as light curves, all in one partition."""
    rng = np.random.default_rng(2)
    n, m = 50_000, 5_000_000
    objects = {"object_id": np.arange(n), "ra": rng.uniform(10, 11, n), "dec": rng.uniform(10, 11, n)}
    pq.write_table(pa.table(objects), tmp_path / "objects.parquet")
    columns = {
        "object_id": rng.integers(0, n, m),
        "time": rng.uniform(50_000, 60_000, m),
        "mag": rng.normal(15, 1, m).astype(np.float32),
        "mag_err": np.full(m, 0.1, np.float32),
    }
    pq.write_table(pa.table(columns), tmp_path / "detections.parquet")
    options = f'{{"objects": "{tmp_path}/objects.parquet"}}'
    assert taken("lightcurves", tmp_path / "detections.parquet", tmp_path / "lake", LEAST_BYTES, options) < LEAST_BYTES


@pytest.mark.parametrize("limit", [8 << 30, 0])
def test_the_memory_is_that_of_the_workers(monkeypatch, limit):
    from distributed import Client, LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 4, "processes": False, "dashboard_address": None}
    with LocalCluster(memory_limit=limit, **options) as cluster, Client(cluster, set_as_default=False) as client:
        engine = resolve(client)
        monkeypatch.setattr("os.cpu_count", lambda: 3)  # of the driver
        monkeypatch.setattr("lcscale.ingest.memory.machine_memory", lambda: 1 << 50)
        assert engine.machine == Machine(8, 2 * limit or machine_memory())
        assert memory_of_a_task(None, engine) == max(LEAST_BYTES, (2 * limit or machine_memory()) // 4 // 8)
        assert memory_of_a_task(16 << 30, engine) == 2 << 30


def test_before_any_worker_is_there_a_task_gets_the_least():
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=None) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        assert memory_of_a_task(None, resolve(client)) == LEAST_BYTES


def test_it_is_shared_by_the_tasks_that_run_at_once(monkeypatch):
    class Two:
        slots = 2

    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert memory_of_a_task(8 << 30, Two()) == 4 << 30
    assert memory_of_a_task(None, Two()) == max(machine_memory() // 8, LEAST_BYTES)
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # a cluster's slots are not all here
    assert memory_of_a_task(8 << 30, Two()) == 8 << 30


def test_too_little_is_refused(tmp_path):
    pq.write_table(pa.table({"ra": [1.0], "dec": [2.0]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="10 MiB of memory are too little for 1 tasks at once"):
        ingest("table", tmp_path / "a.parquet", tmp_path / "lake", "a", memory=10 << 20, engine="serial")
    assert memory_of_a_task(LEAST_BYTES, resolve("serial")) == LEAST_BYTES


def test_a_leaf_written_in_portions_is_the_same_catalog(tmp_path, monkeypatch):
    """Rows and pieces of light curves in a portion never belong to an object of another."""
    rng = np.random.default_rng(3)
    n, m = 300, 20_000
    pq.write_table(
        pa.table({"object_id": np.arange(n), "ra": rng.uniform(0, 9, n), "dec": rng.uniform(0, 9, n)}),
        tmp_path / "objects.parquet",
    )
    for i in range(3):
        columns = {
            "object_id": rng.integers(0, n, m),
            "time": 58000 + rng.uniform(0, 100, m),
            "mag": rng.normal(0, 1, m),
        }
        columns["mag_err"] = rng.uniform(0, 1, m)
        pq.write_table(pa.table(columns), tmp_path / f"{i}.parquet")
    files = [tmp_path / f"{i}.parquet" for i in range(3)]
    options = {"objects": str(tmp_path / "objects.parquet"), "partitioning": Partitioning()}
    tables = []
    for name in ("whole", "portions"):
        ingest("lightcurves", files, tmp_path / name, "it", engine="serial", **options)
        (leaf,) = (tmp_path / name / "it").glob("v1-*/dataset/Norder=*/Dir=*/*.parquet")
        tables.append(pq.read_table(leaf, partitioning=None))
        monkeypatch.setattr("lcscale.ingest.leaves._PORTION_BYTES", 50_000)
    assert tables[0].num_rows == n
    assert tables[0].equals(tables[1])
