"""How many tasks of a job may fail, and when it is plain that the others would fail too."""

from __future__ import annotations

import math
import re

from lcscale.engine.task import Outcome
from lcscale.errors import InputError

MaxFailed = int | float
"""Tasks that may fail while the rest is published still: a number (int), or a share of all (float, up to 1.0)."""

SAME_IN_A_ROW = 10
"""Tasks that fail one after the other, all in the same way, before a job ends early."""


def allowed_failures(max_failed: MaxFailed, tasks: int) -> int:
    """How many of `tasks` may fail.

    Examples
    --------
    >>> allowed_failures(3, 200), allowed_failures(0.01, 200), allowed_failures(1.0, 200)
    (3, 2, 200)
    """
    if isinstance(max_failed, int) and not isinstance(max_failed, bool) and max_failed >= 0:
        return max_failed
    if isinstance(max_failed, float) and 0.0 <= max_failed <= 1.0:
        return math.floor(max_failed * tasks + 1e-9)
    raise InputError(
        f"max_failed is {max_failed!r}: give a number of partitions that may fail, such as 3, or a share, such as 0.01"
    )


def read_max_failed(text: str) -> MaxFailed:
    """The number or share that a person wrote.

    Examples
    --------
    >>> read_max_failed("3"), read_max_failed("0.01")
    (3, 0.01)
    """
    try:
        value: MaxFailed = int(text) if text.strip().isdigit() else float(text)
        allowed_failures(value, 0)
    except ValueError:
        raise InputError(f"{text!r} is neither a number of partitions, such as 3, nor a share, such as 0.01") from None
    return value


class Failures:
    """The failures of a run as they come, and what is to be said of them."""

    def __init__(self, allowed: int, tasks: int) -> None:
        self.allowed, self.tasks = allowed, tasks
        self.failed = 0
        self._kind, self._in_a_row, self._error = "", 0, ""

    def count(self, outcome: Outcome) -> None:
        """Take one more outcome into account."""
        if outcome.error is None:
            self._in_a_row = 0
            return
        self.failed += 1
        kind = _kind(outcome)
        self._in_a_row = self._in_a_row + 1 if kind == self._kind else 1
        self._kind, self._error = kind, outcome.error

    @property
    def end_the_run(self) -> bool:
        """Whether so many tasks failed alike that the rest of them need not be tried; never while they may fail."""
        return self._in_a_row >= SAME_IN_A_ROW and self.failed > self.allowed

    def told(self, ended: bool) -> str:
        """Why the result cannot be published, and what to do; nothing where it can."""
        if ended:
            return (
                f"ended early: {self._in_a_row} tasks in a row failed alike ({self._error}); nothing was published. "
                "What is done is kept: mend the cause and run the same command again"
            )
        if self.failed > self.allowed:
            return (
                f"{self.failed:,} of {self.tasks:,} tasks failed; nothing was published. What is done is kept: run the "
                f"same command again, or accept the loss with --max-failed {self.failed} (max_failed={self.failed})"
            )
        return ""


def _kind(outcome: Outcome) -> str:
    """What kind of error it was: its class, and the line of code that raised it; texts name files and objects."""
    places = re.findall(r'^  File "(.+)", line (\d+)', outcome.traceback or "", re.MULTILINE)
    return f"{(outcome.error or '').split(':')[0]} {places[-1] if places else ''}"
