"""`find`: the periods of many light curves, without ever keeping a periodogram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.arrays import number
from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats, Integers
from lcscale.kernels.devices import require_device
from lcscale.lightcurves import LightCurves, usable
from lcscale.lightcurves.cleaning import is_none
from lcscale.periods.aliases import flag_aliases
from lcscale.periods.bootstrap import bootstrapped
from lcscale.periods.choosing import chosen
from lcscale.periods.columns import PERIOD_SCHEMA
from lcscale.periods.families import Family, asked_for
from lcscale.periods.grid import FMAX, OVERSAMPLING, FrequencyGrid
from lcscale.periods.ladder import FLOOR, Coupling, ladder, sharing
from lcscale.periods.mirrors import mirrored
from lcscale.periods.outliers import tail_gain
from lcscale.periods.peaks import PeakFinder, Peaks
from lcscale.periods.periodogram import ONE_THREAD, Periodogram
from lcscale.periods.red_noise import evidence_of_period
from lcscale.periods.series import Series
from lcscale.periods.significance import baluev, time_spread

N_PEAKS = 5

SAMPLES, KEPT = 1.6, 25
"""Frequencies for each width of a peak where the grid is that of the object, and peaks that are then refined."""

NO_PEAK = "no peak in the periodogram"


def find(
    lcs: LightCurves,
    grid: FrequencyGrid | None = None,
    n_peaks: int = N_PEAKS,
    *,
    fmax: float = FMAX,
    bands: Sequence[str] | None = None,
    n_harmonics: int = 1,
    bootstrap: int = 0,
    coupling: Coupling = "auto",
    families: Sequence[str] | None = None,
    device: str = "cpu",
) -> pa.Table:
    """Period of every light curve.

    Parameters
    ----------
    lcs
        Any batch, of any mix of lengths; the observations of several bands are searched together. Those of a band
        without errors weigh as if theirs were the geometric mean of the object's others.
    grid
        Trial frequencies; None takes each object's own `FrequencyGrid.default`, with fewer points: peaks are refined
        before they are compared.
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
    coupling
        What several bands share. ``"free"``: the period. ``"ratios"``: one series too, of which each band shows the
        multiple that a family of variable stars has there, with mean colours as the family's. ``"templates"``: the
        shapes and amplitudes of the family. ``"auto"``: the evidence decides, where a star has three bands or more of
        fewer than 100 observations each, or two of fewer than 25; bands are free where these are more, and with several
        harmonics or the bootstrap.
    families
        Names of those of `read_families` to try, or TOML files with more; None tries all that come with the package.
    device
        Where the grid is scanned, peaks are refined and ranked and their evidence is weighed, as torch names it;
        ``"cuda"`` needs numba-cuda.
        Scans for more than one harmonic, those of bands that share more than the period, and the bootstrap stay on the
        CPU.

    Returns
    -------
    pyarrow.Table
        One row an object: `period` (days); `period_2`, the other one of P and 2P; `period_3`, the best unrelated peak;
        `frequency` (cycles per day); `power` of the Lomb-Scargle peak (0 to 1), its false-alarm probability `fap` and
        `snr`, its height over the mean of the periodogram in standard deviations; `evidence` for the period over a
        constant star and `evidence_walk` over one that wanders without any (natural logarithms); `alias`, the sampling
        frequency at which the period stands, if any; `period_mirror`, which a rhythm of the sampling confuses with it,
        `mirror_evidence`, by how much the evidence favours `period`, and `mirror`, the rhythm where that is little;
        `epoch` and `epoch_minimum`, the first maximum and minimum of brightness (time of the input); `n_cycles`,
        baseline over period; `coupling`, what the bands shared, and `family`, whose;
        `reason` why there is no period, with nulls everywhere else.
    """
    fmax = number(fmax, "fmax", "1/d")
    _check(n_peaks, fmax, bootstrap)
    require_device(device)
    declared = asked_for(families)
    plain = n_harmonics == 1 and not bootstrap
    if coupling not in ("auto", "free") and not plain:
        raise InputError(f"periods.find with coupling={coupling!r} takes one harmonic and no bootstrap")
    lcs, reasons = usable(lcs if bands is None else lcs.of_bands(bands))
    share = sharing(lcs, coupling if plain else "free")
    light = _in_magnitudes(lcs, share, coupling)
    parts = []
    with ONE_THREAD, np.errstate(over="ignore", invalid="ignore"):
        free, tied = np.flatnonzero(~share), np.flatnonzero(share)
        if free.size or not tied.size:
            series = Series.of(lcs.take(free))
            parts.append(_free(series, reasons[free], grid, n_peaks, fmax, n_harmonics, bootstrap, device))
        if tied.size:
            parts.append(_tied(light.take(tied), reasons[tied], declared, coupling, grid, n_peaks, fmax))
    order = np.argsort(np.concatenate([free, tied]) if len(parts) == 2 else np.arange(len(lcs)), kind="stable")
    return pa.concat_tables(parts).take(order).combine_chunks()


def _in_magnitudes(lcs: LightCurves, share: npt.NDArray[np.bool_], coupling: Coupling) -> LightCurves:
    """The batch in magnitudes, in which bands share amplitudes; those of `share` that have none are taken out of it."""
    if not (lcs.fluxes and share.any()):
        return lcs
    try:
        light = lcs.in_magnitudes()
    except InputError:
        if coupling != "auto":
            raise
        share[:] = False
        return lcs
    if light.faults is not None:
        share &= is_none(light.faults)
    return light


def _free(
    series: Series,
    reasons: npt.NDArray[np.object_],
    grid: FrequencyGrid | None,
    n_peaks: int,
    fmax: float,
    n_harmonics: int,
    bootstrap: int,
    device: str,
) -> pa.Table:
    """The periods of stars whose bands share nothing else."""
    outcome = Outcome.empty(reasons.size)
    _mark_instant(series, reasons)
    fap = np.full(reasons.size, np.nan)
    coarse = grid is None and n_harmonics == 1 and not bootstrap
    n_kept = max(n_peaks, KEPT) if coarse else n_peaks
    for trials, members in _by_grid(series, reasons, grid, fmax, SAMPLES if coarse else OVERSAMPLING):
        periodogram = Periodogram(trials, np.float32, n_harmonics=n_harmonics)
        peaks = dict(highest_peaks(periodogram, series, members, n_kept, device))
        reasons[[i for i in members if not peaks[i].index.size]] = NO_PEAK
        members = [i for i in members if peaks[i].index.size]
        frequencies = np.full((len(members), max((peaks[i].index.size for i in members), default=0)), np.nan)
        for row, i in zip(frequencies, members, strict=True):
            row[: peaks[i].index.size] = trials.at(peaks[i].index)
        step = trials.df * (SAMPLES / OVERSAMPLING if coarse else 1.0)
        how = (step, trials.fmin, n_harmonics, True, 0.5 * trials.df, n_peaks)
        results = chosen(series, members, frequencies, *how, device)
        for i, values in zip(members, results, strict=True):
            outcome.write(i, "free", None, values, peaks[i], trials.fmax)
            if bootstrap:
                fap[i] = bootstrapped(periodogram, series.one(i), values[3], bootstrap)
    n_bands = np.maximum(np.diff(series.objects), 1)
    return _table(
        series, outcome, reasons, fap if bootstrap else _baluev(series, outcome, n_bands, n_harmonics), device
    )


def _tied(
    lcs: LightCurves,
    reasons: npt.NDArray[np.object_],
    families: Sequence[Family],
    coupling: Coupling,
    grid: FrequencyGrid | None,
    n_peaks: int,
    fmax: float,
) -> pa.Table:
    """The periods of stars whose bands share amplitudes or shapes."""
    series = Series.of(lcs, fewest=1)
    outcome = Outcome.empty(reasons.size)
    _mark_instant(series, reasons)
    members = np.flatnonzero(is_none(reasons)).tolist()
    rows = ladder(lcs.take(members), families, coupling, grid, fmax, n_peaks)
    for i, (found, trials) in zip(members, rows, strict=True):
        if found is None:
            known = any(family.knows(lcs.bands) for family in families)
            reasons[i] = NO_PEAK if known else f"no band is known to {', '.join(each.name for each in families)}"
        else:
            outcome.write(i, found.coupling, found.family, found.values, found.peaks, trials.fmax)
    outcome.values[:, 5] -= tail_gain(Series.of(lcs, np.full(max(len(lcs.bands), 1), FLOOR), fewest=1))
    return _table(series, outcome, reasons, _baluev(series, outcome, np.ones(reasons.size, np.int64), 1))


def _mark_instant(series: Series, reasons: npt.NDArray[np.object_]) -> None:
    instant = ~(series.baseline > 0)
    reasons[instant & is_none(reasons)] = "all observations at one time"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was found, object by object.

    Attributes
    ----------
    values
        Frequency, that of the other of P and 2P, the best unrelated one, power, epoch since the start, score, that
        of the minimum, snr and the highest frequency searched, float64 [n_objects, 9].
    coupling, family
        How the bands were tied, object [n_objects].
    """

    values: npt.NDArray[np.float64]
    coupling: npt.NDArray[np.object_]
    family: npt.NDArray[np.object_]

    @classmethod
    def empty(cls, n: int) -> Outcome:
        """Nothing yet for `n` objects."""
        return cls(np.full((n, 9), np.nan), np.full(n, None), np.full(n, None))

    def write(
        self, i: int, coupling: str, family: str | None, values: Sequence[float] | Floats, peaks: Peaks, fmax: float
    ) -> None:
        """Take what `choose` says of object `i`."""
        self.values[i, :7] = values
        self.values[i, 7:] = peaks.signal_to_noise(values[3]), fmax
        self.coupling[i], self.family[i] = coupling, family


