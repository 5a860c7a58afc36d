"""Running tasks: each once, on any engine, with a ledger that survives."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lcscale.engine import Ledger, Shared, Task, resolve, run
from lcscale.errors import InputError


def count(path, rows):
    """Append a letter to `path`, so that a test sees how often the task ran."""
    with open(path, "a") as stream:
        stream.write("x")
    return {"rows": rows}


def fail(path):
    with open(path, "a") as stream:
        stream.write("x")
    raise ValueError("bad partition")


def tasks(tmp_path, n=5):
    return [Task(f"k{i}", count, (str(tmp_path / f"ran{i}"), i), f"pixel {i}") for i in range(n)]


@pytest.fixture(scope="module")
def client():
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as c,
        Client(c, set_as_default=False) as client,
    ):
        yield client


def test_serial_runs_every_task_once_and_adds_up(tmp_path):
    record = run(tasks(tmp_path), ledger=Ledger(tmp_path / "ledger"), engine="serial")
    assert (record.done, record.skipped, record.rows, record.exit_status) == (5, 0, 10, 0)
    assert [(tmp_path / f"ran{i}").read_text() for i in range(5)] == ["x"] * 5


def test_a_second_run_skips_what_the_ledger_knows(tmp_path):
    run(tasks(tmp_path, 3), ledger=Ledger(tmp_path / "ledger"))
    record = run(tasks(tmp_path, 5), ledger=Ledger(tmp_path / "ledger"))
    assert (record.done, record.skipped, record.rows) == (2, 3, 10)
    assert (tmp_path / "ran0").read_text() == "x"


def test_a_failing_task_is_retried_then_quarantined_and_the_rest_goes_on(tmp_path):
    work = [*tasks(tmp_path, 2), Task("bad", fail, (str(tmp_path / "bad"),), "pixel 7")]
    ledger = Ledger(tmp_path / "ledger")
    record = run(work, ledger=ledger, engine="serial", retries=2)
    assert (tmp_path / "bad").read_text() == "xxx"
    assert record.done == 2
    assert record.exit_status == 3
    assert record.quarantined[0]["label"] == "pixel 7"
    assert "bad partition" in ledger.quarantined()[0]["traceback"]


def test_a_quarantined_task_is_tried_again_by_the_next_run(tmp_path):
    run([Task("k", fail, (str(tmp_path / "a"),), "p")], ledger=Ledger(tmp_path / "ledger"), retries=0)
    record = run([Task("k", count, (str(tmp_path / "a"), 1), "p")], ledger=Ledger(tmp_path / "ledger"))
    assert (record.done, record.exit_status) == (1, 0)
    assert Ledger(tmp_path / "ledger").quarantined() == []


def test_a_line_torn_by_a_crash_loses_only_itself(tmp_path):
    run(tasks(tmp_path, 2), ledger=Ledger(tmp_path / "ledger"))
    (path,) = (tmp_path / "ledger").glob("*.jsonl")
    path.write_text(path.read_text() + '{"key": "k2", "lab')
    assert set(Ledger(tmp_path / "ledger").done()) == {"k0", "k1"}
    json.loads(path.read_text().splitlines()[0])


def test_dask_gives_the_same_record(tmp_path, client):
    work = [*tasks(tmp_path, 20), Task("bad", fail, (str(tmp_path / "bad"),), "pixel 7")]
    record = run(work, ledger=Ledger(tmp_path / "ledger"), engine=client, retries=1)
    assert (record.done, record.rows, len(record.quarantined)) == (20, 190, 1)
    assert (tmp_path / "bad").read_text() == "xx"
    assert all((tmp_path / f"ran{i}").read_text() == "x" for i in range(20))


def test_the_dask_backlog_is_bounded(tmp_path, client):
    """Tasks are drawn from the iterator as others finish: never the whole list at once."""
    drawn = []

    def draw():
        for task in tasks(tmp_path, 40):
            drawn.append(task.key)
            yield task

    outcomes = resolve(client).outcomes(draw(), 0)
    next(outcomes)
    assert len(drawn) <= 2 * 3 + 1
    assert len(list(outcomes)) == 39


def overlapping(folder, name):
    """Note how many tasks run in this folder at the same time."""
    mark = os.path.join(folder, f"running-{name}")
    open(mark, "w").close()
    at_once = sum(entry.startswith("running-") for entry in os.listdir(folder))
    time.sleep(0.02)
    os.unlink(mark)
    return {"at_once": at_once}


def test_a_worker_with_the_gpu_resource_runs_one_task_at_a_time(tmp_path):
    from distributed import Client, LocalCluster

    work = [Task(f"k{i}", overlapping, (str(tmp_path), i), f"pixel {i}") for i in range(20)]
    options = {"n_workers": 1, "threads_per_worker": 4, "processes": False, "dashboard_address": None}
    for resources, most in (({}, 4), ({"GPU": 1}, 1)):
        with LocalCluster(**options, resources=resources) as cluster, Client(cluster, set_as_default=False) as client:
            engine = resolve(client)
            assert engine.slots == most
            at_once = [outcome.result["at_once"] for outcome in engine.outcomes(iter(work), 0)]
            assert max(at_once) <= most
            assert (max(at_once) > 1) == (most > 1)


def test_a_shared_value_is_pickled_as_its_key(tmp_path, client):
    big = Shared("big", list(range(100_000)))
    assert len(pickle.dumps(Task("k", sum, (big,), "sum"))) < 300
    work = [Task(f"s{i}", count_shared, (big,), "sum") for i in range(5)]
    assert run(work, ledger=Ledger(tmp_path / "ledger"), engine=client).rows == 500_000


def count_shared(values):
    return {"rows": len(values)}


def test_cuda_without_a_gpu_says_so():
    pytest.importorskip("torch")
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(InputError, match="cuda"):
        resolve("cuda")


def test_the_active_client_is_the_default_engine(client):
    with client.as_current():
        assert resolve(None).name.startswith("dask ")
    assert resolve(None).name == "serial"


@pytest.mark.parametrize("spec", ["locale", "local:0", "local:x", 3])
def test_an_unknown_engine_is_named(spec):
    with pytest.raises(InputError, match="engine"):
        resolve(spec)


def note(number):
    return {"rows": number, "pixel": [6, number], "digest": "0" * 32, "stages": {"compute": 0.001}}


class Planned:
    """As many tasks as told, made as they are asked for."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __contains__(self, task):
        raise AssertionError("nobody asks")

    def __iter__(self):
        return (Task(f"{i:024d}", note, (i,), f"a catalog Norder=6/Npix={i}") for i in range(self.n))


