"""The engine that runs tasks in this process."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator

from lcscale.engine.overlap import two_at_once
from lcscale.engine.task import Outcome, Task, attempt


class SerialEngine:
    """Tasks here, in order: for notebooks, tests and small catalogs.

    Tasks that overlap run two at a time: one reads or writes while the other computes.
    """

    name = "serial"
    slots = 1
    dashboard: str | None = None

    def outcomes(self, tasks: Iterator[Task], retries: int) -> Iterator[Outcome]:
        """Run each task and yield its outcome, in order."""
        one = functools.partial(attempt, retries=retries)
        for overlaps, some in itertools.groupby(tasks, lambda task: task.overlaps):
            run = two_at_once if overlaps else map
            yield from run(one, some)

    def close(self) -> None:
        """Nothing to give back."""
