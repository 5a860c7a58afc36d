"""What is up to date in a pipeline, what is not, and why."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from lcscale.engine import Ledger
from lcscale.ingest import Changes, Partitioning, changes
from lcscale.lake import Lake
from lcscale.lake.inputs import INPUTS, to_text
from lcscale.lake.job import Plan
from lcscale.products import match_alerts
from lcscale.products.alerts import STATISTICS_VERSION
from lcscale.products.completeness.measuring import completeness_draft, counted_from
from lcscale.refresh.causes import causes
from lcscale.refresh.entries import Entry
from lcscale.refresh.making import Find, adapter, bins_of, definitions, view

CURRENT, STALE, NEW, WAITING, OPENED = "up to date", "out of date", "never made", "waiting", "opened"
"""Words of `State.status`."""
TABLE_PLAN = b"lcscale_plan"
"""Metadata of a table with what stands for all it was made from."""


@dataclass(frozen=True)
class State:
    """How an entry of a pipeline stands."""

    name: str
    """Name of the entry."""
    status: str
    """``up to date``, ``out of date``, ``never made``, ``waiting`` (for what it is made from) or ``opened``."""
    version: str | None = None
    """The version that is current."""
    why: str = ""
    """What differs."""
    partitions: int = 0
    """Partitions that would run."""
    of: int = 0
    """Partitions that there are."""
    rows: int = 0
    """Rows of the current version."""
    bytes: int = 0
    """Bytes that would be read of what it is made from."""
    seconds: float = 0.0
    """Seconds that the tasks of the current version took, one after the other."""
    changes: Changes | None = None
    """What changed in the release, of an ingest."""

    @property
    def is_due(self) -> bool:
        """Whether it would run."""
        return self.status in (STALE, NEW, WAITING)

    def __str__(self) -> str:
        version = f" {self.version}" if self.version else ""
        text = f"{self.name}: {self.status}{version}"
        if self.partitions:
            text += f", {self.partitions:,} of {self.of:,} partitions to run"
        if self.bytes:
            text += f" ({_size(self.bytes)} to read)"
        if self.is_due and self.seconds:
            text += f", last time {self.seconds:.1f} s of tasks"
        return f"{text}: {self.why}" if self.why else text


def state_of(entry: Entry, lake: Lake, find: Find) -> State:
    """How `entry` stands, with what it is made from as it is now."""
    if entry.word == "open":
        found = find(entry.name).source
        return State(entry.name, OPENED, found.version, rows=found.rows, of=len(found.leaves))
    if entry.section == "tables":
        return _of_table(entry, lake, find)
    if entry.word == "completeness":
        return _of_completeness(entry, lake, find)
    return _of_ingest(entry, lake) if entry.word == "ingest" else _of_catalog(entry, lake, find)


def _of_ingest(entry: Entry, lake: Lake) -> State:
    found = changes(adapter(entry), files_of(entry), lake, entry.name, partitioning_of(entry))
    told: dict[str, Any] = {"why": str(found), "bytes": found.bytes, "changes": found}
    if entry.name not in lake:
        return State(entry.name, NEW, **told)
    source = lake[entry.name].source
    kept: dict[str, Any] = {"version": source.version, "rows": source.rows, "of": len(source.leaves)}
    if not found:
        return State(entry.name, CURRENT, changes=found, **kept)
    return State(entry.name, STALE, seconds=_seconds(lake, entry.name, source.version), **kept, **told)


def _of_catalog(entry: Entry, lake: Lake, find: Find) -> State:
    wanted = view(entry, find)
    plan = Plan(wanted)
    draft = lake.draft(entry.name, plan.text)
    if draft.is_published:
        source = lake[entry.name].source
        return State(entry.name, CURRENT, source.version, rows=source.rows, of=len(plan.leaves))
    there = {*draft.ledger.done(), *(key for key, *_ in draft.equal_tasks(plan.places))}
    due = [plan.leaves[place].pixel for key, place in plan.places.items() if key not in there]
    manifest = wanted.source.manifest
    sizes = {} if manifest is None else dict(zip(manifest.pixels, manifest.table["bytes"].to_pylist(), strict=True))
    told: dict[str, Any] = {"partitions": len(due), "of": len(plan.leaves)}
    told["bytes"] = sum(sizes.get(pixel, 0) for pixel in due)
    if draft.base is None:
        return State(entry.name, NEW, **told)
    source = lake[entry.name].source
    if draft.completes is not None:
        why = [f"{len(source.missing)} partitions failed before"]
    else:
        why = causes(dict(source.properties), wanted.properties_of_result(lake.root))
    told["why"] = "; ".join(why) or "other options, or other content of what it is made from"
    seconds = _seconds(lake, entry.name, source.version)
    return State(entry.name, STALE, source.version, rows=source.rows, seconds=seconds, **told)


def _of_completeness(entry: Entry, lake: Lake, find: Find) -> State:
    injected = find(entry.values["completeness"])
    draft = completeness_draft(lake, entry.name, injected, bins_of(entry))
    if draft.base is None:
        return State(entry.name, NEW)
    source = lake[entry.name].source
    kept: dict[str, Any] = {"version": source.version, "rows": source.rows, "of": len(source.leaves)}
    if draft.is_published:
        return State(entry.name, CURRENT, **kept)
    why = causes(dict(source.properties), {INPUTS: to_text([counted_from(lake, injected)])})
    return State(entry.name, STALE, why="; ".join(why) or "other options", **kept)


def _of_table(entry: Entry, lake: Lake, find: Find) -> State:
    plan, inputs = table_plan(entry, lake, find)
    if entry.name not in lake.table_names():
        return State(entry.name, NEW)
    table = lake.table(entry.name)
    told = table.schema.metadata or {}
    if told.get(TABLE_PLAN) == plan.encode():
        return State(entry.name, CURRENT, rows=table.num_rows)
    before = {INPUTS: told.get(INPUTS.encode(), b"[]").decode()}
    why = causes(before, {INPUTS: inputs})
    return State(entry.name, STALE, rows=table.num_rows, why="; ".join(why) or "other options")


def table_plan(entry: Entry, lake: Lake, find: Find) -> tuple[str, str]:
    """What stands for all that a table of statistics is made from, and its inputs as a property keeps them."""
    alerts, radius = find(entry.values["alerts"]), entry.values.get("radius_arcsec", 2.0)
    matched = match_alerts(alerts, definitions(entry, find), radius_arcsec=radius)
    options = {key: value for key, value in entry.values.items() if key not in ("keep", "keep_days")}
    text = f"{STATISTICS_VERSION}|{json.dumps(options, sort_keys=True)}|{alerts.source.version}|{Plan(matched).text}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest(), to_text(matched.inputs_of_result(lake.root))


def files_of(entry: Entry) -> list[str]:
    """Files, folders or patterns of an ingest."""
    told = entry.values["files"]
    return [entry.path(each) for each in ([told] if isinstance(told, str) else told)]


def partitioning_of(entry: Entry) -> Partitioning:
    """Largest partitions of an ingest."""
    rows = entry.values.get("partition_rows")
    return Partitioning() if rows is None else Partitioning(rows=rows)


def _seconds(lake: Lake, name: str, version: str) -> float:
    ledger = Ledger(lake.root / name / version / "ledger")
    return sum(float(task["seconds"]) for task in ledger.entries())


def _size(n: int) -> str:
    """Bytes in words.

    Examples
    --------
    >>> _size(999), _size(5_300_000)
    ('999 bytes', '5.3 MB')
    """
    for unit, each in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if n >= unit:
            return f"{n / unit:.1f} {each}"
    return f"{n} bytes"
