"""Where the rows of two tables are when they are compared: at one epoch, or for each pair at a date of its own."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.crossmatch.epochs import MAX_YEARS, julian_years
from lcscale.crossmatch.matching import coordinates, without_position
from lcscale.crossmatch.options import MatchOptions
from lcscale.crossmatch.ordering import Pairs
from lcscale.crossmatch.propagation import propagate
from lcscale.errors import InputError
from lcscale.units import column_in

_log = logging.getLogger("lcscale.crossmatch")

_Floats = npt.NDArray[np.float64]
Position = tuple[_Floats, _Floats]
"""Right ascension and declination, degrees, float64 [n] each."""

_SLACK = 1.05
"""By how much a source may be faster than its proper motion says: its approach makes it so."""


@dataclass(frozen=True)
class Side:
    """The positions of one table, and how they move."""

    position: Position
    """As they came."""
    motion: tuple[_Floats, _Floats, _Floats, _Floats] | None = None
    """pmra, pmdec (mas/yr), parallax (mas), radial velocity (km/s), float64 [n] each; None: they stand still."""
    epoch: _Floats | None = None
    """Julian year of each position that moves, float64 [n]."""
    max_years: float = np.inf
    """For how long positions are moved at most: a bound where epochs come from columns, as anything may stand there."""

    @property
    def speed(self) -> _Floats:
        """How fast each row moves at most, degrees a year, float64 [n] or [1]; 0 where that is unknown."""
        if self.motion is None:
            return np.zeros(1)
        speed: _Floats = np.nan_to_num(np.hypot(*self.motion[:2])) * (_SLACK / 3.6e6)
        return speed

    def at(self, epochs: float | _Floats, rows: npt.NDArray[np.int64] | slice = slice(None)) -> Position:
        """Positions of `rows` at `epochs`, one for all or one each; NaN where that is too far away."""
        ra, dec = self.position[0][rows], self.position[1][rows]
        if self.motion is None or self.epoch is None:
            return ra, dec
        pmra, pmdec, parallax, radial_velocity = (each[rows] for each in self.motion)
        years = epochs - self.epoch[rows]
        ra, dec = propagate(ra, dec, pmra, pmdec, years, parallax, radial_velocity)
        return np.where(np.abs(years) <= self.max_years, ra, np.nan), dec


@dataclass(frozen=True)
class Compared:
    """Both sides, at the epoch at which they are searched, and where the rows of a pair are."""

    sides: tuple[Side, Side]
    """Left and right."""
    positions: tuple[Position, Position]
    """Where both are searched."""
    dates: tuple[int, _Floats] | None = None
    """Which side has dates (0 or 1), and the Julian year of each of its rows; None: all are compared at one epoch."""

    def of(self, pairs: Pairs) -> tuple[Position, Position]:
        """Positions of the left and of the right row of each pair."""
        if self.dates is None:
            (left, right), (i, j) = self.positions, pairs[:2]
            return (left[0][i], left[1][i]), (right[0][j], right[1][j])
        epochs = self.dates[1][pairs[self.dates[0]]]
        return self.sides[0].at(epochs, pairs[0]), self.sides[1].at(epochs, pairs[1])

    def radius(self, radius_deg: float) -> _Floats:
        """Radius in which each left row, or all of them, may have counterparts where they are searched, degrees."""
        if self.dates is None:
            return np.array([radius_deg])
        known = self.dates[1][np.isfinite(self.dates[1])]
        half = 0.5 * float(np.ptp(known)) if known.size else 0.0
        wide = radius_deg + half * (self.sides[0].speed + self.sides[1].speed.max(initial=0.0))
        return np.broadcast_to(wide, self.positions[0][0].shape).copy()

    def within(self, pairs: Pairs, radius_arcsec: float) -> Pairs:
        """The pairs that are within `radius_arcsec` at their own date, with that separation, nearest first."""
        if self.dates is None:
            return pairs
        (ra1, dec1), (ra2, dec2) = (tuple(map(np.radians, position)) for position in self.of(pairs))
        hav = np.sin(0.5 * (dec2 - dec1)) ** 2 + np.cos(dec1) * np.cos(dec2) * np.sin(0.5 * (ra2 - ra1)) ** 2
        separation = np.degrees(2.0 * np.arcsin(np.sqrt(np.minimum(hav, 1.0)))) * 3600.0
        left, right = pairs[:2]
        order = np.lexsort((right, separation, left))
        order = order[separation[order] <= radius_arcsec]
        return left[order], right[order], separation[order]


def compared(
    tables: tuple[pa.Table, pa.Table],
    columns: tuple[tuple[str, str], tuple[str, str]],
    names: tuple[str, str],
    options: MatchOptions,
) -> Compared:
    """Read both sides of a match, at the epoch or the dates that `options` say."""
    left, right = (_side(*each, options) for each in zip(tables, columns, names, ("left", "right"), strict=True))
    if not isinstance(options.epoch, str):
        epoch = 0.0 if options.epoch is None else options.epoch
        return Compared((left, right), (left.at(epoch), right.at(epoch)))
    dated = options.dated
    dates = julian_years(tables[dated], options.epoch, names[dated])
    own = np.concatenate([side.epoch for side in (left, right) if side.epoch is not None])
    if own.size and np.isfinite(own).any():
        with np.errstate(invalid="ignore"):
            near = (dates >= np.nanmin(own) - MAX_YEARS) & (dates <= np.nanmax(own) + MAX_YEARS)
        dates = np.where(near, dates, np.nan)
    undated = np.isnan(dates)
    _count_undated(dates, names[dated], options.epoch)
    known = dates[~undated]
    middle = 0.5 * float(known.min() + known.max()) if known.size else 2000.0
    positions = [replace(side, max_years=np.inf).at(middle) for side in (left, right)]
    positions[dated] = np.where(undated, np.nan, positions[dated][0]), positions[dated][1]
    return Compared((left, right), (positions[0], positions[1]), (dated, dates))


def _side(table: pa.Table, columns: tuple[str, str], name: str, side: str, options: MatchOptions) -> Side:
    """The coordinates as float64 degrees, nulls as NaN, and their motion where that is asked for."""
    for column in (*columns, *options.columns_needed(side)):
        if column not in table.column_names:
            raise InputError(f"{name} has no column {column!r}; there are {', '.join(table.column_names)}")
    ra, dec = (_numbers(table, column, name, "deg", hours=column == columns[0]) for column in columns)
    position = coordinates(ra, dec, f"{columns[0]!r} of {name}", f"{columns[1]!r} of {name}")
    missing = without_position(*position)
    if missing:
        _log.info("%s: %d of %d rows have no position and match nothing", name, missing, table.num_rows)
    motion = options.left_motion if side == "left" else options.right_motion
    if motion is None or motion.epoch is None:
        return Side(position)
    units = ("mas/yr", "mas/yr", "mas", "km/s")
    stated = zip(motion.columns, units, strict=False)  # the latter two are there together or not
    pmra, pmdec, *outward = (_numbers(table, column, name, unit) for column, unit in stated)
    too_fast = np.hypot(pmra, pmdec) > 1000.0 * motion.max_arcsec_per_year
    parallax, radial_velocity = outward or (np.full(pmra.size, np.nan),) * 2
    if isinstance(motion.epoch, str):
        epoch = julian_years(table, motion.epoch, name)
        _count_undated(epoch, name, motion.epoch)
    else:
        epoch = np.full(pmra.size, motion.epoch)
    max_years = MAX_YEARS if isinstance(motion.epoch, str) or isinstance(options.epoch, str) else np.inf
    return Side(position, (np.where(too_fast, np.nan, pmra), pmdec, parallax, radial_velocity), epoch, max_years)


def _count_undated(epochs: _Floats, name: str, column: str) -> None:
    undated = int(np.count_nonzero(np.isnan(epochs)))
    if undated:
        _log.info("%s: %d of %d rows have no epoch in %s and match nothing", name, undated, epochs.size, column)


def _numbers(table: pa.Table, column: str, name: str, unit: str, *, hours: bool = False) -> _Floats:
    """A column as float64 in the unit wanted, nulls as NaN."""
    values = table.column(column)
    if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        raise InputError(f"column {column!r} of {name} holds {values.type}, not numbers")
    numbers: _Floats = column_in(table, column, unit, hours=hours).cast(pa.float64()).to_numpy()
    return numbers
