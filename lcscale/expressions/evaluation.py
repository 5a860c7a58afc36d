"""Expressions computed on Arrow tables: arithmetic in float64, comparisons by value, three-valued logic."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError, abridged, meant
from lcscale.expressions.grammar import Call, Column, Constant, ListName, Node, names_in, parse
from lcscale.expressions.lists import Condition, ValueList

Values = Any
"""A `pa.ChunkedArray`, one value a row, or a `pa.Scalar`, the same in every row."""

_COMPARISONS = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}
_LOGIC = {"and_kleene", "or_kleene", "xor", "and_not", "and_not_kleene", "invert", "and", "or"}
_CHOICES = {"coalesce": 0, "max_element_wise": 0, "min_element_wise": 0, "if_else": 1, "case_when": 1, "choose": 1}
"""Functions that give one of their arguments, and how many before these say which."""
_DIVISIONS = {"divide", "modulo", "remainder"}
_IN_FLOAT64 = {
    *("add", "subtract", "multiply", "power", "negate", "abs", "sign", "sqrt", "exp", "expm1", "hypot"),
    *("ln", "log10", "log2", "log1p", "logb", "sin", "cos", "tan", "asin", "acos", "atan", "atan2"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "ceil", "floor", "trunc", "round", "round_to_multiple"),
    *("is_nan", "is_finite", "is_inf"),
} | _DIVISIONS
"""Functions of numbers: whatever type these have, they are float64 there, so that nothing wraps."""


def values(expression: str | Condition, table: pa.Table) -> pa.ChunkedArray:
    """What `expression` gives in each row of `table`.

    Examples
    --------
    >>> values("n_good / n", pa.table({"n_good": [1, 3], "n": [2, 0]})).to_pylist()
    [0.5, None]
    """
    text = str(expression)
    for name in names_in(text):
        if name not in table.column_names:
            there = table.column_names
            raise InputError(f"{text!r} reads a column {name!r}{meant([name], there)}; there are {abridged(there)}")
    lists = expression.lists if isinstance(expression, Condition) else {}
    result = _Evaluation(text, table, lists).of(parse(text))
    if isinstance(result, pa.Scalar):
        result = pa.chunked_array([pa.repeat(result, table.num_rows)])
    return result if isinstance(result, pa.ChunkedArray) else pa.chunked_array([result])


def holds(condition: str | Condition, table: pa.Table) -> pa.ChunkedArray:
    """Whether `condition` holds in each row of `table`; where it is null it does not.

    Examples
    --------
    >>> table = pa.table({"mag": [14.5, None], "name": ["a", "x"]})
    >>> holds("mag between 14 and 15 or name in ('b', 'c')", table).to_pylist()
    [True, False]
    """
    result = values(condition, table)
    if not pa.types.is_boolean(result.type):
        raise InputError(f"{str(condition)!r} gives {result.type}, not true or false")
    return pc.fill_null(result, False)


class _Evaluation:
    """The value of each node of a tree, on one table."""

    def __init__(self, text: str, table: pa.Table, lists: Any) -> None:
        self.text, self.table, self.lists = text, table, lists

    def of(self, node: Node) -> Values:
        if isinstance(node, Column):
            return _plain(self.table.column(node.name))
        if isinstance(node, Constant):
            return _scalar(node.value)
        if isinstance(node, ListName):
            raise InputError(f"{self.text!r}: @{node.name} may stand behind `in` only")
        try:
            return self._call(node)
        except (pa.ArrowException, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{self.text!r}: {node.function}: {error}") from error

    def _call(self, call: Call) -> Values:
        name = call.function
        if name == "is_in":
            return self._is_in(*call.arguments)
        if name == "match_ilike":
            return pc.match_like(self.of(call.arguments[0]), self._constant(call.arguments[1]), ignore_case=True)
        kernel, n_values = self._function(name, len(call.arguments))
        arguments = [self.of(node) for node in call.arguments[:n_values]]
        options = [self._constant(node) for node in call.arguments[n_values:]]
        plain = name.removesuffix("_checked")
        if plain in _COMPARISONS:
            self._refuse_null(call)
        if plain in _COMPARISONS or plain in _CHOICES:
            first = _CHOICES.get(plain, 0)
            arguments[first:] = _alike(arguments[first:])
        elif plain in _IN_FLOAT64:
            arguments = [_as_float64(each) for each in arguments]
        elif plain == "shift_left":
            arguments = [_widened(each) for each in arguments]
        if plain in _DIVISIONS:
            arguments[1:] = [_null_for_zero(each) for each in arguments[1:]]
        if name == "index_in":
            options = [pa.array(each) for each in options]
        if plain in _LOGIC and len(arguments) > 1:
            return functools.reduce(kernel, arguments)
        return kernel(*arguments, *options)

    def _function(self, name: str, n_given: int) -> tuple[Callable[..., Values], int]:
        """An Arrow function of single rows, and how many of the arguments given are values; the others are options."""
        kernel = getattr(pc, name, None)
        if kernel is None or name not in pc.list_functions() or name == "random":
            raise InputError(f"{self.text!r} calls {name!r}, which is no Arrow compute function")
        function = pc.get_function(name)
        if function.kind != "scalar":
            raise InputError(f"{self.text!r} calls {name!r}, which is no function of single rows")
        return kernel, n_given if function.arity is Ellipsis or name in _LOGIC else function.arity

    def _constant(self, node: Node) -> Any:
        if not isinstance(node, Constant):
            raise InputError(f"{self.text!r}: a pattern or an option of a function must be a constant")
        return list(node.value) if isinstance(node.value, tuple) else node.value

    def _refuse_null(self, call: Call) -> None:
        if any(isinstance(node, Constant) and node.value is None for node in call.arguments):
            raise InputError(f"{self.text!r} compares with null, which is never true: write `is null` or `is not null`")

    def _is_in(self, value: Node, wanted: Node) -> Values:
        if isinstance(wanted, ListName):
            if wanted.name not in self.lists:
                raise InputError(
                    f"{self.text!r} names a list that is not given: lcscale.expressions.condition takes it, or reads it"
                )
            values: ValueList = self.lists[wanted.name]
        else:
            values = ValueList.of(self._constant(wanted), self.text)
        return values.contain(self.of(value))


def _scalar(value: Any) -> pa.Scalar:
    if isinstance(value, tuple):
        return pa.scalar(list(value))
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1 << 63:
        return pa.scalar(value, pa.uint64()) if value < 1 << 64 else pa.scalar(float(value))
    return pa.scalar(value)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """`column` without dictionaries and views, which many functions do not know."""
    type_ = column.type
    if pa.types.is_dictionary(type_):
        return _plain(column.cast(type_.value_type))
    if pa.types.is_string_view(type_):
        return column.cast(pa.large_string())
    return column


def _is_number(type_: pa.DataType) -> bool:
    return any(kind(type_) for kind in (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal))


def _as_float64(values: Values) -> Values:
    numeric = _is_number(values.type) or pa.types.is_boolean(values.type) or pa.types.is_null(values.type)
    if not numeric or pa.types.is_float64(values.type):
        return values
    return pc.cast(values, pa.float64(), safe=False)


def _widened(values: Values) -> Values:
    narrow = pa.types.is_integer(values.type) and values.type != pa.uint64()
    return pc.cast(values, pa.int64()) if narrow else values


def _null_for_zero(values: Values) -> Values:
    if not pa.types.is_float64(values.type):
        return values
    return pc.if_else(pc.equal(values, 0.0), pa.scalar(None, pa.float64()), values)


def _alike(values: Sequence[Values]) -> list[Values]:
    """`values` in types that Arrow compares by value, without loss.

    Numbers with a fraction are compared in float64. Signed numbers and unsigned ones of 64 bits have no common integer
    type: decimals hold both. Truth values beside numbers are 1 and 0, and texts beside times are times.
    """
    types = [each.type for each in values]
    times = [type_ for type_ in types if pa.types.is_temporal(type_)]
    if times:
        return [pc.cast(each, times[0]) if pa.types.is_string(each.type) else each for each in values]
    if not any(map(_is_number, types)):
        return list(values)
    if any(map(pa.types.is_floating, types)):
        return [_as_float64(each) for each in values]
    if pa.uint64() in types and any(map(pa.types.is_signed_integer, types)):
        return [pc.cast(each, pa.decimal128(20)) if pa.types.is_integer(each.type) else each for each in values]
    return [pc.cast(each, pa.int8()) if pa.types.is_boolean(each.type) else each for each in values]
