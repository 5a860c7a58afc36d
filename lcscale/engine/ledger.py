"""The ledger of a version: which tasks are done and which were set aside, kept in files beside the data."""

from __future__ import annotations

import io
import json
import os
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import IO, Any

from upath import UPath

from lcscale.engine.disk import make_folder, sync
from lcscale.engine.task import Outcome

_REWRITE_SECONDS = 5.0
_BEGINS = '{"key":"'
"""How the lines of tasks begin, as `Outcome` and `Ledger.add` write them."""
_FILE_CHARACTERS = 1 << 20


def _entry(line: str) -> dict[str, Any] | None:
    """What a line of a ledger says; None where it is torn."""
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _key_of(line: str) -> str:
    """The key of the task that a line is about, without reading the rest; empty where it is about none."""
    return line[len(_BEGINS) : line.find('"', len(_BEGINS))] if line.startswith(_BEGINS) else ""


class Ledger:
    """Durable record of the outcomes of tasks, read again by a later run of the same plan.

    Each run adds one file of JSON lines to the ledger's folder: nothing is ever changed in place, and a line torn by
    a crash is only its last. Stores without append (S3) get the run's file anew every few seconds; when it has grown to
    a megabyte, the run goes on in another.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = UPath(folder)
        self._path = self._new_path()
        self._local = self.folder.protocol in ("", "file", "local")
        self._stream: IO[str] | None = None
        self._lines: list[str] = []
        self._saved = 0
        self._written = 0.0

    def _new_path(self) -> UPath:
        return self.folder / f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.jsonl"

    def entries(self) -> Iterator[dict[str, Any]]:
        """Entries of tasks in order of writing: key, label, result, error, traceback, seconds, attempts."""
        return (line for line in self._read() if "key" in line)

    def runs(self) -> list[dict[str, Any]]:
        """What was noted of each run when it began: title, tasks, engine, command, host, pid, started."""
        return [line["run"] for line in self._read() if "run" in line]

    def _read(self, wanted: Callable[[str], bool] | None = None) -> Iterator[dict[str, Any]]:
        """What the lines say; where `wanted` is given, only of tasks whose key it wants."""
        self.flush()
        if not self.folder.exists():
            return
        for path in sorted(self.folder.glob("*.jsonl"), key=str):
            lines = self._lines_of(path)
            some = lines if wanted is None else (line for line in lines if wanted(_key_of(line)))
            yield from filter(None, map(_entry, some))

    def _lines_of(self, path: UPath) -> Iterator[str]:
        if self._local:
            with path.open(encoding="utf-8", errors="replace") as lines:
                yield from lines
        else:  # in one request: a running job may write the file anew between two
            yield from io.StringIO(path.fs.cat_file(path.path).decode("utf-8", errors="replace"))

    def torn_lines(self) -> int:
        """How many lines cannot be read, but for the last of each run, which a kill may have cut."""
        torn = 0
        for path in sorted(self.folder.glob("*.jsonl"), key=str):
            torn += sum(_entry(line) is None for line in self._lines_of(path) if line.endswith("\n"))
        return torn

    def done(self, wanted: Callable[[str], bool] | None = None) -> dict[str, dict[str, Any]]:
        """Results of the finished tasks by their keys; where `wanted` is given, of those whose key it wants."""
        entries = (entry for entry in self._read(wanted) if "key" in entry)
        return {entry["key"]: entry["result"] for entry in entries if entry["error"] is None}

    def quarantined(self) -> list[dict[str, Any]]:
        """Entries of the tasks that failed and never succeeded, whatever the clock said in between."""
        failed, done = {}, set()
        for entry in self.entries():
            if entry["error"] is None:
                done.add(entry["key"])
            else:
                failed[entry["key"]] = entry
        return [entry for key, entry in failed.items() if key not in done]

    def problems(self) -> list[tuple[str, str, bool]]:
        """What finished tasks found wrong in their input, each once: where, what, and whether it was set aside."""
        every = (problem for result in self.done().values() for problem in result.get("problems", []))
        return list(dict.fromkeys((where, what, aside) for where, what, aside in every))

    def set_aside(self) -> list[dict[str, Any]]:
        """Label and error of all that was left out: tasks that failed, and what they could not use of their input."""
        unusable = [{"label": where, "error": what} for where, what, aside in self.problems() if aside]
        return [*self.quarantined(), *unusable]

    def add(self, outcome: Outcome) -> None:
        """Record an outcome; the file system has it when this returns (remote stores within seconds).

        A power cut may cost the last lines: their tasks run again. What was made is on the disk before.
        """
        self._append(vars(outcome))

    def begin(self, title: str, tasks: int, engine: str) -> None:
        """Note that a run begins, with so many tasks before it, and the command it was started by."""
        ours = sys.argv[0].endswith(("lcscale", os.path.join("lcscale", "__main__.py")))
        run = {"title": title, "tasks": tasks, "engine": engine, "command": sys.argv[1:] if ours else None}
        run |= {"host": socket.gethostname(), "pid": os.getpid(), "started": time.time(), "folder": os.getcwd()}
        self._append({"run": run})

    def _append(self, line_of: dict[str, Any]) -> None:
        line = json.dumps(line_of, separators=(",", ":")) + "\n"
        if self._local:
            if self._stream is None:
                make_folder(self.folder.path)
                self._stream = self._path.open("a", encoding="utf-8")
                sync(self.folder.path)
            self._stream.write(line)
            self._stream.flush()
            return
        self._lines.append(line)
        if time.monotonic() - self._written > _REWRITE_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Bring everything recorded so far to the store."""
        if len(self._lines) == self._saved:
            return
        text = "".join(self._lines)
        self._path.write_text(text, encoding="utf-8")
        self._written, self._saved = time.monotonic(), len(self._lines)
        if len(text) >= _FILE_CHARACTERS:
            self._path, self._lines, self._saved = self._new_path(), [], 0

    def close(self) -> None:
        """Flush and close this run's file."""
        self.flush()
        if self._stream is not None:
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._stream = None
