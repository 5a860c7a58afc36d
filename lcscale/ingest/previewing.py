"""What an ingest would read, how it would understand it, and what it would leave out: nothing is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from lcscale.surveys import Part, Problem, ReleaseFileError, Survey
from lcscale.surveys import get as get_survey
from lcscale.surveys.lightcurves import LightCurveTables
from lcscale.surveys.positions import placed
from lcscale.surveys.reading import format_of, reading
from lcscale.surveys.release import Findings, Option

_ROWS = 200_000
_PARTS = 20
_SHOWN = 5


@dataclass
class Preview:
    """What `preview` found; as text it is what the command prints."""

    survey: str
    """Name of the adapter."""
    files: list[str] = field(default_factory=list)
    """Each file with its format."""
    parts: int = 0
    """Parts of the release."""
    read: int = 0
    """How many of them were looked at."""
    understood: list[str] = field(default_factory=list)
    """What columns, times, bands and names mean."""
    columns: list[str] = field(default_factory=list)
    """Columns of the catalog: name, type, metadata."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """The first five rows; of light curves their first observation and how many there are."""
    left_out: list[str] = field(default_factory=list)
    """What was left out in what was looked at, and why."""

    def __str__(self) -> str:
        """Some lines for a person."""
        some = f", the first {self.read} looked at" if self.read < self.parts else ""
        lines = [f"{self.survey}: {self.parts} parts{some}; nothing is written"]
        for title, entries in (
            ("would be read", self.files),
            ("understood as", self.understood),
            ("columns", self.columns),
            ("first rows", [str(row) for row in self.rows]),
            ("would be left out", self.left_out or ["nothing"]),
        ):
            if entries:
                lines += [f"{title}:", *(f"  {entry}" for entry in entries)]
        return "\n".join(lines)


def preview(
    survey: str | Survey, paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], **options: Option
) -> Preview:
    """Look at release files as `lcscale.ingest.ingest` would read them; large releases only at their first parts.

    Parameters
    ----------
    survey, paths, options
        As of `ingest`.

    Raises
    ------
    InputError
        For an unknown survey, option or path.
    """
    adapter = get_survey(survey, **options) if isinstance(survey, str) else survey
    given = [os.fspath(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    found = Findings()
    parts = adapter.parts(given, found)
    seen = Preview(adapter.name, parts=len(parts))
    names = list(dict.fromkeys(part.path for part in parts))
    seen.files = [_described(path) for path in names[:_PARTS]]
    seen.files += [f"and {len(names) - _PARTS:,} more"] if len(names) > _PARTS else []
    tables: list[pa.Table] = []
    for part in parts[:_PARTS]:
        _look(adapter, part, seen, tables, found)
        seen.read += 1
        if sum(table.num_rows for table in tables) >= _ROWS:
            break
    if tables:
        fullest = max(tables, key=_observed)
        seen.columns = [f"{one.name}: {one.type}{_noted(one)}" for one in fullest.schema]
        seen.rows = [_short(row) for row in fullest.slice(0, _SHOWN).to_pylist()]
    seen.left_out = [f"{reason}: {number:,} observations" for reason, number in found.left_out.most_common()]
    seen.left_out += [f"{problem.path}: {problem.text}" for problem in found]
    return seen


def _look(survey: Survey, part: Part, seen: Preview, tables: list[pa.Table], found: Findings) -> None:
    """Read a part, or what of it is enough."""
    rows = 0
    try:
        if isinstance(survey, LightCurveTables) and part.kind != "objects":
            with reading(part.path):
                told = survey.explain(part)
            seen.understood += [line for line in told if line not in seen.understood]
        for table in survey.batches(part, found):
            tables.append(placed(table, survey.ra, survey.dec, part.path, found))
            rows += table.num_rows
            if rows >= _ROWS:
                break
    except ReleaseFileError as error:
        found.append(Problem(part.path, str(error)))


def _described(path: str) -> str:
    """A file and its format."""
    if os.path.isdir(path):
        return f"{path}: folder"
    try:
        with reading(path):
            how = format_of(path)
    except ReleaseFileError as error:
        return str(error)
    text = how.kind
    if how.layout is not None:
        between = {"\t": "tabs", ",": "commas", "|": "bars", ";": "semicolons"}.get(how.layout.delimiter, "blanks")
        named = f"names in line {how.layout.skip}" if how.layout.names else "no line of names"
        text = f"text, {how.layout.width} columns between {between}, {named}"
    return f"{path}: {text}" + (f", {how.compression}" if how.compression else "")


def _observed(table: pa.Table) -> int:
    """Rows that have something: of light curves, observations."""
    if "lightcurve" not in table.column_names:
        return int(table.num_rows)
    return sum(len(one.field(0).values) for one in table.column("lightcurve").chunks)


def _noted(one: pa.Field) -> str:
    said = {key.decode(): value.decode() for key, value in (one.metadata or {}).items()}
    return f" ({', '.join(f'{key}: {value}' for key, value in said.items())})" if said else ""


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose light curve is its first observation, and how many there are."""
    for name, value in row.items():
        if isinstance(value, dict) and value and all(isinstance(one, list) for one in value.values()):
            first = {key: one[0] for key, one in value.items() if one}
            row[name] = {"observations": len(next(iter(value.values()))), "first": first}
        elif isinstance(value, list) and len(value) > _SHOWN:
            row[name] = [*value[:_SHOWN], "…"]
    return row
