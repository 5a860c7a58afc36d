"""Delimited text (CSV and its kin) as Arrow: headers, broken lines, and types that hold for the whole file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from lcscale.surveys.formats import HEAD_BYTES, Format, codec_of, head_of, text_lines, text_stream
from lcscale.surveys.identities import all_whole, numbers_of_text, refuse_rounded, trimmed
from lcscale.surveys.layout import BLANKS, text_layout
from lcscale.surveys.release import Problem, ReleaseFileError

_STREAM_BYTES = (64 << 20, 16 << 20)
"""Files larger than this, plain and compressed, are read in blocks."""
_BLOCK_BYTES = 16 << 20
_WORDS = ["null", "NULL", "nan", "NaN", "NAN", "--", "N/A", "\\N"]
_NULLS = [*_WORDS, *(" " * n for n in range(65)), *(" " * n + word for n in range(1, 13) for word in _WORDS)]
"""What stands for no value, padded with blanks too."""
_FORTRAN = r"^[+-]?(\d+\.\d*|\.\d+)[dD][+-]?\d{1,3}$"
_WIDER = {pa.null(): pa.int64(), pa.int64(): pa.float64()}
"""The type to try next, where a later block does not fit the type of the first; any other becomes text."""


def header_of(path: str, delimiter: str) -> tuple[list[str], int]:
    """Column names of a delimited text, and the number of lines before its first row.

    The header is the first line that does not start with ``#``; or the last that does, where it has as many fields
    as the line behind it and all of them are names (``#Name, Date``). Blanks around names are taken away.
    """
    head = head_of(path)
    lines = text_lines(head.decode("utf-8-sig", errors="ignore"), whole=len(head) < HEAD_BYTES)
    layout = text_layout(lines, delimiter)
    if layout is None or not layout.names:
        raise ReleaseFileError(f"{path} {'has no header line' if head else 'is empty'}")
    return list(layout.names), layout.skip


@dataclass
class _Form:
    """How a file is read; `broken` collects the lines left out."""

    path: str
    delimiter: str
    columns: Sequence[str] | None
    skip: int
    names: Sequence[str] | None
    types: dict[str, pa.DataType]
    ids: Sequence[str]
    how: Format
    broken: list[Any] = field(default_factory=list)

    def open(self) -> pa.NativeFile:
        """The text."""
        return text_stream(self.path, self.how)

    def options(self) -> tuple[pv.ReadOptions, pv.ParseOptions, pv.ConvertOptions]:
        """The options of Arrow's reader."""

        def leave_out(row: Any) -> str:
            self.broken.append(row)
            return "skip"

        names = list(self.names) if self.names else None
        exact = dict.fromkeys(self.ids, pa.string())
        comma = self.how.layout is not None and self.how.layout.decimal_comma
        return (
            pv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, skip_rows=self.skip, column_names=names),
            pv.ParseOptions(
                delimiter="\t" if self.delimiter == BLANKS else self.delimiter,
                invalid_row_handler=leave_out,
                quote_char=False if self.how.layout is not None and self.how.layout.spans else '"',
            ),
            pv.ConvertOptions(
                null_values=_NULLS,
                strings_can_be_null=True,
                column_types=self.types | exact,
                decimal_point="," if comma else ".",
                include_columns=list(self.columns) if self.columns is not None else None,
            ),
        )

    def blocks(self) -> Iterator[pa.Table]:
        """The rows, some at a time; the first block decides on types that are not given."""
        with self.open() as stream, pv.open_csv(stream, *self.options()) as reader:
            for name in reader.schema.names:
                self.types.setdefault(name, reader.schema.field(name).type)
            for batch in reader:
                yield pa.Table.from_batches([batch])

    def settle(self) -> None:
        """Find types that hold for all blocks, by reading the file until none is refused."""
        unsettled = [name for name in self.ids if name not in self.types]
        while True:
            self.broken.clear()
            whole = dict.fromkeys(unsettled, True)
            try:
                for table in self.blocks():
                    for name in unsettled:
                        values = trimmed(table.column(name))
                        whole[name] = whole[name] and (values.null_count == len(values) or all_whole(values))
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
                self.types |= {name: pa.int64() if whole[name] else pa.string() for name in unsettled}
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
    ids: Sequence[str] = (),
    how: Format | None = None,
) -> Iterator[pa.Table]:
    """Rows of a delimited text; lines with too few or too many fields are left out and added to `problems`.

    Files of moderate size are read whole, others in blocks: those without given types twice, to learn them first.

    Parameters
    ----------
    path, delimiter
        The text; the delimiter may be `lcscale.surveys.layout.BLANKS`.
    problems
        Gets the number of broken lines.
    columns
        Those wanted, default all.
    skip, names
        Lines before the first row, and the names of its fields; default: the first line has them.
    types
        Types of columns; default: what holds for all rows.
    ids
        Columns that name objects: whole numbers or text, as written.
    how
        Compression, encoding and layout, where they are known already.
    """
    how = how or Format("text", codec_of(path))
    wanted = [name for name in ids if columns is None or name in columns]
    form = _Form(path, delimiter, columns, skip, names, dict(types or {}), wanted, how)
    if os.path.getsize(path) <= _STREAM_BYTES[how.compression is not None]:
        with form.open() as stream:
            table = pv.read_csv(stream, *form.options())
        yield _finished(table, form)
    else:
        if types is None or any(name not in types for name in wanted):
            form.settle()
        for table in form.blocks():
            yield _finished(table, form)
    broken = [row for row in form.broken if not (row.text or "").startswith("#")]
    if broken:
        first = broken[0]
        what = f"first: {first.text[:80]!r}" if first.text else "the first is empty"
        problems.append(Problem(path, f"{len(broken)} lines do not have {first.expected_columns} fields ({what})"))


