"""`JoinCompleteness`: the completeness of candidates, by class, magnitude, amplitude, period and place."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lake import Catalog
from lcscale.lightcurves import LightCurves, clean_light_curves
from lcscale.lightcurves.columns import LIGHT_CURVE
from lcscale.models.heads.columns import CLASS
from lcscale.periods import PERIOD
from lcscale.products.completeness.columns import (
    BAND,
    CELL,
    CELL_ORDER,
    INJECTED_CLASS,
    JOINED,
    N_INJECTED,
    N_OUTCOME,
    is_completeness,
)
from lcscale.products.completeness.counting import KEYS, wilson
from lcscale.products.completeness.injecting import mean_magnitudes
from lcscale.steps import Declared
from lcscale.vocabulary import HEALPIX, Column, append_columns, schema_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ENOUGH = 20
"""Signals on which the completeness of a candidate rests at least, where there are so many of its class."""
_ORDER = 4
_PHASES = 2.0 * np.pi * np.arange(128) / 128


@dataclass(frozen=True)
class JoinCompleteness(Declared):
    """Step that gives candidates the share of injected signals like them that was recovered.

    Like a candidate are signals of its class, range of magnitude, amplitude, period, and cell of the sky; where they
    are fewer than 20, those of all cells, then of all periods, amplitudes, magnitudes. The amplitude of a candidate is
    that of a Fourier series of order 4 or less at `period`, but no more than the range of its magnitudes.

    Parameters
    ----------
    table
        What `completeness_table` gives.
    band
        Reference band of the table, None for light curves without named bands.
    column
        Name of the nested light-curve column.
    """

    table: pa.Table = field(repr=False, compare=False)
    band: str | None = None
    column: str = "lightcurve"
    settings = ("band",)
    version = 1

    @property
    def reads(self) -> tuple[Column, ...]:
        """Light curve, place, class and period."""
        return (LIGHT_CURVE.named(self.column), HEALPIX, CLASS, PERIOD)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """Completeness with its interval, and what it rests on."""
        return JOINED

    def fingerprint(self) -> str:
        """A hash of the table, with the other parameters."""
        rows = repr(self.table.to_pydict()) if isinstance(self.table, pa.Table) else repr(self.table)
        digest = hashlib.blake2b(rows.encode(), digest_size=16).hexdigest()
        return f"{self!r} {digest} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with their completeness; null without a class, or one that was not injected."""
        lcs = clean_light_curves(table, self.column)
        mags = mean_magnitudes(lcs, self.band)
        lcs = lcs.in_magnitudes() if lcs.fluxes else lcs
        period = np.asarray(table.column(PERIOD.name).to_numpy(zero_copy_only=False), np.float64)
        seen = _Seen(self.table)
        keys = seen.keys_of(
            table.column(CLASS.name).to_pylist(),
            mags,
            amplitudes(lcs, period, self.band),
            period,
            table.column(HEALPIX.name).to_numpy(),
        )
        found = [seen.like(row) for row in keys.tolist()]
        n = np.array([each[0] for each in found], np.int64)
        right = np.array([each[1] for each in found], np.int64)
        low, high = wilson(right, np.maximum(n, 1)) if n.size else (np.empty(0), np.empty(0))
        none = n == 0
        values = (right / np.maximum(n, 1), low, high, n)
        arrays = [pa.array(each, mask=none) for each in values]
        arrays.append(pa.array([each[2] for each in found], pa.string()))
        return append_columns(table, pa.table(arrays, schema=schema_of(JOINED)))