def _check(n_peaks: int, fmax: float, bootstrap: int) -> None:
    if n_peaks < 1:
        raise InputError(f"periods.find needs n_peaks of at least 1, got {n_peaks}")
    if not 0.0 < fmax < np.inf:
        raise InputError(f"periods.find needs a finite fmax above 0 cycles per day, got {fmax}")
    if bootstrap < 0:
        raise InputError(f"periods.find needs a number of bootstrap resamples of 0 or more, got {bootstrap}")


def _by_grid(
    series: Series, reasons: npt.NDArray[np.object_], grid: FrequencyGrid | None, fmax: float, oversampling: float
) -> list[tuple[FrequencyGrid, list[int]]]:
    """The objects to be searched on each grid."""
    groups: dict[FrequencyGrid, list[int]] = {}
    for i, reason in enumerate(reasons):
        if reason is None:
            own = grid or FrequencyGrid.default(float(series.baseline[i]), fmax, oversampling)
            groups.setdefault(own, []).append(i)
    return list(groups.items())


def highest_peaks(
    periodogram: Periodogram, series: Series, members: list[int], n_peaks: int, device: str
) -> Iterator[tuple[int, Peaks]]:
    """The highest peaks of the objects `members`, in an order of their own."""
    if device != "cpu" and periodogram.n_harmonics == 1:
        from lcscale.periods.batched import BatchedPeriodogram

        yield from BatchedPeriodogram(periodogram.grid, device).peaks(series, members, n_peaks)
        return
    for i in members:
        finder = PeakFinder(n_peaks)
        for piece in periodogram.powers(series, i):
            finder.feed(piece)
        yield i, finder.peaks()


