"""Local maxima of a periodogram that arrives in pieces, and their refinement between grid points."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.periods.harmonics import Floats, Integers, kernel


class PeakFinder:
    """Keeps the highest local maxima of the pieces it is fed, and the mean and scatter of all powers.

    Examples
    --------
    >>> finder = PeakFinder(2)
    >>> finder.feed(np.array([0.1, 0.5]))
    >>> finder.feed(np.array([0.2, 0.1, 0.3, 0.0]))
    >>> finder.index.tolist(), finder.height.tolist()
    ([1, 4], [0.5, 0.3])
    """

    def __init__(self, n_peaks: int) -> None:
        self._index = np.zeros(n_peaks, np.int64)
        self._height = np.full(n_peaks, -1.0)
        self._state = np.array([np.inf, np.inf, 0.0, 0.0, 0.0, 0.0])

    def feed(self, power: Any) -> None:
        """Take the next piece, float [any length]."""
        _feed(power, self._index, self._height, self._state)

    @property
    def count(self) -> int:
        """Number of maxima kept."""
        return int(self._state[5])

    @property
    def index(self) -> Integers:
        """Positions on the grid, the highest first."""
        return self._index[: self.count]

    @property
    def height(self) -> Floats:
        """Powers at `index`."""
        return self._height[: self.count]

    def signal_to_noise(self, power: float) -> float:
        """(`power` - mean of all) / standard deviation of all."""
        n = max(self._state[2], 1.0)
        mean = self._state[3] / n
        variance = self._state[4] / n - mean * mean
        return float((power - mean) / np.sqrt(variance)) if variance > 0 else np.nan


@kernel  # type: ignore[untyped-decorator]
def _feed(power: Any, index: Any, height: Any, state: Any) -> None:
    """State: the two last powers, number seen, their sum and sum of squares, number of maxima."""
    before, last = state[0], state[1]
    seen = int(state[2])
    kept = int(state[5])
    capacity = index.size
    total = 0.0
    squares = 0.0
    for k in range(power.size):
        value = float(power[k])
        total += value
        squares += value * value
        if last > before and last >= value and (kept < capacity or last > height[capacity - 1]):
            slot = min(kept, capacity - 1)
            while slot > 0 and height[slot - 1] < last:
                height[slot] = height[slot - 1]
                index[slot] = index[slot - 1]
                slot -= 1
            height[slot] = last
            index[slot] = seen + k - 1
            kept = min(kept + 1, capacity)
        before, last = last, value
    state[0], state[1] = before, last
    state[2] += power.size
    state[3] += total
    state[4] += squares
    state[5] = kept
