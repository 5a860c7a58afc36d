"""The engine that runs tasks in this process."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

from lcscale.engine.overlap import arranged, two_at_once
from lcscale.engine.task import Outcome, Task, attempt


class SerialEngine:
    """One task at a time, here: for notebooks, tests and small catalogs.

    While a task computes, the one before it may still write or the next one read.
    """

    name = "serial"
    slots = 1
    dashboard: str | None = None

    def outcomes(self, tasks: Iterator[Task], retries: int) -> Iterator[Outcome]:
        """Run each task and yield its outcome, in order."""
        seats = threading.Semaphore(1)

        def in_turn(task: Task) -> Outcome:
            with arranged(seats):
                return attempt(task, retries)

        for overlaps, some in itertools.groupby(tasks, lambda task: task.overlaps):
            if overlaps:
                yield from two_at_once(in_turn, some)
            else:
                yield from map(attempt, some, itertools.repeat(retries))

    def close(self) -> None:
        """Nothing to give back."""
