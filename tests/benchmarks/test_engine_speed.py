"""What the runner costs beside bare Dask: 1,000 tiny tasks on two processes."""

from __future__ import annotations

import itertools

import pytest

from lcscale.engine import Ledger, Task, resolve, run

pytestmark = pytest.mark.slow
N = 1000


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
