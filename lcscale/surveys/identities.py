"""Names of objects as they are written: exact whole numbers or text, never rounded, never dates or booleans."""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from lcscale.surveys.release import ReleaseFileError

_EXACT = 2**53
_WRITTEN_AS_FLOAT = r"^(0|-?[1-9]\d{0,14})(\.0*)?$"
Column: TypeAlias = Any
"""An Arrow array, chunked or not."""


def identities(column: Column, name: str, path: str) -> Column:
    """`column` as names of objects: int64 where all are whole numbers that fit, else text without blanks around it.

    Parameters
    ----------
    column
        Integers of any width, decimals, texts, or floats that are whole numbers below 2^53 (NaN: no name).
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
    if pa.types.is_integer(kind):
        return _whole_or_text(column)
    if pa.types.is_decimal(kind):
        if kind.scale == 0 or not pc.any(pc.not_equal(pc.round(column), column)).as_py():
            return numbers_of_text(pc.replace_substring_regex(column.cast(pa.string()), r"\.0*$", ""))
        raise ReleaseFileError(f"{path}: column {name!r} holds decimal fractions and cannot name objects")
    if pa.types.is_floating(kind):
        return _from_floats(column, name, path)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return numbers_of_text(column.cast(pa.string()))
    if pa.types.is_null(kind):
        return column.cast(pa.string())
    raise ReleaseFileError(f"{path}: column {name!r} is {kind} and cannot name objects; whole numbers and text can")


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


def keys(names: Column, *, of_numbers: bool) -> pa.Array:
    """Names as text by which two files' names are the same, whatever their types are.

    Parameters
    ----------
    names
        Names, as `identities` gives them.
    of_numbers
        Whether the other file has whole numbers: zeros in front count for nothing then.
    """
    text = names.cast(pa.string())
    if of_numbers and not pa.types.is_integer(names.type):
        text = pc.replace_substring_regex(text, r"^(-?)0+(\d)", r"\1\2")
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _whole_or_text(column: Column) -> Column:
    if not pa.types.is_unsigned_integer(column.type) or column.type.bit_width < 64:
        return column.cast(pa.int64())
    high: Any = pc.max(column).as_py()
    return column.cast(pa.int64() if high is None or high < 2**63 else pa.string())


def _from_floats(column: Column, name: str, path: str) -> Column:
    values = column.cast(pa.float64())
    known = pc.and_kleene(pc.is_valid(values), pc.invert(pc.is_nan(values)))
    values = pc.if_else(pc.fill_null(known, False), values, None)
    good = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), float(_EXACT)))
    bad = values.filter(pc.invert(pc.fill_null(good, True)))
    if len(bad):
        raise ReleaseFileError(
            f"{path}: column {name!r} holds floating-point numbers such as {bad[0].as_py()!r}, which are no exact "
            "names of objects (whole numbers below 2^53 are): write it as text or integers, or name another column"
        )
    return values.cast(pa.int64())
