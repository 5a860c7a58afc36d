"""`find_outbursts`: when a young star grew bright, by how much, how fast, how long; how periodic and lopsided it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.kernels.compiling import exact_kernel
from lcscale.lake import Catalog
from lcscale.lightcurves import clean_light_curves
from lcscale.lightcurves.columns import LIGHT_CURVE
from lcscale.models.labels.curves import numbers_of
from lcscale.periods import Search
from lcscale.periods.columns import PERIOD
from lcscale.products.observations import CountObservations
from lcscale.products.outburst_columns import COLUMNS
from lcscale.steps import Declared, Step
from lcscale.vocabulary import NAME, Column, append_columns, schema_of

Floats = npt.NDArray[np.float64]

FEWEST_VISITS = 8
"""Visits (observations within half a day, of which the median counts) that are looked at; fewer have no answer."""
LEAST_AMPLITUDE = 1.0
"""Magnitudes that an outburst has at least (EX Lupi 1 to 5, FU Orionis more; Audard et al. 2014)."""
LEAST_SIGNIFICANCE = 5.0
"""In units of the robust scatter of the visits before it."""
LEAST_VISITS = 3
"""Visits in a row that it is seen at: wrong measurements come alone."""
LEAST_DAYS = 10.0
"""Days that it lasts at least: flares and dwarf novae are over sooner."""
FUOR_DAYS, FUOR_AMPLITUDE = 400.0, 1.5
"""Days that a star of FU Orionis type has stayed bright at least, without coming back, and its least amplitude."""
SMOOTHING = 0.25
"""Share of the period over which the folded light curve is averaged for Q (Cody et al. 2014)."""


def find_outbursts(
    catalog: Catalog, *, period: str | None = None, search: bool = True, keep: Sequence[str] = ()
) -> Catalog:
    """Outbursts, periodicity and asymmetry of every light curve of a catalog; lazy.

    ``find_outbursts(catalog).write("outbursts")`` is the job.

    Parameters
    ----------
    catalog
        Light curves, with their features or periods beside them where these are known (`Catalog.join`).
    period
        Column with periods of others, days, for Q. None: those of a search.
    search
        Whether a search finds the periods where the catalog has none; without, Q stays null, and it is much faster.
    keep
        Further columns to carry along.

    Returns
    -------
    Catalog
        `id_column`, `name`, position, `keep`, `n_observations`, the period, and the columns of `Outbursts`.

    Raises
    ------
    InputError
        There are no light curves, or no such column.

    Examples
    --------
    >>> find_outbursts(lake["ztf"]).write("outbursts")  # doctest: +SKIP
    """
    if "lightcurve" not in catalog.column_names:
        raise InputError(f"{catalog.name} has no light curves (column 'lightcurve'), in which outbursts are found")
    unknown = [name for name in (*([] if period is None else [period]), *keep) if name not in catalog.column_names]
    if unknown:
        raise InputError(f"{catalog.name}: no column {', '.join(unknown)}; it has {', '.join(catalog.column_names)}")
    ours = PERIOD.is_in(catalog.schema)
    name = period or PERIOD.name
    identity = catalog.id_column_or_none
    kept = [*([] if identity is None else [identity]), NAME.name, *keep, *([name] if period or ours else [])]
    kept = [each for each in dict.fromkeys(kept) if each in catalog.column_names]
    chosen = catalog.columns("lightcurve", *kept)
    steps: list[Step] = [CountObservations.of(chosen.schema)]
    if period is None and search and not ours:
        steps.append(Search())
        kept.append(name)
    result = chosen.map(*steps, Outbursts(period=name))
    return result.columns(*kept, "n_observations", *(column.name for column in COLUMNS))


@dataclass(frozen=True)
class Outbursts(Declared):
    """Append the amplitude, date, rise, duration and type of the largest outburst, Q and M (`COLUMNS`).

    The band with the most observations is looked at. An outburst is two visits in a row brighter than the median of the
    visits before them by `LEAST_AMPLITUDE` and `LEAST_SIGNIFICANCE`, for `LEAST_DAYS` and `LEAST_VISITS`. The type is
    FUOR where it has stayed for `FUOR_DAYS`, EXOR where it is over, else undecided.

    Parameters
    ----------
    column
        Name of the nested light-curve column.
    period
        Name of the period column, days, for Q; not needed.
    """

    column: str = "lightcurve"
    period: str = "period"
    version = 2

    @property
    def reads(self) -> tuple[Column, ...]:
        """The light curve."""
        return (LIGHT_CURVE.named(self.column),)

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """The period."""
        return (self.period,)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """What is found.

        Raises
        ------
        InputError
            The column `period` is a survey's own.
        """
        if self.period == PERIOD.name and self.period in input_schema.names:
            PERIOD.refuse_another(input_schema, "lcscale.periods.Search")
        return COLUMNS

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with the columns; nulls where there are too few observations."""
        lcs = clean_light_curves(table, self.column).in_magnitudes()
        n = len(table)
        period = numbers_of(table, [self.period], "d").get(self.period, np.full(n, np.nan))
        band = np.zeros(lcs.time.size, np.int64) if lcs.band is None else lcs.band.astype(np.int64)
        found = np.full((n, 10), np.nan)
        time, mag, error = (np.asarray(each, np.float64) for each in (lcs.time, lcs.mag, lcs.mag_err))
        _measure(time, mag, error, band, max(lcs.n_codes, 1), lcs.offsets.astype(np.int64), period, found)
        amplitude, significance, date, rate, days, over, visits, q, m, spread = found.T
        burst = (amplitude >= LEAST_AMPLITUDE) & (significance >= LEAST_SIGNIFICANCE)
        burst &= (days >= LEAST_DAYS) & (visits >= LEAST_VISITS)
        stays = (over == 0) & (days >= FUOR_DAYS) & (amplitude >= FUOR_AMPLITUDE)
        kind = np.where(over == 1, "EXOR", np.where(stays, "FUOR", "undecided")).astype(object)
        arrays = [
            *(pa.array(values, mask=np.isnan(values)) for values in (spread, amplitude, significance)),
            *(pa.array(values, mask=np.isnan(values) | ~burst) for values in (date, rate, days)),
            pa.array(over == 1, mask=np.isnan(over) | ~burst),
            pa.array(kind, pa.string(), mask=~burst),
            *(pa.array(values, mask=np.isnan(values)) for values in (q, m)),
        ]
        return append_columns(table, pa.Table.from_arrays(arrays, schema=schema_of(COLUMNS)))


