"""Lists of values that a condition looks its rows up in, and the condition that carries them."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from upath import UPath

from lcscale.errors import InputError
from lcscale.expressions.grammar import lists_in

Listed: TypeAlias = npt.ArrayLike | pa.Array | pa.ChunkedArray | pa.Table | str | os.PathLike[str]
"""A list of numbers or texts of any kind, or the path of a file that holds one."""

_EXACT = 1 << 53
"""Whole numbers up to this one have a double of their own."""


class ValueList:
    """Numbers or texts in which rows are looked up, as many as there are; immutable, known by its content.

    Nulls and NaN are left out, repetitions too. Rows are looked up in a hash table, which is made once in a process,
    not for each batch of rows. It goes to other processes with what it is part of, once for a job.
    """

    def __init__(self, values: pa.Array) -> None:
        self.values = values
        """Distinct values in order: int64, uint64, float64 or large_string."""
        self.digest = _digest(values)
        """Stands for the values."""

    @classmethod
    def of(cls, given: Listed, name: str) -> ValueList:
        """The list of any one-dimensional `given`: Arrow, numpy, pandas, Python; `name` is what errors call it."""
        try:
            return cls(_distinct(_array(given)))
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise InputError(f"{name}: no list of numbers or texts: {error}") from error

    @classmethod
    def read(cls, path: str, column: str | None) -> ValueList:
        """The list in a file: a value a line (``.txt``), or a column of a ``.csv`` with a header or a ``.parquet``.

        The column is `column`, or the only one there is. What stands in text files is read as the type of the column
        that is looked up, so that long ids stay exact.
        """
        try:
            return cls.of(_read(UPath(path), column), path)
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"cannot read the list {path!r}: {error}") from error

    def contain(self, values: pa.ChunkedArray | pa.Scalar) -> Any:
        """Whether each of `values` (`pa.ChunkedArray` or `pa.Scalar`) is in the list; null where it is null."""
        if isinstance(values, pa.Scalar):
            return self.contain(pa.chunked_array([[values.as_py()]], values.type))[0]
        if pa.types.is_null(values.type):
            return values.cast(pa.bool_())
        found = [pa.array(self._contain(chunk), mask=_nulls(chunk)) for chunk in values.chunks]
        return pa.chunked_array(found, pa.bool_())

    def _contain(self, values: pa.Array) -> npt.NDArray[np.bool_]:
        if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
            kind = "uint64" if values.type == pa.uint64() else "int64"
        elif pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
            kind = "double"
        elif pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            texts = values.to_numpy(zero_copy_only=False)
            return np.fromiter(map(self._texts.__contains__, texts), np.bool_, len(values))
        else:
            raise InputError(f"{values.type} is looked up in a list of {self.values.type}")
        sought = pc.fill_null(pc.cast(values, kind, safe=False), 0).to_numpy(zero_copy_only=False)
        found: npt.NDArray[np.bool_] = self._index(kind).get_indexer(sought) >= 0
        return found

    @functools.cached_property
    def _texts(self) -> frozenset[str]:
        return frozenset(pc.cast(self.values, pa.large_string()).to_pylist())

    @functools.cached_property
    def _indexes(self) -> dict[str, Any]:
        return {}

    def _index(self, kind: str) -> Any:
        """The values as `kind`, those that it can hold, in a hash table that is made once."""
        import pandas as pd

        if kind not in self._indexes:
            self._indexes[kind] = pd.Index(_unique(_numbers(self.values, kind)))
        return self._indexes[kind]

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ValueList) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<{len(self):,} values {self.digest}>"

    def __reduce__(self) -> tuple[type[ValueList], tuple[pa.Array]]:
        return ValueList, (self.values,)


@dataclass(frozen=True)
class Condition:
    """A condition and the lists that it names; wherever a condition is taken, text alone does for one without lists."""

    text: str
    """The condition, such as ``"source_id in @mine and mag < 15"``."""
    lists: Mapping[str, ValueList] = field(default_factory=dict)
    """The lists by their names."""

    def __hash__(self) -> int:
        return hash((self.text, tuple(self.lists.items())))

    def __str__(self) -> str:
        return self.text


def condition(text: str | Condition, **lists: Listed | ValueList) -> str | Condition:
    """`text` with the lists that it names behind ``in @``: `lists` by keyword, and files by their paths.

    Parameters
    ----------
    text
        A condition; ``in @mine`` names the keyword `mine`, ``in @young.csv`` and ``in @'my list.parquet'`` name files.
    lists
        One-dimensional arrays of ids or other values (Arrow, numpy, pandas, lists), or paths of files: one value a line
        (``.txt``), a CSV with a header, or Parquet; of several columns that one is taken which is looked up.

    Examples
    --------
    >>> condition("source_id in @mine", mine=[3, 5]).lists
    {'mine': <2 values ...>}
    """
    if isinstance(text, Condition):
        lists = {**dict(text.lists), **lists}
        text = text.text
    named = dict(lists_in(text))
    unknown = [name for name in lists if name not in named]
    if unknown:
        raise InputError(f"{text!r} names no list @{unknown[0]}")
    if not named:
        return text
    return Condition(text, {name: _given(lists.get(name, name), name, column) for name, column in named.items()})


def _given(given: Listed | ValueList, name: str, column: str | None) -> ValueList:
    if isinstance(given, ValueList):
        return given
    if isinstance(given, str) and given == name and name.isidentifier():
        raise InputError(f"the list @{name} was not given: where(..., {name}=ids), or @{name}.csv for a file")
    if isinstance(given, (str, UPath)) or hasattr(given, "__fspath__"):
        return ValueList.read(str(given), column)
    return ValueList.of(given, f"@{name}")


def _array(given: Any) -> pa.Array:
    if isinstance(given, pa.Table):
        if given.num_columns != 1:
            raise ValueError(f"it has {given.num_columns} columns: {', '.join(given.column_names)}")
        given = given.column(0)
    if isinstance(given, pa.ChunkedArray):
        given = given.combine_chunks()
    if isinstance(given, (pa.Array, np.ndarray)):
        return given if isinstance(given, pa.Array) else pa.array(given)
    if hasattr(given, "__arrow_array__") or hasattr(given, "to_numpy"):
        return _array(pa.array(given))
    given = list(given)
    large = any(isinstance(each, int) and each >= 1 << 63 for each in given)
    return pa.array(given, pa.uint64() if large else None)


def _distinct(values: pa.Array) -> pa.Array:
    """The distinct values of an array in order, as int64, uint64, float64 or large_string."""
    type_ = values.type
    if pa.types.is_dictionary(type_):
        return _distinct(values.cast(type_.value_type))
    if pa.types.is_null(type_):
        return pa.array([], pa.int64())
    if pa.types.is_boolean(type_):
        return _distinct(values.cast(pa.int8()))
    if pa.types.is_integer(type_):
        wide: pa.DataType = pa.uint64() if type_ == pa.uint64() else pa.int64()
    elif pa.types.is_floating(type_):
        wide, values = pa.float64(), values.filter(pc.invert(pc.is_nan(values)))
    elif pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or _is_text(type_):
        wide = pa.large_string()
    else:
        raise TypeError(f"it holds {type_}")
    values = values.cast(wide).drop_null()
    if wide != pa.large_string():
        return pa.array(_unique(values.to_numpy()))
    distinct = pc.unique(values)
    return distinct.take(pc.array_sort_indices(distinct))


def _unique(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The distinct numbers in order; ten times as fast as `np.unique`, which hashes them."""
    in_order = np.sort(numbers)
    return in_order[np.append(True, in_order[1:] != in_order[:-1])] if in_order.size else in_order


