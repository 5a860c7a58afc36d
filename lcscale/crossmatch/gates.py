"""What must hold for a pair beside its separation: positional errors, magnitudes, conditions on the joined row."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch.compared import Compared
from lcscale.crossmatch.naming import SEPARATION, JoinedNames
from lcscale.crossmatch.options import ErrorColumns, MatchOptions
from lcscale.crossmatch.ordering import Pairs
from lcscale.errors import InputError
from lcscale.expressions import Condition, holds, names_in, values
from lcscale.units import column_in, factor, stated_unit

_log = logging.getLogger("lcscale.crossmatch")

_Floats = npt.NDArray[np.float64]


def passing(
    pairs: Pairs,
    left: pa.Table,
    right: pa.Table,
    places: Compared,
    options: MatchOptions,
    names: JoinedNames,
) -> Pairs:
    """The pairs that pass every gate of `options`, in the same order."""
    if options.n_sigma is not None:
        pairs = _kept(
            pairs, _possible(left, options.left_error)[pairs[0]] & _possible(right, options.right_error)[pairs[1]]
        )
        pairs = _kept(pairs, _within_errors(pairs, left, right, places, options))
    if options.max_mag_difference is not None:
        sides = ((left, str(options.left_mag), pairs[0]), (right, str(options.right_mag), pairs[1]))
        magnitudes = [_values(_in_magnitudes(table, text), text, rows) for table, text, rows in sides]
        with np.errstate(invalid="ignore"):
            difference = np.abs(magnitudes[0] - magnitudes[1])
        pairs = _kept(pairs, difference <= options.max_mag_difference)
    if options.where is not None:
        pairs = _kept(pairs, _holds(options.where, pairs, left, right, names))
    return pairs


def _kept(pairs: Pairs, mask: npt.NDArray[np.bool_]) -> Pairs:
    return pairs[0][mask], pairs[1][mask], pairs[2][mask]


def _in_magnitudes(table: pa.Table, text: str) -> pa.Table:
    """The table with the columns that `text` reads in mag; beside others, one of something else stays what it is."""
    for name in names_in(text):
        if name in table.column_names and (text.strip() == name or _is_magnitude(table.schema.field(name))):
            table = table.set_column(table.column_names.index(name), name, column_in(table, name, "mag"))
    return table


def _is_magnitude(field: pa.Field) -> bool:
    try:
        factor(stated_unit(field), "mag", field.name)
    except InputError:
        return False
    return True


def _values(table: pa.Table, text: str, rows: npt.NDArray[np.int64]) -> _Floats:
    """A number for each of `rows` from an expression over the columns of `table`; NaN where it has none."""
    if not names_in(text):
        raise InputError(f"{text!r} names no column; there are {', '.join(table.column_names)}")
    return _number(values(text, table))[rows]


def _number(column: pa.ChunkedArray) -> _Floats:
    array: _Floats = column.cast(pa.float64(), safe=False).to_numpy()
    return array


def _holds(
    condition: str | Condition, pairs: Pairs, left: pa.Table, right: pa.Table, names: JoinedNames
) -> npt.NDArray[np.bool_]:
    """Whether a condition holds on each joined row; where it is null it does not."""
    from_right = {new: old for old, new in names.right}
    separation = dict(names.added)[SEPARATION.name]
    known = [*left.column_names, *(new for new, old in from_right.items() if old in right.column_names), separation]
    columns = {}
    for name in names_in(condition):
        if name not in known:
            raise InputError(f"{str(condition)!r} reads a column {name!r}; there are {', '.join(known)}")
        if name == separation:
            columns[name] = pa.chunked_array([pa.array(pairs[2])])
        elif name in from_right:
            columns[name] = right.column(from_right[name]).take(pa.array(pairs[1]))
        else:
            columns[name] = left.column(name).take(pa.array(pairs[0]))
    if not columns:
        raise InputError(f"{str(condition)!r} names no column; there are {', '.join(known)}")
    held: npt.NDArray[np.bool_] = holds(condition, pa.table(columns)).to_numpy()
    return held


def _within_errors(
    pairs: Pairs,
    left: pa.Table,
    right: pa.Table,
    places: Compared,
    options: MatchOptions,
) -> npt.NDArray[np.bool_]:
    """Whether a pair's offset is within `n_sigma` of the errors of both sides together; unknown errors allow it.

    Along an axis on which both errors are zero, positions are exact: only equal ones are within the errors.
    """
    i, j, separation = pairs
    left_position, right_position = places.of(pairs)
    covariance = _covariance(left, options.left_error, i) + _covariance(right, options.right_error, j)
    a1, d1, a2, d2 = (np.radians(x) for x in (*left_position, *right_position))
    angle = np.arctan2(
        np.cos(d2) * np.sin(a2 - a1),
        np.cos(d1) * np.sin(d2) - np.sin(d1) * np.cos(d2) * np.cos(a2 - a1),
    )
    east, north = separation * np.sin(angle), separation * np.cos(angle)
    xx, yy, xy = covariance
    determinant = xx * yy - xy * xy
    scaled = yy * east**2 - 2.0 * xy * east * north + xx * north**2
    n_squared = float(options.n_sigma or 0.0) ** 2
    inside = (scaled <= n_squared * determinant) & (separation**2 <= n_squared * (xx + yy))
    allowed: npt.NDArray[np.bool_] = inside | ~np.isfinite(determinant)
    return allowed


def _possible(table: pa.Table, columns: ErrorColumns | None) -> npt.NDArray[np.bool_]:
    """Which rows have errors that may be: a negative one is a survey's mark for something else, and matches nothing."""
    possible = np.ones(table.num_rows, np.bool_)
    for name in (columns,) if isinstance(columns, str) else (columns or ())[:2]:
        with np.errstate(invalid="ignore"):
            possible &= ~(_number(table.column(name)) < 0)
    refused = table.num_rows - int(np.count_nonzero(possible))
    if refused:
        _log.info("%d of %d rows have a negative error in %s and match nothing", refused, table.num_rows, columns)
    return possible


def _covariance(table: pa.Table, columns: ErrorColumns | None, rows: npt.NDArray[np.int64]) -> _Floats:
    """Covariance of the positions, arcsec², float64 [3 (east-east, north-north, east-north), n]."""
    if columns is None:
        return np.zeros((3, rows.size))
    if isinstance(columns, str):
        variance = _number(column_in(table, columns, "arcsec"))[rows] ** 2
        return np.stack([variance, variance, np.zeros(rows.size)])
    wanted = zip(columns, ("arcsec", "arcsec", "deg"), strict=True)
    major, minor, angle = (_number(column_in(table, name, unit))[rows] for name, unit in wanted)
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    return np.stack(
        [
            (major * sine) ** 2 + (minor * cosine) ** 2,
            (major * cosine) ** 2 + (minor * sine) ** 2,
            (major**2 - minor**2) * sine * cosine,
        ]
    )
