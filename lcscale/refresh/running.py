"""One entry of a pipeline brought up to date."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa

from lcscale.engine import Engine, MaxFailed, RunRecord
from lcscale.errors import ConflictError
from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.lake.inputs import INPUTS
from lcscale.lake.storage import writing
from lcscale.products import alert_statistics
from lcscale.products.completeness import write_completeness
from lcscale.refresh.entries import Entry
from lcscale.refresh.making import Find, adapter, bins_of, definitions, view
from lcscale.refresh.states import TABLE_PLAN, State, files_of, partitioning_of, table_plan


def bring_up_to_date(
    entry: Entry,
    state: State,
    lake: Lake,
    find: Find,
    *,
    engine: Engine,
    progress: bool | None,
    max_failed: MaxFailed,
    allow_removal: bool,
) -> RunRecord:
    """Run what `state` says is out of date of `entry`.

    Raises
    ------
    ConflictError
        Files of a release are gone, and not `allow_removal`.
    """
    if entry.section == "tables":
        return _write_table(entry, lake, find, engine)
    if entry.word == "completeness":
        return _count(entry, lake, find, engine)
    options: dict[str, Any] = {"engine": engine, "progress": progress, "max_failed": max_failed}
    if entry.word != "ingest":
        return view(entry, find).write(entry.name, lake=lake, replace=True, **options)  # the file says what it is
    found = state.changes
    if found is not None and found.gone and not allow_removal:
        raise ConflictError(
            f"{entry.at('files')}: {len(found.gone)} files that it was made from are gone, such as {found.gone[0]}; "
            "bring them back, or --allow-removal makes the catalog anew from those that are there"
        )
    survey = adapter(entry)
    replaces = survey.identity is not None and survey.join_arcsec is None  # else rows of before would stay
    anew = found is not None and bool(found.gone or found.other_options or found.missing)
    anew = anew or (found is not None and bool(found.changed) and not replaces)
    return ingest(
        survey,
        files_of(entry),
        lake,
        entry.name,
        partitioning=partitioning_of(entry),
        append=not anew,
        replace=anew,
        **options,
    )


def _count(entry: Entry, lake: Lake, find: Find, engine: Engine) -> RunRecord:
    start = time.perf_counter()
    made = write_completeness(lake, entry.name, find(entry.values["completeness"]), bins_of(entry))
    record = RunRecord(entry.name, made.source.version, published=True, done=1, rows=len(made), engine=engine.name)
    record.seconds = time.perf_counter() - start
    return record


def _write_table(entry: Entry, lake: Lake, find: Find, engine: Engine) -> RunRecord:
    start = time.perf_counter()
    plan, inputs = table_plan(entry, lake, find)
    by = entry.values.get("by", "year")
    names = ("radius_arcsec", "time", "label")
    options = {name: entry.values[name] for name in names if name in entry.values}
    alerts, known = find(entry.values["alerts"]), definitions(entry, find)
    groupings = [by] if isinstance(by, str) else by
    parts = [alert_statistics(alerts, known, by=each, engine=engine, **options) for each in groupings]
    table = pa.concat_tables(parts)
    told = {**(table.schema.metadata or {}), TABLE_PLAN: plan, INPUTS: inputs}
    with writing(lake.root):
        version = lake.write_table(entry.name, table.replace_schema_metadata(told), replace=True)
    record = RunRecord(entry.name, version, published=True, done=1, rows=table.num_rows, engine=engine.name)
    record.seconds = time.perf_counter() - start
    return record
