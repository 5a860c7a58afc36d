"""The grammar of expressions: text to a tree of columns, constants, lists and functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lcscale.errors import InputError


@dataclass(frozen=True)
class Column:
    """A column by its name."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A number, a text, a truth value, null, or several of them in brackets."""

    value: bool | float | str | tuple[bool | float | str, ...] | None


@dataclass(frozen=True)
class ListName:
    """A list of values that is given beside the text: a name, or the place of a file."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function, operators included, by Arrow's name, and what it is applied to."""

    function: str
    arguments: tuple[Node, ...]


Node = Column | Constant | ListName | Call

_COMPARISONS = {
    "==": "equal",
    "=": "equal",
    "!=": "not_equal",
    "<>": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
_BINARY = (
    {"|": "or_kleene"},
    {"&": "and_kleene"},
    {"+": "add", "-": "subtract"},
    {"*": "multiply", "/": "divide"},
)
"""Operators that bind their left side first, loosest first."""
_CONSTANTS = {"true": True, "false": False, "null": None, "none": None}
_RESERVED = {"and", "or", "not"}
_LIKE = {"like": "match_like", "ilike": "match_ilike"}

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | `(?P<quoted>[^`]+)`
      | @(?P<list>'[^']+'|[^\s(),\[\]'"]+)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>\*\*|<>|[!=<>]=|[-+*/()\[\],<>=&|~])
      | (?P<end>$)
    )""",
    re.VERBOSE,
)


def names_in(text: object) -> tuple[str, ...]:
    """Column names that an expression (text or `Condition`) reads, in order of appearance.

    Examples
    --------
    >>> names_in("abs(V - (g - 0.59 * (g - r) - 0.01)) < 1.5")
    ('V', 'g', 'r')
    >>> names_in("class == 'YSO' and `B-V` between 1 and 2")
    ('class', 'B-V')
    """
    return tuple(dict.fromkeys(node.name for node in _leaves(parse(str(text))) if isinstance(node, Column)))


def lists_in(text: object) -> tuple[tuple[str, str | None], ...]:
    """Lists that an expression names, each with the column that is looked up in it, where it is a column alone.

    Examples
    --------
    >>> lists_in("source_id in @mine and mag < 15")
    (('mine', 'source_id'),)
    """
    found = {}
    for node in _calls(parse(str(text))):
        if node.function == "is_in" and isinstance(node.arguments[1], ListName):
            first = node.arguments[0]
            found[node.arguments[1].name] = first.name if isinstance(first, Column) else None
    return tuple(found.items())


@lru_cache(256)
def parse(text: str) -> Node:
    """The tree of `text`; `InputError` says where it is no expression."""
    try:
        return _Parser(text).whole()
    except RecursionError:
        raise InputError(f"{text[:60]!r}… is no expression: its parentheses are nested too deeply") from None


def _leaves(node: Node) -> list[Node]:
    if not isinstance(node, Call):
        return [node]
    return [leaf for argument in node.arguments for leaf in _leaves(argument)]


def _calls(node: Node) -> list[Call]:
    if not isinstance(node, Call):
        return []
    return [node, *(call for argument in node.arguments for call in _calls(argument))]


class _Parser:
    """Reads a text from left to right; each method reads what binds tighter than the one before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.next = 0
        self.kind = self.token = ""
        self._advance()

    def whole(self) -> Node:
        node = self._either()
        if self.kind != "end":
            raise self._error()
        return node

    def _advance(self) -> str:
        """Go to the next token; returns the present one."""
        token, self.start = self.token, self.next
        match = _TOKEN.match(self.text, self.next)
        if match is None or match.lastgroup is None:
            self.kind = "nothing"
            raise self._error()
        self.kind, self.token, self.next = match.lastgroup, match[match.lastgroup], match.end()
        return token

    def _error(self) -> InputError:
        rest = self.text[self.start :].strip()
        found = f"does not go on with {rest[:40]!r}" if rest else "it ends too early"
        return InputError(f"{self.text!r} is no expression: {found}")

    def _is(self, *tokens: str) -> bool:
        """Whether the present token is one of these signs or words."""
        return self.kind in ("sign", "word") and self.token.lower() in tokens

    def _accept(self, *tokens: str) -> bool:
        found = self._is(*tokens)
        if found:
            self._advance()
        return found

    def _expect(self, *tokens: str) -> None:
        if not self._accept(*tokens):
            raise self._error()

    def _either(self) -> Node:
        parts = [self._both()]
        while self._accept("or"):
            parts.append(self._both())
        return Call("or_kleene", tuple(parts)) if len(parts) > 1 else parts[0]

    def _both(self) -> Node:
        parts = [self._negation()]
        while self._accept("and"):
            parts.append(self._negation())
        return Call("and_kleene", tuple(parts)) if len(parts) > 1 else parts[0]

    def _negation(self) -> Node:
        if self._accept("not"):
            return _not(self._negation())
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._binary()
        parts = []
        while self.kind == "sign" and self.token in _COMPARISONS:
            function = _COMPARISONS[self._advance()]
            right = self._binary()
            parts.append(Call(function, (left, right)))
            left = right
        if parts:
            return Call("and_kleene", tuple(parts)) if len(parts) > 1 else parts[0]
        return self._predicate(left)

    def _predicate(self, value: Node) -> Node:
        """What a word says of `value`: ``in``, ``between``, ``like``, ``is``; or `value` alone."""
        if self._accept("is"):
            negative = self._accept("not")
            self._expect("null", "none")
            return Call("is_valid" if negative else "is_null", (value,))
        negative = self._accept("not")
        if self._accept("in"):
            found: Node = self._membership(value)
        elif self._accept("between"):
            low = self._binary()
            self._expect("and")
            bounds = Call("greater_equal", (value, low)), Call("less_equal", (value, self._binary()))
            found = Call("and_kleene", bounds)
        elif self._is(*_LIKE):
            found = Call(_LIKE[self._advance().lower()], (value, self._binary()))
        elif negative:
            raise self._error()
        else:
            return value
        return _not(found) if negative else found

    def _membership(self, value: Node) -> Node:
        """`value` in a named list, or in one that is written out."""
        if self.kind == "list":
            return Call("is_in", (value, ListName(self._advance().strip("'"))))
        if not self._is("(", "["):
            raise self._error()
        nodes = self._until({"(": ")", "[": "]"}[self._advance()])
        computed = [node for node in nodes if not isinstance(node, Constant)]
        listed = self._listed([node for node in nodes if isinstance(node, Constant)])
        parts = [Call("is_in", (value, listed)), *(Call("equal", (value, node)) for node in computed)]
        return Call("or_kleene", tuple(parts)) if computed else parts[0]

    def _listed(self, nodes: list[Node]) -> Constant:
        constants = []
        for node in nodes:
            if not isinstance(node, Constant) or node.value is None or isinstance(node.value, tuple):
                raise InputError(f"{self.text!r} may list numbers and texts only, no null (write `is null`)")
            constants.append(node.value)
        return Constant(tuple(constants))

    def _until(self, closing: str) -> list[Node]:
        """Expressions between commas."""
        nodes = [self._either()]
        while not self._accept(closing):
            self._expect(",")
            if self._accept(closing):
                break
            nodes.append(self._either())
        return nodes

    def _binary(self, level: int = 0) -> Node:
        if level == len(_BINARY):
            return self._signed()
        node = self._binary(level + 1)
        while self.kind == "sign" and self.token in _BINARY[level]:
            function = _BINARY[level][self._advance()]
            node = Call(function, (node, self._binary(level + 1)))
        return node

    def _signed(self) -> Node:
        if self._accept("+"):
            return self._signed()
        if self._accept("~"):
            return _not(self._signed())
        if self._accept("-"):
            node = self._signed()
            number = isinstance(node, Constant) and isinstance(node.value, (int, float))
            return Constant(-node.value) if number else Call("negate", (node,))  # type: ignore[operator, union-attr]
        return self._power()

    def _power(self) -> Node:
        base = self._atom()
        return Call("power", (base, self._signed())) if self._accept("**") else base

    def _atom(self) -> Node:
        kind = self.kind
        if kind == "number":
            return Constant(_number(self._advance()))
        if kind == "text":
            token = self._advance()
            return Constant(token[1:-1].replace(token[0] * 2, token[0]))
        if kind == "quoted":
            return Column(self._advance())
        if kind == "word" and self.token.lower() not in _RESERVED:
            return self._word()
        if self._accept("["):
            return self._listed(self._until("]"))
        self._expect("(")
        node = self._either()
        self._expect(")")
        return node

    def _word(self) -> Node:
        word = self._advance()
        if self._accept("("):
            return Call(word, () if self._accept(")") else tuple(self._until(")")))
        if word.lower() in _CONSTANTS:
            return Constant(_CONSTANTS[word.lower()])
        return Column(word)


def _not(node: Node) -> Call:
    return Call("invert", (node,))


def _number(token: str) -> float:
    digits = token.replace("_", "")
    return int(digits) if digits.isdecimal() else float(digits)
