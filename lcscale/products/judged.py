"""`Judged`: the labels that people gave, as a step that puts them onto a catalog to be trained on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lake import Lake
from lcscale.periods import PERIOD
from lcscale.products.judgements import Judgements, label_names
from lcscale.vocabulary import append_columns, appended_schema


@dataclass(frozen=True)
class Judged:
    """Step that gives objects the class, and where one was chosen the period, that a person said.

    A class of which the person was unsure takes the label away; objects that nobody judged keep what they have.

    Parameters
    ----------
    labels
        Name of the object, class (None: unsure) and period (None: none was chosen) of each label.
    id_column
        Column with the names of the objects.
    label
        Column of the classes; made where there is none.
    """

    labels: tuple[tuple[str, str | None, float | None], ...] = field(repr=False)
    id_column: str = "object_id"
    label: str = "label"
    rowwise = True
    version = 1

    @classmethod
    def of(cls, lake: Lake, name: str, id_column: str, label: str = "label") -> Judged:
        """The step for the current labels `name` of a lake.

        Raises
        ------
        InputError
            There are none of that name, or none with a class.
        """
        if name not in label_names(lake.root):
            raise InputError(f"no labels {name!r} in the lake; there are {', '.join(label_names(lake.root)) or 'none'}")
        found = [each for each in Judgements(lake.root, name).current().values() if each.class_name is not None]
        if not any(each.sure for each in found):
            raise InputError(f"the labels {name!r} hold no class of which anybody is sure")
        rows = sorted((each.object_id, each.class_name if each.sure else None, each.period) for each in found)
        return cls(tuple(rows), id_column, label)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the objects."""
        return (self.id_column,)

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """The class and the period that stand there."""
        return (self.label, PERIOD.name)

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """`input_schema` with the column of classes."""
        return appended_schema(input_schema, self._gives(input_schema))

    def _gives(self, schema: pa.Schema) -> pa.Schema:
        period = [schema.field(PERIOD.name)] if PERIOD.name in schema.names else []
        return pa.schema([pa.field(self.label, pa.string()), *period])

    def fingerprint(self) -> str:
        """The labels, by a hash of them."""
        digest = hashlib.blake2b(repr(self.labels).encode(), digest_size=16).hexdigest()
        return f"Judged {digest} {self.id_column} {self.label} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` as they were judged."""
        known = {name: (said, period) for name, said, period in self.labels}
        ids = table.column(self.id_column).cast(pa.string()).to_pylist()
        before = table.column(self.label).cast(pa.string()).to_pylist() if self.label in table.column_names else None
        own = before if before is not None else [None] * len(ids)
        said = [known[name][0] if name in known else old for name, old in zip(ids, own, strict=True)]
        gives = self._gives(table.schema)
        arrays = [pa.array(said, pa.string())]
        if len(gives) > 1:
            periods = table.column(PERIOD.name).to_pylist()
            chosen = [known.get(name, (None, None))[1] for name in ids]
            arrays.append(pa.array([new or old for new, old in zip(chosen, periods, strict=True)], gives.field(1).type))
        return append_columns(table, pa.table(arrays, schema=gives))
