"""What feature kernels see: one band of a batch, in float64, magnitudes relative to each object's first."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.harmonics import N_PARAMETERS, WORK_ROWS
from lcscale.kernels.sorting import sort_segments
from lcscale.kernels.turns import fraction
from lcscale.lightcurves import LightCurves

QuantileRule = Literal["linear", "hazen"]

SCRATCH_ROWS = 7
"""Numbers for each observation that a Fourier series needs."""


@dataclass(frozen=True, eq=False)
class BandBatch:
    """Usable observations of one band, objects with a reason left empty.

    Attributes
    ----------
    time
        float64 [n], days, in order within an object.
    mag
        float64 [n], minus `zero` of the object; fluxes where features of fluxes are computed.
    error
        float64 [n]; 1 where it is unknown.
    offsets
        int64 [n_objects + 1].
    zero
        float64 [n_objects], magnitude of the first observation.
    errors_known
        bool [n_objects].
    period
        float64 [n_objects], days, NaN where there is none.
    quantile_rule
        ``"linear"`` (NumPy's default) or ``"hazen"`` (light-curve's).
    stored
        The magnitudes as they came, float32 or float64 [n].
    """

    time: Floats
    mag: Floats
    error: Floats
    offsets: Integers
    zero: Floats
    errors_known: npt.NDArray[np.bool_]
    period: Floats
    quantile_rule: QuantileRule
    stored: npt.NDArray[Any]

    @classmethod
    def of(cls, lcs: LightCurves, period: Floats, quantile_rule: QuantileRule) -> BandBatch:
        """View usable `lcs` of one band as a batch."""
        mag = np.empty(lcs.time.size)
        error = np.empty(lcs.time.size)
        zero = np.full(len(lcs), np.nan)
        known = np.zeros(len(lcs), np.bool_)
        _centre(lcs.value, lcs.error, lcs.offsets, mag, error, zero, known)
        return cls(lcs.time, mag, error, lcs.offsets, zero, known, period, quantile_rule, lcs.value)

    def __len__(self) -> int:
        return self.offsets.size - 1

    @property
    def counts(self) -> Integers:
        """Observations of each object."""
        return np.diff(self.offsets)

    def run(self, each: Callable[..., None], n_features: int, arguments: tuple[Any, ...]) -> Floats:
        """What `each` writes for every object, float64 [n_objects, n_features]."""
        out = np.full((len(self), n_features), np.nan)
        each(0, len(self), out, self.offsets, *arguments)
        return out

    @cached_property
    def room(self) -> tuple[Floats, Integers, Floats]:
        """Memory for Fourier series (`fourier`), the same for every object, and where that of each begins."""
        longest = int(self.counts.max(initial=0))
        work = np.empty((1, WORK_ROWS, N_PARAMETERS))
        return np.empty(SCRATCH_ROWS * longest), np.zeros(len(self), np.int64), work

    @cached_property
    def ordered(self) -> Floats:
        """`mag` sorted within each object."""
        return sort_segments(self.stored, self.offsets, self.zero)

    @cached_property
    def gaps(self) -> Floats:
        """Times between neighbouring observations, sorted; those of an object end one before its last place."""
        values = np.empty(self.time.size)
        _gaps(self.time, self.offsets, values)
        return sort_segments(values, self.offsets, np.zeros(len(self)))

    @cached_property
    def by_phase(self) -> Integers:
        """Positions of the observations in order of phase, counted within each object."""
        return self._order_of_phases(self.period)

    @cached_property
    def by_phase_twice(self) -> Integers:
        """The same at twice the period."""
        return self._order_of_phases(2.0 * self.period)

    def _order_of_phases(self, period: Floats) -> Integers:
        places = place_bits(self.counts)
        keys = np.empty(self.time.size)
        _phase_keys(self.time, self.offsets, period, 2.0 ** (53 - places), 2.0**places, keys)
        ordered = sort_segments(keys, self.offsets, np.zeros(len(self)))
        return ordered.astype(np.int64) & ((1 << places) - 1)


def place_bits(counts: Integers) -> int:
    """How many bits of a sorting key hold an observation's place in its object; the rest of 53 hold its phase."""
    return max(20, int(counts.max(initial=0)).bit_length())


@kernel
def _centre(mags: Any, errors: Any, offsets: Integers, mag: Any, error: Any, zero: Any, known: Any) -> None:
    for i in range(offsets.size - 1):
        a, b = offsets[i], offsets[i + 1]
        if a == b:
            continue
        zero[i] = mags[a]
        known[i] = np.isfinite(errors[a])
        _shift(mags[a:b], float(mags[a]), mag[a:b])
        if known[i]:
            _shift(errors[a:b], 0.0, error[a:b])
        else:
            error[a:b] = 1.0


@kernel
def _shift(values: Any, zero: float, result: Any) -> None:
    for j in range(values.size):
        result[j] = float(values[j]) - zero


@kernel
def _phase_keys(time: Floats, offsets: Integers, period: Floats, phases: float, places: float, keys: Any) -> None:
    """Phase of every observation, 0 at the first of each object, as a whole number, with its place in the object.

    Sorted keys tell the order of phases, observations of one phase in order of time: numbers sort sooner than places by
    numbers do. Without a period the order is that of time.
    """
    for i in range(offsets.size - 1):
        for j in range(offsets[i], offsets[i + 1]):
            phase = fraction((time[j] - time[offsets[i]]) / period[i])
            keys[j] = (math.floor(phase * phases) * places if phase >= 0.0 else 0.0) + (j - offsets[i])


@kernel
def _gaps(time: Floats, offsets: Integers, gaps: Any) -> None:
    """Gap after every observation; infinity after the last of an object."""
    for i in range(offsets.size - 1):
        for j in range(offsets[i], offsets[i + 1]):
            gaps[j] = time[j + 1] - time[j] if j + 1 < offsets[i + 1] else np.inf
