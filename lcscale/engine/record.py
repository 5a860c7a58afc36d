"""What a run tells about itself."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
from dataclasses import dataclass, field
from typing import Any

from lcscale.engine.task import Outcome

_LIBRARIES = ("lcscale", "numpy", "numba", "pyarrow", "torch", "hats", "dask")


@dataclass
class RunRecord:
    """Figures of one run of tasks, and of the job it belongs to."""

    name: str
    """Name of what was made."""
    version: str = ""
    """Version of it that stands in the lake now."""
    published: bool = False
    """Whether this run published that version (False: it was there already)."""
    done: int = 0
    """Tasks run to their end."""
    skipped: int = 0
    """Tasks known from the ledger and not run again."""
    quarantined: list[dict[str, Any]] = field(default_factory=list)
    """Label, error and traceback of each task that was set aside."""
    missing: list[str] = field(default_factory=list)
    """Labels of the tasks that failed: their partitions are missing in what was made."""
    withheld: str = ""
    """Why nothing was published, and what to do about it; nothing where something was, or was there already."""
    rows: int = 0
    """Rows written."""
    bytes: int = 0
    """Bytes written."""
    seconds: float = 0.0
    """Wall time of the job."""
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds spent in the tasks' stages (read, compute, write…), summed over tasks."""
    engine: str = ""
    """The engine it ran on."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of Python, lcscale and the libraries that make the results, of the steps, and ids of their models."""
    notes: list[str] = field(default_factory=list)
    """Anything a person should know: duplicated ids, rows without a position…"""

    @property
    def exit_status(self) -> int:
        """0, or 3 when something was set aside."""
        return 3 if self.quarantined else 0

    @property
    def rows_per_second(self) -> float:
        """Rows written in a second of wall time."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    def count(self, outcome: Outcome) -> None:
        """Add one outcome to the figures."""
        if outcome.error is not None:
            self.missing.append(outcome.label)
            self.quarantined.append({"label": outcome.label, "error": outcome.error, "traceback": outcome.traceback})
            return
        self.done += 1
        self.add_result(outcome.result)

    def add_result(self, result: dict[str, Any]) -> None:
        """Add the rows, bytes and stage times of a task's result."""
        self.rows += int(result.get("rows", 0))
        self.bytes += int(result.get("bytes", 0))
        for stage, seconds in result.get("stages", {}).items():
            self.stages[stage] = self.stages.get(stage, 0.0) + float(seconds)

    def summary(self) -> str:
        """One line on what the run did."""
        ran = self.done or (self.engine and self.quarantined)
        if not ran and not self.published:
            return f"{self.name}: nothing to do, {self.version} has {self.rows:,} rows"
        where = f", published {self.version}" if self.published else ", not published" if self.withheld else ""
        rate = f"{self.rows_per_second:,.0f} rows/s, {self.engine}"
        return f"{self.name}: {self.rows:,} rows in {self.seconds:.1f} s ({rate}){where}"


def code_versions() -> dict[str, str]:
    """Versions of Python and of the libraries whose results stand in the lake."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _LIBRARIES}}


_version = functools.cache(importlib.metadata.version)
"""Looked up once a process: each is read from a file, and an ingest is several runs."""
