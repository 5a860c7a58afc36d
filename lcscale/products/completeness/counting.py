"""The table of completeness: injected signals counted by cell of the sky, magnitude, period, amplitude and class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lake import spatial_index
from lcscale.products.completeness.columns import (
    CELL,
    CELL_ORDER,
    COUNTED,
    INJECTED_AMPLITUDE,
    INJECTED_CLASS,
    INJECTED_MAG,
    INJECTED_PERIOD,
    LIMITS,
    OUTCOMES,
)
from lcscale.vocabulary import DEC, HEALPIX, RA, schema_of

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

KEYS = ("class", "mag", "amplitude", "period", "cell")
"""By what signals are counted, the most telling first."""


@dataclass(frozen=True)
class Bins:
    """Ranges in which injected signals are counted.

    Examples
    --------
    >>> Bins(mag=(14.0, 15.0, 16.0)).number("mag", np.array([13.0, 14.2, 15.0])).tolist()
    [-1, 0, 1]
    """

    cell_order: int = 3
    """HEALPix order of the cells of the sky (3: 7.3°)."""
    mag: tuple[float, ...] = tuple(np.arange(8.0, 29.0).tolist())
    """Edges of the ranges of mean magnitudes."""
    period: tuple[float, ...] = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
    """Edges of the ranges of periods, days."""
    amplitude: tuple[float, ...] = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
    """Edges of the ranges of amplitudes, magnitudes."""

    def __post_init__(self) -> None:
        if not 0 <= self.cell_order <= 8:
            raise InputError(f"cells are of HEALPix order 0 to 8, not {self.cell_order}")
        for name in ("mag", "period", "amplitude"):
            edges = tuple(float(edge) for edge in getattr(self, name))
            if len(edges) < 2 or not np.all(np.diff(edges) > 0):
                raise InputError(f"edges of {name} must be two or more growing numbers, not {edges}")
            object.__setattr__(self, name, edges)

    def number(self, name: str, values: Floats) -> Integers:
        """Number of the range of each value, int64 [n]; -1 where it lies in none."""
        edges = np.array(getattr(self, name))
        found = np.searchsorted(edges, values, "right") - 1
        return np.where((found >= edges.size - 1) | ~np.isfinite(values), -1, found)


@dataclass(frozen=True, eq=False)
class Counts:
    """Signals counted in groups.

    Parameters
    ----------
    groups
        int64 [n_groups, n_keys], the numbers of the ranges (of the class in the order of their names).
    n
        int64 [n_groups], signals.
    right
        int64 [n_groups] by outcome, those of which it is true.
    """

    groups: Integers
    n: Integers
    right: Mapping[str, Integers]

    @classmethod
    def of(cls, keys: Integers, right: Mapping[str, Flags]) -> Counts:
        """Count signals by their `keys`, int64 [n_signals, n_keys]; those with a key below 0 are left out."""
        inside = (keys >= 0).all(axis=1)
        groups, number = np.unique(keys[inside], axis=0, return_inverse=True)
        number = number.reshape(-1)
        counted = {
            name: np.bincount(number, flags[inside], minlength=len(groups)).astype(np.int64)
            for name, flags in right.items()
        }
        return cls(groups, np.bincount(number, minlength=len(groups)), counted)


def wilson(part: npt.ArrayLike, whole: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The 95 % score interval of Wilson (1927) of shares; `whole` is at least 1.

    Examples
    --------
    >>> [round(float(end), 3) for end in wilson(8, 10)]
    [0.49, 0.943]
    """
    from astropy.stats import binom_conf_interval

    low, high = binom_conf_interval(np.asarray(part), np.asarray(whole), 0.95, "wilson")
    return np.asarray(low), np.asarray(high)


def outcomes(injected: pa.Table) -> dict[str, Flags]:
    """What is counted of each signal, bool [n], by the names of `OUTCOMES`."""
    period, kind = (injected[name].to_numpy(zero_copy_only=False).astype(bool) for name in _RIGHT)
    sure = injected["doubt"].is_null().to_numpy() if "doubt" in injected.column_names else np.ones(len(period), bool)
    return dict(zip(OUTCOMES, (period & kind, period, kind, period & kind & sure), strict=True))


_RIGHT = ("period_right", "class_right")


def keys_of(injected: pa.Table, names: Sequence[str], bins: Bins) -> Integers:
    """Numbers of the ranges of each signal, int64 [n, 5], in the order of `KEYS`; the class by its place in `names`."""
    place = {name: number for number, name in enumerate(names)}
    given = {
        "mag": injected[INJECTED_MAG.name],
        "amplitude": injected[INJECTED_AMPLITUDE.name],
        "period": injected[INJECTED_PERIOD.name],
    }
    ranges = {name: bins.number(name, values.to_numpy()) for name, values in given.items()}
    ranges["class"] = np.array([place.get(name, -1) for name in injected[INJECTED_CLASS.name].to_pylist()], np.int64)
    ranges["cell"] = injected[HEALPIX.name].to_numpy() >> 2 * (29 - bins.cell_order)
    return np.stack([ranges[key] for key in KEYS], axis=1).reshape(-1, len(KEYS))


def completeness_table(injected: pa.Table, bins: Bins) -> pa.Table:
    """Shares of injected signals that were recovered, a row a cell, class and range that holds any.

    Parameters
    ----------
    injected
        Columns of `Inject` and `Recovered`, `doubt` and the HEALPix index.
    bins
        Ranges and cells.

    Returns
    -------
    pyarrow.Table
        Position of the cell's centre, what the row counts, counts and shares with Wilson's intervals; in the order of
        the HEALPix index.
    """
    from cdshealpix.nested import healpix_to_lonlat

    names = sorted(set(injected[INJECTED_CLASS.name].to_pylist()))
    counts = Counts.of(keys_of(injected, names, bins), outcomes(injected))
    group = dict(zip(KEYS, counts.groups.T, strict=True))
    lon, lat = healpix_to_lonlat(group["cell"].astype(np.uint64), bins.cell_order)
    ra, dec = np.asarray(lon.deg), np.asarray(lat.deg)
    columns = [spatial_index(ra, dec), ra, dec, group["cell"]]
    columns += [np.full(counts.n.size, bins.cell_order, np.int32), [names[number] for number in group["class"]]]
    for name in ("mag", "period", "amplitude"):
        edges = np.array(getattr(bins, name))
        columns += [edges[group[name]], edges[group[name] + 1]]
    columns.append(counts.n)
    for right in counts.right.values():
        low, high = wilson(right, counts.n) if counts.n.size else (np.empty(0), np.empty(0))
        columns += [right, right / counts.n, low, high]
    order = (HEALPIX, RA, DEC, CELL, CELL_ORDER, INJECTED_CLASS, *LIMITS, *COUNTED)
    arrays = [pa.array(values, column.type) for values, column in zip(columns, order, strict=True)]
    return pa.table(arrays, schema=schema_of(order)).sort_by([(HEALPIX.name, "ascending")])
