"""The drawing kernels: plain scalar functions over one light curve, for CPU threads and GPUs alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import exact_kernel, inlined
from lcscale.kernels.turns import phase_of

N_LEVELS = 128
"""Levels of the histogram in which the ends of the brightness range are looked for, twice: 1/16384 of all."""

N_PHASES = 32
"""Bins of phase in which maximum light is looked for."""

N_COUNTS = 3 * N_LEVELS
"""Length of the int32 scratch that the kernels are handed."""

DOT = np.uint8(255)
"""Value of a pixel under a dot."""

_MIN_RANGE = 1e-3
"""Smallest brightness range, mag: a constant light curve is a line in the middle."""

_Floats = npt.NDArray[np.floating[Any]]
_Counts = npt.NDArray[np.int32]
_Image = npt.NDArray[np.uint8]


@inlined
def drawable(time: float, mag: float, code: int, n_bands: int) -> bool:
    """Whether an observation has a place: finite, and of a known band."""
    return math.isfinite(time) and math.isfinite(mag) and 0 <= code < n_bands


@inlined
def _level(mag: float, low: float, scale: float) -> int:
    """Level of a magnitude, in the histogram's ends where it lies outside."""
    level = (mag - low) * scale
    if level < 0.0:
        return 0
    return min(int(level), N_LEVELS - 1)


@inlined
def _belongs(time: float, mag: float, code: int, n_bands: int, wanted: int) -> bool:
    """Whether an observation is drawable and of the band wanted (-1: of any)."""
    return drawable(time, mag, code, n_bands) and (wanted < 0 or code == wanted)


@inlined
def _climb(levels: _Counts, first: int, rank: int) -> tuple[int, int]:
    """Level that holds the observation of a rank, in the histogram from `first` on, and how many lie below it."""
    below = 0
    k = 0
    while k < N_LEVELS - 1 and below + levels[first + k] <= rank:
        below += levels[first + k]
        k += 1
    return k, below


@exact_kernel
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
    """Magnitudes at the upper and lower edge of the image; (0, 0) where a band (-1: all) has no observation.

    Quantiles are read from a histogram, and those of its levels in which they fall: to 1/16384 of the whole range.
    """
    count = 0
    low = np.inf
    high = -np.inf
    for j in range(start, end):
        if _belongs(time[j], mag[j], band[j] if band.size else 0, n_bands, wanted):
            count += 1
            low = min(low, mag[j])
            high = max(high, mag[j])
    if count == 0:
        return 0.0, 0.0
    outside = int(quantile * count)
    if outside > 0 and high > low:
        for k in range(N_COUNTS):
            levels[k] = 0
        scale = N_LEVELS / (high - low)
        for j in range(start, end):
            if _belongs(time[j], mag[j], band[j] if band.size else 0, n_bands, wanted):
                levels[_level(mag[j], low, scale)] += 1
        bright, brighter = _climb(levels, 0, outside)
        faint, fainter = _climb(levels, 0, count - 1 - outside)
        for j in range(start, end):
            if _belongs(time[j], mag[j], band[j] if band.size else 0, n_bands, wanted):
                level = _level(mag[j], low, scale)
                part = _level(mag[j], low + level / scale, scale * N_LEVELS)
                if level == bright:
                    levels[N_LEVELS + part] += 1
                if level == faint:
                    levels[2 * N_LEVELS + part] += 1
        part_bright, _ = _climb(levels, N_LEVELS, outside - brighter)
        part_faint, _ = _climb(levels, 2 * N_LEVELS, count - 1 - outside - fainter)
        high = low + (faint + (part_faint + 0.5) / N_LEVELS) / scale
        low = low + (bright + (part_bright + 0.5) / N_LEVELS) / scale
    pad = max(margin * (high - low), 0.5 * _MIN_RANGE)
    return low - pad, high + pad


@exact_kernel
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


@exact_kernel
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


