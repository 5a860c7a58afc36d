"""`AlignFields`: magnitude offsets between the fields of a survey in one band, found from pairs of observations.

A star in the overlap of two fields of ZTF is on other parts of the detectors in each, and its magnitudes differ by some
hundredths. Pairs of observations soon after each other tell by how much, whatever the star does otherwise. Only a star
that changes within the hour, in the same way each time both fields are seen in the same order, imitates an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lightcurves.columns import ReadsLightCurves
from lcscale.lightcurves.nested import part_names
from lcscale.nested import Nested, is_list, parts_of, struct_of
from lcscale.vocabulary import Column, append_columns, schema_of

Floats = npt.NDArray[np.float64]

_MAKER = "lcscale.lightcurves"
COLUMNS = (
    Column(
        "field_offset",
        pa.float64(),
        "mag",
        "phot.mag;arith.diff",
        "Largest offset, by its absolute value, of the magnitudes of one field of a band from those of the field with "
        "most observations there: the median difference of pairs soon after each other. Null without enough pairs.",
        _MAKER,
    ),
    Column(
        "field_offset_error",
        pa.float64(),
        "mag",
        "stat.error;phot.mag",
        "Standard error of field_offset, from the scatter of the differences; pairs may share an observation.",
        _MAKER,
    ),
)
"""What is found of each star."""


@dataclass(frozen=True)
class AlignFields(ReadsLightCurves):
    """Step that finds offsets between the fields of a band, and takes those that are certain out of the magnitudes.

    Parameters
    ----------
    correct
        Whether offsets of three standard errors or more are subtracted from the observations of their field.
    part
        Part of the light curves that tells the field of each observation: `oid` of ZTF.
    within
        Days between the observations of a pair at most.
    fewest
        Pairs that an offset rests on at least, each with observations of its own.
    column
        Name of the nested light-curve column.
    """

    correct: bool = True
    part: str = "oid"
    within: float = 0.05
    fewest: int = 10
    column: str = "lightcurve"
    settings = ("correct", "part", "within", "fewest")
    version = 2

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """The largest offset of each star.

        Raises
        ------
        InputError
            The light curves have no magnitudes, or do not tell the field.
        """
        names = part_names(input_schema.field(self.column).type)
        missing = [name for name in ("time", "mag", self.part) if name not in names]
        if missing:
            raise InputError(
                f"AlignFields needs {', '.join(missing)} in {self.column}, which tells {', '.join(names)}: fields are "
                "told apart by their ids"
            )
        return COLUMNS

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their offsets; magnitudes without them where asked."""
        schema = self.schema(table.schema)
        nested = table.column(self.column).combine_chunks()
        parts = parts_of(nested)
        mag = parts["mag"].values.to_numpy(zero_copy_only=False).astype(np.float64)
        found = np.full((len(table), 2), np.nan)
        for i in range(len(table)):
            at = {name: slice(*part.offsets[i : i + 2].tolist()) for name, part in parts.items()}
            if len({each.stop - each.start for each in at.values()}) == 1:
                found[i] = self._align(i, parts, at, mag)
        if self.correct:
            kind = parts["mag"].values.type
            parts["mag"] = Nested(pa.array(mag.astype(kind.to_pandas_dtype()), kind), parts["mag"].offsets)
            table = table.set_column(
                table.column_names.index(self.column), schema.field(self.column), _rebuilt(parts, nested)
            )
        arrays = [pa.array(values, mask=~np.isfinite(values)) for values in found.T]
        return append_columns(table, pa.table(arrays, schema=schema_of(COLUMNS)))

    def _align(self, i: int, parts: dict[str, Nested], at: dict[str, slice], mag: Floats) -> tuple[float, float]:
        """The largest offset of row `i` and its error; `mag` is corrected in place."""
        field = _codes(parts[self.part], at[self.part])
        band = _codes(parts["band"], at["band"]) if "band" in parts else np.zeros(field.size, np.int64)
        time = parts["time"].values[at["time"].start : at["time"].stop].to_numpy(zero_copy_only=False)
        own = mag[at["mag"]]
        seen = np.isfinite(own) & np.isfinite(time)
        largest = (np.nan, np.nan)
        for one in np.unique(band[band >= 0]):
            rows = np.flatnonzero((band == one) & (field >= 0) & seen)
            fields, counts = np.unique(field[rows], return_counts=True)
            first = rows[field[rows] == fields[counts.argmax()]] if fields.size > 1 else rows[:0]
            for other in fields[fields != fields[counts.argmax()]] if first.size else ():
                offset, error = offset_of(time, own, first, rows[field[rows] == other], self.within, self.fewest)
                if np.isfinite(offset) and not abs(offset) <= abs(largest[0]):
                    largest = offset, error
                if self.correct and abs(offset) >= 3.0 * error:
                    own[(band == one) & (field == other)] -= offset
        return largest


