"""`find`: the periods of many light curves, without ever keeping a periodogram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.arrays import number
from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats
from lcscale.kernels.devices import require_device
from lcscale.kernels.harmonics import N_PARAMETERS, WORK_ROWS
from lcscale.lightcurves import LightCurves, usable
from lcscale.periods.aliases import flag_aliases
from lcscale.periods.bootstrap import bootstrapped
from lcscale.periods.choice import choose_each
from lcscale.periods.columns import PERIOD_SCHEMA
from lcscale.periods.grid import FMAX, FrequencyGrid
from lcscale.periods.peaks import PeakFinder, Peaks
from lcscale.periods.periodogram import ONE_THREAD, Periodogram
from lcscale.periods.series import Series
from lcscale.periods.significance import baluev, time_spread

N_PEAKS = 5


def find(
    lcs: LightCurves,
    grid: FrequencyGrid | None = None,
    n_peaks: int = N_PEAKS,
    *,
    fmax: float = FMAX,
    bands: Sequence[str] | None = None,
    n_harmonics: int = 1,
    bootstrap: int = 0,
    device: str = "cpu",
) -> pa.Table:
    """Period of every light curve.

    Parameters
    ----------
    lcs
        Any batch, of any mix of lengths; the observations of several bands are searched together. Those of a band
        without errors weigh as if theirs were the geometric mean of the object's others.
    grid
        Trial frequencies; None takes each object's own `FrequencyGrid.default`.
    n_peaks
        Highest peaks of the periodogram that are ranked, each also at twice its period.
    fmax
        Highest frequency of the objects' own grids, cycles per day: 50 for δ Scuti stars.
    bands
        Bands searched; observations in others are left out. None takes all.
    n_harmonics
        Harmonics of the series fitted at every frequency of the grid, 1 to 6. More than one finds narrow eclipses
        better and long light curves dearer.
    bootstrap
        How many resampled light curves make `fap`, each at the price of a periodogram; 0 takes Baluev's formula.
    device
        Where the grid is scanned and the peaks are refined and ranked, as torch names it; ``"cuda"`` needs numba-cuda.
        Scans for more than one harmonic, and the bootstrap, stay on the CPU.

    Returns
    -------
    pyarrow.Table
        One row an object: `period` (days); `period_2`, the other one of P and 2P; `period_3`, the best unrelated peak;
        `frequency` (cycles per day); `power` of the Lomb-Scargle peak (0 to 1), its false-alarm probability `fap`
        and `snr`, its height over the mean of the periodogram in standard deviations; `alias`, the sampling frequency
        at which the period stands, if any; `epoch`, the first maximum of brightness (time of the input); `n_cycles`,
        baseline over period; `reason` why there is no period, with nulls everywhere else.
    """
    fmax = number(fmax, "fmax", "1/d")
    _check(n_peaks, fmax, bootstrap)
    require_device(device)
    lcs, reasons = usable(lcs if bands is None else lcs.of_bands(bands))
    series = Series.of(lcs)
    outcome = np.full((len(lcs), 7), np.nan)
    instant = ~(series.baseline > 0)
    reasons[instant & np.array([reason is None for reason in reasons], np.bool_)] = "all observations at one time"
    fap = np.full(len(lcs), np.nan)
    with ONE_THREAD, np.errstate(over="ignore", invalid="ignore"):
        for trials, members in _by_grid(series, reasons, grid, fmax):
            periodogram = Periodogram(trials, np.float32, n_harmonics=n_harmonics)
            peaks = dict(_peaks(periodogram, series, members, n_peaks, device))
            reasons[[i for i in members if not peaks[i].index.size]] = "no peak in the periodogram"
            members = [i for i in members if peaks[i].index.size]
            outcome[members, :5] = chosen(series, members, peaks, trials, n_harmonics, device)
            for i in members:
                outcome[i, 5:] = peaks[i].signal_to_noise(outcome[i, 3]), trials.fmax
                if bootstrap:
                    fap[i] = bootstrapped(periodogram, series.one(i), outcome[i, 3], bootstrap)
    return _table(series, outcome, reasons, fap if bootstrap else _baluev(series, outcome, n_harmonics))


def _check(n_peaks: int, fmax: float, bootstrap: int) -> None:
    if n_peaks < 1:
        raise InputError(f"periods.find needs n_peaks of at least 1, got {n_peaks}")
    if not 0.0 < fmax < np.inf:
        raise InputError(f"periods.find needs a finite fmax above 0 cycles per day, got {fmax}")
    if bootstrap < 0:
        raise InputError(f"periods.find needs a number of bootstrap resamples of 0 or more, got {bootstrap}")


def _by_grid(
    series: Series, reasons: npt.NDArray[np.object_], grid: FrequencyGrid | None, fmax: float
) -> list[tuple[FrequencyGrid, list[int]]]:
    """The objects to be searched on each grid."""
    groups: dict[FrequencyGrid, list[int]] = {}
    for i, reason in enumerate(reasons):
        if reason is None:
            groups.setdefault(grid or FrequencyGrid.default(float(series.baseline[i]), fmax), []).append(i)
    return list(groups.items())


def _peaks(
    periodogram: Periodogram, series: Series, members: list[int], n_peaks: int, device: str
) -> Iterator[tuple[int, Peaks]]:
    """The highest peaks of the objects `members`."""
    if device != "cpu" and periodogram.n_harmonics == 1:
        from lcscale.periods.batched import BatchedPeriodogram

        yield from BatchedPeriodogram(periodogram.grid, device).peaks(series, members, n_peaks)
        return
    for i in members:
        finder = PeakFinder(n_peaks)
        for piece in periodogram.powers(series, i):
            finder.feed(piece)
        yield i, finder.peaks()


def chosen(
    series: Series, members: list[int], peaks: dict[int, Peaks], grid: FrequencyGrid, n_harmonics: int, device: str
) -> Floats:
    """What `choose` writes for each of the objects `members`, float64 [n_members, 5]."""
    n, n_peaks = len(members), max((peaks[i].index.size for i in members), default=0)
    frequencies = np.full((n, n_peaks), np.nan)
    for row, i in zip(frequencies, members, strict=True):
        row[: peaks[i].index.size] = grid.fmin + grid.df * peaks[i].index
    arrays = (series.time, series.weight, series.weighted, series.segments, series.objects, series.share)
    task = (arrays, np.array(members, np.int64), frequencies, grid.df, grid.fmin, n_harmonics)
    out = np.full((n, 5), np.nan)
    if device == "cpu":
        longest = int(np.diff(series.segments[series.objects]).max(initial=0))
        work, ranking = np.empty((1, WORK_ROWS, N_PARAMETERS)), np.empty((1, n_peaks, 4))
        choose_each(0, n, out, *task, (np.empty(4 * longest), np.zeros(n, np.int64), work, ranking))
        return out
    import torch

    from lcscale.kernels.devices import device_named
    from lcscale.kernels.launching import launch

    where = device_named(device)
    empty = partial(torch.empty, dtype=torch.float64, device=where)
    places = 4 * series.segments[series.objects[members]]
    room = (empty(4 * series.time.size), places, empty((n, WORK_ROWS, N_PARAMETERS)), empty((n, n_peaks, 4)))
    return launch(choose_each, out, (*task, room), where)


def _baluev(series: Series, outcome: npt.NDArray[np.float64], n_harmonics: int) -> npt.NDArray[np.float64]:
    objects = series.segments[series.objects]
    spread = np.empty(objects.size - 1)
    time_spread(series.time, series.weight, objects, spread)
    n_bands = np.maximum(np.diff(series.objects), 1)
    return baluev(outcome[:, 3], np.diff(objects), spread, outcome[:, 6], n_bands, n_harmonics)


def _table(
    series: Series,
    outcome: npt.NDArray[np.float64],
    reasons: npt.NDArray[np.object_],
    fap: npt.NDArray[np.float64],
) -> pa.Table:
    frequency = outcome[:, 0]
    columns: dict[str, Any] = {
        "period": 1.0 / frequency,
        "period_2": 1.0 / outcome[:, 1],
        "period_3": 1.0 / outcome[:, 2],
        "frequency": frequency,
        "power": outcome[:, 3],
        "fap": fap,
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
