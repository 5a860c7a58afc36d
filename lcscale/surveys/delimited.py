"""Delimited text (CSV and its kin) as Arrow: headers, broken lines, and types that hold for the whole file."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.csv as pv

from lcscale.surveys.release import Problem, ReleaseFileError

_STREAM_BYTES = (64 << 20, 16 << 20)
"""Files larger than this, plain and compressed, are read in blocks."""
_BLOCK_BYTES = 16 << 20
_NULLS = ["", "null", "NULL", "nan", "NaN", "NAN", "--", "N/A", "\\N"]
_WIDER = {pa.null(): pa.int64(), pa.int64(): pa.float64()}
"""The type to try next, where a later block does not fit the type of the first; any other becomes text."""


def header_of(path: str, delimiter: str) -> tuple[list[str], int]:
    """Column names of a delimited text, and the number of lines before its first row.

    The header is the first line that does not start with ``#``; or the last that does, where it has as many fields
    as the line behind it and all of them are names (``#Name, Date``). Blanks around names are taken away.
    """
    with pa.input_stream(path) as stream:
        lines = stream.read(1 << 20).decode("utf-8", errors="ignore").splitlines()[:2000]
    comments = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    if comments and comments < len(lines):
        marked, plain = (_fields(line, delimiter) for line in (lines[comments - 1][1:], lines[comments]))
        if len(marked) == len(plain) > 1 and _are_names(marked) and not _are_names(plain):
            return marked, comments
    if comments == len(lines):
        raise ReleaseFileError(f"{path} {'has no header line' if lines else 'is empty'}")
    return _fields(lines[comments], delimiter), comments + 1


def _fields(line: str, delimiter: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line], delimiter=delimiter), [])]


def _are_names(fields: list[str]) -> bool:
    return all(field.isidentifier() for field in fields)


@dataclass
class _Form:
    """How a file is read; `broken` collects the lines left out."""

    path: str
    delimiter: str
    columns: Sequence[str] | None
    skip: int
    names: Sequence[str] | None
    types: dict[str, pa.DataType]
    broken: list[Any] = field(default_factory=list)

    def options(self) -> tuple[pv.ReadOptions, pv.ParseOptions, pv.ConvertOptions]:
        """The options of Arrow's reader."""

        def leave_out(row: Any) -> str:
            self.broken.append(row)
            return "skip"

        names = list(self.names) if self.names else None
        return (
            pv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, skip_rows=self.skip, column_names=names),
            pv.ParseOptions(delimiter=self.delimiter, invalid_row_handler=leave_out),
            pv.ConvertOptions(
                null_values=_NULLS,
                strings_can_be_null=True,
                column_types=self.types,
                include_columns=list(self.columns) if self.columns is not None else None,
            ),
        )

    def blocks(self) -> Iterator[pa.Table]:
        """The rows, some at a time; the first block decides on types that are not given."""
        with pv.open_csv(self.path, *self.options()) as reader:
            for name in reader.schema.names:
                self.types.setdefault(name, reader.schema.field(name).type)
            for batch in reader:
                yield pa.Table.from_batches([batch])

    def settle(self) -> None:
        """Find types that hold for all blocks, by reading the file until none is refused."""
        while True:
            self.broken.clear()
            try:
                for _ in self.blocks():
                    pass
            except pa.ArrowInvalid as error:
                refused = re.search(r"In CSV column #(\d+): (?:Row #\d+: )?CSV conversion error", str(error))
                if refused is None or not self.names:
                    raise
                name = self.names[int(refused[1])]
                if self.types[name] == pa.string():
                    raise
                self.types[name] = _WIDER.get(self.types[name], pa.string())
            else:
                self.broken.clear()
                return


def delimited(
    path: str,
    delimiter: str,
    problems: list[Problem],
    columns: Sequence[str] | None = None,
    *,
    skip: int = 0,
    names: Sequence[str] | None = None,
    types: dict[str, pa.DataType] | None = None,
) -> Iterator[pa.Table]:
    """Rows of a delimited text; lines with too few or too many fields are left out and added to `problems`.

    Files of moderate size are read whole, others in blocks: those without given types twice, to learn them first.
    """
    form = _Form(path, delimiter, columns, skip, names, dict(types or {}))
    if os.path.getsize(path) <= _STREAM_BYTES[os.path.splitext(path)[1] not in (".csv", ".tsv", ".psv", ".ecsv")]:
        yield _in_utf8(pv.read_csv(path, *form.options()), path)
    else:
        if types is None:
            form.settle()
        for table in form.blocks():
            yield _in_utf8(table, path)
    if form.broken:
        first = form.broken[0]
        what = f"first: {first.text[:80]!r}" if first.text else "the first is empty"
        problems.append(Problem(path, f"{len(form.broken)} lines do not have {first.expected_columns} fields ({what})"))


def _in_utf8(table: pa.Table, path: str) -> pa.Table:
    """The table, unless a column of text is none: Arrow then takes it for bytes."""
    strange = [field.name for field in table.schema if pa.types.is_binary(field.type)]
    if strange:
        raise ReleaseFileError(f"cannot read {path}: column {', '.join(strange)} is not UTF-8")
    return table
