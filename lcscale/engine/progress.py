"""How a person watches a run: a bar in a terminal, plain lines in a log, silence where nobody looks."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

_LOG_SECONDS = 30.0


class Silent:
    """Told of every finished task, and shows nothing."""

    def advance(self, rows: int) -> None:
        """Nothing to show."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to close."""


class Bar(Silent):
    """A rich progress bar with rows per second and the time left."""

    def __init__(self, title: str, total: int, place: str = "") -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._rows = 0
        self._start = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        if place:
            self._bar.console.print(f"{title}: {total} tasks on {place}", highlight=False, soft_wrap=True)
        self._task = self._bar.add_task(title, total=total, rate="")

    def advance(self, rows: int) -> None:
        """One more task is done, with so many rows."""
        self._rows += rows
        rate = self._rows / max(time.monotonic() - self._start, 1e-3)
        self._bar.update(self._task, advance=1, rate=f"{rate:,.0f} rows/s" if self._rows else "")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()


class Lines(Silent):
    """A plain line on stderr at the start, every half minute and at the end, for logs."""

    def __init__(self, title: str, total: int, place: str = "") -> None:
        self._title, self._total = title, total
        if place:
            print(f"{title}: {total} tasks on {place}", file=sys.stderr, flush=True)
        self._done = self._rows = 0
        self._start = self._last = time.monotonic()

    def advance(self, rows: int) -> None:
        """One more task is done, with so many rows."""
        self._done += 1
        self._rows += rows
        now = time.monotonic()
        if now - self._last >= _LOG_SECONDS or self._done == self._total:
            self._last = now
            elapsed = max(now - self._start, 1e-3)
            left = elapsed / self._done * (self._total - self._done)
            print(
                f"{self._title}: {self._done}/{self._total} tasks, {self._rows / elapsed:,.0f} rows/s, "
                f"{left:.0f} s left",
                file=sys.stderr,
                flush=True,
            )


def progress_for(show: bool | None, title: str, total: int, place: str = "") -> Silent:
    """The progress display that fits: `show` True or False, or None to decide by where stderr goes.

    `place` says where the work is done: the engine, and its dashboard where it has one.
    """
    if show is False or total == 0:
        return Silent()
    if sys.stderr.isatty():
        return Bar(title, total, place)
    return Lines(title, total, place) if show else Silent()
