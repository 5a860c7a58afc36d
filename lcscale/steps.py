"""The protocol of a step: a pure function of one partition's rows, which a catalog maps over the sky."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import pyarrow as pa

from lcscale.errors import InputError, abridged, meant
from lcscale.expressions import Condition, holds, names_in
from lcscale.vocabulary import Column, appended_schema, schema_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@runtime_checkable
class Step(Protocol):
    """What a catalog can map: ``table -> table``, with enough said about it to plan, fuse and resume.

    Steps are small, immutable and picklable (a frozen dataclass does it); they carry no data and no open files, and
    load what they need where they run. Steps chained on a catalog run fused on each partition. A step that uses some
    columns only where they are there names them in an attribute `optional_columns`. One whose parameters are a choice
    of the user names those fields in an attribute `settings`: by them a result is told from another. A rowwise one that
    takes far longer than reading its rows says so in an attribute `costly` (True): where a catalog is made again, rows
    that are as they were are taken over, not computed.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the input columns the step reads."""

    @property
    def rowwise(self) -> bool:
        """Whether each row's result depends on that row alone, so that a partition may stream through in batches."""

    @property
    def version(self) -> int:
        """Raised when the step's results change; releases that leave them alone do not recompute the sky."""

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """Schema of the result for an input of `input_schema`."""

    def fingerprint(self) -> str:
        """A text equal for equal parameters and version, and different otherwise."""

    def __call__(self, table: pa.Table) -> pa.Table:
        """Apply the step to the rows of one partition, or of one batch of it when `rowwise`."""


@runtime_checkable
class Narrowing(Protocol):
    """A step that brings columns from elsewhere, and need not bring all of them."""

    def narrowed(self, wanted: Collection[str]) -> Step:
        """The step that gives, of the columns it adds, at least those in `wanted`, under the same names."""


class Declared:
    """A step whose columns are those that it declares: what it reads and gives, in the words of the vocabulary.

    The rest of the protocol follows, unless the step says otherwise: it is rowwise, its columns are appended, and it
    is told by its parameters and version.
    """

    rowwise = True
    costly = False
    version: int

    @property
    def reads(self) -> tuple[Column, ...]:
        """Columns that it cannot do without, as its input has them."""
        return ()

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """Columns that it appends to an input of `input_schema`."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of what it reads."""
        return tuple(column.name for column in self.reads)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """`input_schema` with what it gives."""
        return appended_schema(input_schema, schema_of(self.gives(input_schema)))

    def fingerprint(self) -> str:
        """Its parameters and version."""
        return f"{self!r} v{self.version}"


@dataclass(frozen=True)
class Select(Declared):
    """Keep the named columns, in the order given."""

    names: tuple[str, ...]
    version = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns kept."""
        return self.names

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """The named fields of `input_schema`."""
        require_columns(self, input_schema)
        return pa.schema([input_schema.field(name) for name in self.names], input_schema.metadata)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The table's named columns."""
        return table.select(list(self.names))


@dataclass(frozen=True)
class Where(Declared):
    """Keep the rows for which a condition holds; those for which it is null go.

    The condition is text (columns, numbers, arithmetic, comparisons, ``in``, ``between``, ``like``, ``is null``,
    ``and or not`` and Arrow's compute functions; see `lcscale.expressions`), or a `Condition` with lists.

    Examples
    --------
    >>> Where("mag < 15 and is_valid(period)").columns
    ('mag', 'period')
    """

    condition: str | Condition
    version = 2

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in the condition."""
        return names_in(self.condition)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """`input_schema`, for which the condition must make sense."""
        require_columns(self, input_schema)
        self(input_schema.empty_table())
        return input_schema

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows that are kept."""
        return table.filter(holds(self.condition, table))


def settings_of(options: object, names: Sequence[str] | None = None) -> dict[str, str]:
    """Those fields `names` of a dataclass (default: all that it shows) that have not their default, as text.

    Examples
    --------
    >>> settings_of(Where("mag < 15"))
    {'condition': 'mag < 15'}
    """
    declared = fields(cast("DataclassInstance", options))
    shown = [each.name for each in declared if each.repr] if names is None else names
    defaults = {each.name: each.default for each in declared}
    found = {name: getattr(options, name) for name in shown}
    return {name: _as_text(value) for name, value in found.items() if value != defaults[name]}


def _as_text(value: Any) -> str:
    if not is_dataclass(value) or isinstance(value, Condition):
        return str(value)
    return f"({', '.join(f'{name}={text}' for name, text in settings_of(value).items())})"


def require_columns(step: Step, schema: pa.Schema) -> None:
    """Raise `InputError` naming the columns of `step` that `schema` lacks."""
    there = frozenset(schema.names)
    missing = [name for name in step.columns if name not in there]
    if missing:
        raise InputError(
            f"{type(step).__name__} needs the column{'s' * (len(missing) > 1)} {', '.join(missing)}"
            f"{meant(missing, schema.names)}; there are {abridged(schema.names)}"
        )


def chain_schema(steps: Sequence[Step], schema: pa.Schema) -> pa.Schema:
    """Schema after `steps` applied one after the other to an input of `schema`."""
    for step in steps:
        require_columns(step, schema)
        schema = step.schema(schema)
    return schema
