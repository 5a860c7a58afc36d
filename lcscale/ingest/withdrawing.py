"""`withdraw`: a version of a catalog without some of its objects, which no file brings back."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from upath import UPath

from lcscale.engine import EngineSpec, RunRecord, Shared, Task, run
from lcscale.engine.record import code_versions
from lcscale.errors import InputError
from lcscale.expressions.lists import Listed, ValueList
from lcscale.ingest.leaves import link_leaf
from lcscale.ingest.sources import read_sources, write_sources
from lcscale.lake import Draft, Lake, Leaf, LeafWriter
from lcscale.lake.inputs import CODE
from lcscale.lake.leaf import write_leaf
from lcscale.lake.leaf_record import LeafRecord
from lcscale.lake.source import Source
from lcscale.lake.storage import content_of, remove_folder, writing
from lcscale.surveys import Part, Problem, Survey
from lcscale.surveys.nesting import MEMBERS

_FILE = "withdrawn.parquet"


def withdraw(
    lake: Lake | str | os.PathLike[str],
    name: str,
    ids: Listed,
    *,
    engine: EngineSpec = None,
    progress: bool | None = None,
) -> RunRecord:
    """Publish a version of the ingested catalog `name` without the objects named `ids`.

    They stay out of whatever is ingested into that catalog from then on, from old files and new ones; `Lake.use` of
    the version before brings them back.

    Parameters
    ----------
    lake
        The lake, or its URL.
    name
        An ingested catalog with a column of ids; what is made from it follows when it is made again.
    ids
        One-dimensional: Arrow, numpy, pandas, a list; or the path of a file: an id a line (``.txt``), or a column of a
        ``.csv`` or ``.parquet``, the one named as the catalog's ids or the only one.
    engine
        See `lcscale.engine.resolve`.
    progress
        True, False, or None to show it in a terminal only.

    Returns
    -------
    RunRecord
        Its `notes` say how many objects were withdrawn, and how many of `ids` the catalog does not have.

    Raises
    ------
    InputError
        The catalog has none of them, has no ids, or was made from another catalog.
    """
    start = time.perf_counter()
    place = lake if isinstance(lake, Lake) else Lake(lake)
    catalog = place[name]
    source, identity = catalog.source, catalog.id_column
    if catalog.inputs:
        raise InputError(f"{name} is made from {catalog.inputs[0].name}: remove the objects there, and make it again")
    wanted = (
        ValueList.read(os.fspath(ids), identity) if isinstance(ids, str | os.PathLike) else ValueList.of(ids, "ids")
    )
    before = read_withdrawn(source.folder)
    plan = f"withdraw v1\n{source.version}\n{wanted.digest}"
    with place.draft(name, plan, takes_over=False) as draft, writing(place.root):
        tasks = _tasks(source, wanted, identity, draft)
        record = run(tasks, ledger=draft.ledger, engine=engine, progress=progress, title=f"{name}: withdrawing")
        done = draft.ledger.done()
        results = [done[task.key] for task in tasks if task.key in done]
        gone = sum(result.get("withdrawn", 0) for result in results)
        if gone and not record.withheld:
            names = [value for result in results for value in result.get("names", [])]
            names += [] if before is None else before.values.to_pylist()
            write_withdrawn(draft.folder, ValueList.of(names, "withdrawn"), identity)
            _publish(source, draft, results)
            record.published = True
    if not gone and not record.withheld:
        remove_folder(draft.folder)
        raise InputError(f"{name} has none of the {len(wanted):,} objects to be withdrawn, by its column {identity}")
    record.name, record.version, record.seconds = name, draft.version, time.perf_counter() - start
    record.notes += [f"{gone:,} objects withdrawn"]
    record.notes += [f"{len(wanted) - gone:,} ids are not in {name}"] if len(wanted) > gone else []
    return record


def _tasks(source: Source, wanted: ValueList, identity: str, draft: Draft) -> list[Task]:
    kept = source.records()
    shared = Shared(hashlib.blake2b(draft.plan.encode(), digest_size=12).hexdigest(), wanted)
    return [
        Task(
            hashlib.blake2b(f"{draft.plan}|{leaf.pixel}".encode(), digest_size=12).hexdigest(),
            leave_out,
            (leaf, kept[leaf.pixel], draft.folder, identity, shared),
            f"{draft.entry.name} {leaf.pixel}",
        )
        for leaf in source.leaves
    ]


def leave_out(leaf: Leaf, record: LeafRecord, folder: UPath, identity: str, wanted: ValueList) -> dict[str, Any]:
    """Write the leaf without the objects `wanted` into the version at `folder`; it is linked where it has none of them.

    Returns
    -------
    dict
        The `LeafRecord` as JSON; ``withdrawn``, how many, and ``names``: theirs, and those of their pieces.
    """
    schema = leaf.schema()
    columns = [each for each in (identity, MEMBERS) if each in schema.names]
    named = leaf.read(columns)
    out = pc.fill_null(wanted.contain(named.column(identity)), False)
    number = int(pc.sum(out).as_py() or 0)
    if not number:
        return link_leaf(leaf, record, folder)
    gone = named.filter(out)
    names = gone.column(identity).to_pylist()
    if MEMBERS in columns:
        names += pc.list_flatten(gone.column(MEMBERS).combine_chunks().field(0)).to_pylist()
    with writing(folder), LeafWriter(folder, leaf.pixel, schema) as writer:
        rest = leaf.read().filter(pc.invert(out))
        if rest.num_rows:
            writer.write(rest)
    return writer.record().to_json() | {"withdrawn": number, "names": list(dict.fromkeys(names))}


def _publish(source: Source, draft: Draft, results: Sequence[Mapping[str, Any]]) -> None:
    leaves = [LeafRecord.of(result) for result in results if result["rows"]]
    schema = source.leaves[0].schema()
    if not leaves:  # HATS wants one leaf
        leaves = [write_leaf(draft.folder, source.leaves[0].pixel, schema.empty_table())]
    write_sources(draft.folder, read_sources(source.folder))
    properties = {key: value for key, value in source.properties if key.startswith(("lcscale_", "obs_", "bib_"))}
    properties[CODE] = json.dumps(code_versions())
    draft.publish(leaves, schema, ra=source.ra, dec=source.dec, **properties)


def read_withdrawn(version: UPath) -> ValueList | None:
    """Names of the objects that were withdrawn before the version at `version`, and of their pieces."""
    content = content_of(version / _FILE)
    return None if content is None else ValueList.of(pq.read_table(pa.BufferReader(content)), _FILE)


def write_withdrawn(version: UPath, names: ValueList, identity: str) -> None:
    """Write down, before it is published, what a version and those after it are without."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({identity: names.values}), sink)
    (version / _FILE).write_bytes(sink.getvalue().to_pybytes())


@dataclass(frozen=True)
class Remaining:
    """A survey without the objects that were withdrawn: what is read of its files has none of them."""

    survey: Survey
    """The survey."""
    withdrawn: ValueList
    """Their names, and those of their pieces."""

    @property
    def name(self) -> str:
        """Name in the registry."""
        return self.survey.name

    @property
    def ra(self) -> str:
        """Column of right ascension, degrees."""
        return self.survey.ra

    @property
    def dec(self) -> str:
        """Column of declination, degrees."""
        return self.survey.dec

    @property
    def identity(self) -> str | None:
        """Column that names an object."""
        return self.survey.identity

    @property
    def join_arcsec(self) -> float | None:
        """As of the survey."""
        return self.survey.join_arcsec

    @property
    def properties(self) -> Mapping[str, str]:
        """As of the survey."""
        return self.survey.properties

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """As of the survey."""
        return self.survey.parts(paths, problems)

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """The rows of `part` but those of the withdrawn objects."""
        for table in self.survey.batches(part, problems):
            out = pc.fill_null(self.withdrawn.contain(table.column(str(self.identity))), False)
            yield table.filter(pc.invert(out))
