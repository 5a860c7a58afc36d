"""`ingest`: release files of a survey become a catalog of the lake."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from upath import UPath

from lcscale.engine import RunRecord, Task, resolve, run
from lcscale.engine.record import code_versions
from lcscale.errors import ConflictError, InputError
from lcscale.ingest.leaves import gather_leaf, plan_leaves, read_schema_text
from lcscale.ingest.staging import stage
from lcscale.lake import Draft, Lake, Pixel
from lcscale.lake.source import content_identity
from lcscale.surveys import Part, Problem, Survey
from lcscale.surveys import get as get_survey

VERSION = 1
"""Raised when the same files would give other catalogs: a finished ingest is not repeated before."""

_SPILLS = "staging"
_BIG_FILE = 256 << 20


@dataclass(frozen=True)
class Partitioning:
    """How large a partition may be."""

    rows: int = 1_000_000
    """Rows, at most."""
    bytes: int = 256 << 20
    """Bytes in memory, at most; light curves make partitions of few rows."""

    def __post_init__(self) -> None:
        if self.rows < 1 or self.bytes < 1:
            raise InputError(
                f"partitions of {self.rows} rows and {self.bytes} bytes hold nothing; give positive limits"
            )


def ingest(
    survey: str | Survey,
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    lake: Lake | str | os.PathLike[str],
    name: str,
    *,
    partitioning: Partitioning | None = None,
    engine: Any = None,
    progress: bool | None = None,
    **options: Any,
) -> RunRecord:
    """Read release files into the catalog `name` of a lake, and publish it whole.

    Every part of the release is read once, sorted and put aside; the partitions are decided on, and each is gathered
    and written. Interrupted, the same call goes on where it stopped; finished, it is a no-op. Files that cannot be
    read and rows without a position are named in the record's `quarantined`, and the rest is ingested.

    Parameters
    ----------
    survey
        Name of the survey (see `lcscale.surveys.names`), or an adapter.
    paths
        Release files, folders or patterns.
    lake
        The lake, or its URL.
    name
        Lake entry to write.
    partitioning
        Largest partitions; default: `Partitioning()`.
    engine
        See `lcscale.engine.resolve`; default: the active Dask client, else this process.
    progress
        True, False, or None to show it in a terminal only.
    options
        Options of the survey's adapter.

    Returns
    -------
    RunRecord
        Its `exit_status` is 3 where something was set aside; `notes` tell of duplicated ids.

    Raises
    ------
    InputError
        For an unknown survey, option or path.
    ConflictError
        Where the lake has a catalog of that name, made from other files or with other options.
    """
    start = time.perf_counter()
    adapter = get_survey(survey, **options) if isinstance(survey, str) else survey
    target = lake if isinstance(lake, Lake) else Lake(lake)
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    problems: list[Problem] = []
    parts = adapter.parts([os.fspath(path) for path in given], problems)
    if not parts and not problems:
        raise InputError(f"no release files of {adapter.name} in {', '.join(map(str, given))}")
    limits = partitioning or Partitioning()
    draft = target.draft(name, _plan_text(adapter, parts, limits))
    if draft.base is not None and not draft.is_published:
        raise ConflictError(
            f"the lake has a catalog {name!r} already, made from other files or with other options; "
            "choose another name, or add to it with --append"
        )
    with draft:
        record = _ingest(adapter, parts, draft, limits, problems, engine, progress)
    record.name, record.version = name, draft.version
    record.seconds = time.perf_counter() - start
    return record


def _plan_text(adapter: Survey, parts: Sequence[Part], limits: Partitioning) -> str:
    files = {part.path: _file_identity(part.path) for part in parts}
    named = [f"{os.path.basename(part.path)}={files[part.path]}{part.kind}{part.start}:{part.stop}" for part in parts]
    return "\n".join([f"ingest v{VERSION}", repr(adapter), repr(limits), *named])


def _file_identity(path: str) -> str:
    """Stands for a file's content; of big files size, time and both ends are taken."""
    if os.path.isdir(path):
        return "folder"
    size = os.path.getsize(path)
    if size <= _BIG_FILE:
        return content_identity(UPath(path))
    digest = hashlib.blake2b(f"{size} {os.stat(path).st_mtime_ns}".encode(), digest_size=16)
    with open(path, "rb") as stream:
        digest.update(stream.read(1 << 20))
        stream.seek(-(1 << 20), os.SEEK_END)
        digest.update(stream.read())
    return digest.hexdigest()


