"""Conditions on rows, written as text, as Arrow compute expressions."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from lcscale.errors import InputError

_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.BitAnd: "and_kleene",
    ast.BitOr: "or_kleene",
    ast.And: "and_kleene",
    ast.Or: "or_kleene",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
}
_UNARY: dict[type[ast.AST], str] = {ast.USub: "negate", ast.Not: "invert", ast.Invert: "invert"}


_OPERATORS = {"and", "or", "not", "True", "False", "None"}
_QUOTED = "_quoted_"
"""How the identifier begins that stands for a name which is none: its bytes in hexadecimal digits follow."""
_NO_IDENTIFIERS = re.compile(
    "|".join([r"'[^']*'", r'"[^"]*"', "`([^`]+)`", rf"\b({'|'.join(set(keyword.kwlist) - _OPERATORS)})\b"])
)


def names_in(text: str) -> tuple[str, ...]:
    """Column names that an expression reads, in order of appearance.

    Examples
    --------
    >>> names_in("abs(V - (g - 0.59 * (g - r) - 0.01)) < 1.5")
    ('V', 'g', 'r')
    >>> names_in("class == 'YSO' and `B-V` > 1")
    ('class', 'B-V')
    """
    tree = _parse(text)
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in functions]
    return tuple(dict.fromkeys(_name(node) for node in sorted(names, key=lambda node: node.col_offset)))


def expression(text: str, columns: Mapping[str, str]) -> pc.Expression:
    """The Arrow expression of `text`: arithmetic, comparisons, ``and or not``, and Arrow's compute functions by name.

    Parameters
    ----------
    text
        For example ``"abs(V - gmag) < 1.5 and is_valid(period)"``; names that are no identifiers in backticks.
    columns
        What each name stands for in the table that the expression will filter.
    """
    for name in names_in(text):
        if name not in columns:
            raise InputError(f"{text!r} reads a column {name!r}; there are {', '.join(columns)}")
    result: pc.Expression = _build(_parse(text).body, columns, text)
    return result


def _parse(text: str) -> ast.Expression:
    try:
        return ast.parse(_NO_IDENTIFIERS.sub(_identifier, text.strip()), mode="eval")
    except SyntaxError as error:
        raise InputError(f"{text!r} is no expression: {error.msg}") from None


def _identifier(match: re.Match[str]) -> str:
    """What stands in Python's syntax for a name in backticks or a word that Python keeps; texts stay."""
    name = match[1] or match[2]
    return match[0] if name is None else _QUOTED + name.encode().hex()


def _name(node: ast.Name) -> str:
    """The column that an identifier names."""
    quoted = node.id.removeprefix(_QUOTED)
    return node.id if quoted == node.id else bytes.fromhex(quoted).decode()


def _build(node: ast.expr, columns: Mapping[str, str], text: str) -> Any:
    """One node of the syntax tree as an Arrow expression or a constant."""

    def build(part: ast.expr) -> Any:
        return _build(part, columns, text)

    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float, str)):
        return pc.scalar(node.value)
    if isinstance(node, ast.Name):
        return pc.field(columns[_name(node)])
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _call(_BINARY[type(node.op)], [build(node.left), build(node.right)])
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _call(_UNARY[type(node.op)], [build(node.operand)])
    if isinstance(node, ast.BoolOp):
        return _fold("and_kleene" if isinstance(node.op, ast.And) else "or_kleene", [build(v) for v in node.values])
    if isinstance(node, ast.Compare) and all(type(op) in _BINARY for op in node.ops):
        parts = [build(part) for part in (node.left, *node.comparators)]
        pairs = zip(node.ops, parts, parts[1:], strict=False)
        return _fold("and_kleene", [_call(_BINARY[type(op)], [a, b]) for op, a, b in pairs])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id not in pc.list_functions():
            raise InputError(f"{text!r} calls {node.func.id!r}, which is no Arrow compute function")
        return _call(node.func.id, [build(argument) for argument in node.args])
    raise InputError(f"{text!r} may hold columns, numbers, texts, arithmetic, comparisons and functions only")


def _call(function: str, arguments: list[Any]) -> pc.Expression:
    return getattr(pc, function)(*arguments)


def _fold(function: str, parts: list[Any]) -> Any:
    result = parts[0]
    for part in parts[1:]:
        result = _call(function, [result, part])
    return result
