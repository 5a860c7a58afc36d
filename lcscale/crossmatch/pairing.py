"""Which rows of two Arrow tables are counterparts: positions moved, radius searched, gates passed."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch.chance import chance_probability
from lcscale.crossmatch.gates import passing
from lcscale.crossmatch.matching import coordinates, keep_mutual, keep_nearest, without_position
from lcscale.crossmatch.motion import ProperMotion, propagate
from lcscale.crossmatch.naming import JoinedNames, joined_names
from lcscale.crossmatch.options import MatchOptions
from lcscale.crossmatch.ordering import Pairs, search
from lcscale.crossmatch.references import Reference, asked_of_rows, referred, row_epoch
from lcscale.crossmatch.search import ALL
from lcscale.crossmatch.zones import build_index
from lcscale.errors import InputError
from lcscale.units import column_in

_log = logging.getLogger("lcscale.crossmatch")

_Position = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def counterparts(
    left: pa.Table,
    right: pa.Table,
    options: MatchOptions,
    *,
    left_columns: tuple[str, str],
    right_columns: tuple[str, str],
    left_name: str = "the left catalog",
    right_name: str = "the right catalog",
    n_own: int | None = None,
    names: JoinedNames | None = None,
) -> tuple[Pairs, list[npt.NDArray[np.float64]]]:
    """Pairs of rows that `options` call the same object, and their chance probability where it is asked for.

    Parameters are those of `match_tables`; of the left rows only the first `n_own` get pairs, the others merely
    compete for right ones. `names` are those of the joined catalog, where the tables have but some of its columns.
    """
    options = referred(
        options,
        _reference(left, left_columns, left_name, "left", options),
        _reference(right, right_columns, right_name, "right", options),
    )
    positions = (
        _position(left, left_columns, left_name, "left", options),
        _position(right, right_columns, right_name, "right", options),
    )
    pairs = _pairs(left, right, positions, options, names)
    if n_own is not None and n_own < left.num_rows:
        own = pairs[0] < n_own
        pairs = pairs[0][own], pairs[1][own], pairs[2][own]
    if not options.chance_probability or options.how == "anti":
        return pairs, []
    return pairs, [chance_probability(pairs, *positions, options.density_radius_arcsec)]


def _pairs(
    left: pa.Table,
    right: pa.Table,
    positions: tuple[_Position, _Position],
    options: MatchOptions,
    names: JoinedNames | None,
) -> Pairs:
    """The pairs that the options call the same object."""
    radius = np.array([options.radius_arcsec / 3600.0])
    nearest = ALL if options.n_neighbors is None else options.n_neighbors
    every = options.gated or options.mutual
    pairs = search(*positions[0], radius, build_index(*positions[1]), ALL if every else nearest)
    if options.gated:
        names = names or joined_names(left.schema, right.schema, options)
        pairs = passing(pairs, left, right, positions, options, names)
    if options.mutual:
        return keep_mutual(pairs, right.num_rows)
    return keep_nearest(pairs, nearest) if options.gated and nearest != ALL else pairs


def _position(table: pa.Table, columns: tuple[str, str], name: str, side: str, options: MatchOptions) -> _Position:
    """The coordinates as float64 degrees, nulls as NaN, moved to the epoch of the match where that is asked for."""
    for column in (*columns, *options.columns_needed(side)):
        if column not in table.column_names:
            raise InputError(f"{name} has no column {column!r}; there are {', '.join(table.column_names)}")
    ra, dec = (_numbers(table, column, name, "deg", hours=column == columns[0]) for column in columns)
    position = coordinates(ra, dec, f"{columns[0]!r} of {name}", f"{columns[1]!r} of {name}")
    missing = without_position(*position)
    if missing:
        _log.info("%s: %d of %d rows have no position and match nothing", name, missing, table.num_rows)
    motion: ProperMotion | None = getattr(options, f"{side}_motion")
    if motion is None:
        return position
    units = ("mas/yr", "mas/yr", "mas", "km/s")
    moved = zip(motion.columns, units, strict=False)  # the latter two are there together or not
    pmra, pmdec, *outward = (_numbers(table, column, name, unit) for column, unit in moved)
    too_fast = np.hypot(pmra, pmdec) > 1000.0 * motion.max_arcsec_per_year
    return propagate(*position, np.where(too_fast, np.nan, pmra), pmdec, motion.years_until(options.epoch), *outward)


def _reference(table: pa.Table, columns: tuple[str, str], name: str, side: str, options: MatchOptions) -> Reference:
    """What a table says of its positions; its rows are asked for their epoch only where that matters."""
    of_rows = row_epoch(table, name) if asked_of_rows(options, side) else None
    return Reference(name, table.schema, columns[0], row_epoch=of_rows)


def _numbers(table: pa.Table, column: str, name: str, unit: str, *, hours: bool = False) -> npt.NDArray[np.float64]:
    """A column as float64 in the unit wanted, nulls as NaN."""
    values = table.column(column)
    if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        raise InputError(f"column {column!r} of {name} holds {values.type}, not numbers")
    numbers: npt.NDArray[np.float64] = column_in(table, column, unit, hours=hours).cast(pa.float64()).to_numpy()
    return numbers
