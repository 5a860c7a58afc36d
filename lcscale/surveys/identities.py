"""Names of objects as they are written: exact whole numbers or text, never rounded, never dates or booleans."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.surveys.release import ReleaseFileError

COLUMNS_OF_NAMES = "name|nick|nickname"
"""Columns that hold a further name of an object, by which people know it: the first that is there."""
_EXACT = {16: 2**11, 32: 2**24, 64: 2**53}
"""Whole numbers below which floats of so many bits are exact."""
_ROUNDED = r"^[+-]?\d\.\d+[eE]\+?\d+$"
_WRITTEN_AS_FLOAT = r"^(0|-?[1-9]\d{0,14})(\.0*)?$"
Column: TypeAlias = Any
"""An Arrow array, chunked or not."""


def identities(column: Column, name: str, path: str) -> Column:
    """`column` as names of objects: whole numbers, or text without blanks around it.

    The type of the column alone decides on that of the result, so that all batches of a file have the same.

    Parameters
    ----------
    column
        Integers of any width, decimals without a fraction, texts, or floats that are whole numbers below 2^53 (NaN:
        no name).
    name, path
        The column and the file, for messages.

    Raises
    ------
    ReleaseFileError
        Where the values cannot be names: other floats, dates, booleans, lists.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return identities(column.cast(kind.value_type), name, path)
    if pa.types.is_uint64(kind):
        return column
    if pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_decimal(kind) and kind.scale == 0:
        return column.cast(pa.int64() if kind.precision <= 18 else pa.string())
    if pa.types.is_floating(kind):
        return _from_floats(column, name, path)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return trimmed(column.cast(pa.string()))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):  # as Parquet has text that nobody called text
        return _from_bytes(column, name, path)
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    raise ReleaseFileError(f"{path}: column {name!r} is {kind} and cannot name objects; whole numbers and text can")


def with_identities(table: pa.Table, name: str, path: str) -> pa.Table:
    """`table` with its column `name` as names of objects; see `identities`."""
    column = table.column(name)
    found = identities(column, name, path)
    if found is column:
        return table
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(name).with_type(found.type), found)


def kept_identities(table: pa.Table, name: str, path: str) -> pa.Table:
    """`table` with its column `name` as catalogs keep names: int64, or text where they are text or beyond int64."""
    table = with_identities(table, name, path)
    column = table.column(name)
    if not pa.types.is_uint64(column.type):
        return table
    largest = pc.max(column).as_py()
    kind = pa.int64() if largest is None or largest < 1 << 63 else pa.string()
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(name).with_type(kind), column.cast(kind))


def numbers_of_text(text: Column) -> Column:
    """Texts that all are whole numbers, written in one way only and within int64, as int64; any other stay text."""
    text = trimmed(text)
    numbers = _whole_numbers(text)
    return text if numbers is None else numbers


def all_whole(text: Column) -> bool:
    """Whether all texts are whole numbers of int64 without leading zeros, or such below 10^15 written as floats."""
    return _whole_numbers(trimmed(text)) is not None


def trimmed(text: Column) -> Column:
    """Text without the blanks around it; what is nothing but blanks is null."""
    text = pc.ascii_trim_whitespace(text)
    empty = pc.equal(text, "")
    return pc.if_else(empty, None, text) if pc.any(empty).as_py() else text


def _whole_numbers(text: Column) -> Column | None:
    if text.null_count == len(text):
        return None
    try:
        numbers = text.cast(pa.int64())
    except pa.ArrowInvalid:
        if not pc.all(pc.match_substring_regex(text, _WRITTEN_AS_FLOAT)).as_py():
            return None
        return pc.replace_substring_regex(text, r"\.0*$", "").cast(pa.int64())
    padded = pc.and_(pc.starts_with(text, "0"), pc.greater(pc.binary_length(text), 1))
    other_ways = (padded, pc.starts_with(text, "-0"), pc.starts_with(text, "+"))
    return None if any(pc.any(one).as_py() for one in other_ways) else numbers


class Known:
    """The names of a list of objects, to be found whatever type another file has them in."""

    def __init__(self, names: Column) -> None:
        self.names = names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names
        self._sets: dict[bool, pa.Array] = {}

    def rows(self, names: Column) -> npt.NDArray[np.int64]:
        """The row of the list that has each of `names`, int64 [n]; -1 where none has.

        Whole numbers are the same as text that writes them, also with zeros in front.
        """
        both = pa.types.is_integer(self.names.type) and names.type == self.names.type
        of_numbers = pa.types.is_integer(self.names.type) != pa.types.is_integer(names.type)
        if of_numbers not in self._sets:
            self._sets[of_numbers] = self.names if both else _as_text(self.names, of_numbers)
        wanted = names if both else _as_text(names, of_numbers)
        found = pc.index_in(wanted, value_set=self._sets[of_numbers], skip_nulls=True)
        return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False)).astype(np.int64)


def _as_text(names: Column, of_numbers: bool) -> pa.Array:
    text = names.cast(pa.string())
    if of_numbers and not pa.types.is_integer(names.type):
        text = pc.replace_substring_regex(text, r"^(-?)0+(\d)", r"\1\2")
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def refuse_rounded(text: Column, name: str, path: str) -> None:
    """Raise where texts are whole numbers that a program has written as floats (``1.2376487e+18``): they are rounded.

    Raises
    ------
    ReleaseFileError
        The message says what to do.
    """
    if len(text) and pc.all(pc.match_substring_regex(text, _ROUNDED)).as_py() and text.null_count < len(text):
        raise _inexact(name, path, text.drop_null()[0].as_py(), "")


def _inexact(name: str, path: str, value: object, below: str) -> ReleaseFileError:
    return ReleaseFileError(
        f"{path}: column {name!r} holds floating-point numbers such as {value!r}, which are no exact names of objects"
        f"{below}: write it as text or integers, or name another column"
    )


def _from_bytes(column: Column, name: str, path: str) -> Column:
    try:
        return trimmed(column.cast(pa.string()))
    except pa.ArrowInvalid as error:
        raise ReleaseFileError(
            f"{path}: column {name!r} holds bytes that are no text, and cannot name objects"
        ) from error


def _from_floats(column: Column, name: str, path: str) -> Column:
    exact = _EXACT[column.type.bit_width]
    values = column.cast(pa.float64())
    known = pc.and_kleene(pc.is_valid(values), pc.invert(pc.is_nan(values)))
    values = pc.if_else(pc.fill_null(known, False), values, None)
    good = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), float(exact)))
    bad = values.filter(pc.invert(pc.fill_null(good, True)))
    if len(bad):
        power = exact.bit_length() - 1
        raise _inexact(name, path, bad[0].as_py(), f" (whole numbers below 2^{power} are)")
    return values.cast(pa.int64())
