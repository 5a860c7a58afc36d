"""The task of a job: compute one partition and write its leaf."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pyarrow as pa
from upath import UPath

from lcscale.engine.overlap import ahead, turn
from lcscale.lake.leaf import Leaf, LeafWriter
from lcscale.lake.partition import PartitionPlan, apply
from lcscale.lake.reusing import Reuse
from lcscale.lake.storage import writing


def write_partition(leaf: Leaf, plan: PartitionPlan, folder: UPath, before: UPath | None = None) -> dict[str, Any]:
    """Write the result for `leaf` into the version at `folder`; returns its `LeafRecord` as JSON.

    What costly steps made of equal rows in the version at `before` is taken over (`rows_taken`; see `Reuse`).

    While a batch is computed, a thread reads the next one and another writes the last one. A partition left without
    rows has no leaf (``rows`` is 0).
    """
    stages = {"read": 0.0, "compute": 0.0, "write": 0.0}
    reuse = Reuse.of(plan, leaf.pixel, before)

    def write(table: pa.Table) -> None:
        with _timed(stages, "write"):
            writer.write(table)

    with writing(folder), LeafWriter(folder, leaf.pixel, plan.schema, plan.leaf_options) as writer:
        with ThreadPoolExecutor(1, "write") as thread:
            batches = ahead(_timed_each(plan.batches(leaf), stages, "read"))
            first = list(itertools.islice(batches, 1))
            written: Future[None] | None = None
            with turn():
                for batch in itertools.chain(first, batches):
                    with _timed(stages, "compute"):
                        table = apply(plan.steps, batch) if reuse is None else reuse.apply(batch)
                    if written is not None:
                        written.result()
                    written = thread.submit(write, table) if table.num_rows else None
            if written is not None:
                written.result()
        closing = time.perf_counter()
    told = writer.record().to_json() | {"stages": stages, "process": os.getpid()}
    if reuse is not None:
        with writing(folder):
            told |= {"row_keys": reuse.keep(folder), "rows_taken": reuse.taken}
    stages["write"] += time.perf_counter() - closing
    return told


@contextlib.contextmanager
def _timed(stages: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    stages[stage] += time.perf_counter() - start


def _timed_each(batches: Iterator[pa.Table], stages: dict[str, float], stage: str) -> Iterator[pa.Table]:
    while True:
        with _timed(stages, stage):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch
