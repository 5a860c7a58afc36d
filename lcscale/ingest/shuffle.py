"""The shuffle of an ingest on Spark: rows travel from the tasks that read straight to those that write a leaf."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from lcscale.engine import Outcome, Shared, Task
from lcscale.engine.spark import SparkEngine
from lcscale.engine.task import attempt
from lcscale.errors import LcscaleError
from lcscale.ingest.grouping import reach_arcsec
from lcscale.ingest.leaves import gather_leaf
from lcscale.ingest.spills import cut
from lcscale.ingest.staging import sorted_tables
from lcscale.lake import HEALPIX_COLUMN
from lcscale.lake.borders import ranges_around_pixel
from lcscale.lake.leaf import Ranges
from lcscale.surveys import Part, Survey

_LEAVES_PER_SLOT = 8
Block = tuple[int, int, bytes]
"""Numbers of the part and of its sorted table that it is from, and its rows as an Arrow stream."""


@dataclass(frozen=True)
class Arrived:
    """Rows of one leaf as the shuffle brought them."""

    blocks: tuple[Block, ...]

    def within(self, ranges: Ranges) -> Iterator[pa.RecordBatch]:
        """Those whose index lies in `ranges`, in the order they were read in."""
        for _, _, stream in sorted(self.blocks):
            for batch in pa.ipc.open_stream(stream):
                yield from cut(batch, ranges)


class SparkShuffle:
    """An engine for the tasks that write leaves: Spark sorts the release by leaf, and each task gets what came for it.

    Spark keeps what it shuffled while the leaves are written some at a time, so that the ledger knows of each soon.
    Tasks that gather nothing run as on any Spark engine.

    Parameters
    ----------
    engine
        The session's engine.
    survey, parts
        What is read.
    memory
        Bytes for a task.
    """

    def __init__(self, engine: SparkEngine, survey: Survey, parts: Sequence[Part], memory: int) -> None:
        self._engine, self._survey, self._memory = engine, survey, memory
        self._parts = list(enumerate(parts))

    @property
    def name(self) -> str:
        """The cluster's master."""
        return self._engine.name

    @property
    def dashboard(self) -> str | None:
        """Address of Spark's page, where it is switched on."""
        return self._engine.dashboard

    @property
    def slots(self) -> int:
        """Cores of the cluster."""
        return self._engine.slots

    def outcomes(self, tasks: Iterator[Task], retries: int) -> Iterator[Outcome]:
        """Route the rows of the leaves that `tasks` gather, and yield the outcomes of a round of leaves at a time."""
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        every = list(tasks)
        gathers = [_with_values(task) for task in every if task.function is gather_leaf]
        yield from self._engine.outcomes((task for task in every if task.function is not gather_leaf), retries)
        if not gathers:
            return
        around = [ranges_around_pixel(task.arguments[1], reach_arcsec(self._survey)) for task in gathers]
        context = self._engine.session.sparkContext
        parts = context.parallelize(self._parts, len(self._parts))
        route = functools.partial(_route, self._survey, self._memory, around)
        routed = parts.flatMap(route).partitionBy(len(gathers), int)
        size = self.slots * _LEAVES_PER_SLOT
        for start in range(0, len(gathers), size):
            some = dict(enumerate(gathers[start : start + size], start))
            written = routed.mapPartitionsWithIndex(functools.partial(_gather, some, retries))
            try:
                yield from context.runJob(written, list, list(some))
            except (Py4JJavaError, PySparkException) as error:
                raise LcscaleError(
                    f"the shuffle on {self.name} failed: {_cause(error)}; run the same command again to go on"
                ) from error

    def close(self) -> None:
        """Nothing to give back: the session is its engine's."""


def _with_values(task: Task) -> Task:
    """The task with its shared arguments by value: Spark sends them with a round of leaves."""
    values = tuple(each.value if isinstance(each, Shared) else each for each in task.arguments)
    return replace(task, arguments=values)


def _cause(error: Exception) -> str:
    """What was raised in a worker: the last line of its traceback, amid those of Spark and the JVM."""
    found = re.findall(r"^\s*[\w.]+(?:Error|Exception): .*$", str(error), re.MULTILINE)
    return str(found[-1]).strip() if found else str(error).strip().splitlines()[0]


def _route(
    survey: Survey, memory: int, around: Sequence[Ranges], item: tuple[int, Part]
) -> Iterator[tuple[int, Block]]:
    """The rows of a part as blocks, each for a leaf: those in its ranges `around` [n_leaves]."""
    position, part = item
    first, behind = np.concatenate(around).T
    leaf = np.repeat(np.arange(len(around)), [len(ranges) for ranges in around])
    for number, table in enumerate(sorted_tables(survey, part, memory, [])):
        index = table.column(HEALPIX_COLUMN).to_numpy()
        hit = np.searchsorted(index, first) < np.searchsorted(index, behind)
        (batch,) = table.combine_chunks().to_batches()
        for one in np.unique(leaf[hit]).tolist():
            for some in cut(batch, around[one]):
                yield one, (position, number, _packed(some))


def _packed(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def _gather(
    tasks: dict[int, Task], retries: int, number: int, arrived: Iterable[tuple[int, Block]]
) -> Iterator[Outcome]:
    """Run the task of the leaf `number` on the rows that came for it."""
    rows: Any = Arrived(tuple(block for _, block in arrived))
    task = tasks[number]
    yield attempt(replace(task, arguments=(rows, *task.arguments[1:])), retries)
