"""`render_folded` and `render_raw`: batches of light curves as batches of images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.arrays import one_each
from lcscale.errors import InputError
from lcscale.images import drawing
from lcscale.images.drawing import N_COUNTS, N_PHASES, light_maximum, time_range
from lcscale.images.options import ImageOptions
from lcscale.kernels.compiling import exact_kernel
from lcscale.lightcurves import LightCurves
from lcscale.lightcurves.cleaning import finite_in_order

Images = npt.NDArray[np.uint8]
"""uint8 [n_objects, n_bands, size, size]: 255 under a dot, 0 elsewhere; the brightest at the top."""

_DEFAULT = ImageOptions()
NO_BAND = np.empty(0, np.int8)
"""Band codes of light curves without bands, as the kernels take them."""
draw_folded = exact_kernel(drawing.draw_folded)
draw_raw = exact_kernel(drawing.draw_raw)


def render_folded(
    lcs: LightCurves,
    period: npt.ArrayLike,
    epoch: npt.ArrayLike | None = None,
    size: int = 128,
    options: ImageOptions = _DEFAULT,
) -> Images:
    """Draw phase-folded light curves: phase to the right, brightness upward, dots that are not joined.

    After the images of Szklenár et al. 2020 (ApJL 897, L12). An object's image depends on its own observations alone,
    bit for bit, and not on their order. Observations that are not finite are left out; objects without a period (NaN,
    0 or negative) or without observations give empty images.

    Parameters
    ----------
    lcs
        Any batch; one channel for each of its `bands` (one in all when it has no bands).
    period
        Days, one an object (or one for all).
    epoch
        Time of phase 0, days; None, or NaN for an object, aligns it as the options say.
    size
        Pixels of a side.
    options
        Cycles, dots, brightness range, alignment.

    Returns
    -------
    uint8 [n_objects, n_bands, size, size]

    Examples
    --------
    >>> time = np.arange(40) * 0.137
    >>> lcs = LightCurves(time, 15 + np.cos(time), np.full(40, 0.01), [0, 40])
    >>> image = render_folded(lcs, 2 * np.pi)
    >>> image.shape, int(image.max())
    ((1, 1, 128, 128), 255)
    """
    lcs, images, band = canvas(lcs, size)
    if size % options.cycles:
        raise InputError(f"size must be even for an image of two cycles, not {size}")
    n = len(lcs)
    periods = np.ascontiguousarray(one_each(period, n, "period", "d"))
    epochs = np.full(n, np.nan) if epoch is None else np.ascontiguousarray(one_each(epoch, n, "epoch", "d"))
    _folded(
        lcs.time,
        lcs.mag,
        band,
        lcs.offsets,
        periods,
        epochs,
        options.cycles,
        options.dot_radius,
        options.quantile,
        options.margin,
        options.shared_range,
        options.alignment != "none",
        options.alignment == "fourier",
        images,
    )
    return images


def render_raw(lcs: LightCurves, size: int = 128, options: ImageOptions = _DEFAULT) -> Images:
    """Draw light curves over time: the first observation at the left edge, the last at the right, brightness upward.

    Parameters
    ----------
    lcs
        Any batch; one channel for each of its `bands`, which share the axis of time.
    size
        Pixels of a side.
    options
        Dots and brightness range; cycles and alignment have no meaning here.

    Returns
    -------
    uint8 [n_objects, n_bands, size, size]
    """
    lcs, images, band = canvas(lcs, size)
    _raw(
        lcs.time,
        lcs.mag,
        band,
        lcs.offsets,
        options.dot_radius,
        options.quantile,
        options.margin,
        options.shared_range,
        images,
    )
    return images


def canvas(lcs: LightCurves, size: int) -> tuple[LightCurves, Images, npt.NDArray[np.int8]]:
    """The finite magnitudes in order of time, empty images, and the band codes as the kernels take them."""
    if size < 1 or int(size) != size:
        raise InputError(f"size must be a whole number of pixels from 1 on, not {size!r}")
    n_bands = max(len(lcs.bands), 1) if lcs.band is not None else 1
    lcs = finite_in_order(lcs.in_magnitudes())
    return lcs, np.zeros((len(lcs), n_bands, size, size), np.uint8), NO_BAND if lcs.band is None else lcs.band


@exact_kernel
def _folded(
    time: npt.NDArray[np.float64],
    mag: npt.NDArray[np.floating[Any]],
    band: npt.NDArray[np.int8],
    offsets: npt.NDArray[np.int64],
    period: npt.NDArray[np.float64],
    epoch: npt.NDArray[np.float64],
    cycles: int,
    radius: int,
    quantile: float,
    margin: float,
    shared: bool,
    align: bool,
    fourier: bool,
    images: Images,
) -> None:
    """Draw every object's folded image."""
    levels = np.empty(N_COUNTS, np.int32)
    sums = np.empty(N_PHASES)
    for i in range(offsets.size - 1):
        start, end = offsets[i], offsets[i + 1]
        if start < end and math.isfinite(period[i]) and period[i] > 0.0:
            frequency = 1.0 / period[i]
            zero = epoch[i]
            if not math.isfinite(zero):
                zero = time[start]
                if align:
                    zero = light_maximum(time, mag, band, start, end, frequency, fourier, sums, levels)
            for b in range(images.shape[1]):
                draw_folded(
                    time,
                    mag,
                    band,
                    start,
                    end,
                    b,
                    images.shape[1],
                    frequency,
                    zero,
                    cycles,
                    radius,
                    quantile,
                    margin,
                    shared,
                    levels,
                    images[i, b],
                )


@exact_kernel
def _raw(
    time: npt.NDArray[np.float64],
    mag: npt.NDArray[np.floating[Any]],
    band: npt.NDArray[np.int8],
    offsets: npt.NDArray[np.int64],
    radius: int,
    quantile: float,
    margin: float,
    shared: bool,
    images: Images,
) -> None:
    """Draw every object's image over time."""
    levels = np.empty(N_COUNTS, np.int32)
    n_bands = images.shape[1]
    for i in range(offsets.size - 1):
        start, end = offsets[i], offsets[i + 1]
        first, last = time_range(time, mag, band, start, end, n_bands)
        for b in range(n_bands):
            draw_raw(
                time,
                mag,
                band,
                start,
                end,
                b,
                n_bands,
                first,
                last,
                radius,
                quantile,
                margin,
                shared,
                levels,
                images[i, b],
            )