def offset_of(
    time: Floats,
    mag: Floats,
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    within: float = 0.05,
    fewest: int = 10,
) -> tuple[float, float]:
    """How much fainter the observations `second` are than those of `first` next to them in time, magnitudes.

    Parameters
    ----------
    time, mag
        float64 [n_observations], days and magnitudes.
    first, second
        Places of the observations of both.
    within
        Days from one to the next at most.
    fewest
        Pairs at least that share no observation.

    Returns
    -------
    float, float
        Median difference and its standard error; NaN where fewer than `fewest` observations of `first` are in pairs.
        Pairs of one observation share its error, so the error comes from the sums of signs about the median over such
        groups, and from the standard deviation within six scaled median absolute deviations. Few groups make it
        larger, as Student's distribution has it.

    Examples
    --------
    >>> time = np.repeat(np.arange(20.0), 2)
    >>> offset_of(time, np.tile([15.0, 15.1], 20), np.arange(0, 40, 2), np.arange(1, 40, 2))[0].round(3)
    np.float64(0.1)
    """
    first = first[np.argsort(time[first], kind="stable")]
    behind = np.clip(np.searchsorted(time[first], time[second]), 1, max(first.size - 1, 1)) if first.size > 1 else None
    if behind is None:
        return np.nan, np.nan
    before = np.abs(time[first[behind - 1]] - time[second]) < np.abs(time[first[behind]] - time[second])
    nearest = first[behind - before]
    near = np.abs(time[nearest] - time[second]) <= within
    difference = (mag[second] - mag[nearest])[near]
    shared, group = np.unique(nearest[near], return_inverse=True)
    if shared.size < fewest:
        return np.nan, np.nan
    middle = np.median(difference)
    away = difference - middle
    inliers = away[np.abs(away) <= 6.0 * 1.4826 * np.median(np.abs(away))]
    signs = np.bincount(group, np.sign(away))
    few = (shared.size - 1) / max(shared.size - 3, 1)
    return middle, float(np.sqrt(np.pi / 2.0 * few * np.sum(signs**2)) * inliers.std() / difference.size)


def _codes(part: Nested, at: slice) -> npt.NDArray[np.int64]:
    """Numbers for the different values of one row; -1 for none."""
    coded = part.values[at.start : at.stop].dictionary_encode().indices.fill_null(-1)
    return np.asarray(coded.to_numpy(zero_copy_only=False), np.int64)


def _rebuilt(parts: dict[str, Nested], nested: Any) -> pa.Array:
    """The nested array with other parts, in the layout it had."""
    if is_list(nested.type):
        values = pa.StructArray.from_arrays(
            [part.values for part in parts.values()], fields=list(nested.type.value_type)
        )
        offsets = next(iter(parts.values())).offsets
        return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values).cast(nested.type)
    return struct_of(parts, list(nested.type), nested.is_null() if nested.null_count else None).cast(nested.type)
