"""`Catalog.write`: plan the tasks, run them, publish the version."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from upath import UPath

from lcscale.engine import RunRecord, Shared, Task, run
from lcscale.engine.record import code_versions
from lcscale.errors import InputError
from lcscale.lake.catalog import Catalog
from lcscale.lake.draft import Draft
from lcscale.lake.leaf import Leaf, parquet_options, write_leaf
from lcscale.lake.partition import write_partition
from lcscale.lake.pixel import Pixel
from lcscale.lake.storage import writing


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
    plan = _Plan(catalog)
    draft = lake.draft(name, plan.text)
    if draft.is_published:
        return _finished(draft, catalog)
    with draft:
        tasks = plan.tasks(draft)
        with writing(lake.root):
            record = run(tasks, ledger=draft.ledger, engine=engine, title=name, progress=progress, retries=retries)
        record.name, record.version = name, draft.version
        record.versions |= _step_versions(catalog)
        if record.done or not record.quarantined:
            _publish(catalog, draft, plan.rows(draft), record)
    record.seconds = time.perf_counter() - start
    return record


def _finished(draft: Draft, catalog: Catalog) -> RunRecord:
    """The record of a job that was done before."""
    versions = code_versions() | _step_versions(catalog)
    record = RunRecord(draft.entry.name, draft.version, versions=versions)
    for result in draft.ledger.done().values():
        record.skipped += 1
        record.add_result(result)
    return record


def _step_versions(catalog: Catalog) -> dict[str, str]:
    """Versions of the steps, and the ids of the models that some of them carry."""
    found = {type(step).__name__: f"v{step.version}" for step in catalog.steps}
    carrying: list[Any] = [step for step in catalog.steps if hasattr(step, "model_id")]
    return found | {f"model {step.model}": step.model_id for step in carrying}


class _Plan:
    """What is done to which leaves, and the keys of the tasks."""

    def __init__(self, catalog: Catalog) -> None:
        identities = catalog.source.identities()
        self.catalog = catalog
        self.plan = catalog.plan()
        self.what = catalog.steps_fingerprint() + "|" + ",".join(self.plan.columns)
        keys = (_digest(f"{leaf.pixel}|{identities[leaf.pixel]}|{self.what}") for leaf in catalog.partitions)
        self.leaves = dict(zip(keys, catalog.partitions, strict=True))

    @property
    def text(self) -> str:
        """Stands for the whole plan."""
        return "\n".join(self.leaves)

    def tasks(self, draft: Draft) -> _Tasks:
        """The draft's tasks."""
        given = replace(self.plan, leaf_options=parquet_options(self.plan.schema))
        shared = Shared(_digest(f"{self.catalog.source.url}|{self.plan.input_schema}|{self.what}"), given)
        return _Tasks(self.leaves, shared, draft.folder, self.catalog.name)

    def rows(self, draft: Draft) -> dict[Pixel, int]:
        """Rows of the leaves that the draft's finished tasks have written, empty ones left out."""
        found = {}
        for entry in draft.ledger.entries():
            if entry["error"] is None and entry["key"] in self.leaves and entry["result"]["rows"]:
                found[Pixel(*entry["result"]["pixel"])] = int(entry["result"]["rows"])
        return found


@dataclass(frozen=True)
class _Tasks(Collection[Task]):
    """The tasks of a job, made as they are asked for."""

    leaves: dict[str, Leaf]
    shared: Shared
    folder: UPath
    name: str

    def __len__(self) -> int:
        return len(self.leaves)

    def __contains__(self, task: object) -> bool:
        return isinstance(task, Task) and task.key in self.leaves

    def __iter__(self) -> Iterator[Task]:
        for key, leaf in self.leaves.items():
            yield Task(key, write_partition, (leaf, self.shared, self.folder), f"{self.name} {leaf.pixel}", True)


def _publish(catalog: Catalog, draft: Draft, pixels: dict[Pixel, int], record: RunRecord) -> None:
    schema = catalog.schema
    if not pixels:  # a catalog without rows is a result too; HATS wants one leaf
        first = catalog.source.leaves[0].pixel
        write_leaf(draft.folder, first, schema.empty_table())
        pixels = {first: 0}
        record.notes.append("no rows")
    draft.publish(pixels, schema, ra=catalog.source.ra, dec=catalog.source.dec, **catalog.inherited_properties())
    record.published = True


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