class _Seen:
    """Injected signals by what they have in common."""

    def __init__(self, table: pa.Table) -> None:
        self.names = sorted(set(table[INJECTED_CLASS.name].to_pylist()))
        self.edges = {
            name: (table[f"{name}_low"].to_numpy(), table[f"{name}_high"].to_numpy())
            for name in ("mag", "amplitude", "period")
        }
        self.order = int(table[CELL_ORDER.name][0].as_py()) if len(table) else 0
        self.lows = {name: np.unique(low) for name, (low, _) in self.edges.items()}
        self.highs = {
            name: np.array([high[low == start][0] for start in self.lows[name]])
            for name, (low, high) in self.edges.items()
        }
        numbers = [np.array([self.names.index(name) for name in table[INJECTED_CLASS.name].to_pylist()], np.int64)]
        numbers += [np.searchsorted(self.lows[name], self.edges[name][0]) for name in KEYS[1:4]]
        keys = np.stack([*numbers, table[CELL.name].to_numpy()], axis=1)
        n = table[N_INJECTED.name].to_numpy()
        right = table[N_OUTCOME.of("recovered").name].to_numpy()
        self.sums: dict[tuple[int, ...], tuple[int, int]] = {}
        for row, whole, part in zip(keys.tolist(), n.tolist(), right.tolist(), strict=True):
            for depth in range(1, len(KEYS) + 1):
                before = self.sums.get(tuple(row[:depth]), (0, 0))
                self.sums[tuple(row[:depth])] = before[0] + whole, before[1] + part

    def keys_of(
        self, kinds: Sequence[str | None], mag: Floats, amplitude: Floats, period: Floats, place: Integers
    ) -> Integers:
        """Numbers of class, ranges and cell of each candidate, int64 [n, 5]; -1 where it is in none of the table."""
        columns = [np.array([self.names.index(name) if name in self.names else -1 for name in kinds], np.int64)]
        for name, values in (("mag", mag), ("amplitude", amplitude), ("period", period)):
            lows, highs = self.lows[name], self.highs[name]
            at = np.searchsorted(lows, values, "right") - 1
            inside = (at >= 0) & (values < highs[np.maximum(at, 0)]) if lows.size else np.zeros(at.size, bool)
            columns.append(np.where(inside, at, -1))
        columns.append(place >> 2 * (29 - self.order))
        return np.stack(columns, axis=1)

    def like(self, keys: Sequence[int]) -> tuple[int, int, str | None]:
        """Signals like a candidate, those recovered, and what they have in common with it."""
        for depth in range(len(KEYS), 0, -1):
            n, right = self.sums.get(tuple(keys[:depth]), (0, 0))
            if n >= (ENOUGH if depth > 1 else 1):
                return n, right, ", ".join(KEYS[:depth])
        return 0, 0, None


def amplitudes(lcs: LightCurves, period: Floats, band: str | None) -> Floats:
    """From maximum to minimum of a series at `period`, magnitudes, float64 [n_objects]; NaN without a period."""
    own = lcs.of_bands([band]) if band is not None and lcs.bands else lcs
    found = np.full(len(lcs), np.nan)
    for i in np.flatnonzero((own.counts >= 3) & (period > 0.0)).tolist():
        inside = slice(int(own.offsets[i]), int(own.offsets[i + 1]))
        mag = own.mag[inside].astype(np.float64)
        order = min(_ORDER, (mag.size - 1) // 4)
        if order:
            turn = 2.0 * np.pi * ((own.time[inside] - own.time[inside][0]) / period[i] % 1.0)
            coefficients = np.linalg.lstsq(_series(turn, order), mag, rcond=None)[0]
            found[i] = min(np.ptp(_series(_PHASES, order) @ coefficients), np.ptp(mag))
        else:
            found[i] = np.ptp(mag)
    return found


def _series(turn: Floats, order: int) -> Floats:
    parts = [f(k * turn) for k in range(1, order + 1) for f in (np.cos, np.sin)]
    return np.stack([np.ones_like(turn), *parts], axis=1)


def with_completeness(candidates: Catalog, completeness: Catalog, light_curves: Catalog | None = None) -> Catalog:
    """Candidates with the completeness of stars like them; lazy.

    Parameters
    ----------
    candidates
        Of `variable_candidates`.
    completeness
        The table that `measure_completeness` wrote.
    light_curves
        Catalog with their light curves; None takes the very version that the candidates were made from.

    Raises
    ------
    InputError
        The second catalog is no such table, or the first holds no candidates.

    Examples
    --------
    >>> more = with_completeness(lake["variable_candidates"], lake["completeness"])  # doctest: +SKIP
    >>> more.write("candidates_completeness")  # doctest: +SKIP
    """
    if not is_completeness(completeness.schema):
        raise InputError(f"{completeness.name} is no table of completeness; measure_completeness writes them")
    curves = light_curves_of(candidates) if light_curves is None else light_curves
    identity = candidates.id_column
    names = candidates.column_names
    joined = curves.columns(identity, "lightcurve").join(candidates, identity, "inner")
    step = JoinCompleteness(completeness.to_arrow(), band_of(completeness))
    return joined.map(step).columns(*names, *(column.name for column in JOINED))


def light_curves_of(candidates: Catalog) -> Catalog:
    """The very light curves that candidates were made from; an `InputError` where the catalog holds no candidates."""
    missing = [column.name for column in (CLASS, PERIOD) if not column.is_in(candidates.schema)]
    if missing:
        raise InputError(f"{candidates.name} holds no candidates: no {' or '.join(missing)} of lcscale classify")
    return candidates.light_curves()


def band_of(completeness: Catalog) -> str | None:
    """Reference band of a table of completeness."""
    return dict(completeness.source.properties).get(BAND) or None
