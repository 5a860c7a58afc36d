"""Evenly spaced trial frequencies: the grid every periodogram is computed on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lcscale.arrays import number, options_in
from lcscale.errors import InputError

FMAX = 25.0
"""Default highest frequency, cycles per day (take 50 for δ Scuti stars and ultracompact binaries)."""

OVERSAMPLING = 5.0
"""Default number of grid points per peak width 1/T."""

LONGEST_BASELINE = 2.0**16
"""Days (180 years) beyond which a default grid grows no finer: then a time is wrong, not the star well known."""

_BUCKETS_PER_OCTAVE = 4


@dataclass(frozen=True)
class FrequencyGrid:
    """The frequencies ``fmin + k * df`` up to `fmax` (within rounding), in cycles per day.

    Parameters
    ----------
    fmin, fmax
        Lowest and highest frequency, cycles per day.
    df
        Step, cycles per day.

    Examples
    --------
    >>> grid = FrequencyGrid.for_baseline(1000.0, 25.0)
    >>> grid.size, grid.df
    (124996, 0.0002)
    """

    fmin: float
    fmax: float
    df: float

    def __post_init__(self) -> None:
        options_in(self, fmin="1/d", fmax="1/d", df="1/d")
        values = (self.fmin, self.fmax, self.df)
        if not (all(map(math.isfinite, values)) and self.fmin >= 0 and self.fmax >= self.fmin and self.df > 0):
            raise InputError(f"a frequency grid needs 0 <= fmin <= fmax and df > 0, all finite; got {self!r}")

    @classmethod
    def for_baseline(cls, baseline: float, fmax: float = FMAX, oversampling: float = OVERSAMPLING) -> FrequencyGrid:
        """Grid for observations that span `baseline` days: from one cycle per baseline to `fmax`.

        The step is ``1 / (oversampling * baseline)``: five points per peak lose at most 2 % of its height.
        """
        baseline, fmax = number(baseline, "baseline", "d"), number(fmax, "fmax", "1/d")
        if not (math.isfinite(baseline) and baseline > 0 and oversampling > 0):
            raise InputError(f"a frequency grid needs a positive baseline, got {baseline!r} days")
        if not fmax > 0:
            raise InputError(f"a frequency grid needs fmax above 0 cycles per day, got {fmax!r}")
        fmin = 1.0 / baseline
        return cls(fmin, max(fmax, fmin), fmin / oversampling)

    @classmethod
    def default(cls, baseline: float, fmax: float = FMAX, oversampling: float = OVERSAMPLING) -> FrequencyGrid:
        """The grid of `for_baseline` to `fmax` for `baseline` rounded up to the next quarter of an octave.

        Few different grids come out of a whole survey, and the grid of an object depends on that object alone. It is
        that of `LONGEST_BASELINE` at most: one wrong time must not make a grid of 10⁸ frequencies.
        """
        baseline = min(number(baseline, "baseline", "d"), LONGEST_BASELINE)
        bucket = 2.0 ** (math.ceil(_BUCKETS_PER_OCTAVE * math.log2(baseline)) / _BUCKETS_PER_OCTAVE)
        return cls.for_baseline(bucket, fmax, oversampling)

    def at(self, index: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """The frequencies at these places of the grid, float64 [n], cycles per day."""
        return self.fmin + self.df * index.astype(np.float64)

    @property
    def size(self) -> int:
        """Number of frequencies."""
        return math.floor((self.fmax - self.fmin) / self.df + 1e-6) + 1

    def frequencies(self) -> npt.NDArray[np.float64]:
        """The frequencies, float64 [size], cycles per day."""
        return self.fmin + self.df * np.arange(self.size, dtype=np.float64)