def _baluev(series: Series, outcome: Outcome, n_bands: Integers, n_harmonics: int) -> Floats:
    objects = series.segments[series.objects]
    spread = np.empty(objects.size - 1)
    time_spread(series.time, series.weight, objects, spread)
    return baluev(outcome.values[:, 3], np.diff(objects), spread, outcome.values[:, 8], n_bands, n_harmonics)


def _table(
    series: Series,
    outcome: Outcome,
    reasons: npt.NDArray[np.object_],
    fap: npt.NDArray[np.float64],
    device: str = "cpu",
) -> pa.Table:
    values = outcome.values
    frequency = values[:, 0]
    columns: dict[str, Any] = {
        "period": 1.0 / frequency,
        "period_2": 1.0 / values[:, 1],
        "period_3": 1.0 / values[:, 2],
        "frequency": frequency,
        "power": values[:, 3],
        "fap": fap,
        "snr": values[:, 7],
        "epoch": series.start + values[:, 4],
        "epoch_minimum": series.start + values[:, 6],
        "n_cycles": series.baseline * frequency,
    }
    mirror, margin, rhythm = mirrored(frequency, values[:, 1], values[:, 8], series, device)
    tied = np.where(outcome.coupling == "free", np.nan, values[:, 5])
    evidence, walk = evidence_of_period(frequency, values[:, 8], tied, series, device).T
    columns |= {"evidence": evidence, "evidence_walk": walk}
    columns |= {"period_mirror": mirror, "mirror_evidence": margin}
    arrays = {name: pa.array(values, mask=~np.isfinite(values)) for name, values in columns.items()}
    arrays["alias"] = pa.array(
        flag_aliases(frequency, series.time, series.segments, series.objects, series.baseline), pa.string()
    )
    arrays["mirror"] = pa.array(rhythm, pa.string())
    arrays["coupling"] = pa.array(outcome.coupling.tolist(), pa.string())
    arrays["family"] = pa.array(outcome.family.tolist(), pa.string())
    arrays["reason"] = pa.array(reasons.tolist(), pa.string())
    return pa.table([arrays[name] for name in PERIOD_SCHEMA.names], schema=PERIOD_SCHEMA)
