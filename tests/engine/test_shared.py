"""Values that the tasks of a job share are gone from every process when the job ends, however it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading

import pytest

from lcscale.engine import Ledger, Shared, Task, resolve, run, task
from lcscale.errors import LcscaleError


class FullError(LcscaleError):
    """An error that every task would meet."""

    stops = True


def length(values, how):
    if how == "stops":
        raise FullError("no room")
    if how == "fails":
        raise ValueError("no")
    return {"rows": len(values)}


def held():
    return len(task._HERE)


def work(how="well", n=40):
    shared = Shared("plan", list(range(100)))
    return [Task(f"k{i}", length, (shared, how), f"pixel {i}") for i in range(n)]


@pytest.fixture(scope="module")
def client():
    from distributed import Client, LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(processes=False, **options) as cluster, Client(cluster, set_as_default=False) as client:
        yield client


def plugins(client):
    found = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.worker_plugins))
    return [name for name in found if name.startswith("lcscale")]


@pytest.mark.parametrize("how", ["well", "fails", "stops"])
def test_a_cluster_that_lives_on_keeps_nothing(tmp_path, client, how):
    for number in range(3):
        tasks, ledger = work(how), Ledger(tmp_path / f"ledger{number}")
        if how == "stops":
            with pytest.raises(LcscaleError, match="no room"):
                run(tasks, ledger=ledger, engine=client, retries=0)
        else:
            run(tasks, ledger=ledger, engine=client, retries=0)
        assert (plugins(client), held()) == ([], 0)


def test_nor_where_nobody_takes_all_the_outcomes(client):
    outcomes = resolve(client).outcomes(iter(work()), 0)
    next(outcomes)
    assert len(plugins(client)) == 1
    outcomes.close()
    assert (plugins(client), held()) == ([], 0)


def test_processes_of_a_cluster_keep_nothing(tmp_path):
    from distributed import Client, LocalCluster

    here = {"PYTHONPATH": __file__.rsplit("/", 1)[0]}
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(env=here, **options) as cluster, Client(cluster, set_as_default=False) as client:
        client.run(sys.path.insert, 0, here["PYTHONPATH"])
        record = run(work(), ledger=Ledger(tmp_path / "ledger"), engine=client)
        assert (record.done, record.rows) == (40, 4000)
        assert list(client.run(held).values()) == [0]
        assert (plugins(client), held()) == ([], 0)


class Deadly:
    """A value that kills the first process that takes it."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return taken, (self.marker,)


def taken(marker):
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return [1, 2, 3]
    os._exit(1)


def test_a_worker_that_dies_as_it_takes_a_value_is_replaced(tmp_path):
    from distributed import Client, LocalCluster

    here = {"PYTHONPATH": os.pathsep.join([__file__.rsplit("/", 1)[0], *sys.path])}
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(env=here, **options) as cluster, Client(cluster, set_as_default=False) as client:
        shared = Shared("plan", Deadly(str(tmp_path / "marker")))
        tasks = [Task(f"k{i}", length, (shared, "well"), f"pixel {i}") for i in range(10)]
        record = run(tasks, ledger=Ledger(tmp_path / "ledger"), engine=client)
        assert (tmp_path / "marker").exists()
        assert (record.done, record.rows) == (10, 30)
        assert plugins(client) == []


def test_this_process_keeps_nothing(tmp_path):
    assert run(work(), ledger=Ledger(tmp_path / "ledger"), engine="serial").rows == 4000
    assert held() == 0


def test_two_jobs_of_one_plan_do_not_take_each_others_values(tmp_path, client):
    """They end at different times, on the same cluster."""
    records = {}

    def one(number, n):
        records[number] = run(work(n=n), ledger=Ledger(tmp_path / f"ledger{number}"), engine=client, retries=0)

    threads = [threading.Thread(target=one, args=(number, n)) for number, n in enumerate((20, 400))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [len(records[number].quarantined) for number in (0, 1)] == [0, 0]
    assert (plugins(client), held()) == ([], 0)


SPARK = """
import sys
from lcscale.engine import Ledger, run
from lcscale.engine.spark import SparkEngine
from test_shared import held, work
if __name__ == "__main__":
    engine = SparkEngine.start()
    record = run(work(), ledger=Ledger(sys.argv[1]), engine=engine)
    context = engine.session.sparkContext
    kept = context.parallelize(range(4), 4).map(lambda _: held()).collect()
    print(record.rows, sum(kept), held())
    engine.close()
"""


def test_workers_of_spark_keep_nothing(tmp_path):
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("no Java here, which Spark needs")
    here = __file__.rsplit("/", 1)[0]
    environment = os.environ | {"PYTHONPATH": f"{here}:{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", SPARK, str(tmp_path / "ledger")]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["4000", "0", "0"]
