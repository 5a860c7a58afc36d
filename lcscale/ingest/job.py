"""`ingest`: release files of a survey become a catalog of the lake, or are added to one."""

from __future__ import annotations

import importlib
import itertools
import json
import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

from upath import UPath

from lcscale.engine import (
    EngineSpec,
    MaxFailed,
    RunRecord,
    Shared,
    Task,
    allowed_failures,
    prepare,
    resolve,
    run,
)
from lcscale.engine.record import code_versions
from lcscale.engine.spark import SparkEngine
from lcscale.errors import ConflictError
from lcscale.expressions.lists import ValueList
from lcscale.ingest.appending import Move, Present
from lcscale.ingest.duplicates import ROWS_OF_A_TASK
from lcscale.ingest.grouping import reach_arcsec
from lcscale.ingest.leaves import gather_leaf, link_leaf
from lcscale.ingest.memory import memory_of_a_task
from lcscale.ingest.moving import find_moves, find_strangers
from lcscale.ingest.notes import counts, note, unchanged
from lcscale.ingest.planning import plan_leaves, read_schema_text
from lcscale.ingest.release import Partitioning, Release, made_with
from lcscale.ingest.shuffle import SparkShuffle
from lcscale.ingest.sources import write_sources
from lcscale.ingest.spills import STAGING, Spills
from lcscale.ingest.staging import count, listed, stage
from lcscale.ingest.tasks import checking_tasks, key_of, link, task_of
from lcscale.ingest.withdrawing import Remaining, read_withdrawn, write_withdrawn
from lcscale.lake import Draft, Lake, Pixel
from lcscale.lake.inputs import CODE, ID_COLUMN
from lcscale.lake.leaf import parquet_options
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.source import missing_property
from lcscale.lake.storage import is_local, remove_folder, writing
from lcscale.surveys import Part, Problem, Survey
from lcscale.surveys import get as get_survey
from lcscale.surveys.release import Option

VERSION = 2
"""Raised when the same files would give other catalogs: a finished ingest is not repeated before."""

_NOTHING_READ = "nothing could be read of the release; nothing was published"