def _finished(table: pa.Table, form: _Form) -> pa.Table:
    """The table with names of objects as such, no blanks around text, and nulls where the header says so."""
    nulls = form.how.layout.nulls if form.how.layout is not None else {}
    for place, one in enumerate(table.schema):
        column = table.column(place)
        if pa.types.is_binary(one.type):
            raise ReleaseFileError(f"cannot read {form.path}: column {one.name} is not UTF-8")
        if one.name in form.ids:
            settled = form.types.get(one.name)
            settled = None if settled is not None and not _may_name(settled) else settled
            refuse_rounded(column, one.name, form.path)
            column = trimmed(column) if settled == pa.string() else numbers_of_text(column)
            if settled is not None and column.type != settled:
                column = column.cast(settled)
        elif pa.types.is_string(one.type):
            column = _from_fortran(pc.ascii_trim_whitespace(column))
        if one.name in nulls:
            column = without_sentinel(column, nulls[one.name])
        if column is not table.column(place):
            table = table.set_column(place, one.with_type(column.type), column)
    return table


def _from_fortran(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as they are; or numbers, where all are such with Fortran's exponents (``5.8D+04``)."""
    if text.null_count == len(text) or not pc.all(pc.match_substring_regex(text, _FORTRAN)).as_py():
        return text
    return pc.replace_substring_regex(text, "[dD]", "e").cast(pa.float64())


def _may_name(kind: pa.DataType) -> bool:
    """Whether a declared type can hold the names of objects: others are read as they are written."""
    return bool(pa.types.is_integer(kind) or pa.types.is_string(kind))


def without_sentinel(column: pa.ChunkedArray, value: str) -> pa.ChunkedArray:
    """`column` with nulls where it has `value`, which the header says means none."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        try:
            number = float(value)
        except ValueError:
            return column
        return pc.if_else(pc.equal(column.cast(pa.float64(), safe=False), number), None, column)
    if pa.types.is_string(column.type):
        return pc.if_else(pc.equal(column, value), None, column)
    return column
