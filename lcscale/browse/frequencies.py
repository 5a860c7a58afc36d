"""Periodogram and window function of one light curve, with its peaks named; prewhitened where asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves, usable
from lcscale.periods import FrequencyGrid, lomb_scargle
from lcscale.periods.aliases import NAMED_FREQUENCIES, SIDEREAL_DAY

Floats = npt.NDArray[np.float64]
DRAWN = 1600
"""Points of a drawn periodogram: each is the highest power of its stretch of frequencies."""
MOST_HARMONICS = 4
_N_PEAKS = 8
_HIGHEST = 100.0


@dataclass(frozen=True, eq=False)
class Frequencies:
    """Powers of a light curve over frequency."""

    grid: FrequencyGrid
    """The trial frequencies."""
    power: npt.NDArray[np.float32]
    """float32 [n], Lomb-Scargle, 0 to 1."""
    window: npt.NDArray[np.float32]
    """float32 [n], power of the window function, 0 to 1."""
    baseline: float
    """Days from the first usable observation to the last."""

    def drawn(self, low: float | None = None, high: float | None = None) -> dict[str, list[float]]:
        """The part between two frequencies in at most `DRAWN` points, each the highest of its stretch."""
        grid = self.grid
        first = 0 if low is None else int(np.clip((low - grid.fmin) / grid.df, 0, grid.size - 1))
        last = grid.size if high is None else int(np.clip((high - grid.fmin) / grid.df + 2, first + 1, grid.size))
        stretch = max(1, -(-(last - first) // DRAWN))
        starts = np.arange(first, last, stretch)
        tops = np.array([start + int(self.power[start : min(start + stretch, last)].argmax()) for start in starts])
        window = np.maximum.reduceat(self.window[:last], starts)
        return {
            "frequency": (grid.fmin + grid.df * tops).round(9).tolist(),
            "power": self.power[tops].astype(float).round(5).tolist(),
            "window": window.astype(float).round(5).tolist(),
        }

    def peaks(self, period: float | None) -> list[dict[str, Any]]:
        """The highest peaks that are apart, each with what it is to the frequency of `period` or to the sampling."""
        width = max(2, round(2 / (self.baseline * self.grid.df)))
        left, found = self.power.copy(), []
        for _ in range(_N_PEAKS):
            top = int(left.argmax())
            if not left[top] > 0:
                break
            frequency = self.grid.fmin + self.grid.df * top
            name = relation(frequency, None if not period else 1 / period, 1.5 / self.baseline)
            found.append({"frequency": frequency, "period": 1 / frequency, "power": float(left[top]), "name": name})
            left[max(0, top - width) : top + width + 1] = 0
        return found


def relation(frequency: float, main: float | None, width: float) -> str:
    """What a frequency is to the `main` one, or to how the survey observes; empty where it is neither.

    Examples
    --------
    >>> relation(2.75, 1.75, 0.01), relation(3.5, 1.75, 0.01), relation(1.0, None, 0.01), relation(1.75, 1.75, 0.01)
    ('f + 1/day', '2 f', '1/day', 'f')
    """
    if main is not None:
        harmonics = {"f": main, "2 f": 2 * main, "3 f": 3 * main, "f/2": main / 2, "f/3": main / 3}
        for name, value in harmonics.items():
            if abs(frequency - value) <= width:
                return name
        days = [(f"{n}/day", float(n)) for n in (1, 2)]
        steps = [*days, ("1/sidereal day", SIDEREAL_DAY), ("1/year", 1 / 365.25), ("1/month", 1 / 29.530589)]
        for name, step in steps:
            for sign, value in (("+", main + step), ("−", abs(main - step))):
                if abs(frequency - value) <= width:
                    return f"f {sign} {name}"
    near = [(abs(frequency - value), name) for name, value in NAMED_FREQUENCIES]
    distance, name = min(near)
    return name if distance <= width else ""


def frequencies_of(
    lcs: LightCurves, fmax: float = 25.0, prewhitened: Sequence[float] = (), n_harmonics: int = 3
) -> Frequencies:
    """Periodogram and window of the first light curve of `lcs`.

    Parameters
    ----------
    lcs
        A batch of one.
    fmax
        Highest frequency, cycles per day; at most 100.
    prewhitened
        Periods, days, whose Fourier series are taken from the values first, one after the other.
    n_harmonics
        Harmonics of these series, 1 to 4.
    """
    if not 0 < fmax <= _HIGHEST:
        raise InputError(f"fmax is {fmax}; it must be above 0 and at most {_HIGHEST:g} cycles per day")
    kept, reasons = usable(lcs)
    if reasons[0] is not None:
        raise InputError(f"no periodogram: {reasons[0]}")
    baseline = float(np.ptp(kept.time))
    if not baseline > 0:
        raise InputError("no periodogram: all observations at one time")
    for period in prewhitened:
        kept = without_series(kept, period, n_harmonics)
    grid = FrequencyGrid.default(baseline, fmax)
    power = np.nan_to_num(lomb_scargle(kept, grid, dtype=np.float32)[0])
    return Frequencies(grid, power, window_function(kept.time, grid), baseline)


def without_series(lcs: LightCurves, period: float, n_harmonics: int) -> LightCurves:
    """The first light curve without the Fourier series that fits it best at `period`, band by band; means stay."""
    if not (np.isfinite(period) and period > 0):
        raise InputError(f"a period is above 0 days, not {period}")
    if not 1 <= n_harmonics <= MOST_HARMONICS:
        raise InputError(f"n_harmonics is {n_harmonics}; it must be 1 to {MOST_HARMONICS}")
    value = lcs.value.astype(np.float64)
    band = np.zeros(value.size, np.int8) if lcs.band is None else lcs.band
    for code in np.unique(band):
        rows = np.flatnonzero(band == code)
        n = min(n_harmonics, (rows.size - 2) // 4)
        if n < 1:
            continue
        angle = 2 * np.pi * np.outer(lcs.time[rows] / period % 1, np.arange(1, n + 1))
        design = np.concatenate([np.ones((rows.size, 1)), np.cos(angle), np.sin(angle)], axis=1)
        error = lcs.error[rows].astype(np.float64)
        weight = 1 / error if np.isfinite(error).all() else np.ones(rows.size)
        fitted = np.linalg.lstsq(design * weight[:, None], value[rows] * weight, rcond=None)[0]
        value[rows] -= design[:, 1:] @ fitted[1:]
    return replace(lcs, value=value)


def window_function(time: Floats, grid: FrequencyGrid) -> npt.NDArray[np.float32]:
    """Power of the window function on `grid`, float32 [n]: 1 where all observations fall on one phase.

    ``|Σ exp(2πi f t)|² / n²`` (Deeming 1975, Ap&SS 36, 137), by a non-uniform transform.
    """
    from finufft import nufft1d1

    n = grid.size
    middle = grid.fmin + grid.df * (n // 2)
    since = time - time.mean()
    angle = np.remainder(2 * np.pi * grid.df * since + np.pi, 2 * np.pi) - np.pi
    # the angle was shifted by whole turns only, which no mode of the transform sees
    strength = np.exp(2j * np.pi * np.remainder(middle * since, 1.0))
    modes = nufft1d1(angle, strength, n, isign=1, eps=1e-6)
    return np.asarray(np.abs(modes / time.size) ** 2, np.float32)
