"""The engine that runs tasks one after the other in this process."""

from __future__ import annotations

from collections.abc import Iterator

from lcscale.engine.task import Outcome, Task, attempt


class SerialEngine:
    """One task at a time, here: for notebooks, tests and small catalogs."""

    name = "serial"
    slots = 1
    dashboard: str | None = None

    def outcomes(self, tasks: Iterator[Task], retries: int) -> Iterator[Outcome]:
        """Run each task and yield its outcome, in order."""
        for task in tasks:
            yield attempt(task, retries)

    def close(self) -> None:
        """Nothing to give back."""
