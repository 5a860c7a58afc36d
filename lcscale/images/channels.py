"""Further views of light curves: how dense the dots lie, how long the error bars are, all pairs of observations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.arrays import one_each
from lcscale.errors import InputError
from lcscale.images.drawing import N_COUNTS, brightness_range, drawable, time_range
from lcscale.images.options import ImageOptions
from lcscale.images.render import Canvas, Images, canvas, drawn
from lcscale.kernels.compiling import exact_kernel
from lcscale.kernels.turns import phase_of
from lcscale.lightcurves import LightCurves

DT_DAYS = (1e-3, 1e4)
"""Range of the time differences of a dm-dt map, days; pairs outside are in none of its pixels."""
DM_MAG = 4.0
"""Largest magnitude difference of a dm-dt map, either way."""
_DEFAULT = ImageOptions()
_BAR = np.uint8(128)
_Floats = npt.NDArray[np.floating[Any]]


def render_density(
    lcs: LightCurves,
    period: npt.ArrayLike | None = None,
    epoch: npt.ArrayLike | None = None,
    size: int = 128,
    options: ImageOptions = _DEFAULT,
    device: str = "cpu",
    out: Canvas | None = None,
) -> Canvas:
    """How many observations fall into each pixel, 255 where they are most; folded, or over time without a period.

    Parameters
    ----------
    lcs
        Any batch; one channel for each of its `bands`.
    period
        Days, one an object (or one for all); None for the axis of time.
    epoch
        Time of phase 0, days; default: the first observation.
    size
        Pixels of a side.
    options
        Cycles (one or two) and brightness range, as for dots; alignment has no meaning here.
    device, out
        As those of `render_folded`.

    Returns
    -------
    uint8 [n_objects, n_bands, size, size]
    """
    return _rendered(lcs, period, epoch, size, options, False, device, out)


def render_error_bars(
    lcs: LightCurves,
    period: npt.ArrayLike | None = None,
    epoch: npt.ArrayLike | None = None,
    size: int = 128,
    options: ImageOptions = _DEFAULT,
    device: str = "cpu",
    out: Canvas | None = None,
) -> Canvas:
    """A bar from one error above to one error below each observation, 128; folded, or over time without a period.

    Errors that are not finite draw nothing. Parameters and result are those of `render_density`.
    """
    return _rendered(lcs, period, epoch, size, options, True, device, out)


def render_dmdt(lcs: LightCurves, size: int = 128, device: str = "cpu", out: Canvas | None = None) -> Canvas:
    """Map of all pairs of observations of a band: time between them to the right, change in brightness upward.

    After Mahabal et al. 2017 (arXiv:1709.06257). Time differences are logarithmic (`DT_DAYS`), changes the square root
    of their size up to `DM_MAG` either way (brighter later at the top); the square root of a pixel's count, 255 where
    it is highest. Work grows with the square of the number of observations.

    Parameters
    ----------
    lcs
        Any batch; one channel for each of its `bands`.
    size
        Pixels of a side.
    device, out
        As those of `render_folded`.

    Returns
    -------
    uint8 [n_objects, n_bands, size, size]
    """
    lcs, images, band = canvas(lcs, size, out)
    return drawn(each_dmdt, images, (lcs.time, lcs.mag, band, lcs.offsets), (size * size, 0), device)


def _rendered(
    lcs: LightCurves,
    period: npt.ArrayLike | None,
    epoch: npt.ArrayLike | None,
    size: int,
    options: ImageOptions,
    bars: bool,
    device: str,
    out: Canvas | None,
) -> Canvas:
    lcs, images, band = canvas(lcs, size, out)
    if size % options.cycles:
        raise InputError(f"size must be even for an image of two cycles, not {size}")
    n = len(lcs)
    folds = period is not None
    periods = np.ascontiguousarray(one_each(1.0 if period is None else period, n, "period", "d"))
    epochs = np.ascontiguousarray(one_each(np.nan if epoch is None or not folds else epoch, n, "epoch", "d"))
    error = lcs.mag_err if bars else np.zeros(lcs.time.size, np.float32)
    shown = (options.cycles if folds else 1, options.quantile, options.margin, options.shared_range, bars)
    curves = (lcs.time, lcs.mag, error, band, lcs.offsets, folds, periods, epochs)
    return drawn(each_density, images, (*curves, *shown), (N_COUNTS + size * size, 0), device)


@exact_kernel
def each_density(
    start: int,
    stop: int,
    images: Images,
    time: npt.NDArray[np.float64],
    mag: _Floats,
    error: _Floats,
    band: npt.NDArray[np.int8],
    offsets: npt.NDArray[np.int64],
    folds: bool,
    periods: npt.NDArray[np.float64],
    epochs: npt.NDArray[np.float64],
    cycles: int,
    quantile: float,
    margin: float,
    shared: bool,
    bars: bool,
    room: npt.NDArray[np.int32],
    sums: npt.NDArray[np.float64],
) -> None:
    """Fill the images of the objects from `start` to `stop` with counts or bars; unfolded, time is one long cycle."""
    n_bands, size = images.shape[1], images.shape[2]
    width = size // cycles
    for i in range(start, stop):
        if not (math.isfinite(periods[i]) and periods[i] > 0):
            continue
        own = room[min(i, room.shape[0] - 1)]
        levels, counts = own[:N_COUNTS], own[N_COUNTS:]
        a, b = offsets[i], offsets[i + 1]
        first, last = time_range(time, mag, band, a, b, n_bands)
        epoch = first if math.isnan(epochs[i]) else epochs[i]
        period = periods[i]
        if not folds:  # so that the last observation is in the last column
            period = (last - first) * (1 + 1e-12) if last > first else 1.0
        for c in range(n_bands):
            wanted = -1 if shared else c
            low, high = brightness_range(time, mag, band, a, b, n_bands, wanted, quantile, margin, levels)
            if high <= low:
                continue
            for pixel in range(size * width):
                counts[pixel] = 0
            scale = size / (high - low)
            for j in range(a, b):
                code = band[j] if band.size else 0
                if code != c or not drawable(time[j], mag[j], code, n_bands) or not math.isfinite(error[j]):
                    continue
                column = int(phase_of(time[j], epoch, 1.0 / period) * width)
                top = math.floor((mag[j] - error[j] - low) * scale)
                bottom = math.floor((mag[j] + error[j] - low) * scale)
                if bars or low <= mag[j] < high:
                    for row in range(max(top, 0), min(bottom, size - 1) + 1):
                        counts[row * width + column] += 1
            _scale(counts, bars, images[i, c], cycles)


@exact_kernel
def _scale(counts: npt.NDArray[np.int32], bars: bool, image: npt.NDArray[np.uint8], cycles: int) -> None:
    """Write counts as grey values, once for each cycle."""
    size = image.shape[0]
    width = size // cycles
    most = 1
    for pixel in range(size * width):
        most = max(most, counts[pixel])
    for row in range(size):
        for column in range(width):
            count = counts[row * width + column]
            if count:
                value = _BAR if bars else np.uint8(count * 255 // most)
                for cycle in range(cycles):
                    image[row, cycle * width + column] = value


@exact_kernel
def each_dmdt(
    start: int,
    stop: int,
    images: Images,
    time: npt.NDArray[np.float64],
    mag: _Floats,
    band: npt.NDArray[np.int8],
    offsets: npt.NDArray[np.int64],
    room: npt.NDArray[np.int32],
    sums: npt.NDArray[np.float64],
) -> None:
    """Fill the dm-dt maps of the objects from `start` to `stop`."""
    n_bands, size = images.shape[1], images.shape[2]
    per_decade = size / (math.log10(DT_DAYS[1]) - math.log10(DT_DAYS[0]))
    for i in range(start, stop):
        counts = room[min(i, room.shape[0] - 1)]
        for c in range(n_bands):
            for pixel in range(size * size):
                counts[pixel] = 0
            for j in range(offsets[i], offsets[i + 1]):
                if (band[j] if band.size else 0) != c or not drawable(time[j], mag[j], c, n_bands):
                    continue
                for k in range(j + 1, offsets[i + 1]):
                    if (band[k] if band.size else 0) != c or not drawable(time[k], mag[k], c, n_bands):
                        continue
                    wait = time[k] - time[j]
                    change = mag[k] - mag[j]
                    if DT_DAYS[0] <= wait < DT_DAYS[1] and abs(change) < DM_MAG:
                        column = int((math.log10(wait) - math.log10(DT_DAYS[0])) * per_decade)
                        bent = math.copysign(math.sqrt(abs(change) / DM_MAG), change)
                        row = int(0.5 * (bent + 1.0) * size)
                        counts[min(row, size - 1) * size + min(column, size - 1)] += 1
            _root(counts, images[i, c])


@exact_kernel
def _root(counts: npt.NDArray[np.int32], image: npt.NDArray[np.uint8]) -> None:
    """Write the square roots of counts as grey values."""
    size = image.shape[0]
    most = 1
    for pixel in range(size * size):
        most = max(most, counts[pixel])
    scale = math.sqrt(most)
    for row in range(size):
        for column in range(size):
            image[row, column] = np.uint8(255.0 * math.sqrt(counts[row * size + column]) / scale)
