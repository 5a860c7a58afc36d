"""The engine protocol, and how a name, an address or a client becomes an engine."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

from lcscale.engine.serial import SerialEngine
from lcscale.engine.task import Outcome, Task
from lcscale.errors import InputError

_LOCAL = re.compile(r"local(?::([1-9]\d*))?")


class Workers(Protocol):
    """Anything with a size: what an engine says of its workers."""

    @property
    def slots(self) -> int:
        """How many tasks run at once."""


@runtime_checkable
class Engine(Workers, Protocol):
    """Runs tasks somewhere and yields their outcomes as they come."""

    @property
    def name(self) -> str:
        """What a person reads."""

    @property
    def dashboard(self) -> str | None:
        """Address of a page that shows what it does, where it has one."""

    def outcomes(self, tasks: Iterator[Task], retries: int) -> Iterator[Outcome]:
        """Run `tasks`, drawn lazily with a bounded backlog, and yield an outcome for each, in any order."""

    def close(self) -> None:
        """Give back what the engine started itself."""


@runtime_checkable
class DaskClient(Protocol):
    """A `distributed.Client`."""

    def scheduler_info(self) -> Any:
        """What the scheduler knows of its workers."""


@runtime_checkable
class SparkSession(Protocol):
    """A `pyspark.sql.SparkSession`."""

    @property
    def sparkContext(self) -> Any:  # noqa: N802  (Spark's own name)
        """The connection to the cluster."""


EngineSpec: TypeAlias = Engine | DaskClient | SparkSession | str | None
"""None, a name (``serial``, ``local:4``, ``cuda``, ``spark``), an address, a client, a session, an `Engine`."""


def resolve(spec: EngineSpec = None) -> Engine:
    """Make the engine that `spec` means.

    Parameters
    ----------
    spec
        None: the active Dask client, else ``serial``. ``serial``: this process. ``local`` or ``local:N``: an own Dask
        cluster of N processes (default: the machine's cores), each with one thread. ``tcp://…`` or ``tls://…``: the
        scheduler there. ``cuda``: an own Dask cluster of one process for every GPU. ``spark``: the active Spark
        session, or one on this machine. A `distributed.Client`, a `pyspark.sql.SparkSession`, or an engine.

    Examples
    --------
    >>> resolve("serial").name
    'serial'
    """
    if spec is None:
        client = _active_client()
        if client is None:
            return SerialEngine()
        spec = client
    if isinstance(spec, str):
        return _named(spec)
    if isinstance(spec, Engine):
        return spec
    if isinstance(spec, DaskClient):
        from lcscale.engine.dask import DaskEngine

        return DaskEngine(spec)
    if isinstance(spec, SparkSession):
        from lcscale.engine.spark import SparkEngine

        return SparkEngine(spec)
    raise InputError(f"engine: expected a name, an address or a distributed.Client, got {type(spec).__name__}")


@contextlib.contextmanager
def opened(spec: EngineSpec = None) -> Iterator[Engine]:
    """`resolve(spec)`, closed in the end if it was made here."""
    engine = resolve(spec)
    try:
        yield engine
    finally:
        if engine is not spec:
            engine.close()


def prepare(spec: EngineSpec) -> None:
    """Begin with what takes time in `resolve(spec)`, so that it goes on while the caller does something else."""
    if isinstance(spec, str) and _LOCAL.fullmatch(spec):
        from lcscale.engine.dask import start_fork_server

        start_fork_server()


def _named(name: str) -> Engine:
    if name == "serial":
        return SerialEngine()
    if name == "spark":
        from lcscale.engine.spark import SparkEngine

        return SparkEngine.start()
    from lcscale.engine.dask import DaskEngine

    if name == "cuda":
        return DaskEngine.cuda()
    local = _LOCAL.fullmatch(name)
    if local:
        return DaskEngine.local(int(local[1]) if local[1] else None)
    if re.match(r"(tcp|tls|ucx|ws|wss)://", name):
        return DaskEngine.connect(name)
    raise InputError(
        f"unknown engine {name!r}: use serial, local, local:N, cuda, spark, or a scheduler address "
        "such as tcp://host:8786"
    )


def _active_client() -> Any:
    if "distributed" not in sys.modules:
        return None
    from distributed import default_client

    try:
        return default_client()
    except ValueError:
        return None
