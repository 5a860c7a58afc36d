"""Tables of any format as Arrow, told from their content: texts, Parquet, FITS, VOTable …; errors name the file."""

from __future__ import annotations

import contextlib
import os
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from lcscale.surveys.astropy_tables import KINDS, read_with_astropy
from lcscale.surveys.delimited import delimited, header_of
from lcscale.surveys.ecsv import described, ecsv_header, with_said
from lcscale.surveys.formats import Format, format_of, suffix
from lcscale.surveys.identities import trimmed, with_identities
from lcscale.surveys.layout import TextLayout
from lcscale.surveys.release import Part, Problem, ReleaseFileError, require
from lcscale.surveys.unfolding import fields_of, is_list

__all__ = ["format_of", "is_table", "read_batches", "read_table", "reading", "suffix", "table_parts"]

GROUP_ROWS = 1_048_576
"""Rows of a part of a Parquet file, about."""

_BATCH_BYTES = 16 << 20
_BUFFER_BYTES = 128 << 10
_ENDINGS = {".parquet", ".pq", ".csv", ".ecsv", ".tsv", ".psv", ".fits", ".fit", ".vot", ".votable", ".xml", ".tbl"}
_NO_TABLES = (".md", ".log", ".json", ".yaml", ".py")
_READ = (
    "Parquet, Feather, FITS, VOTable, ECSV, IPAC, CDS tables, and text between commas, tabs, bars, semicolons or blanks"
)


def is_table(path: str) -> bool:
    """Whether the file's name says that it is a table, and no text that may be anything."""
    return suffix(path) in _ENDINGS


def holds_table(path: str) -> bool:
    """Whether the file is a table by its name, or by its content: text counts where its rows have numbers.

    Empty files count too: reading them says that they are.
    """
    name = os.path.basename(path).lower()
    if name.startswith((".", "_", "readme", "license", "md5")) or suffix(path) in _NO_TABLES:
        return False
    if is_table(path):
        return True
    try:
        if not os.path.getsize(path):
            return True
        how = format_of(path)
    except (OSError, ReleaseFileError):
        return False
    if how.layout is not None:
        return how.layout.width > 1 and any(one[:1].isdigit() for one in how.layout.first_row.replace("-", "").split())
    return how.kind != "unknown"


def column_names(path: str, names: Sequence[str] = (), asked: Sequence[str] = ()) -> list[str]:
    """Names of the columns of the file at `path`, those of nested ones with a dot (``candidate.ra``) too.

    `names` are those by place (see `read_batches`); `asked` may stand in the header of a FITS file or a text.
    """
    how = format_of(path)
    if how.kind == "text" and how.layout is not None:
        found = _named(how.layout.names, how.layout.width, names)
        return [*found, *_asked(how.layout.cards, found, asked)]
    if how.kind == "parquet":
        schema = pq.read_schema(path)
        return list(dict.fromkeys([*schema.names, *_leaf_paths(schema, "")]))
    return list(next(read_batches(Part(path), [], names=names, optional=asked)).column_names)


def _leaf_paths(fields: pa.Schema | pa.StructType, prefix: str) -> list[str]:
    found = []
    for field in fields:
        struct = _struct_in(field.type)
        inner = _leaf_paths(struct, f"{prefix}{field.name}.") if struct is not None else []
        found += inner or [f"{prefix}{field.name}"]
    return found


def table_parts(path: str, kind: str = "") -> list[Part]:
    """The file as parts: runs of row groups of a Parquet file, the whole of any other."""
    if not _is_parquet(path):
        return [Part(path, kind)]
    with reading(path):
        metadata = pq.read_metadata(path)
    parts, start, rows = [], 0, 0
    for group in range(metadata.num_row_groups):
        rows += metadata.row_group(group).num_rows
        if rows >= GROUP_ROWS or group == metadata.num_row_groups - 1:
            parts.append(Part(path, kind, start, group + 1))
            start, rows = group + 1, 0
    return parts or [Part(path, kind)]


