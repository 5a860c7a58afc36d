"""What ran in a lake, told from the ledgers; and the removal of versions nobody reads any more."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from typing import Any

from upath import UPath

from lcscale.engine import Ledger
from lcscale.errors import ConflictError, InputError, LcscaleError
from lcscale.lake.collection import COLLECTION_FILE, current_version
from lcscale.lake.draft import existing_versions, publish_version
from lcscale.lake.storage import children, is_local, remove_folder
from lcscale.lake.writer import is_written

_REMOVED = ".removed-"


@dataclass(frozen=True)
class Job:
    """One version of a lake entry and the runs that made it."""

    name: str
    """Name of the entry."""
    version: str
    """Name of the version."""
    state: str
    """current, superseded, running or unfinished; broken where nobody can tell which version is the current one."""
    done: int
    """Tasks finished."""
    planned: int
    """Tasks planned by the last run of each stage."""
    rows: int
    """Rows written."""
    quarantined: tuple[dict[str, Any], ...]
    """Label and error of what was set aside: tasks, and release files or rows that could not be read."""
    torn: int
    """Lines of the ledger that cannot be read, but for those a run was writing when it was killed."""
    missing: tuple[str, ...]
    """Labels of the tasks that failed: a published version is without what they would have made."""
    started: float
    """Unix time of the first run."""
    engine: str
    """Engine of the last run."""
    command: tuple[str, ...] | None
    """Command line to run again: the last run's, where it was one of ours (``jobs retry`` stands for another)."""
    folder: str
    """Folder that command was given in."""


def jobs(root: UPath) -> list[Job]:
    """All versions in the lake at `root` that have a ledger, oldest first."""
    found = [_job(entry, version) for entry in children(root) for version, _ in existing_versions(entry)]
    return sorted((job for job in found if job is not None), key=lambda job: job.started)


def _job(entry: UPath, version: str) -> Job | None:
    ledger = Ledger(entry / version / "ledger")
    runs = ledger.runs()
    if not runs:
        return None
    done = ledger.done()
    last = next((run for run in reversed(runs) if (run["command"] or [])[:2] != ["jobs", "retry"]), runs[-1])
    stages = {run["title"]: int(run["tasks"]) for run in runs}
    return Job(
        name=entry.name,
        version=version,
        state=_state(entry, version),
        done=len(done),
        planned=sum(stages.values()),
        rows=sum(
            int(result.get("rows", 0)) for result in done.values() if "pixel" in result and "merged" not in result
        ),
        quarantined=tuple(ledger.set_aside()),
        torn=ledger.torn_lines(),
        missing=tuple(entry["label"] for entry in ledger.quarantined()),
        started=float(runs[0]["started"]),
        engine=str(runs[-1]["engine"]),
        command=None if last["command"] is None else tuple(last["command"]),
        folder=str(last["folder"]),
    )


def _state(entry: UPath, version: str) -> str:
    try:
        if current_version(entry) == version:
            return "current"
    except LcscaleError:
        return "broken"
    if (entry / version / "hats.properties").exists():
        return "superseded"
    return "running" if is_written(entry / version) else "unfinished"


def prune(entry: UPath, keep: int, needed: frozenset[str] = frozenset()) -> list[str]:
    """Remove versions older than the current one, but for the last `keep` of them; returns their names.

    Versions being written are left alone, and so are those in `needed`. Readers that still have a removed version
    open lose it.
    """
    current = current_version(entry)
    names = [version for version, _ in existing_versions(entry)]
    if current not in names:
        return []
    older = [name for name in names[: names.index(current)] if (entry / name / "hats.properties").exists()]
    removed = [name for name in older[: max(0, len(older) - keep)] if name not in needed]
    for name in removed:
        _remove_version(entry / name)
    for left in entry.glob(f"{_REMOVED}*"):  # by a prune that was killed
        remove_folder(left)
    return removed


def use(entry: UPath, version: str) -> None:
    """Make `version`, which must be finished, the current one of `entry`."""
    finished = [name for name, _ in existing_versions(entry) if (entry / name / "hats.properties").exists()]
    if version not in finished:
        there = ", ".join(finished) or "none"
        raise InputError(f"{entry.name} has no finished version {version!r}; there are: {there}")
    publish_version(entry, version, current_version(entry))


def drop(entry: UPath) -> None:
    """Remove `entry` with all its versions: nobody finds it any more before the first of its files goes."""
    versions = [name for name, _ in existing_versions(entry)]
    if not versions and not (entry / COLLECTION_FILE).exists():
        raise InputError(f"there is no {entry.name!r} in the lake at {entry.parent}")
    if written := [name for name in versions if is_written(entry / name)]:
        raise ConflictError(f"{entry.name}: {', '.join(written)} is being written; wait for it, or stop it")
    (entry / COLLECTION_FILE).unlink(missing_ok=True)
    if is_local(entry):
        hidden = entry.with_name(f"{_REMOVED}{entry.name}-{uuid.uuid4().hex[:8]}")
        os.rename(entry.path, hidden.path)
        entry = hidden
    remove_folder(entry)


def _remove_version(folder: UPath) -> None:
    """Remove a version so that, whenever this is cut short, no job takes what is left of it for its own work.

    On a disk it loses its name first; on an object store its ledger, and last the file by which `prune` finds it.
    """
    if is_local(folder):
        hidden = folder.with_name(f"{_REMOVED}{folder.name}-{uuid.uuid4().hex[:8]}")
        os.rename(folder.path, hidden.path)
        remove_folder(hidden)
        return
    remove_folder(folder / "ledger")
    last = (folder / "hats.properties").path
    fs = folder.fs
    fs.rm([path for path in fs.find(folder.path) if path != last])
    remove_folder(folder)
