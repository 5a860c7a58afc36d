"""How the jobs beside this file are told what to do: a TOML file whose keys are the fields of the job."""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from lcscale import options
from lcscale.engine import read_max_failed
from lcscale.errors import InputError, LcscaleError

Job = TypeVar("Job")
FREQUENCIES = options.Option(
    "Fmin, fmax and step of the period search, cycles per day (default: each object's own).", []
)


@dataclass(frozen=True, kw_only=True)
class Writing:
    """Keys of every job that writes a catalog."""

    engine: str | None = options.ENGINE.key()
    max_failed: int | float = options.MAX_FAILED.key()
    replace: bool = options.REPLACE.key()

    @property
    def writing(self) -> dict[str, Any]:
        """What `Catalog.write` is told."""
        return {"engine": self.engine, "max_failed": self.max_failed, "replace": self.replace, "progress": True}


def run_job(job: type[Job], work: Callable[[Job], int], about: str, arguments: Sequence[str] | None = None) -> int:
    """Read the configuration, do the work, and return the exit status; our own errors end with one line."""
    keys = "\n".join(f"  {each.name:16s} {each.metadata['about']}" for each in fields(job))
    parser = argparse.ArgumentParser(
        description=about, epilog=f"keys of the file:\n{keys}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="TOML file that describes the job")
    parser.add_argument("--lake", help="lake to use instead of the file's")
    parser.add_argument("--engine", help=options.ENGINE.about)
    parser.add_argument("--max-failed", help=options.MAX_FAILED.about)
    given = parser.parse_args(arguments)
    try:
        max_failed = None if given.max_failed is None else read_max_failed(given.max_failed)
        instead = {"lake": given.lake, "engine": given.engine, "max_failed": max_failed}
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
    if unknown := [name for name in values if name not in hints]:
        raise InputError(f"{path}: no key {', '.join(unknown)} in this job; there are {', '.join(hints)}")
    for name, value in values.items():
        if not isinstance(value, hints[name]):
            raise InputError(f"{path}: {name} = {value!r} should be {getattr(hints[name], '__name__', hints[name])}")
    needed = (each.name for each in fields(job) if each.default is each.default_factory is MISSING)
    missing = [name for name in needed if name not in values]
    if missing:
        raise InputError(f"{path}: the key {', '.join(missing)} is missing")
    return job(**values)