def read_batches(
    part: Part,
    problems: list[Problem],
    columns: Sequence[str] | None = None,
    *,
    ids: Sequence[str] = (),
    wanted: Sequence[str] = (),
    optional: Sequence[str] = (),
    names: Sequence[str] = (),
) -> Iterator[pa.Table]:
    """The rows of `part`, some at a time.

    Parameters
    ----------
    part
        A file, or row groups of one.
    problems
        Gets lines that are left out, and what else a person should know.
    columns
        Those wanted, in this order; default: all. A name such as ``candidate.ra`` reaches into nested columns, and of
        ``HJD|jd`` the first is taken that is there.
    ids
        Columns that name objects: whole numbers or text, exactly as written.
    wanted
        Columns that must be there where all are read: they choose among several tables, and reach into nested ones.
    optional
        Columns that are read beside `columns` where they are there.
    names
        Names of the columns by their place, in texts that have no line of names, or instead of it.

    Raises
    ------
    ReleaseFileError
        Where the file cannot be read or lacks a column.
    """
    needed = list(dict.fromkeys([*ids, *(columns or ()), *wanted]))
    with reading(part.path):
        how = format_of(part.path)
        if how.kind == "parquet":
            tables = _parquet(part, columns, needed, optional)
        elif how.kind in ("text", "ecsv"):
            if how.encoding == "latin-1":
                problems.append(Problem(part.path, "its text is no UTF-8: it is read as Latin-1", set_aside=False))
            tables = _text(part.path, how, problems, _Wanted(columns, ids, needed, optional, names))
        elif how.kind == "feather":
            tables = iter([feather.read_table(part.path)])
        elif how.kind in KINDS:
            tables = iter([read_with_astropy(part.path, how, needed, optional, problems)])
        else:
            raise ReleaseFileError(f"cannot read {part.path}: unknown kind of file ({how.why}); known are {_READ}")
        for table in tables:
            present = table.column_names
            table = _plain(table, [pick(name, present) for name in (*needed, *optional)])
            if how.kind in ("parquet", "feather"):  # readers of text trim it
                table = _trimmed(table)
            found = [pick(name, table.column_names) for name in needed]
            require(table, found, part.path)
            for name in ids:
                table = with_identities(table, pick(name, table.column_names), part.path)
            chosen = [
                *found,
                *(name for one in optional if (name := pick(one, table.column_names)) in table.column_names),
            ]
            yield table if columns is None else table.select(list(dict.fromkeys(chosen)))


def pick(name: str, present: Sequence[str]) -> str:
    """The column that `name` means: itself, or the first that is there of names between bars (``HJD|jd``)."""
    if name in present or "|" not in name:
        return name
    return next((one for one in name.split("|") if _top(one, present) in present), name)


@dataclass(frozen=True)
class _Wanted:
    """The columns that are asked for."""

    columns: Sequence[str] | None
    ids: Sequence[str]
    needed: Sequence[str]
    optional: Sequence[str]
    names: Sequence[str]

    def among(self, present: Sequence[str]) -> list[str] | None:
        """Those to be read of a file that has the columns `present`; None for all."""
        if self.columns is None:
            return [name for name in present if name] if "" in present else None
        both = [pick(name, present) for name in (*self.needed, *self.optional)]
        return [name for name in dict.fromkeys(both) if name in present]


