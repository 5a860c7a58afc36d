"""A task, and what came of it."""

from __future__ import annotations

import time
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_HERE: dict[str, tuple[Any, int]] = {}
"""Shared values that this process was given, each with how many gave it: workers may share a process."""


class Shared:
    """A value that all tasks of a job use (its steps, its plan): every process gets it once, under a key.

    Pickled, it is only its key: a task stays small however large the plan is. Engines bring the value to their
    workers with `keep` before they run tasks, and take it back with `forget` when they have run them.

    Each object has a key of its own that begins with the one given: jobs that share a plan do not share its end.
    """

    def __init__(self, key: str, value: object) -> None:
        self.key = f"{key}-{uuid.uuid4().hex[:8]}"
        self._value = value

    @property
    def value(self) -> Any:
        """The value: the object's own, or, where it came as a key, what this process was given."""
        if self._value is not None:
            return self._value
        if self.key not in _HERE:
            raise RuntimeError(
                f"this process was never given the shared value {self.key}: it is no worker of this engine"
            )
        return _HERE[self.key][0]

    @classmethod
    def _known_as(cls, key: str) -> Shared:
        """The shared value of another process."""
        shared = cls("", None)
        shared.key = key
        return shared

    def __reduce__(self) -> tuple[Callable[[str], Shared], tuple[str]]:
        return Shared._known_as, (self.key,)


def keep(key: str, value: Any) -> None:
    """Make `value` known in this process as the shared value `key`, until it is forgotten as often as it was kept."""
    _HERE[key] = (value, _HERE.get(key, (value, 0))[1] + 1)


def forget(key: str) -> None:
    """Undo one `keep`."""
    value, times = _HERE.pop(key, (None, 0))
    if times > 1:
        _HERE[key] = (value, times - 1)


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