@inlined
def _smooth(sums: npt.NDArray[np.float64], counts: _Counts, k: int) -> float:
    """Mean magnitude over bin `k` and its neighbours; infinite where they are empty."""
    before = (k + N_PHASES - 1) % N_PHASES
    after = (k + 1) % N_PHASES
    n = counts[before] + counts[k] + counts[after]
    return float((sums[before] + sums[k] + sums[after]) / n) if n else math.inf


@exact_kernel
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


@inlined
def draw_dot(image: _Image, row: int, column: int, radius: int, width: int, cyclic: bool) -> None:
    """Set the pixels of a dot within the first `width` columns; `cyclic` lets it in again on the other side."""
    for u in range(max(row - radius, 0), min(row + radius, image.shape[0] - 1) + 1):
        half = radius
        while half > 0 and half * half + (u - row) * (u - row) > radius * (radius + 1):
            half -= 1
        if column >= half and column + half < width:
            for v in range(column - half, column + half + 1):
                image[u, v] = DOT
        else:
            for v in range(column - half, column + half + 1):
                if cyclic:
                    image[u, (v + width) % width] = DOT
                elif 0 <= v < width:
                    image[u, v] = DOT


@inlined
def repeat_cycle(image: _Image) -> None:
    """Copy the left half of an image to its right half."""
    half = image.shape[1] // 2
    for u in range(image.shape[0]):
        for v in range(half):
            image[u, half + v] = image[u, v]


@exact_kernel
def time_range(
    time: _Floats, mag: _Floats, band: npt.NDArray[np.int8], start: int, end: int, n_bands: int
) -> tuple[float, float]:
    """First and last time of the drawable observations; infinite, last before first, where there are none."""
    first = np.inf
    last = -np.inf
    for j in range(start, end):
        if drawable(time[j], mag[j], band[j] if band.size else 0, n_bands):
            first = min(first, time[j])
            last = max(last, time[j])
    return first, last


def draw_folded(
    time: _Floats,
    mag: _Floats,
    band: npt.NDArray[np.int8],
    start: int,
    end: int,
    channel: int,
    n_bands: int,
    frequency: float,
    epoch: float,
    cycles: int,
    radius: int,
    quantile: float,
    margin: float,
    shared: bool,
    levels: _Counts,
    image: _Image,
) -> None:
    """Draw one channel of one light curve, folded, into `image` (zeros); a scalar kernel, compiled where it runs."""
    wanted = -1 if shared else channel
    low, high = brightness_range(time, mag, band, start, end, n_bands, wanted, quantile, margin, levels)
    if high <= low:
        return
    scale = image.shape[0] / (high - low)
    width = image.shape[1] // cycles
    for j in range(start, end):
        code = band[j] if band.size else 0
        if code == channel and drawable(time[j], mag[j], code, n_bands) and low <= mag[j] < high:
            column = int(phase_of(time[j], epoch, frequency) * width)
            draw_dot(image, int((mag[j] - low) * scale), column, radius, width, True)
    if cycles == 2:
        repeat_cycle(image)


def draw_raw(
    time: _Floats,
    mag: _Floats,
    band: npt.NDArray[np.int8],
    start: int,
    end: int,
    channel: int,
    n_bands: int,
    first: float,
    last: float,
    radius: int,
    quantile: float,
    margin: float,
    shared: bool,
    levels: _Counts,
    image: _Image,
) -> None:
    """Draw one channel of one light curve over time from `first` to `last` into `image`; a scalar kernel too."""
    wanted = -1 if shared else channel
    low, high = brightness_range(time, mag, band, start, end, n_bands, wanted, quantile, margin, levels)
    if high <= low:
        return
    size = image.shape[1]
    scale = image.shape[0] / (high - low)
    across = size / (last - first) if last > first else 0.0
    for j in range(start, end):
        code = band[j] if band.size else 0
        if code == channel and drawable(time[j], mag[j], code, n_bands) and low <= mag[j] < high:
            column = min(int((time[j] - first) * across), size - 1)
            draw_dot(image, int((mag[j] - low) * scale), column, radius, size, False)