@exact_kernel
def _measure(
    time: Floats,
    mag: Floats,
    error: Floats,
    band: npt.NDArray[np.int64],
    n_bands: int,
    offsets: npt.NDArray[np.int64],
    period: Floats,
    out: Floats,
) -> None:
    """Fill `out` [n_objects, 10]: amplitude, significance, date, rate, days, over, visits, Q, M, spread."""
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        counts = np.zeros(n_bands, np.int64)
        for j in range(a, b):
            if band[j] >= 0:
                counts[band[j]] += 1
        best = counts.argmax()
        if counts[best] < 5:
            continue
        rows = a + np.flatnonzero(band[a:b] == best)
        t, m, e = time[rows], mag[rows], error[rows]
        out[i, 8] = _asymmetry(m)
        out[i, 9] = np.quantile(m, 0.95) - np.quantile(m, 0.05)
        if period[i] > 0:
            out[i, 7] = _periodicity(t, m, e, period[i])
        _outburst(t, m, out[i])


@exact_kernel
def _asymmetry(m: Floats) -> float:
    """M: mean of the brightest and faintest tenths less the median, over the scatter; clipped at 5 sigma."""
    kept = m[np.abs(m - m.mean()) <= 5 * m.std()]
    ordered, tenth = np.sort(kept), max(kept.size // 10, 1)
    scatter = kept.std()
    if scatter <= 0:
        return np.nan
    ends = 0.5 * (ordered[:tenth].mean() + ordered[-tenth:].mean())
    return float((ends - np.median(kept)) / scatter)


@exact_kernel
def _periodicity(t: Floats, m: Floats, e: Floats, period: float) -> float:
    """Q: variance left by the folded, smoothed light curve over that of all, both less that of the errors."""
    phase = np.mod(t / period, 1.0)
    order = np.argsort(phase)
    phase, m = phase[order], m[order]
    left = 0.0
    for j in range(m.size):
        gap = np.abs(phase - phase[j])
        gap = np.minimum(gap, 1.0 - gap)
        near = m[gap <= 0.5 * SMOOTHING]
        left += (m[j] - near.mean()) ** 2
    noise = np.median(e) ** 2 if np.isfinite(e).all() else 0.0
    whole = m.var() - noise
    return (left / m.size - noise) / whole if whole > 0 else np.nan


@exact_kernel
def _crossing(t: Floats, m: Floats, before: int, level: float) -> float:
    """When the straight line from visit `before` to the next comes to a magnitude."""
    if before < 0 or m[before] == m[before + 1]:
        return float(t[max(before, 0)])
    share = min(max((m[before] - level) / (m[before] - m[before + 1]), 0.0), 1.0)
    return float(t[before] + share * (t[before + 1] - t[before]))


@exact_kernel
def _outburst(t: Floats, m: Floats, out: Floats) -> None:
    """The largest outburst of one light curve, into the first seven numbers."""
    visit_time, visit_mag, n, start = np.empty(t.size), np.empty(t.size), 0, 0
    for j in range(1, t.size + 1):
        if j == t.size or t[j] - t[start] > 0.5:
            visit_time[n], visit_mag[n] = t[start:j].mean(), np.median(m[start:j])
            n += 1
            start = j
    t, m = visit_time[:n], visit_mag[:n]
    if n < FEWEST_VISITS:
        return
    largest = -np.inf
    for k in range(4, n - 1):  # the rise ends with visit k; the next one confirms it
        quiet = np.median(m[:k])
        top = max(m[k], m[k + 1])
        if quiet - top > largest:
            scatter = max(1.4826 * np.median(np.abs(m[:k] - quiet)), 0.02)
            largest = quiet - top
            out[0], out[1] = largest, largest / scatter
            _course(t, m, k, quiet, largest, out)


@exact_kernel
def _course(t: Floats, m: Floats, peak: int, quiet: float, amplitude: float, out: Floats) -> None:
    """Date, rate, duration and end of the outburst whose top is visit `peak`."""
    low = peak
    while low > 0 and m[low] < quiet - 0.25 * amplitude:
        low -= 1
    high = low
    while high < peak and m[high] > quiet - 0.75 * amplitude:
        high += 1
    half = low
    while half < peak and m[half] > quiet - 0.5 * amplitude:
        half += 1
    out[2] = 0.5 * (t[max(half - 1, 0)] + t[half])
    quarter = _crossing(t, m, low, quiet - 0.25 * amplitude)
    three_quarters = _crossing(t, m, high - 1, quiet - 0.75 * amplitude)
    out[3] = 0.5 * amplitude / max(three_quarters - quarter, 0.5)
    end = peak
    while end < m.size - 1 and m[end + 1] < quiet - 0.3 * amplitude:
        end += 1
    out[4] = t[end] - t[half]
    out[5] = 1.0 if end < m.size - 1 else 0.0
    out[6] = end - half + 1
