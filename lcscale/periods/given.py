"""Periods that somebody else found: what the light curve says at them, in the columns of a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves, usable
from lcscale.lightcurves.cleaning import is_none
from lcscale.periods.choice import ORDER, extreme_phases, series_drop
from lcscale.periods.columns import PERIOD_SCHEMA
from lcscale.periods.mirrors import mirrored
from lcscale.periods.series import Series

Use = Literal["instead", "beside"]


@dataclass(frozen=True)
class PeriodFrom:
    """A column of periods, and what it is for.

    Parameters
    ----------
    column
        Name of the column, in days or with a unit that says otherwise. Null, zero and negative ones are none.
    use
        ``"instead"``: stars with such a period are not searched. ``"beside"``: all are, and it is kept beside.
    """

    column: str
    use: Use = "instead"

    def __post_init__(self) -> None:
        if self.use not in get_args(Use):
            raise InputError(f"a given period is used {' or '.join(get_args(Use))}, not {self.use!r}")


def at_given(lcs: LightCurves, period: npt.NDArray[np.float64]) -> pa.Table:
    """The columns of `find` at periods that are given: what needs a periodogram is null.

    Parameters
    ----------
    lcs
        Any batch.
    period
        Days, float64 [n_objects].

    Returns
    -------
    pyarrow.Table
        As of `find`: `period` as given, `period_2` half of it, `power` of one sinusoid, epochs, number of cycles and
        the mirrored period; `reason` for stars with too few observations.
    """
    lcs, reasons = usable(lcs)
    series = Series.of(lcs)
    good = is_none(reasons)
    frequency = np.where(good, 1.0 / period, np.nan)
    power, brightest, faintest = np.full((3, len(lcs)), np.nan)
    scratch, work = series.room()
    for i in np.flatnonzero(good).tolist():
        power[i] = series_drop(series.one(i), frequency[i], 1, scratch, work)
        phases = extreme_phases(series.one(i), frequency[i], ORDER, scratch, work)
        brightest[i], faintest[i] = np.array(phases) / frequency[i] + series.start[i]
    mirror, margin, rhythm = mirrored(frequency, 2.0 * frequency, np.full(len(lcs), np.inf), series)
    columns: dict[str, Any] = {
        "period": 1.0 / frequency,
        "period_2": 0.5 / frequency,
        "frequency": frequency,
        "power": power,
        "period_mirror": mirror,
        "mirror_evidence": margin,
        "epoch": brightest,
        "epoch_minimum": faintest,
        "n_cycles": series.baseline * frequency,
    }
    arrays = {name: pa.array(values, mask=~np.isfinite(values)) for name, values in columns.items()}
    arrays |= {"mirror": pa.array(rhythm, pa.string()), "reason": pa.array(reasons.tolist(), pa.string())}
    nothing = {field.name: pa.nulls(len(lcs), field.type) for field in PERIOD_SCHEMA}
    return pa.table([(nothing | arrays)[name] for name in PERIOD_SCHEMA.names], schema=PERIOD_SCHEMA)
