"""The engine that runs tasks on a Spark cluster."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from typing import Any

from lcscale.engine.machine import Machine, scarcest, this_machine
from lcscale.engine.task import Outcome, Task, attempt, forget, keep
from lcscale.errors import InputError

_TASKS_PER_SLOT = 8


class SparkEngine:
    """Tasks as the elements of small RDDs, some for every slot at a time."""

    def __init__(self, session: Any, *, owned: bool = False) -> None:
        self.session = session
        self._owned = owned

    @classmethod
    def start(cls) -> SparkEngine:
        """The session there is (under ``spark-submit``), or a new one on this machine's cores."""
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise InputError(f"engine spark needs PySpark: pip install -e '.[spark]' ({error})") from error
        active = SparkSession.getActiveSession()
        if active is not None:
            return cls(active)
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.appName("lcscale").config("spark.ui.enabled", "false")
        if "SPARK_MASTER" not in os.environ and "spark.master" not in builder._options:
            builder = builder.master("local[*]").config("spark.driver.bindAddress", "127.0.0.1")
        return cls(builder.getOrCreate(), owned=True)

    @property
    def name(self) -> str:
        """The cluster's master."""
        return f"spark {self.session.sparkContext.master}"

    @property
    def dashboard(self) -> str | None:
        """Address of Spark's page, where it is switched on."""
        return self.session.sparkContext.uiWebUrl or None

    @property
    def slots(self) -> int:
        """Cores of the cluster."""
        return int(self.session.sparkContext.defaultParallelism)

    @property
    def machine(self) -> Machine:
        """The machine, of those whose Python workers answer, with the least memory for each task."""
        found = scarcest(self.session.sparkContext.parallelize(range(self.slots), self.slots).map(_here).collect())
        return Machine(min(self.slots, found.slots), found.memory)

    def outcomes(self, tasks: Iterator[Task], retries: int) -> Iterator[Outcome]:
        """Run the tasks in rounds of a few for every slot, and yield the outcomes of each round."""
        broadcasts: dict[str, Any] = {}
        tasks = iter(tasks)
        try:
            yield from self._rounds(tasks, retries, broadcasts)
        finally:
            for broadcast in broadcasts.values():
                broadcast.destroy()

    def _rounds(self, tasks: Iterator[Task], retries: int, broadcasts: dict[str, Any]) -> Iterator[Outcome]:
        context = self.session.sparkContext
        while some := list(itertools.islice(tasks, self.slots * _TASKS_PER_SLOT)):
            for shared in itertools.chain.from_iterable(task.shared for task in some):
                if shared.key not in broadcasts:
                    broadcasts[shared.key] = context.broadcast(shared.value)

            def work(task: Task, values: dict[str, Any] = broadcasts) -> Outcome:
                needed = [shared.key for shared in task.shared]  # workers outlive the job
                for key in needed:
                    keep(key, values[key].value)
                try:
                    return attempt(task, retries)
                finally:
                    for key in needed:
                        forget(key)

            yield from context.parallelize(some, len(some)).map(work).collect()

    def close(self) -> None:
        """Stop the session this engine started itself."""
        if self._owned:
            self.session.stop()


def _here(_: int) -> Machine:
    return this_machine()
