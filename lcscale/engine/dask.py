"""The engine that runs tasks on a Dask cluster, a few in hand for every one that runs."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import multiprocessing.forkserver
import os
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from typing import Any

from lcscale.engine.machine import Machine, machine_memory, scarcest
from lcscale.engine.overlap import arranged
from lcscale.engine.task import Outcome, Shared, Task, attempt, forget, keep
from lcscale.errors import InputError, LcscaleError

GPU = "GPU"
"""Name of the worker resource that stands for a GPU."""

_BACKLOG_PER_SLOT = 3
_SHARE = 0.25
_BUNDLE_SECONDS = 0.02
_BUNDLE_TASKS = 16
_SLOTS_SECONDS = 2.0
_CONNECT_SECONDS = 20
_ALLOWED_FAILURES = 10
_PRELOAD = ("distributed", "pandas", "pyarrow.parquet", "cdshealpix", "lcscale.steps")
_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MIMALLOC_PURGE_DELAY": "1000",
}
"""How workers' allocators keep freed memory: Dask's default gives every array's pages back at once, and a partition of
many columns then spends a third of its time on page faults."""
_THREADS = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


class DaskEngine:
    """Tasks as futures on a `distributed.Client`.

    Futures are submitted as the job goes on, so neither the graph nor the driver grows with the number of tasks.
    Where workers carry the resource ``GPU``, a GPU never computes two tasks at once. Tasks that overlap give up their
    slot when their turn at the device comes, so that the next one reads meanwhile, and the last one writes.
    """

    def __init__(self, client: Any, owned: tuple[Any, ...] = ()) -> None:
        self.client = client
        self._owned = owned
        self._kept: set[str] = set()
        self._slots = (0, -_SLOTS_SECONDS)
        self._submitted = 0

    @classmethod
    def local(cls, workers: int | None = None) -> DaskEngine:
        """An own cluster of `workers` processes of one thread each (default: one for every core).

        They are forked from a server that has imported what they need: a worker that dies is back in a third of a
        second. There is a dashboard where a person watches: it takes half a second to start.
        """
        start_fork_server()
        import dask
        from distributed import LocalCluster

        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
        return cls._of(
            LocalCluster,
            n_workers=workers or os.cpu_count(),
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0" if sys.stderr.isatty() else None,
        )

    @classmethod
    def cuda(cls) -> DaskEngine:
        """An own cluster of one process and one thread for every GPU of this machine."""
        try:
            from dask_cuda import LocalCUDACluster
        except ImportError as error:
            raise InputError(f"engine cuda needs dask-cuda: pip install -e '.[gpu]' ({error})") from error
        try:
            return cls._of(
                LocalCUDACluster,
                threads_per_worker=1,
                resources={GPU: 1},
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
            )
        except Exception as error:  # NVML's errors have no common class that could be imported without a GPU
            raise InputError(f"engine cuda found no usable NVIDIA GPU here: {error}") from error

    @classmethod
    def _of(cls, kind: Any, **options: Any) -> DaskEngine:
        """A cluster on this machine that only this process and its workers can speak to.

        They speak TLS with a certificate made for the run, which is in their memory only: whoever else can reach the
        loopback address could otherwise run code as the user.
        """
        import dask
        from distributed import Client, Security

        with dask.config.set({"distributed.scheduler.allowed-failures": _ALLOWED_FAILURES}):
            cluster = kind(security=Security.temporary(), **options)
        return cls(Client(cluster, set_as_default=False), owned=(cluster,))

    @classmethod
    def connect(cls, address: str) -> DaskEngine:
        """A client of the scheduler at `address`; TLS files come from Dask's configuration."""
        from distributed import Client, Security

        if address.startswith("tls:") and Security().get_connection_args("client")["ssl_context"] is None:
            raise InputError(
                f"no certificate for {address}: Dask's configuration must name it "
                "(distributed.comm.tls: ca-file, client.cert, client.key; see docs/cluster.md)"
            )
        try:
            client = Client(address, set_as_default=False, timeout=_CONNECT_SECONDS)
        except (OSError, TimeoutError) as error:
            raise InputError(f"no Dask scheduler answers at {address}: {error}") from error
        return cls(client, owned=(client,))

    @property
    def name(self) -> str:
        """Address of the scheduler."""
        return f"dask {self.client.scheduler.address}"

    @property
    def dashboard(self) -> str | None:
        """Address of the scheduler's dashboard, where it has one."""
        return self.client.dashboard_link or None

    @property
    def slots(self) -> int:
        """How many tasks run at once: GPUs where workers have them, else threads; at least 1."""
        value, asked = self._slots
        if time.monotonic() - asked > _SLOTS_SECONDS:
            try:
                workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
            except OSError as error:
                raise self._lost() from error
            gpus = sum(worker["resources"].get(GPU, 0) for worker in workers)
            value = int(gpus) or sum(worker["nthreads"] for worker in workers)
            self._gpus = bool(gpus)
            self._slots = (value, time.monotonic())
        return max(1, value)

    @property
    def machine(self) -> Machine:
        """The host whose workers have the least memory for each task; nothing is known of it while there are none.

        They have what they are limited to; where they have no limit, all of the host's.
        """
        try:
            workers = self.client.scheduler_info(n_workers=-1)["workers"]
            unlimited = [address for address, worker in workers.items() if not worker["memory_limit"]]
            asked = self.client.run(machine_memory, workers=unlimited) if unlimited else {}
        except OSError as error:
            raise self._lost() from error
        slots: Counter[str] = Counter()
        limits: Counter[str] = Counter()
        whole: dict[str, int] = {}
        for address, worker in workers.items():
            slots[worker["host"]] += worker["nthreads"]
            limits[worker["host"]] += worker["memory_limit"] or 0
            if address in asked:
                whole[worker["host"]] = asked[address]
        return scarcest([Machine(slots[host], whole.get(host, limits[host])) for host in slots] or [Machine(1, 0)])

    def outcomes(self, tasks: Iterator[Task], retries: int) -> Iterator[Outcome]:
        """Submit with a bounded backlog and yield outcomes as they finish.

        Tasks that take a few milliseconds travel in bundles; of a bundle that kills its worker each goes on alone.
        When all is done, or nobody asks for more, workers forget the values that the tasks shared.
        """
        try:
            yield from self._run(tasks, retries)
        finally:
            self._take_back()

    def _run(self, tasks: Iterator[Task], retries: int) -> Iterator[Outcome]:
        from distributed import as_completed

        tasks = iter(tasks)
        waiting: dict[Any, list[Task]] = {}
        completed = as_completed([], loop=self.client.loop, raise_errors=False)
        bundle = 1

        def fill() -> None:
            while len(waiting) < self.slots * _BACKLOG_PER_SLOT and (some := list(itertools.islice(tasks, bundle))):
                completed.add(self._submit(some, retries, waiting))

        fill()
        for future in completed:
            some = waiting.pop(future.key)
            if future.cancelled():  # by the client itself, of every future, when the connection breaks
                raise self._lost()
            if future.status == "lost":  # its worker died with the answer, and the scheduler has it computed again
                waiting[future.key] = some
                completed.add(future)
                continue
            if future.status != "finished" and len(some) > 1:
                for task in some:
                    completed.add(self._submit([task], retries, waiting))
                continue
            try:
                found = _outcomes(future, some)
            except OSError as error:  # the scheduler dies as it hands over the answer
                raise self._lost() from error
            yield from found
            slowest = max(outcome.seconds for outcome in found)
            bundle = min(max(1, int(_BUNDLE_SECONDS / max(slowest, 1e-6))), 2 * bundle, _BUNDLE_TASKS)
            fill()

    def _submit(self, tasks: list[Task], retries: int, waiting: dict[Any, list[Task]]) -> Any:
        for shared in itertools.chain.from_iterable(task.shared for task in tasks):
            if shared.key not in self._kept:
                self._share(shared)
        overlaps = all(task.overlaps for task in tasks)
        self._submitted += 1
        future = self.client.submit(
            _attempt_in_turn if overlaps else _attempt_each,
            tasks,
            retries,
            key=f"{tasks[0].function.__name__}-{tasks[0].key}-{self._submitted}",
            retries=retries,
            resources={GPU: _SHARE if overlaps else 1} if self._gpus else None,
            pure=False,
        )
        waiting[future.key] = tasks
        return future

    def _share(self, shared: Shared) -> None:
        """Have all workers keep a value; again where one of them dies before it answers, which fails the call."""
        plugin = _plugin(shared)
        for left in reversed(range(_ALLOWED_FAILURES)):
            try:
                self.client.register_plugin(plugin)
                break
            except OSError as error:
                if not left or self.client.status != "running":
                    raise self._lost() from error
                plugin.idempotent = False  # the scheduler knows it by now, the workers perhaps not
        self._kept.add(shared.key)

    def _take_back(self) -> None:
        """Have all workers forget the shared values, unless the connection is lost."""
        for key in self._kept:
            with contextlib.suppress(OSError):
                if self.client.status == "running":
                    self.client.unregister_worker_plugin(_plugin_name(key))
        self._kept.clear()

    def _lost(self) -> LcscaleError:
        return LcscaleError(f"lost {self.name}; what is done is kept: run the same command again to go on")

    def close(self) -> None:
        """Close the cluster or the connection this engine opened itself."""
        if self._owned:
            self.client.close()
        for owned in self._owned:
            if owned is not self.client:
                owned.close()


