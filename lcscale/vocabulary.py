"""Columns of ours: what each is called and means, whose it is in a table, and how steps append them.

Every room declares its columns with `Column`; `lcscale.columns` collects them. Two columns of one name are the same
only where they have the same maker: the `period` of a survey is another than the one that a search found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError

_MAKER = b"made_by"


@dataclass(frozen=True)
class Column:
    """A column that lcscale writes.

    Examples
    --------
    >>> probability = Column("prob_<class>", pa.float32(), ucd="stat.probability", about="that it is one", maker="m")
    >>> probability.of("RRab").name
    'prob_RRab'
    >>> probability.found(pa.schema([probability.of("RRab").field, ("prob_other", pa.float32())]))
    {'RRab': 'prob_RRab'}
    """

    name: str
    """Its name; a word in angle brackets stands for any: ``prob_<class>``."""
    type: pa.DataType
    """Arrow type."""
    unit: str = ""
    """Unit as astropy spells it; nothing for texts and pure numbers."""
    ucd: str = ""
    """What it is, in the words of UCD1+."""
    about: str = ""
    """What it means, in a sentence."""
    maker: str = ""
    """The room whose step computes it; nothing where the release files bring it."""
    unmarked: bool = False
    """Whether lakes of lcscale 0.1 have it without its maker, so that its name alone tells it."""

    @property
    def field(self) -> pa.Field:
        """Its Arrow field; unit, UCD, meaning and maker stand in the metadata."""
        said = {"made_by": self.maker, "unit": self.unit, "ucd": self.ucd, "description": self.about}
        return pa.field(self.name, self.type, metadata={key: value for key, value in said.items() if value})

    def named(self, name: str) -> Column:
        """The same column where a table has it under another name."""
        return replace(self, name=name)

    def of(self, word: str) -> Column:
        """The column with `word` in the place of the one in angle brackets, in the name and what is said of it."""
        placeholder = re.search(r"<\w+>", self.name)
        if placeholder is None:
            raise InputError(f"{self.name} is the name of one column; no {word!r} can stand in it")
        about = self.about.replace(placeholder[0], word)
        return replace(self, name=self.name.replace(placeholder[0], word), about=about)

    def names(self, name: str) -> bool:
        """Whether `name` is its name."""
        return self._word(name) is not None

    def is_in(self, schema: pa.Schema) -> bool:
        """Whether a table of this schema has the column: its name, made by its maker."""
        return self.name in schema.names and self._is(schema.field(self.name))

    def found(self, schema: pa.Schema) -> dict[str, str]:
        """Names of the columns of `schema` that it stands for, in order, by the word that the angle brackets hold."""
        words = ((self._word(field.name), field) for field in schema)
        return {word: field.name for word, field in words if word is not None and self._is(field)}

    def refuse_another(self, schema: pa.Schema, instead: str) -> None:
        """Raise `InputError` where `schema` has a column of its name that somebody else brought.

        Parameters
        ----------
        schema
            Schema of a table.
        instead
            What makes the column, for the error.
        """
        if self.name in schema.names and not self.is_in(schema):
            raise InputError(
                f"the column {self.name} is the survey's own, not one that {self.maker} made here: put {instead} "
                "before, or rename the column and name it to take it as it is"
            )

    def _is(self, field: pa.Field) -> bool:
        maker = _maker(field)
        return maker == self.maker or (self.unmarked and maker is None)

    def _word(self, name: str) -> str | None:
        """What stands in `name` for the word in angle brackets (nothing where there is none); None: another name."""
        start, bracket, rest = self.name.partition("<")
        end = rest.partition(">")[2]
        if not bracket:
            return "" if name == start else None
        fits = len(name) > len(start) + len(end) and name.startswith(start) and name.endswith(end)
        return name[len(start) : len(name) - len(end)] if fits else None


HEALPIX = Column(
    "_healpix_29",
    pa.int64(),
    "",
    "pos.healpix",
    "Nested HEALPix index at order 29 of the position; rows are in its order.",
)
HEALPIX_COLUMN = HEALPIX.name
"""Name of the column with the nested HEALPix index at order 29, by which the rows of a leaf are sorted."""
RA = Column("ra", pa.float64(), "deg", "pos.eq.ra;meta.main", "Right ascension, ICRS.")
DEC = Column("dec", pa.float64(), "deg", "pos.eq.dec;meta.main", "Declination, ICRS.")
NAME = Column(
    "name",
    pa.string(),
    "",
    "meta.id",
    "Further name of the object, by which `lcscale show` finds it too: that of its file, or of a column of names.",
)


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """The schema of a table of these columns."""
    return pa.schema([column.field for column in columns])


def is_made(schema: pa.Schema, name: str) -> bool:
    """Whether `schema` has a column `name` that a step made: False for one that a survey or a user brought."""
    return name in schema.names and _maker(schema.field(name)) is not None


def brought_field(field: pa.Field) -> pa.Field:
    """The field of a column that came from another catalog: what was made of other light curves is not ours."""
    return field.with_metadata({key: value for key, value in (field.metadata or {}).items() if key != _MAKER} or None)


def append_columns(table: pa.Table, new: pa.Table) -> pa.Table:
    """`table` with the columns of `new` (same number of rows) appended.

    A column of the same name is replaced, at the end; but a `reason` is joined to that of an earlier step
    (``"a; b"``), so that no step hides why another could not do its work.

    Examples
    --------
    >>> reason = Column("reason", pa.string(), maker="first")
    >>> fields = pa.schema([("id", pa.int64()), reason.field])
    >>> left = pa.table({"id": [1, 2], "reason": ["too few", None]}, schema=fields)
    >>> append_columns(left, pa.table({"period": [None, 0.5], "reason": ["no peak", None]})).to_pylist()
    [{'id': 1, 'period': None, 'reason': 'too few; no peak'}, {'id': 2, 'period': 0.5, 'reason': None}]
    """
    result = table
    for field in new.schema:
        values = new.column(field.name)
        if field.name in result.column_names:
            if field.name == "reason" and is_made(result.schema, "reason"):
                values = _join_reasons(result.column("reason"), values)
            result = result.drop_columns([field.name])
        result = result.append_column(field, values)
    return result


def appended_schema(schema: pa.Schema, new: pa.Schema) -> pa.Schema:
    """Schema of `append_columns` for tables of `schema` and `new`."""
    kept = [field for field in schema if field.name not in new.names]
    return pa.schema([*kept, *new], schema.metadata)


def _maker(field: pa.Field) -> str | None:
    made_by = (field.metadata or {}).get(_MAKER)
    return None if made_by is None else made_by.decode()


def _join_reasons(first: pa.ChunkedArray, second: pa.ChunkedArray) -> pa.ChunkedArray:
    same = pc.equal(first, second)
    joined = pc.binary_join_element_wise(first, second, "; ")
    return pc.coalesce(pc.if_else(same, first, joined), first, second)
