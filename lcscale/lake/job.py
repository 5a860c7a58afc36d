"""`Catalog.write`: plan the tasks, run them, publish the version."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from upath import UPath

from lcscale.engine import EngineSpec, MaxFailed, RunRecord, Shared, Task, allowed_failures, opened, run
from lcscale.engine.record import code_versions
from lcscale.lake.coalescing import merge_tasks
from lcscale.lake.draft import Draft
from lcscale.lake.leaf import parquet_options, write_leaf
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.leaves import Leaves
from lcscale.lake.partition_task import write_partition
from lcscale.lake.pixel import Pixel
from lcscale.lake.replacing import check_replaced
from lcscale.lake.reusing import costly_from
from lcscale.lake.source import missing_property
from lcscale.lake.storage import writing
from lcscale.lake.view import View


def write_view(
    plan: Plan,
    draft: Draft,
    *,
    engine: EngineSpec,
    progress: bool | None,
    retries: int,
    max_failed: MaxFailed = 0,
    replaces: bool = False,
) -> RunRecord:
    """See `Catalog.write`."""
    start = time.perf_counter()
    view, name = plan.view, draft.entry.name
    allowed_failures(max_failed, len(plan.leaves))
    if draft.is_published:
        return _finished(draft, view, plan)
    if draft.base is not None and draft.completes is None and not replaces:
        check_replaced(draft.entry, draft.base, view.properties_of_result(draft.entry.parent))
    with draft, opened(engine) as chosen:
        options: dict[str, Any] = {"ledger": draft.ledger, "engine": chosen, "progress": progress, "retries": retries}
        tasks = plan.tasks(draft)
        with writing(draft.entry.parent):
            taken = draft.take_equal(plan.places)
            record = run(tasks, title=name, max_failed=max_failed, **options)
        record.name, record.version = name, draft.version
        record.notes += [f"{n:,} partitions taken over from {version}" for version, n in taken.items()]
        done = draft.ledger.done()
        rows = sum(done[key].get("rows_taken", 0) for key in plan.places.keys() & done.keys())
        record.notes += [f"{rows:,} rows of other partitions taken over from {draft.base}"] if rows else []
        record.versions |= _step_versions(view)
        if draft.adds_nothing:
            record.version = draft.discard()
            record.withheld = f"what failed before failed again; {record.version} stays as it is, without it"
        elif not record.withheld:
            leaves = plan.leaves_written(draft)
            if 2 * sum(leaf.rows for leaf in leaves) <= view.source.rows:  # a selection: its leaves are small
                leaves = _coalesced(leaves, draft, plan.plan.schema, record, options)
        if not record.withheld:
            _publish(view, draft, leaves, record)
    record.seconds = time.perf_counter() - start
    return record


def _coalesced(
    leaves: list[LeafRecord], draft: Draft, schema: pa.Schema, record: RunRecord, options: dict[str, Any]
) -> list[LeafRecord]:
    """`leaves`, the small ones of a neighbourhood put together; what fails withholds the version."""
    tasks = merge_tasks(leaves, draft.folder, schema, parquet_options(schema))
    with writing(draft.entry.parent):
        merged = run(tasks, title=f"{draft.entry.name}: putting small leaves together", **options)
    record.withheld = merged.withheld
    record.quarantined += merged.quarantined
    done = draft.ledger.done()
    together = [done[task.key] for task in tasks if task.key in done]
    gone = {Pixel(*pixel) for result in together for pixel in result["merged"]}
    return [leaf for leaf in leaves if leaf.pixel not in gone] + list(map(LeafRecord.of, together))


def _finished(draft: Draft, view: View, plan: Plan) -> RunRecord:
    """The record of a job that was done before."""
    versions = code_versions() | _step_versions(view)
    record = RunRecord(draft.entry.name, draft.version, versions=versions)
    done = draft.ledger.done()
    for result in (done[key] for key in plan.places if key in done):
        record.skipped += 1
        record.add_result(result)
    return record


def _step_versions(view: View) -> dict[str, str]:
    """Versions of the steps, and the ids of the models that some of them carry."""
    found = {type(step).__name__: f"v{step.version}" for step in view.steps}
    carrying: list[Any] = [step for step in view.steps if hasattr(step, "model_id")]
    return found | {f"model {step.model}": step.model_id for step in carrying}


class Plan:
    """What is done to which leaves, and the keys of the tasks."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.plan = view.plan()
        self.leaves = view.partitions
        pixels, columns = self.leaves.pixels, ",".join(self.plan.columns)
        contents, what = view.leaf_digests(), view.steps_fingerprints(pixels)
        # a key stands for all that a task reads and does: an equal task gives the same rows
        keys = [
            _digest(f"{pixel}|{content}|{done}|{columns}")
            for pixel, content, done in zip(pixels, contents, what, strict=True)
        ]
        self.places = dict(zip(keys, range(len(keys)), strict=True))
        """Keys of the tasks, with the places of their leaves in `leaves`."""

    @property
    def text(self) -> str:
        """Stands for the whole plan."""
        return "\n".join(self.places)

    def tasks(self, draft: Draft) -> _Tasks:
        """The draft's tasks."""
        given = replace(self.plan, leaf_options=parquet_options(self.plan.schema))
        shared = Shared(_digest(f"{self.view.source.url}|{self.view.source.schema}|{self.text}"), given)
        keeps_rows = draft.base is not None and costly_from(self.plan.steps) is not None
        before = draft.entry / str(draft.base) if keeps_rows else None
        return _Tasks(self.places, self.leaves, shared, draft.folder, before, self.view.name)

    def leaves_written(self, draft: Draft) -> list[LeafRecord]:
        """The leaves of the draft's finished tasks; those that had no rows to write have none."""
        done = draft.ledger.done()
        return [LeafRecord.of(done[key]) for key in self.places if key in done and done[key]["rows"]]


@dataclass(frozen=True)
class _Tasks(Collection[Task]):
    """The tasks of a job, made as they are asked for."""

    places: dict[str, int]
    leaves: Leaves
    shared: Shared
    folder: UPath
    before: UPath | None
    name: str

    def __len__(self) -> int:
        return len(self.places)

    def __contains__(self, task: object) -> bool:
        return isinstance(task, Task) and task.key in self.places

    def __iter__(self) -> Iterator[Task]:
        for key, leaf in zip(self.places, self.leaves, strict=True):
            given = (leaf, self.shared, self.folder, self.before)
            yield Task(key, write_partition, given, f"{self.name} {leaf.pixel}", True)


def _publish(view: View, draft: Draft, leaves: list[LeafRecord], record: RunRecord) -> None:
    schema = view.schema
    if not leaves:  # a catalog without rows is a result too; HATS wants one leaf
        leaves = [write_leaf(draft.folder, view.source.leaves[0].pixel, schema.empty_table())]
        record.notes.append("no rows")
    properties = view.properties_of_result(draft.entry.parent)
    properties |= missing_property([*view.source.missing, *record.missing])
    draft.publish(leaves, schema, ra=view.source.ra, dec=view.source.dec, **properties)
    record.published = True


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
