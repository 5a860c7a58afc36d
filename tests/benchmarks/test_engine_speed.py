"""What the runner costs beside bare Dask, and how well it keeps a device busy."""

from __future__ import annotations

import itertools

import pytest
from skies import put, sky_table
from slowly import Device

from lcscale.engine import Ledger, Task, resolve, run
from lcscale.engine.serial import SerialEngine
from lcscale.engine.task import attempt

pytestmark = pytest.mark.slow
N = 1000
DEVICE_SECONDS = 0.02


@pytest.fixture(scope="module")
def engine():
    engine = resolve("local:2")
    yield engine
    engine.close()


@pytest.mark.benchmark(group="1,000 tiny tasks on two processes")
def test_client_map(benchmark, engine):
    numbers = itertools.count()

    def bare():
        first = next(numbers) * N
        return engine.client.gather(engine.client.map(divmod, range(first, first + N), [7] * N, pure=False))

    assert len(benchmark.pedantic(bare, rounds=5, warmup_rounds=1)) == N


@pytest.mark.benchmark(group="1,000 tiny tasks on two processes")
def test_run(benchmark, engine, tmp_path):
    numbers = itertools.count()

    def with_ledger():
        number = next(numbers)
        tasks = [Task(f"{number}-{i}", dict, ({"rows": i},), f"pixel {i}") for i in range(N)]
        return run(tasks, ledger=Ledger(tmp_path / str(number)), engine=engine)

    assert benchmark.pedantic(with_ledger, rounds=5, warmup_rounds=1).done == N


@pytest.fixture
def stars(lake):
    """200,000 light curves in 48 partitions: reading and writing one takes about as long as the device's work."""
    return put(lake, "stars", sky_table(200_000), order=1)


def through_device(benchmark, stars, log, engine):
    """Write the catalog through a device; tells which share of the time it was busy, from its first use to its last."""
    logs = []

    def write():
        logs.append(log.with_name(f"log{len(logs)}"))
        return stars.map(Device(DEVICE_SECONDS, str(logs[-1]))).write("result", engine=engine)

    record = benchmark.pedantic(write, rounds=3, warmup_rounds=1)
    assert record.done == 48
    times = [float(time) for time in logs[-1].read_text().split()]
    benchmark.extra_info["busy"] = busy = 48 * DEVICE_SECONDS / (max(times) - min(times))
    print(f"device busy {busy:.0%}")
    return busy


class OneAfterTheOther(SerialEngine):
    """Reads, computes and writes a partition, then the next."""

    def outcomes(self, tasks, retries):
        return (attempt(task, retries) for task in tasks)


@pytest.mark.benchmark(group="48 partitions through a device, 20 ms each")
def test_one_after_the_other(benchmark, stars, tmp_path):
    through_device(benchmark, stars, tmp_path / "log", OneAfterTheOther())


@pytest.mark.benchmark(group="48 partitions through a device, 20 ms each")
def test_reading_ahead_on_a_gpu_worker(benchmark, stars, tmp_path):
    from distributed import Client, LocalCluster

    one = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**one, resources={"GPU": 1}) as cluster, Client(cluster, set_as_default=False) as client:
        assert through_device(benchmark, stars, tmp_path / "log", client) > 0.6
