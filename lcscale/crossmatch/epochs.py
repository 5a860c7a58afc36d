"""Epochs that stand in a column, one a row: as Julian years, as Julian dates, or as dates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.units import column_in, factor, stated_unit

MAX_YEARS = 70.0
"""Dates farther from the epoch of the moving positions are no dates: how far a source moves has to be bounded."""

_ZERO = {"jyear": 0.0, "jd": 2451545.0, "mjd": 51544.5}
_YEAR_DAYS = 365.25
_YEARS = (1800.0, 2200.0)


def is_epoch(epoch: float | str | None) -> bool:
    """Whether `epoch` is None, a column, or a year that may be one of astrometry."""
    return epoch is None or isinstance(epoch, str) or _YEARS[0] <= epoch <= _YEARS[1]


def epoch_column(epoch: float | str | None) -> tuple[str, ...]:
    """Name of the column that `epoch` means, none where it is a year.

    Examples
    --------
    >>> epoch_column("date_obs:mjd"), epoch_column("ref_epoch"), epoch_column(2016.0)
    (('date_obs',), ('ref_epoch',), ())
    """
    return (_split(epoch)[0],) if isinstance(epoch, str) else ()


def julian_years(table: pa.Table, epoch: str, name: str) -> npt.NDArray[np.float64]:
    """Julian years in a column of `table`, float64 [n]; NaN where there is none between 1800 and 2200.

    Parameters
    ----------
    table
        Any.
    epoch
        The column, as it is where it holds Julian years or Arrow's dates or times; ``column:jd`` and ``column:mjd`` say
        that it holds days.
    name
        What errors call the table.

    Raises
    ------
    InputError
        The column holds no numbers or dates, or none that is an epoch in this unit.
    """
    column, unit = _split(epoch)
    values = table.column(column)
    if pa.types.is_date(values.type) or pa.types.is_timestamp(values.type):
        micros = values.cast(pa.timestamp("us")).cast(pa.int64()).cast(pa.float64(), safe=False).to_numpy()
        years = 2000.0 + (micros / 86400e6 - 10957.5) / _YEAR_DAYS
    elif pa.types.is_floating(values.type) or pa.types.is_integer(values.type):
        stated = stated_unit(table.schema.field(column))
        if unit == "jyear" and factor(stated, "yr", f"column {column!r} of {name}") != 1.0:
            raise InputError(f"column {column!r} of {name} is in {stated}: say {column}:jd or {column}:mjd for days")
        numbers = column_in(table, column, "yr" if unit == "jyear" else "d").cast(pa.float64(), safe=False).to_numpy()
        years = numbers if unit == "jyear" else 2000.0 + (numbers - _ZERO[unit]) / _YEAR_DAYS
    else:
        raise InputError(f"column {column!r} of {name} holds {values.type}, no epochs: years, days or dates are")
    with np.errstate(invalid="ignore"):
        known: npt.NDArray[np.float64] = np.where((years >= _YEARS[0]) & (years <= _YEARS[1]), years, np.nan)
    if np.isnan(known).all() and not np.isnan(years).all():
        example = float(values.drop_null()[0].as_py())
        raise InputError(
            f"column {column!r} of {name} holds {example:g}, which is no epoch in the unit {unit}: "
            f"say {column}:jd or {column}:mjd for days"
        )
    return known


def _split(epoch: str) -> tuple[str, str]:
    """Column and unit."""
    column, _, unit = epoch.rpartition(":")
    return (column, unit.lower()) if column and unit.lower() in _ZERO else (epoch, "jyear")