def _is_text(type_: pa.DataType) -> bool:
    return type_ in (pa.string(), pa.large_string(), pa.string_view())


def _numbers(values: pa.Array, kind: str) -> npt.NDArray[Any]:
    """`values` as numbers of `kind`, without those that it cannot hold."""
    if pa.types.is_large_string(values.type):
        try:
            values = pc.utf8_trim_whitespace(values).cast(kind)
        except pa.ArrowInvalid as error:
            raise InputError(f"a list of texts is looked up by a column of {kind}: {error}") from error
    if pa.types.is_floating(values.type) and kind != "double":
        whole = values.filter(pc.equal(values, pc.floor(values)))
        if len(whole) and pc.max(pc.abs(whole)).as_py() > _EXACT:
            raise InputError("a list of ids came as floating-point numbers, which have rounded them: give integers")
        values = whole.cast(pa.int64())
    if kind == "int64" and values.type == pa.uint64():
        values = values.filter(pc.less(values, pa.scalar(1 << 63, pa.uint64())))
    if kind == "uint64" and values.type == pa.int64():
        values = values.filter(pc.greater_equal(values, 0))
    numbers: npt.NDArray[Any] = pc.cast(values, kind, safe=False).to_numpy()
    return numbers


def _nulls(values: pa.Array) -> npt.NDArray[np.bool_] | None:
    return values.is_null().to_numpy(zero_copy_only=False) if values.null_count else None


def _digest(values: pa.Array) -> str:
    digest = hashlib.blake2b(f"{values.type} {len(values)}".encode(), digest_size=12)
    if pa.types.is_large_string(values.type):
        lengths = pc.binary_length(values).to_numpy()
        digest.update(lengths.astype("<i8").tobytes())
        digest.update("".join(values.to_pylist()).encode())
    else:
        digest.update(values.to_numpy().tobytes())
    return digest.hexdigest()


def _read(path: UPath, column: str | None) -> pa.Array:
    kind = path.suffix.lower()
    if kind == ".txt":
        return pa.array([line.strip() for line in path.read_text().splitlines() if line.strip()], pa.large_string())
    with path.open("rb") as stream:
        if kind == ".parquet":
            file = pq.ParquetFile(stream)
            name = _chosen(path, file.schema_arrow.names, column)
            return file.read([name]).column(0).combine_chunks()
        if kind == ".csv":
            name = _chosen(path, pa.csv.open_csv(stream).schema.names, column)
            stream.seek(0)
            texts = pa.csv.ConvertOptions(column_types={name: pa.large_string()}, include_columns=[name])
            return pa.csv.read_csv(stream, convert_options=texts).column(0).combine_chunks()
    raise InputError(f"the list {str(path)!r} is no .txt, .csv or .parquet file")


def _chosen(path: UPath, names: list[str], column: str | None) -> str:
    """`column` where there is one of this name, or the only one."""
    if column in names or len(names) == 1:
        return column if column in names else names[0]
    wanted = f"no column {column!r}" if column else "several columns"
    raise InputError(f"the list {str(path)!r} has {wanted}; there are {', '.join(names)}")