def read_table(
    path: str,
    problems: list[Problem],
    columns: Sequence[str] | None = None,
    *,
    ids: Sequence[str] = (),
    wanted: Sequence[str] = (),
    optional: Sequence[str] = (),
    names: Sequence[str] = (),
) -> pa.Table:
    """All rows of the file at `path`; see `read_batches`."""
    batches = read_batches(Part(path), problems, columns, ids=ids, wanted=wanted, optional=optional, names=names)
    return pa.concat_tables(batches, promote_options="permissive")


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn whatever a damaged file raises into `ReleaseFileError` with the file's name."""
    try:
        yield
    except ReleaseFileError:
        raise
    except (OSError, EOFError, ValueError, zlib.error, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None and not os.access(path, os.R_OK):
            raise ReleaseFileError(f"cannot open {path}: {error.strerror}") from error
        raise ReleaseFileError(f"cannot read {path}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{text[0][:300]}" if text else type(error).__name__


def _is_parquet(path: str) -> bool:
    with reading(path), open(path, "rb") as stream:
        return stream.read(4) == b"PAR1" or suffix(path) in (".parquet", ".pq")


def _parquet(
    part: Part, columns: Sequence[str] | None, needed: Sequence[str], optional: Sequence[str]
) -> Iterator[pa.Table]:
    with pq.ParquetFile(part.path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
        top = file.schema_arrow.names
        tops = list(dict.fromkeys(_top(pick(name, top), top) for name in needed))
        require(file.schema_arrow, tops, part.path)
        more = [name for one in optional if (name := _top(pick(one, top), top)) in top]
        groups = list(range(part.start, file.num_row_groups if part.stop is None else part.stop))
        names = None if columns is None else list(dict.fromkeys([*tops, *more]))
        if not file.num_row_groups:
            yield file.read(columns=names)
        rows = _rows_of_a_batch(file.metadata, groups, names)
        for batch in file.iter_batches(rows, row_groups=groups, columns=names, use_threads=False):
            yield pa.Table.from_batches([batch])


def _top(name: str, present: Sequence[str]) -> str:
    """The column that has `name`: itself, or the nested one it reaches into (``candidate`` of ``candidate.ra``)."""
    head = name.split(".")[0]
    return head if name not in present and head in present else name


def _rows_of_a_batch(metadata: pq.FileMetaData, groups: Sequence[int], names: Sequence[str] | None) -> int:
    """Rows that take about `_BATCH_BYTES` in the columns `names`, at most `GROUP_ROWS`."""
    size = rows = 0
    for group in map(metadata.row_group, groups):
        rows += group.num_rows
        for column in map(group.column, range(group.num_columns)):
            if names is None or column.path_in_schema.split(".")[0] in names:
                size += max(column.total_uncompressed_size, 8 * column.num_values)
    return max(1, min(GROUP_ROWS, _BATCH_BYTES * rows // max(1, size)))


def _trimmed(table: pa.Table) -> pa.Table:
    """The table, its texts without the blanks that fixed-width catalogs leave around them."""
    for place, one in enumerate(table.schema):
        if pa.types.is_string(one.type):
            table = table.set_column(place, one, trimmed(table.column(place)))
    return table


def _plain(table: pa.Table, needed: Sequence[str]) -> pa.Table:
    """Dictionaries as their values, long text as text; nested columns that a needed name reaches into, unfolded."""
    reached = {_top(name, table.column_names) for name in needed if name not in table.column_names}
    while opening := [one.name for one in table.schema if one.name in reached and _struct_in(one.type) is not None]:
        for name in opening:
            place = table.column_names.index(name)
            inner = fields_of(table.column(name))
            table, struct = table.remove_column(place), _struct_in(table.schema.field(name).type)
            for i, (field, column) in enumerate(zip(struct or (), inner, strict=True)):
                named = field.with_name(f"{name}.{field.name}").with_type(column.type)
                table = table.add_column(place + i, named, column)
        reached = {".".join(name.split(".")[: depth + 1]) for name in needed for depth in range(name.count("."))}
    for place, one in enumerate(table.schema):
        kind = _plain_type(one.type)
        if kind != one.type:
            table = table.set_column(place, one.with_type(kind), table.column(place).cast(kind))
    return table


def _struct_in(kind: pa.DataType) -> pa.StructType | None:
    """The type of structs, also of those in lists; None for any other."""
    inner = kind.value_type if is_list(kind) else kind
    return inner if pa.types.is_struct(inner) else None


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """The type without dictionaries and long text, in lists and structs too."""
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _plain_type(kind.value_type)
        return kind if inner == kind.value_type else pa.list_(kind.value_field.with_type(inner))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_plain_type(field.type)) for field in kind])
    return kind


def _text(path: str, how: Format, problems: list[Problem], wanted: _Wanted) -> Iterator[pa.Table]:
    """A delimited text; comments, a line of units, and a line of dashes may stand around its line of names."""
    ecsv = ecsv_header(path) if how.kind == "ecsv" else None
    layout = how.layout or TextLayout(",")
    if ecsv is not None:
        names, delimiter, skip = list(ecsv.types), ecsv.delimiter, header_of(path, ecsv.delimiter)[1]
        types: dict[str, pa.DataType] | None = ecsv.types
    else:
        names, delimiter, skip = _named(layout.names, layout.width, wanted.names), layout.delimiter, layout.skip
        types = dict.fromkeys(layout.texts, pa.string()) or None
        if layout.tables > 1:
            text = f"it has {layout.tables} tables: the first is read"
            problems.append(Problem(path, text, set_aside=False))
        if not names:
            raise ReleaseFileError(
                f"cannot read {path}: unknown kind of file, or a text of {layout.width} columns without a line of "
                f"names (it begins with {layout.first_row[:60]!r}): name them by place, --columns time,mag,mag_err"
            )
    cards = _asked(layout.cards, names, [*wanted.needed, *wanted.optional])
    present = [*names, *cards]
    require(pa.schema([(name, pa.null()) for name in present]), [pick(name, present) for name in wanted.needed], path)
    ids, chosen = [pick(name, names) for name in wanted.ids], wanted.among(names)
    for table in delimited(path, delimiter, problems, chosen, skip=skip, names=names, types=types, ids=ids, how=how):
        if ecsv is not None:
            yield described(table, ecsv, path)
        else:
            said = {name: {"description": text} for name, text in layout.descriptions.items()}
            for name, unit in layout.units.items():
                said[name] = {"unit": unit, **said.get(name, {})}
            yield _with_cards(with_said(table, said), cards)


def _asked(cards: Mapping[str, str], names: Sequence[str], asked: Sequence[str]) -> dict[str, str]:
    """What a header says once for all rows, as far as it is `asked` and no column of `names` has it."""
    found = (pick(name, [*names, *cards]) for name in asked)
    return {name: cards[name] for name in found if name not in names and name in cards}


def _with_cards(table: pa.Table, cards: Mapping[str, str]) -> pa.Table:
    """The table with what stands in its header, once for all rows, as columns: numbers with their units, or text."""
    for name, text in cards.items():
        number = re.fullmatch(r"([+-]?\d+\.?\d*)\s+([A-Za-z]+)", text)
        value = pa.array([float(number[1]) if number else text]).take(pa.array(np.zeros(table.num_rows, np.int8)))
        table = table.append_column(pa.field(name, value.type, metadata={"unit": number[2]} if number else None), value)
    return table


def _named(found: Sequence[str], width: int, given: Sequence[str]) -> list[str]:
    """The names of the columns: those found; or those given, by place, the rest called by theirs."""
    if not given:
        return list(found)
    rest = [found[i] if i < len(found) else f"col{i + 1}" for i in range(len(given), max(width, len(given)))]
    return [*given, *rest]
