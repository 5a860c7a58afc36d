"""`Detections`: nested light curves as a table with a row an observation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lightcurves.columns import COLUMNS, ReadsLightCurves
from lcscale.lightcurves.nested import part_units, time_reference
from lcscale.nested import Nested, is_list, parts_of
from lcscale.vocabulary import Column


@dataclass(frozen=True)
class Detections(ReadsLightCurves):
    """Step that gives every observation of the light curves a row, with the other columns of its object beside it.

    Objects without observations have no row. A part of the light curve whose name another column has is called
    ``lightcurve_<part>``.

    Parameters
    ----------
    column
        Name of the nested light-curve column.

    Examples
    --------
    >>> table = pa.table({"name": ["a", "b"], "lightcurve": [{"time": [1.0, 2.0]}, {"time": [3.0]}]})
    >>> Detections()(table).to_pydict()
    {'name': ['a', 'a', 'b'], 'time': [1.0, 2.0, 3.0]}
    """

    column: str = "lightcurve"
    version = 1

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """The other fields of `input_schema`, and one for each part of the light curve, with its unit.

        Raises
        ------
        InputError
            The column does not hold lists of observations.
        """
        nested = input_schema.field(self.column)
        if not (pa.types.is_struct(nested.type) and all(is_list(part.type) for part in nested.type)):
            raise InputError(f"the column {self.column!r} holds no light curves but {nested.type}")
        others = [field for field in input_schema if field.name != self.column]
        return pa.schema([*others, *self._parts(nested, {field.name for field in others})], input_schema.metadata)

    def _parts(self, nested: pa.Field, taken: set[str]) -> list[pa.Field]:
        names = [f"{self.column}_{part.name}" if part.name in taken else part.name for part in nested.type]
        units = part_units(nested)
        stated = (units.get(part.name, units.get(part.name.removesuffix("_err"))) for part in nested.type)
        declared = {column.name.partition(".")[2]: column for column in COLUMNS}
        told, bare = _told_of_parts(nested), Column("", pa.null())
        return [
            replace(
                known, name=name, type=part.type.value_type, unit=unit or "", about=told[part.name] or known.about
            ).field
            for name, part, unit in zip(names, nested.type, stated, strict=True)
            for known in (declared.get(part.name, bare),)
        ]

    def __call__(self, table: pa.Table) -> pa.Table:
        """The observations of the rows of `table`, in the order of the rows; nulls where a shorter list has ended."""
        schema = self.schema(table.schema)
        nested = table.column(self.column).combine_chunks()
        lists = parts_of(nested).values()
        counts = np.max([np.zeros(len(table), np.int64), *(part.counts for part in lists)], axis=0)
        owner = np.repeat(np.arange(len(table)), counts)
        number = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
        objects = table.drop_columns([self.column]).take(pa.array(owner))
        parts = [_padded(part, owner, number) for part in lists]
        return pa.Table.from_arrays([*objects.columns, *parts], schema=schema)


def _told_of_parts(nested: pa.Field) -> dict[str, str]:
    """What the metadata of the light curves say of their parts: zero and scale of the times, the magnitude system."""
    told = {key.decode(): text.decode() for key, text in (nested.metadata or {}).items()}
    time, system = time_reference(nested), told.get("mag_system")
    said = {"time": time and f"Times of the observations, {time}.", "mag": system and f"Magnitudes, {system}."}
    return {part.name: said.get(part.name) or told.get(part.name, "") for part in nested.type}


def _padded(lists: Nested, owner: npt.NDArray[np.int64], number: npt.NDArray[np.int64]) -> pa.Array:
    """Element `number` of the list of row `owner`, for each pair; null where that list is shorter."""
    at = lists.offsets[owner] + number
    return lists.values.take(pa.array(at, mask=number >= lists.counts[owner]))
