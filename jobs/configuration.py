"""How the jobs beside this file are told what to do: a TOML file whose keys are the fields of the job."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from lcscale.engine import RunRecord, read_max_failed
from lcscale.errors import InputError, LcscaleError

Job = TypeVar("Job")


def run_job(job: type[Job], work: Callable[[Job], int], about: str, arguments: Sequence[str] | None = None) -> int:
    """Read the configuration, do the work, and return the exit status; our own errors end with one line."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="TOML file that describes the job")
    parser.add_argument("--lake", help="lake to use instead of the file's")
    parser.add_argument("--engine", help="engine to use: serial, local, local:N, tcp://host:8786")
    parser.add_argument("--max-failed", help="publish although so many partitions (3), or this share (0.01), failed")
    given = parser.parse_args(arguments)
    try:
        instead = {"lake": given.lake, "engine": given.engine}
        if given.max_failed is not None:
            instead["max_failed"] = read_max_failed(given.max_failed)
        return work(_read(job, given.config, instead))
    except LcscaleError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return error.exit_status


def _read(job: type[Job], path: Path, instead: dict[str, Any]) -> Job:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"cannot read the configuration {path}: {error}") from error
    values |= {name: value for name, value in instead.items() if value is not None}
    hints = get_type_hints(job)
    unknown = [name for name in values if name not in hints]
    if unknown:
        raise InputError(f"{path}: no key {', '.join(unknown)} in this job; there are {', '.join(hints)}")
    for name, value in values.items():
        if not isinstance(value, hints[name]):
            raise InputError(f"{path}: {name} = {value!r} should be {getattr(hints[name], '__name__', hints[name])}")
    needed = [each for each in fields(job) if each.default is MISSING and each.default_factory is MISSING]
    missing = [each.name for each in needed if each.name not in values]
    if missing:
        raise InputError(f"{path}: the key {', '.join(missing)} is missing")
    return job(**values)


def finish(record: RunRecord) -> int:
    """Say what was done, what was set aside and why nothing was published; returns the exit status."""
    print(record.summary())
    for note in record.notes:
        print(note)
    for entry in record.quarantined:
        print(f"set aside: {entry['label']}: {entry['error']}", file=sys.stderr)
    if record.withheld:
        print(f"{record.name}: {record.withheld}", file=sys.stderr)
    return record.exit_status
