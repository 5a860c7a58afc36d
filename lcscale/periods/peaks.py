"""Local maxima of a periodogram that arrives in pieces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, comparing_kernel, inlined, kernel

_BLOCK = 16


@dataclass(frozen=True, eq=False)
class Peaks:
    """The highest local maxima of one periodogram, the highest first.

    Attributes
    ----------
    index
        Positions on the grid, int64 [n_peaks].
    height
        Powers there, float64 [n_peaks].
    mean, deviation
        Of all powers of the grid.
    """

    index: Integers
    height: Floats
    mean: float
    deviation: float

    def signal_to_noise(self, power: float) -> float:
        """(`power` - mean of all) / standard deviation of all."""
        return (power - self.mean) / self.deviation if self.deviation > 0 else np.nan


class PeakFinder:
    """Keeps the highest local maxima of the pieces it is fed, and the mean and scatter of all powers.

    Examples
    --------
    >>> finder = PeakFinder(2)
    >>> finder.feed(np.array([0.1, 0.5]))
    >>> finder.feed(np.array([0.2, 0.1, 0.3, 0.0]))
    >>> finder.peaks().index.tolist(), finder.peaks().height.tolist()
    ([1, 4], [0.5, 0.3])
    """

    def __init__(self, n_peaks: int) -> None:
        self._index = np.zeros(n_peaks, np.int64)
        self._height = np.full(n_peaks, -1.0)
        self._state = np.array([np.inf, np.inf, 0.0, 0.0, 0.0, 0.0])

    def feed(self, power: Any) -> None:
        """Take the next piece, float [any length]."""
        _feed(power, self._index, self._height, self._state)

    def peaks(self) -> Peaks:
        """What was found in all pieces so far."""
        count = int(self._state[5])
        n = max(self._state[2], 1.0)
        mean = float(self._state[3] / n)
        deviation = math.sqrt(max(float(self._state[4] / n) - mean * mean, 0.0))
        return Peaks(self._index[:count], self._height[:count], mean, deviation)


@kernel
def _feed(power: Any, index: Any, height: Any, state: Any) -> None:
    """State: the two last powers, number seen, their sum and sum of squares, number of maxima.

    Powers are passed over block by block where none is as high as the lowest maximum kept: vector instructions see to
    that, and few blocks are looked at one power after another.
    """
    size = power.size
    seen = int(state[2])
    total = 0.0
    squares = 0.0
    for k in range(size):
        value = float(power[k])
        total += value
        squares += value * value
    if size:  # the last power of the piece before has its neighbour now
        _keep(state[0], state[1], float(power[0]), seen - 1, index, height, state)
    for start in range(0, size - 1, _BLOCK):
        stop = min(start + _BLOCK, size - 1)
        if _highest(power[start:stop]) > height[index.size - 1]:
            for k in range(start, stop):
                before = float(power[k - 1]) if k else state[1]
                _keep(before, float(power[k]), float(power[k + 1]), seen + k, index, height, state)
    if size:
        state[0] = float(power[size - 2]) if size > 1 else state[1]
        state[1] = float(power[size - 1])
    state[2] += size
    state[3] += total
    state[4] += squares


@comparing_kernel
def _highest(power: Any) -> Any:
    """The highest of these powers."""
    highest = power[0]
    for k in range(1, power.size):
        highest = max(highest, power[k])
    return highest


@inlined
def _keep(before: float, value: float, after: float, place: int, index: Any, height: Any, state: Any) -> None:
    """Put `value`, if it is a maximum and high enough, among those kept."""
    capacity = index.size
    if value > before and value >= after and value > height[capacity - 1]:
        kept = int(state[5])
        slot = min(kept, capacity - 1)
        while slot > 0 and height[slot - 1] < value:
            height[slot] = height[slot - 1]
            index[slot] = index[slot - 1]
            slot -= 1
        height[slot] = value
        index[slot] = place
        state[5] = min(kept + 1, capacity)