PEAK = """
import sys
from lcscale.engine import Ledger, resolve, run
from test_run import Planned
if __name__ == "__main__":
    engine = resolve(sys.argv[3])
    for again in range(2):  # the second run finds all of them done
        record = run(Planned(int(sys.argv[1])), ledger=Ledger(sys.argv[2]), engine=engine)
    assert record.skipped == int(sys.argv[1])
    engine.close()
    print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))
"""


LITTLE = (20_000 - 1_000) / 1024
"""MiB: one KiB for each task more. The task alone, pickled, has more; its key and its place in a set have less."""


def peak_of_a_driver(tmp_path, n, engine):
    """MiB that a process takes which runs `n` tasks and then finds them done."""
    here = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{here}{os.pathsep}{here.parent}"}
    command = [sys.executable, "-c", PEAK, str(n), str(tmp_path / f"ledger{n}"), engine]
    told = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=110)
    return int(told.stdout) / 1024


def test_the_drivers_memory_does_not_grow_with_the_tasks(tmp_path):
    """1,000 and 20,000 planned tasks: the keys (24 letters) are all that is kept."""
    few, many = (peak_of_a_driver(tmp_path, n, "serial") for n in (1_000, 20_000))
    assert many - few < LITTLE, (few, many)


@pytest.mark.slow
def test_nor_does_it_on_a_cluster(tmp_path, monkeypatch):
    from distributed import LocalCluster

    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here}{os.pathsep}{here.parent}")
    monkeypatch.syspath_prepend(str(here))
    with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        few, many = (peak_of_a_driver(tmp_path, n, cluster.scheduler_address) for n in (1_000, 20_000))
    assert many - few < LITTLE, (few, many)


def kill_the_worker_once_known(path):
    if path:
        os._exit(1)
    return {"rows": 1}


@pytest.mark.slow
def test_of_a_bundle_only_the_task_that_kills_its_worker_is_set_aside(tmp_path):
    engine = resolve("local:1")
    engine.client.cluster.scheduler.allowed_failures = 1
    work = [Task(f"k{i}", kill_the_worker_once_known, (i == 50,), f"pixel {i}") for i in range(100)]
    try:
        record = run(work, ledger=Ledger(tmp_path / "ledger"), engine=engine)
    finally:
        engine.close()
    assert record.done == 99
    assert [entry["label"] for entry in record.quarantined] == ["pixel 50"]
    assert "KilledWorker" in record.quarantined[0]["error"]
