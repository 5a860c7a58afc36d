"""The drawing kernels: plain scalar functions over one light curve, for CPU threads and GPUs alike."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

N_LEVELS = 128
"""Levels of the histogram in which the ends of the brightness range are looked for, twice: 1/16384 of all."""

N_PHASES = 32
"""Bins of phase in which maximum light is looked for."""

DOT = np.uint8(255)
"""Value of a pixel under a dot."""

_MIN_RANGE = 1e-3
"""Smallest brightness range, mag: a constant light curve is a line in the middle."""

_Floats = npt.NDArray[np.floating[Any]]
_Counts = npt.NDArray[np.int32]
_Image = npt.NDArray[np.uint8]


@nb.njit(inline="always")  # type: ignore[untyped-decorator]
def drawable(time: float, mag: float, code: int, n_bands: int) -> bool:
    """Whether an observation has a place: finite, and of a known band."""
    return math.isfinite(time) and math.isfinite(mag) and 0 <= code < n_bands


@nb.njit(inline="always")  # type: ignore[untyped-decorator]
def phase_of(time: float, epoch: float, frequency: float) -> float:
    """Phase in [0, 1)."""
    cycles = (time - epoch) * frequency
    phase = cycles - math.floor(cycles)
    return phase if phase < 1.0 else 0.0


@nb.njit(inline="always")  # type: ignore[untyped-decorator]
def _level(mag: float, low: float, scale: float) -> int:
    """Level of a magnitude, in the histogram's ends where it lies outside."""
    level = (mag - low) * scale
    if level < 0.0:
        return 0
    return min(int(level), N_LEVELS - 1)


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _extent(
    time: _Floats, mag: _Floats, band: npt.NDArray[np.int8], start: int, end: int, n_bands: int, wanted: int
) -> tuple[int, float, float]:
    """Number, smallest and largest magnitude of the drawable observations in a band (-1: in all)."""
    count = 0
    low = np.inf
    high = -np.inf
    for j in range(start, end):
        code = band[j] if band.size else 0
        if drawable(time[j], mag[j], code, n_bands) and (wanted < 0 or code == wanted):
            count += 1
            low = min(low, mag[j])
            high = max(high, mag[j])
    return count, low, high


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _ranked(
    time: _Floats,
    mag: _Floats,
    band: npt.NDArray[np.int8],
    start: int,
    end: int,
    n_bands: int,
    wanted: int,
    rank: int,
    low: float,
    high: float,
    levels: _Counts,
) -> float:
    """Magnitude of the given rank (0 the brightest), to 1/16384 of the range, from a histogram of a histogram."""
    below = 0
    for _ in range(2):
        scale = N_LEVELS / (high - low)
        for k in range(N_LEVELS):
            levels[k] = 0
        for j in range(start, end):
            code = band[j] if band.size else 0
            if drawable(time[j], mag[j], code, n_bands) and (wanted < 0 or code == wanted) and low <= mag[j] <= high:
                levels[_level(mag[j], low, scale)] += 1
        k = 0
        while k < N_LEVELS - 1 and below + levels[k] <= rank:
            below += levels[k]
            k += 1
        width = (high - low) / N_LEVELS
        low += k * width
        high = low + width
    return 0.5 * (low + high)


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def brightness_range(
    time: _Floats,
    mag: _Floats,
    band: npt.NDArray[np.int8],
    start: int,
    end: int,
    n_bands: int,
    wanted: int,
    quantile: float,
    margin: float,
    levels: _Counts,
) -> tuple[float, float]:
    """Magnitudes at the upper and lower edge of the image; (0, 0) where a band (-1: all) has no observation."""
    count, low, high = _extent(time, mag, band, start, end, n_bands, wanted)
    if count == 0:
        return 0.0, 0.0
    outside = int(quantile * count)
    if outside > 0 and high > low:
        bright = _ranked(time, mag, band, start, end, n_bands, wanted, outside, low, high, levels)
        faint = _ranked(time, mag, band, start, end, n_bands, wanted, count - 1 - outside, low, high, levels)
        low = bright
        high = max(faint, bright)
    pad = max(margin * (high - low), 0.5 * _MIN_RANGE)
    return low - pad, high + pad


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def light_maximum(
    time: _Floats,
    mag: _Floats,
    band: npt.NDArray[np.int8],
    start: int,
    end: int,
    frequency: float,
    fourier: bool,
    sums: npt.NDArray[np.float64],
    counts: _Counts,
) -> float:
    """Time of maximum light near the first observation, from means in bins of phase of the first band observed.

    The maximum is that of the first Fourier term of the means, or the brightest of the means over three bins, refined
    by a parabola.
    """
    first = start
    while first < end and not drawable(time[first], mag[first], band[first] if band.size else 0, 127):
        first += 1
    if first == end:
        return 0.0
    chosen = 127
    for j in range(first, end):
        if band.size and drawable(time[j], mag[j], band[j], 127):
            chosen = min(chosen, band[j])
    for k in range(N_PHASES):
        sums[k] = 0.0
        counts[k] = 0
    reference = mag[first]
    for j in range(first, end):
        if drawable(time[j], mag[j], 0, 1) and (not band.size or band[j] == chosen):
            k = int(phase_of(time[j], time[first], frequency) * N_PHASES)
            sums[k] += mag[j] - reference
            counts[k] += 1
    phase = _fourier_maximum(sums, counts) if fourier else _smooth_maximum(sums, counts)
    return float(time[first] + phase / frequency)


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fourier_maximum(sums: npt.NDArray[np.float64], counts: _Counts) -> float:
    """Phase at which the first Fourier term of the binned magnitudes is brightest."""
    total = 0.0
    filled = 0
    for k in range(N_PHASES):
        if counts[k]:
            total += sums[k] / counts[k]
            filled += 1
    cosine = 0.0
    sine = 0.0
    for k in range(N_PHASES):
        if counts[k]:
            angle = 2.0 * math.pi * (k + 0.5) / N_PHASES
            deviation = sums[k] / counts[k] - total / filled
            cosine += deviation * math.cos(angle)
            sine += deviation * math.sin(angle)
    return math.atan2(-sine, -cosine) / (2.0 * math.pi)


