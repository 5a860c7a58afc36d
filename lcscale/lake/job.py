"""`Catalog.write`: plan the tasks, run them, publish the version."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import Any

from lcscale.engine import RunRecord, Shared, Task, run
from lcscale.engine.record import code_versions
from lcscale.errors import InputError
from lcscale.lake.catalog import Catalog
from lcscale.lake.draft import Draft
from lcscale.lake.leaf import parquet_options, write_leaf
from lcscale.lake.partition import write_partition
from lcscale.lake.pixel import Pixel


def write_catalog(
    catalog: Catalog, name: str, *, lake: Any, engine: Any, progress: bool | None, retries: int
) -> RunRecord:
    """See `Catalog.write`."""
    from lcscale.lake.lake import Lake

    if lake is None:
        if catalog.entries is None:
            raise InputError(f"write({name!r}): the catalog came from no lake; say which with lake=")
        lake = Lake(catalog.entries)
    elif not isinstance(lake, Lake):
        lake = Lake(lake)
    start = time.perf_counter()
    tasks_of, plan_text = _plan(catalog)
    with lake.draft(name, plan_text) as draft:
        if draft.is_published:
            record = RunRecord(name, draft.version, versions=code_versions())
            for result in draft.ledger.done().values():
                record.skipped += 1
                record.add_result(result)
            return record
        tasks = tasks_of(draft)
        record = run(tasks, ledger=draft.ledger, engine=engine, title=name, progress=progress, retries=retries)
        record.name, record.version = name, draft.version
        if record.done or not record.quarantined:
            done = draft.ledger.done()
            _publish(catalog, draft, [done[task.key] for task in tasks if task.key in done], record)
    record.seconds = time.perf_counter() - start
    return record


def _plan(catalog: Catalog) -> tuple[Any, str]:
    """A function that makes the draft's tasks, and the text that stands for the whole plan."""
    identities = catalog.source.identities()
    plan = catalog.plan()
    leaves = catalog.partitions
    what = catalog.steps_fingerprint() + "|" + ",".join(plan.columns)
    keys = {leaf.pixel: _digest(f"{leaf.pixel}|{identities[leaf.pixel]}|{what}") for leaf in leaves}

    def tasks(draft: Draft) -> list[Task]:
        given = replace(plan, leaf_options=parquet_options(plan.schema))
        shared = Shared(_digest(f"{catalog.source.url}|{plan.input_schema}|{what}"), given)
        return [
            Task(keys[leaf.pixel], write_partition, (leaf, shared, draft.folder), f"{catalog.name} {leaf.pixel}", True)
            for leaf in leaves
        ]

    return tasks, "\n".join(keys.values())


def _publish(catalog: Catalog, draft: Draft, results: list[dict[str, Any]], record: RunRecord) -> None:
    schema = catalog.schema
    pixels = {Pixel(*result["pixel"]): int(result["rows"]) for result in results if result["rows"]}
    if not pixels:  # a catalog without rows is a result too; HATS wants one leaf
        first = catalog.source.leaves[0].pixel
        write_leaf(draft.folder, first, schema.empty_table())
        pixels = {first: 0}
        record.notes.append("no rows")
    draft.publish(pixels, schema, ra=catalog.source.ra, dec=catalog.source.dec, **catalog.inherited_properties())
    record.published = True


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
