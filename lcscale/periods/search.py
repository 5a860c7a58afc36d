"""`find`: the periods of many light curves, without ever keeping a periodogram."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves, usable
from lcscale.periods.aliases import flag_aliases
from lcscale.periods.choice import choose
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.peaks import PeakFinder
from lcscale.periods.periodogram import Periodogram, one_thread
from lcscale.periods.series import Series
from lcscale.periods.significance import baluev, time_spread

PERIOD_SCHEMA = pa.schema(
    [
        *(
            pa.field(name, pa.float64())
            for name in ("period", "period_2", "period_3", "frequency", "power", "fap", "snr")
        ),
        pa.field("alias", pa.string()),
        pa.field("epoch", pa.float64()),
        pa.field("n_cycles", pa.float64()),
        pa.field("reason", pa.string()),
    ]
)
"""Columns of `find`."""

N_PEAKS = 5


def find(lcs: LightCurves, grid: FrequencyGrid | None = None, n_peaks: int = N_PEAKS) -> pa.Table:
    """Period of every light curve.

    Parameters
    ----------
    lcs
        Any batch, of any mix of lengths; the observations of several bands are searched together.
    grid
        Trial frequencies; None takes each object's own `FrequencyGrid.default`.
    n_peaks
        Highest peaks of the periodogram that are ranked, each also at twice its period.

    Returns
    -------
    pyarrow.Table
        One row an object: `period` (days); `period_2`, the other one of P and 2P; `period_3`, the best unrelated peak;
        `frequency` (cycles per day); `power` of the Lomb-Scargle peak (0 to 1), its false-alarm probability `fap`
        and `snr`, its height over the mean of the periodogram in standard deviations; `alias`, the sampling frequency
        at which the period stands, if any; `epoch`, the first maximum of light (time of the input); `n_cycles`,
        baseline over period; `reason` why there is no period, with nulls everywhere else.
    """
    if n_peaks < 1:
        raise InputError(f"periods.find needs n_peaks of at least 1, got {n_peaks}")
    lcs, reasons = usable(lcs)
    series = Series.of(lcs)
    outcome = np.full((len(lcs), 7), np.nan)
    instant = ~(series.baseline > 0)
    reasons[instant & np.array([reason is None for reason in reasons], np.bool_)] = "all observations at one time"
    with one_thread():
        for chosen, members in _by_grid(series, reasons, grid):
            periodogram = Periodogram(chosen, np.float32)
            for i in members:
                if not _search(periodogram, series, i, n_peaks, outcome[i]):
                    reasons[i] = "no peak in the periodogram"
    return _table(series, outcome, reasons)


def _by_grid(
    series: Series, reasons: npt.NDArray[np.object_], grid: FrequencyGrid | None
) -> list[tuple[FrequencyGrid, list[int]]]:
    """The objects to be searched on each grid."""
    groups: dict[FrequencyGrid, list[int]] = {}
    for i, reason in enumerate(reasons):
        if reason is None:
            groups.setdefault(grid or FrequencyGrid.default(float(series.baseline[i])), []).append(i)
    return list(groups.items())


def _search(periodogram: Periodogram, series: Series, i: int, n_peaks: int, outcome: npt.NDArray[np.float64]) -> bool:
    """Fill `outcome` (as `choose` does, then the signal to noise and the highest frequency) for object `i`."""
    finder = PeakFinder(n_peaks)
    for piece in periodogram.powers(series, i):
        finder.feed(piece)
    if not finder.count:
        return False
    grid = periodogram.grid
    rows = series.rows(i)
    share = series.share[series.objects[i] : series.objects[i + 1]]
    peaks = grid.fmin + grid.df * finder.index
    choose(
        series.time[rows],
        series.weight[rows],
        series.weighted[rows],
        series.cuts(i),
        share,
        peaks,
        grid.df,
        grid.fmin,
        outcome,
    )
    outcome[5] = finder.signal_to_noise(outcome[3])
    outcome[6] = grid.fmax
    return True


def _table(series: Series, outcome: npt.NDArray[np.float64], reasons: npt.NDArray[np.object_]) -> pa.Table:
    frequency, power = outcome[:, 0], outcome[:, 3]
    counts = np.diff(series.segments[series.objects])
    spread = np.empty(counts.size)
    time_spread(series.time, series.weight, series.segments[series.objects], spread)
    columns: dict[str, Any] = {
        "period": 1.0 / frequency,
        "period_2": 1.0 / outcome[:, 1],
        "period_3": 1.0 / outcome[:, 2],
        "frequency": frequency,
        "power": power,
        "fap": baluev(power, counts, spread, outcome[:, 6], np.maximum(np.diff(series.objects), 1)),
        "snr": outcome[:, 5],
        "epoch": series.start + outcome[:, 4],
        "n_cycles": series.baseline * frequency,
    }
    arrays = {name: pa.array(values, mask=~np.isfinite(values)) for name, values in columns.items()}
    arrays["alias"] = pa.array(
        flag_aliases(frequency, series.time, series.segments, series.objects, series.baseline), pa.string()
    )
    arrays["reason"] = pa.array(reasons.tolist(), pa.string())
    return pa.table([arrays[name] for name in PERIOD_SCHEMA.names], schema=PERIOD_SCHEMA)