def _ingest(
    adapter: Survey,
    parts: Sequence[Part],
    draft: Draft,
    limits: Partitioning,
    problems: list[Problem],
    engine: Any,
    progress: bool | None,
) -> RunRecord:
    spills = draft.folder / _SPILLS
    staging = [_task(stage, (adapter, part, spills), part.label, draft, keyed=True) for part in parts]
    if draft.is_published:
        _remove(spills)
        return _finished(draft, staging, problems)
    chosen = resolve(engine)
    try:
        run_options: dict[str, Any] = {"ledger": draft.ledger, "engine": chosen, "progress": progress}
        record = run(staging, title=f"{draft.entry.name}: reading", **run_options)
        if record.quarantined:
            return record
        done = draft.ledger.done()
        names = [name for task in staging for name in done[task.key]["spills"]]
        if not names:
            return _with_problems(record, draft, staging, problems)
        planning = _task(plan_leaves, (spills, names, limits.rows, limits.bytes), "partitions", draft)
        record = run([planning], **(run_options | {"progress": False}))
        if record.quarantined:
            return record
        plan = draft.ledger.done()[planning.key]
        tasks = _leaf_tasks(adapter, plan, names, draft)
        record = run(tasks, title=f"{draft.entry.name}: writing", **run_options)
    finally:
        if chosen is not engine:
            chosen.close()
    if not record.quarantined:
        done = draft.ledger.done()
        pixels = {Pixel(*done[task.key]["pixel"]): int(done[task.key]["rows"]) for task in tasks}
        properties = {"lcscale_survey": adapter.name, **adapter.properties}
        draft.publish(pixels, read_schema_text(plan["schema"]), ra=adapter.ra, dec=adapter.dec, **properties)
        record.published = True
        _remove(spills)
    return _with_problems(record, draft, staging, problems)


def _task(function: Any, arguments: tuple[Any, ...], label: str, draft: Draft, *, keyed: bool = False) -> Task:
    """A task of this draft; `keyed` ones get their key as last argument."""
    text = f"{draft.plan}|{function.__name__}|{label}|{arguments[1:]!r}"
    key = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    return Task(key, function, (*arguments, key) if keyed else arguments, label)


def _leaf_tasks(adapter: Survey, plan: dict[str, Any], names: Sequence[str], draft: Draft) -> list[Task]:
    spills = draft.folder / _SPILLS
    tasks = []
    for order, number, touched in plan["pixels"]:
        pixel = Pixel(order, number)
        arguments = (spills, [names[i] for i in touched], pixel, draft.folder, plan["schema"])
        label = f"{draft.entry.name} {pixel}"
        tasks.append(_task(gather_leaf, (*arguments, adapter.identity, adapter.in_pieces), label, draft))
    return tasks


def _finished(draft: Draft, staging: Sequence[Task], problems: list[Problem]) -> RunRecord:
    """The record of an ingest that was done before."""
    record = RunRecord(draft.entry.name, versions=code_versions())
    for result in draft.ledger.done().values():
        record.skipped += 1
        if "digest" in result:
            record.add_result(result)
    return _with_problems(record, draft, staging, problems)


def _with_problems(record: RunRecord, draft: Draft, staging: Sequence[Task], problems: list[Problem]) -> RunRecord:
    """`record` with what was found in the release, in this run or an earlier one of the same plan."""
    done = draft.ledger.done()
    found = [*problems, *(Problem(*item) for task in staging for item in done.get(task.key, {}).get("problems", []))]
    for problem in dict.fromkeys(found):
        if problem.set_aside:
            record.quarantined.append({"label": problem.path, "error": problem.text, "traceback": None})
        else:
            record.notes.append(f"{problem.path}: {problem.text}")
    results = [result for result in done.values() if result.get("duplicates")]
    if results:
        examples = [example for result in results for example in result["examples"]][:5]
        total = sum(result["duplicates"] for result in results)
        record.notes.append(f"{total:,} rows repeat the id of another row, such as {', '.join(examples)}")
    return record


def _remove(folder: UPath) -> None:
    if not folder.exists():
        return
    if folder.protocol in ("", "file"):
        shutil.rmtree(folder.path)
    else:
        folder.fs.rm(folder.path, recursive=True)
