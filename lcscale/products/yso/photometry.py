"""`Photometry`: the step that finds, checks and names the measurements of a joined catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.products.yso import columns as declared
from lcscale.products.yso.columns import IDS, find_columns, limits, measurement, unit_of
from lcscale.steps import Declared
from lcscale.units import factor, stated_unit

MOST_ERROR = 2.0
"""A magnitude's error above this is no error: columns were swapped."""
NO_VALUE = ("", r"\n", "null", "nan", "none", "-", "--")
"""What archives write in columns of text where there is no number (in lower case)."""
NUMBER = r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$"
"""A number in text."""
PROBLEMS = declared.PROBLEMS.name
"""Column that names what was wrong with a row's measurements and taken as not measured."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Photometry(Declared):
    """Renames the measurements of a joined catalog, and nulls those that cannot be: each is named in the row.

    What is wrong stands in `photometry_problems` (``"w3 sentinel; j negative error"``), null where nothing is. A
    magnitude that has an error column but no error is an upper limit of 2MASS or WISE, thus not measured; that is no
    problem.

    Parameters
    ----------
    found
        Pairs of our name and the catalog's column.
    keep
        Further columns, kept as they are.
    """

    found: tuple[tuple[str, str], ...]
    keep: tuple[str, ...] = ()
    version = 1

    @classmethod
    def of(cls, schema: pa.Schema, columns: Mapping[str, str] | None = None, keep: Sequence[str] = ()) -> Photometry:
        """The step for a catalog of this schema (see `find_columns`)."""
        return cls(tuple(find_columns(schema, columns).items()), tuple(keep))

    @property
    def columns(self) -> tuple[str, ...]:
        """Everything it keeps or renames."""
        return tuple(dict.fromkeys((*self.keep, *(column for _, column in self.found))))

    def schema(self, input_schema: pa.Schema) -> pa.Schema:
        """The kept fields, ids as they are, measurements as float64, and what was wrong."""
        fields = [input_schema.field(name) for name in self.keep]
        for name, column in self.found:
            ours = measurement(name).field
            fields.append(ours.with_type(input_schema.field(column).type) if name in IDS else ours)
        return pa.schema([*fields, declared.PROBLEMS.field], input_schema.metadata)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table`, checked."""
        numbers, unreadable = {}, {}
        for name, column in self.found:
            if name not in IDS:
                values, unreadable[f"{name} no number"] = as_floats(table.column(column))
                unit, stated = unit_of(name), stated_unit(table.schema.field(column))
                numbers[name] = values if unit is None else values * factor(stated, unit, f"column {column!r}")
        problems = check(numbers, len(table), unreadable)
        schema = self.schema(table.schema)
        arrays = [table.column(name) for name in self.keep]
        for name, column in self.found:
            if name in IDS:
                arrays.append(table.column(column))
            else:
                arrays.append(pa.array(numbers[name], mask=~np.isfinite(numbers[name])))
        return pa.Table.from_arrays([*arrays, problems], schema=schema)


def as_floats(column: pa.ChunkedArray) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Numbers of a column as float64, NaN for nulls, a copy that may be changed; and which rows hold other text."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        text = pc.utf8_trim_whitespace(column)
        empty = pc.is_in(pc.utf8_lower(text), pa.array(NO_VALUE, column.type))
        number = pc.and_kleene(pc.match_substring_regex(text, NUMBER), pc.invert(empty))
        wrong = pc.invert(pc.or_kleene(pc.or_kleene(number, empty), pc.is_null(text)))
        column = pc.if_else(number, text, pa.scalar(None, column.type))
    else:
        wrong = pa.array(np.zeros(len(column), np.bool_))
    numbers = np.array(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
    return numbers, np.asarray(wrong.to_numpy(zero_copy_only=False), np.bool_)


def check(numbers: dict[str, Floats], n: int, found: Mapping[str, npt.NDArray[np.bool_]] | None = None) -> pa.Array:
    """Set measurements that cannot be to NaN, in place; returns what was wrong with each of the `n` rows.

    Parameters
    ----------
    numbers
        float64 [n] each, by our names.
    n
        Number of rows.
    found
        Rows in which something was wrong before, by what it was.
    """
    texts = np.full(n, "", dtype=object)
    for what, rows in (found or {}).items():
        texts[rows] += f"; {what}"

    def strike(wrong: npt.NDArray[np.bool_], what: str, *names: str) -> None:
        texts[wrong] += f"; {what}"
        for name in names:
            numbers[name][wrong] = np.nan

    for band, (low, high) in limits("limits").items():
        if band not in numbers:
            continue
        mag, error = numbers[band], numbers.get(f"e_{band}")
        strike((mag == 0) | (mag >= 50) | (mag <= -50), f"{band} sentinel", band)
        if error is not None:
            strike(error <= 0, f"{band} negative error", band, f"e_{band}")
            strike(error > MOST_ERROR, f"{band} impossible error", band, f"e_{band}")
        strike(np.isfinite(mag) & ((mag < low) | (mag > high)), f"{band} impossible magnitude", band)
        if error is not None:
            mag[~np.isfinite(error)] = np.nan
    for colour, (low, high) in limits("colours").items():
        first, second = colour.split("-")
        if first in numbers and second in numbers:
            difference = numbers[first] - numbers[second]
            strike((difference < low) | (difference > high), f"{colour} impossible colour", first, second)
    for name in ("parallax_error", "pmra_error", "pmdec_error", "g_flux_over_error", "g_n_obs"):
        if name in numbers:
            strike(numbers[name] <= 0, f"{name} not positive", name)
    return pa.array([text[2:] or None for text in texts], pa.string())


def count_problems(texts: pa.ChunkedArray) -> dict[str, int]:
    """How many rows have each problem, the most frequent first."""
    counts: dict[str, int] = {}
    for text in texts.drop_null().to_pylist():
        for what in text.split("; "):
            counts[what] = counts.get(what, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