def ingest(
    survey: str | Survey,
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    lake: Lake | str | os.PathLike[str],
    name: str,
    *,
    partitioning: Partitioning | None = None,
    append: bool = False,
    replace: bool = False,
    memory: int | None = None,
    engine: EngineSpec = None,
    progress: bool | None = None,
    max_failed: MaxFailed = 0,
    **options: Option,
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
    append
        Add to the catalog, if it is there: files it holds already are passed over, observations go to the
        objects they belong to (and replace those of the same time and band), rows of a known name replace the
        old ones (of light curves the object's own columns) wherever those were, partitions that neither get nor
        lose anything are linked. New names cost a look at all names there are: one column of the catalog is
        read; observations of known objects cost nothing of the kind.
    replace
        Make the catalog of that name anew from these files alone, whatever it was made from before.
    memory
        Bytes that the tasks running at once on a machine may use together, beside the interpreters; default: a
        quarter of what its workers may use, or 384 MiB a task where that is more. The need does not grow with the
        release: what it grows with is a list of objects, a FITS file or VOTable, and a partition that is appended to.
    engine
        See `lcscale.engine.resolve`; default: the active Dask client, else this process.
    progress
        True, False, or None to show it in a terminal only.
    max_failed
        How many tasks of reading, and how many partitions, may fail (a number, or a share as a float) while the rest
        is published still; files that are damaged do not count, they cost only themselves. What failed stands in
        the record and in the catalog's properties; the same call, without `append`, makes the catalog whole.
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
        Where the lake has a catalog of that name, made from other files or with other options, and not `append`; or
        with `append`, where partitions are missing in it.
    """
    start = time.perf_counter()
    allowed_failures(max_failed, 0)
    adapter = get_survey(survey, **options) if isinstance(survey, str) else survey
    target = lake if isinstance(lake, Lake) else Lake(lake)
    given = [os.fspath(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    present = Present.in_lake(target, name, adapter) if append and name in target else Present()
    release = Release.at(adapter, given, present.sources)
    known = release.known(present.sources)
    new = {key: part for key, part in release.parts.items() if key not in known}
    withdrawn = read_withdrawn(target[name].source.folder) if (append or replace) and name in target else None
    job = _Job(adapter, new, partitioning or Partitioning(), release, present, known, withdrawn)
    draft = target.draft(name, job.text(), takes_over=False)  # spills are gone: what is to be completed is read anew
    if draft.base is not None and not (draft.is_published or draft.completes or append or replace):
        raise ConflictError(
            f"the lake has a catalog {name!r} already, made from other files or with other options; "
            "choose another name, or add to it with --append"
        )
    if present.source is not None and not new:
        record = unchanged(name, present.source, release.problems)
    else:
        with draft:
            record = job.run(draft, engine, progress, memory, max_failed)
        record.version = draft.version
        if record.withheld == _NOTHING_READ:
            draft.abandon()
    record.name, record.seconds = name, time.perf_counter() - start
    return record


@dataclass
class _Job:
    """What is to be read, and what is there already."""

    adapter: Survey
    parts: dict[str, Part]
    limits: Partitioning
    release: Release
    present: Present
    known: frozenset[str]
    """Parts that the catalog holds already."""
    withdrawn: ValueList | None
    """Objects that stay out of the catalog."""

    @property
    def reader(self) -> Survey:
        """Reads the parts, without what was withdrawn."""
        return self.adapter if self.withdrawn is None else Remaining(self.adapter, self.withdrawn)

    def text(self) -> str:
        """Stands for everything the result depends on."""
        base = [] if self.present.source is None else [f"append to {self.present.source.version}"]
        newer = [  # options that came later: at their defaults they leave the plans of before as they are
            f"{each.name}={value!r}"
            for each in fields(cast(Any, self.adapter))
            if not each.repr and (value := getattr(self.adapter, each.name)) != each.default
        ]
        return "\n".join([f"ingest v{VERSION}", repr(self.reader), repr(self.limits), *newer, *base, *self.parts])

    def run(
        self, draft: Draft, engine: EngineSpec, progress: bool | None, memory: int | None, max_failed: MaxFailed
    ) -> RunRecord:
        """Stage, plan, gather, publish; what is done already is not done again."""
        spills = draft.folder / STAGING
        if draft.is_published:
            remove_folder(spills)
            return self._finished(draft)
        prepare(engine)
        importlib.import_module("hats.io")  # a second, wanted for the first leaf: better while workers start than then
        chosen = resolve(engine)
        try:
            options = {"engine": chosen, "progress": progress}
            with writing(draft.entry.parent):
                return self._run(draft, spills, memory_of_a_task(memory, chosen), max_failed, options)
        finally:
            if chosen is not engine:
                chosen.close()

    def _run(
        self, draft: Draft, spills: UPath, memory: int, max_failed: MaxFailed, options: dict[str, Any]
    ) -> RunRecord:
        title = str(draft.entry.name)
        options = {"ledger": draft.ledger, **options}
        shuffled = isinstance(options["engine"], SparkEngine)
        if not any(result.get("spills") for result in draft.ledger.done().values()):
            remove_folder(draft.ledger.folder)  # nothing could be read of the release: perhaps it can now
        staging = self._staging_tasks(count if shuffled else stage, draft, spills, memory)
        listing = task_of(listed, (tuple(self.release.problems),), repr(self.release.problems), "list of files", draft)
        listed_too = [listing, *staging] if self.release.problems else staging
        reading = run(listed_too, title=f"{title}: reading", max_failed=max_failed, **options)
        if reading.withheld:
            return reading
        done = draft.ledger.done()
        spilled = [done.get(task.key, {}).get("spills") for task in staging]
        held = {part: some for part, some in zip(self.parts.values(), spilled, strict=True) if some}
        if not held:
            reading.withheld = _NOTHING_READ
            return self._with_problems(reading, draft)
        waiting, schema, record = self._plan(held, draft, spills, options)
        moves, record = ([], record) if record.quarantined else self._moves(waiting, schema, draft, options)
        if record.quarantined:
            return record
        if shuffled:
            options["engine"] = SparkShuffle(options["engine"], self.reader, tuple(held), memory)
        tasks = self._leaf_tasks(waiting, moves, schema, draft)
        if is_local(draft.folder):  # a store copies, which the tasks share
            link(tasks, draft)
        record = run(tasks, title=f"{title}: writing", max_failed=max_failed, **options)
        record.stages = reading.stages | record.stages
        record.missing = reading.missing + record.missing
        record.quarantined = reading.quarantined + record.quarantined
        done = draft.ledger.done()
        results = [done[task.key] for task in tasks if task.key in done]
        if not record.withheld and self.adapter.identity is not None and self.adapter.join_arcsec is None:
            checks = checking_tasks(results, self.adapter.identity, draft, spills)
            checked = run(checks, title=f"{title}: looking for duplicated ids", **options)
            record.quarantined += checked.quarantined
            record.withheld = checked.withheld
        if not record.withheld:
            read = {key for key, some in zip(self.parts, spilled, strict=True) if some is not None}
            self._publish(draft, schema, results, read, record.missing)
            record.published = True
            remove_folder(spills)
        return self._with_problems(record, draft)

    def _plan(
        self, held: Mapping[Part, Sequence[str]], draft: Draft, spills: UPath, options: dict[str, Any]
    ) -> tuple[dict[Pixel, Spills], str, RunRecord]:
        """The partitions that get rows, from which spills, and the rows' schema."""
        names = list(itertools.chain.from_iterable(held.values()))
        labels = [part.path for part, some in held.items() for _ in some]
        limits = (self.limits.rows, self.limits.bytes)
        base = (tuple(self.present.leaves), self.present.schema)
        arguments = (spills, names, labels, *limits, *base, reach_arcsec(self.adapter))
        planning = task_of(plan_leaves, arguments, "", "partitions", draft)
        record = run([planning], **(options | {"progress": False}))
        plan = draft.ledger.done().get(planning.key, {"pixels": [], "schema": ""})
        waiting = {Pixel(*at): Spills(spills, tuple(names[i] for i in touched)) for *at, touched in plan["pixels"]}
        return waiting, plan["schema"], record

    def _staging_tasks(self, function: Any, draft: Draft, spills: UPath, memory: int) -> list[Task]:
        return [
            task_of(function, (self.reader, part, spills, memory), key, part.label, draft, keyed=True)
            for key, part in self.parts.items()
        ]

    def _moves(
        self, waiting: Mapping[Pixel, Spills], schema: str, draft: Draft, options: dict[str, Any]
    ) -> tuple[list[Move], RunRecord]:
        """Known objects that will stand in another partition; those joined by position are told by it."""
        identity, base, spills = self.adapter.identity, self.present.source, draft.folder / STAGING
        record = RunRecord(draft.entry.name)
        if base is None or identity is None or self.adapter.join_arcsec:
            return [], record
        options = options | {"title": f"{draft.entry.name}: looking for moved objects"}
        coming = {
            pixel: task_of(
                find_strangers,
                (rows, pixel, self.present.leaves.get(pixel), schema, identity, spills),
                str(pixel),
                f"names in {pixel}",
                draft,
            )
            for pixel, rows in waiting.items()
        }
        record = run(list(coming.values()), **options)
        done = draft.ledger.done()
        strangers = [pixel for pixel, task in coming.items() if done.get(task.key, {}).get("strangers")]
        if record.quarantined or not strangers:
            return [], record
        some = max(1, ROWS_OF_A_TASK * len(base.leaves) // max(1, base.rows))
        among = Shared(key_of(draft, "strangers", ""), tuple(strangers))
        looking = [
            task_of(find_moves, (spills, among, leaves, identity), str(number), f"names known, part {number}", draft)
            for number, leaves in enumerate(base.leaves[i : i + some] for i in range(0, len(base.leaves), some))
        ]
        record = run(looking, **options)
        done = draft.ledger.done()
        found = [move for task in looking for move in done.get(task.key, {}).get("moves", [])]
        return [(Pixel(*move[:2]), Pixel(*move[2:])) for move in found], record

    def _leaf_tasks(
        self, waiting: Mapping[Pixel, Spills], moves: Sequence[Move], schema: str, draft: Draft
    ) -> list[Task]:
        tasks = []
        writing = Shared(key_of(draft, "parquet_options", ""), parquet_options(read_schema_text(schema)))
        nothing = Spills(draft.folder / STAGING, ())
        came: defaultdict[Pixel, list[Pixel]] = defaultdict(list)
        went: defaultdict[Pixel, list[Pixel]] = defaultdict(list)
        for old, new in moves:
            came[new].append(old)
            went[old].append(new)
        for pixel in dict.fromkeys([*waiting, *went]):
            before = self.present.before(pixel, self.adapter, came[pixel], went[pixel])
            arguments = (waiting.get(pixel, nothing), pixel, draft.folder, schema, self.adapter, before, writing)
            tasks.append(task_of(gather_leaf, arguments, str(pixel), f"{draft.entry.name} {pixel}", draft))
        written = {task.arguments[1] for task in tasks}
        for pixel, leaf in self.present.leaves.items():
            if pixel not in written:
                linked = (leaf, self.present.records[pixel], draft.folder)
                tasks.append(task_of(link_leaf, linked, str(pixel), f"{draft.entry.name} {pixel}", draft))
        return tasks

    def _publish(
        self, draft: Draft, schema: str, results: Sequence[dict[str, Any]], read: set[str], missing: Sequence[str]
    ) -> None:
        leaves = [LeafRecord.of(result) for result in results if result["rows"]]
        properties = {"lcscale_survey": self.adapter.name, **self.adapter.properties, **missing_property(missing)}
        properties |= {CODE: json.dumps(code_versions())}
        properties |= {ID_COLUMN: self.adapter.identity} if self.adapter.identity is not None else {}
        options = made_with(self.adapter, self.limits)
        write_sources(draft.folder, self.release.sources(self.present.sources, self.known | read, options))
        if self.withdrawn is not None:
            write_withdrawn(draft.folder, self.withdrawn, str(self.adapter.identity))
        draft.publish(leaves, read_schema_text(schema), ra=self.adapter.ra, dec=self.adapter.dec, **properties)

    def _finished(self, draft: Draft) -> RunRecord:
        """The record of an ingest that was done before."""
        record = RunRecord(draft.entry.name, versions=code_versions())
        for result in draft.ledger.done().values():
            record.skipped += 1
            if "digest" in result:
                record.add_result(result)
        return self._with_problems(record, draft)

    def _with_problems(self, record: RunRecord, draft: Draft) -> RunRecord:
        """`record` with what was found in the release, in this run or an earlier one of the same plan."""
        done = draft.ledger.done()
        note(record, [*self.release.problems, *(Problem(*problem) for problem in draft.ledger.problems())])
        record.notes += [note for result in done.values() for note in result.get("notes", [])]
        record.notes += counts(done.values())
        record.notes += [] if self.withdrawn is None else [f"{len(self.withdrawn):,} withdrawn names stay out"]
        repeated = [result for result in done.values() if result.get("duplicates")]
        if repeated:
            examples = [example for result in repeated for example in result["examples"]][:5]
            total = sum(result["duplicates"] for result in repeated)
            record.notes.append(f"{total:,} rows repeat the id of another row, such as {', '.join(examples)}")
        return record