def start_fork_server() -> None:
    """Start the process that workers are forked from: it imports what they need while this one imports Dask.

    That is libraries, and those of our own modules that are in use here: theirs are the tasks to come.
    """
    ours = [name for name in sys.modules if name.split(".")[0] == "lcscale"]
    multiprocessing.get_context("forkserver").set_forkserver_preload([*_PRELOAD, *ours])
    before = dict(os.environ)
    os.environ.update(_MEMORY | _THREADS)
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)


def _plugin_name(key: str) -> str:
    return f"lcscale-{key}"


def _plugin(shared: Shared) -> Any:
    """A worker plugin that keeps `shared` in every worker there is and every worker that joins; the same key, once."""
    from distributed import WorkerPlugin

    class Keep(WorkerPlugin):  # type: ignore[misc]
        name = _plugin_name(shared.key)
        idempotent = True

        def __init__(self, key: str, value: Any) -> None:
            self.key, self.value = key, value

        def setup(self, worker: Any) -> None:
            keep(self.key, self.value)

        def teardown(self, worker: Any) -> None:
            forget(self.key)

    return Keep(shared.key, shared.value)


_SEATS: weakref.WeakKeyDictionary[Any, threading.Semaphore] = weakref.WeakKeyDictionary()


def _attempt_each(tasks: list[Task], retries: int) -> list[Outcome]:
    return [attempt(task, retries) for task in tasks]


def _attempt_in_turn(tasks: list[Task], retries: int) -> list[Outcome]:
    """`_attempt_each`, in a worker: as many compute at once as it has GPUs, else threads."""
    from distributed import get_worker, secede

    worker = get_worker()
    state = worker.state
    seats = _SEATS.setdefault(worker, threading.Semaphore(int(state.total_resources.get(GPU, 0)) or state.nthreads))
    with arranged(seats, secede):
        return _attempt_each(tasks, retries)


def _outcomes(future: Any, tasks: list[Task]) -> list[Outcome]:
    """The outcomes of a finished future, also where its worker died and no attempt could answer."""
    if future.status == "finished":
        outcomes: list[Outcome] = future.result()
        future.release()
        return outcomes
    error = future.exception() if future.status == "error" else RuntimeError(f"the task was {future.status}")
    text = f"{type(error).__name__}: {error}"
    return [Outcome(task.key, task.label, error=text, traceback=str(error)) for task in tasks]
