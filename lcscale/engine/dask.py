"""The engine that runs tasks on a Dask cluster, with two waiting for every one that runs."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

from lcscale.engine.task import Outcome, Task, attempt
from lcscale.errors import InputError

_BACKLOG_PER_SLOT = 2


class DaskEngine:
    """Tasks as futures on a `distributed.Client`.

    Futures are submitted as the job goes on, so neither the graph nor the driver grows with the number of tasks.
    """

    def __init__(self, client: Any, owned: tuple[Any, ...] = ()) -> None:
        self.client = client
        self._owned = owned

    @classmethod
    def local(cls, workers: int | None = None) -> DaskEngine:
        """An own cluster of `workers` processes of one thread each (default: one for every core)."""
        import dask
        from distributed import Client, LocalCluster

        with dask.config.set({"distributed.scheduler.allowed-failures": 10, "distributed.worker.daemon": True}):
            cluster = LocalCluster(
                n_workers=workers or os.cpu_count(),
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
            )
        return cls(Client(cluster, set_as_default=False), owned=(cluster,))

    @classmethod
    def connect(cls, address: str) -> DaskEngine:
        """A client of the scheduler at `address`; TLS files come from Dask's configuration."""
        from distributed import Client

        try:
            client = Client(address, set_as_default=False, timeout="20s")
        except (OSError, TimeoutError) as error:
            raise InputError(f"no Dask scheduler answers at {address}: {error}") from error
        return cls(client, owned=(client,))

    @property
    def name(self) -> str:
        """Address of the scheduler."""
        return f"dask {self.client.scheduler.address}"

    @property
    def slots(self) -> int:
        """Threads of all workers, at least 1."""
        return max(1, int(sum(self.client.nthreads().values())))

    def outcomes(self, tasks: Iterator[Task], retries: int) -> Iterator[Outcome]:
        """Submit with a bounded backlog and yield outcomes as they finish."""
        from distributed import as_completed

        tasks = iter(tasks)
        waiting: dict[Any, Task] = {}
        first = list(itertools.islice(tasks, self.slots * _BACKLOG_PER_SLOT))
        completed = as_completed(
            [self._submit(task, retries, waiting) for task in first], loop=self.client.loop, raise_errors=False
        )
        for future in completed:
            task = waiting.pop(future.key)
            yield _outcome(future, task)
            wanted = self.slots * _BACKLOG_PER_SLOT - len(waiting)
            for following in itertools.islice(tasks, max(wanted, 0)):
                completed.add(self._submit(following, retries, waiting))

    def _submit(self, task: Task, retries: int, waiting: dict[Any, Task]) -> Any:
        future = self.client.submit(attempt, task, retries, key=f"{task.function.__name__}-{task.key}", retries=retries)
        waiting[future.key] = task
        return future

    def close(self) -> None:
        """Close the cluster or the connection this engine opened itself."""
        if self._owned:
            self.client.close()
        for owned in self._owned:
            if owned is not self.client:
                owned.close()


def _outcome(future: Any, task: Task) -> Outcome:
    """The outcome of a finished future, also where its worker died and no attempt could answer."""
    if future.status == "finished":
        outcome: Outcome = future.result()
        future.release()
        return outcome
    error = future.exception() if future.status == "error" else RuntimeError(f"the task was {future.status}")
    return Outcome(task.key, task.label, error=f"{type(error).__name__}: {error}", traceback=str(error))
