"""A task, and what came of it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Task:
    """One unit of work: a function on one partition or one file.

    The function runs in a worker and returns a small dictionary that JSON can hold (rows, bytes…): what it makes
    goes to the lake, never back to the driver.
    """

    key: str
    """Fingerprint of the work: equal keys mean equal results, so a task whose key the ledger knows is not run."""
    function: Callable[..., dict[str, Any]]
    """A module-level function (workers import it)."""
    arguments: tuple[Any, ...]
    """Its arguments: paths, steps and numbers, never data."""
    label: str
    """What a person reads: the partition or the file."""


@dataclass(frozen=True)
class Outcome:
    """How a task ended."""

    key: str
    """Key of the task."""
    label: str
    """Label of the task."""
    result: dict[str, Any] = field(default_factory=dict)
    """What its function returned, where it succeeded."""
    error: str | None = None
    """One line on what went wrong, or None."""
    traceback: str | None = None
    """The traceback in full, or None."""
    seconds: float = 0.0
    """Wall time of the attempts."""
    attempts: int = 1
    """How often it was tried."""


def attempt(task: Task, retries: int) -> Outcome:
    """Run `task` where we are, again up to `retries` times if it raises; never raises itself."""
    start = time.perf_counter()
    for tried in range(1, retries + 2):
        try:
            result = task.function(*task.arguments)
        except Exception as error:  # a task may fail in any way: the job goes on without its partition
            if tried <= retries and not getattr(error, "final", False):
                continue
            seconds = time.perf_counter() - start
            text = f"{type(error).__name__}: {error}"
            return Outcome(task.key, task.label, {}, text, traceback.format_exc(), seconds, tried)
        return Outcome(task.key, task.label, result, seconds=time.perf_counter() - start, attempts=tried)
    raise AssertionError("unreachable")