@nb.njit(inline="always")  # type: ignore[untyped-decorator]
def _smooth(sums: npt.NDArray[np.float64], counts: _Counts, k: int) -> float:
    """Mean magnitude over bin `k` and its neighbours; infinite where they are empty."""
    n = counts[k - 1] + counts[k] + counts[(k + 1) % N_PHASES]
    return float((sums[k - 1] + sums[k] + sums[(k + 1) % N_PHASES]) / n) if n else math.inf


@nb.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _smooth_maximum(sums: npt.NDArray[np.float64], counts: _Counts) -> float:
    """Phase at which the mean over three bins is brightest, between bins by a parabola."""
    best = 0
    for k in range(1, N_PHASES):
        if _smooth(sums, counts, k) < _smooth(sums, counts, best):
            best = k
    before = _smooth(sums, counts, (best + N_PHASES - 1) % N_PHASES)
    after = _smooth(sums, counts, (best + 1) % N_PHASES)
    curvature = before - 2.0 * _smooth(sums, counts, best) + after
    shift = 0.0
    if math.isfinite(curvature) and curvature > 0.0:
        shift = 0.5 * (before - after) / curvature
    return (best + 0.5 + shift) / N_PHASES


@nb.njit(inline="always")  # type: ignore[untyped-decorator]
def draw_dot(image: _Image, row: int, column: int, radius: int, cyclic: bool) -> None:
    """Set the pixels of a dot; beyond the sides it comes in again on the other when `cyclic`, else it is cut."""
    size = image.shape[0]
    for u in range(max(row - radius, 0), min(row + radius, size - 1) + 1):
        for v in range(column - radius, column + radius + 1):
            if (u - row) ** 2 + (v - column) ** 2 <= radius * (radius + 1):
                w = v
                if cyclic:
                    w = v + size if v < 0 else (v - size if v >= size else v)
                if 0 <= w < size:
                    image[u, w] = DOT
