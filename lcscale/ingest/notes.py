"""What the record of an ingest says beside its figures: what was left out, and that there was nothing to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lcscale.engine import RunRecord
from lcscale.engine.record import code_versions
from lcscale.lake.source import Source
from lcscale.surveys import Problem


def unchanged(name: str, source: Source, problems: Sequence[Problem]) -> RunRecord:
    """The record of an append that brought nothing new."""
    record = RunRecord(name, source.version, rows=source.rows, skipped=len(source.leaves), versions=code_versions())
    record.notes.append("all of these files are in the catalog already")
    note(record, problems)
    return record


def counts(results: Collection[Mapping[str, Any]]) -> list[str]:
    """How many observations were left out for which reason, and how many objects have none."""
    reasons: Counter[str] = Counter()
    for result in results:
        reasons.update(result.get("left_out", {}))
    notes = [f"left out: {reason}: {number:,} observations" for reason, number in reasons.most_common()]
    empty = sum(result.get("unobserved", 0) for result in results)
    if empty:
        objects = sum(result["rows"] for result in results if "unobserved" in result)
        notes.append(f"{empty:,} of {objects:,} objects are without an observation")
    return notes


def note(record: RunRecord, problems: Sequence[Problem]) -> None:
    """Tell in `record` what is wrong with the release: what was set aside, and what was not."""
    for problem in dict.fromkeys(problems):
        if problem.set_aside:
            record.quarantined.append({"label": problem.path, "error": problem.text, "traceback": None})
        else:
            record.notes.append(f"{problem.path}: {problem.text}")
