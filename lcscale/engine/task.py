"""A task, and what came of it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_HERE: dict[str, Any] = {}


class Shared:
    """A value that all tasks of a job use (its steps, its plan): every process gets it once, under a key.

    Pickled, it is only its key: a task stays small however large the plan is. Engines bring the value to their
    workers with `keep` before they run tasks.
    """

    def __init__(self, key: str, value: Any = None) -> None:
        self.key = key
        if value is not None:
            keep(key, value)

    @property
    def value(self) -> Any:
        """The value, in a process that was given it."""
        if self.key not in _HERE:
            raise RuntimeError(
                f"this process was never given the shared value {self.key}: it is no worker of this engine"
            )
        return _HERE[self.key]

    def __reduce__(self) -> tuple[type[Shared], tuple[str]]:
        return Shared, (self.key,)


def keep(key: str, value: Any) -> None:
    """Make `value` known in this process as the shared value `key`."""
    _HERE[key] = value


@dataclass(frozen=True)
class Task:
    """One unit of work: a function on one partition or one file.

    The function runs in a worker and returns a small dictionary that JSON can hold (rows, bytes…): what it makes
    goes to the lake, never back to the driver. What was wrong with its input, though it did its work, stands in the
    result as ``problems``: where, what, and whether it was set aside.
    """

    key: str
    """Fingerprint of the work: equal keys mean equal results, so a task whose key the ledger knows is not run."""
    function: Callable[..., dict[str, Any]]
    """A module-level function (workers import it)."""
    arguments: tuple[Any, ...]
    """Its arguments: paths, steps and numbers, never data. The function sees the value of a `Shared` one."""
    label: str
    """What a person reads: the partition or the file."""
    overlaps: bool = False
    """Whether the function computes in `lcscale.engine.overlap.turn` only, so that others may read and write then."""

    def __call__(self) -> dict[str, Any]:
        """Do the work."""
        return self.function(*(each.value if isinstance(each, Shared) else each for each in self.arguments))

    @property
    def shared(self) -> list[Shared]:
        """Its shared arguments."""
        return [each for each in self.arguments if isinstance(each, Shared)]


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
    stops: bool = False
    """Whether the error (its attribute `stops`) is one that all tasks would meet: the job stops for it."""


def attempt(task: Task, retries: int) -> Outcome:
    """Run `task` where we are, again up to `retries` times if it raises; never raises itself."""
    start = time.perf_counter()
    for tried in range(1, retries + 2):
        try:
            result = task()
        except Exception as error:  # a task may fail in any way: the job goes on without its partition
            stops = bool(getattr(error, "stops", False))
            if tried <= retries and not stops and not getattr(error, "final", False):
                continue
            seconds = time.perf_counter() - start
            text = str(error) if stops else f"{type(error).__name__}: {error}"
            return Outcome(task.key, task.label, {}, text, traceback.format_exc(), seconds, tried, stops)
        return Outcome(task.key, task.label, result, seconds=time.perf_counter() - start, attempts=tried)
    raise AssertionError("unreachable")
