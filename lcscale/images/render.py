"""`render_folded` and `render_raw`: batches of light curves as batches of images."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.arrays import one_each
from lcscale.errors import InputError
from lcscale.images import drawing
from lcscale.images.drawing import N_COUNTS, N_PHASES, light_maximum, time_range
from lcscale.images.options import ImageOptions
from lcscale.kernels.compiling import exact_kernel
from lcscale.kernels.devices import device_named
from lcscale.kernels.launching import launch
from lcscale.lightcurves import LightCurves
from lcscale.lightcurves.cleaning import finite_in_order

Images = npt.NDArray[np.uint8]
"""uint8 [n_objects, n_bands, size, size]: 255 under a dot, 0 elsewhere; the brightest at the top."""

Canvas = Any
"""`Images`, or a tensor of the same shape and type on a device."""

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
    device: str = "cpu",
    out: Canvas | None = None,
) -> Canvas:
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
    device
        Where they are drawn, as torch names it; ``"cuda"`` needs numba-cuda.
    out
        Zeros, uint8 [n_objects, n_bands, size, size], to draw into: an array, or a tensor, which stays on its device.

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
    lcs, images, band = canvas(lcs, size, out)
    if size % options.cycles:
        raise InputError(f"size must be even for an image of two cycles, not {size}")
    n = len(lcs)
    periods = np.ascontiguousarray(one_each(period, n, "period", "d"))
    epochs = np.full(n, np.nan) if epoch is None else np.ascontiguousarray(one_each(epoch, n, "epoch", "d"))
    curves = (lcs.time, lcs.mag, band, lcs.offsets, periods, epochs)
    shown = (options.cycles, options.dot_radius, options.quantile, options.margin, options.shared_range)
    align = (options.alignment != "none", options.alignment == "fourier")
    return drawn(each_folded, images, (*curves, *shown, *align), (N_COUNTS, N_PHASES), device)


def render_raw(
    lcs: LightCurves,
    size: int = 128,
    options: ImageOptions = _DEFAULT,
    device: str = "cpu",
    out: Canvas | None = None,
) -> Canvas:
    """Draw light curves over time: the first observation at the left edge, the last at the right, brightness upward.

    Parameters
    ----------
    lcs
        Any batch; one channel for each of its `bands`, which share the axis of time.
    size
        Pixels of a side.
    options
        Dots and brightness range; cycles and alignment have no meaning here.
    device, out
        As those of `render_folded`.

    Returns
    -------
    uint8 [n_objects, n_bands, size, size]
    """
    lcs, images, band = canvas(lcs, size, out)
    shown = (options.dot_radius, options.quantile, options.margin, options.shared_range)
    return drawn(each_raw, images, (lcs.time, lcs.mag, band, lcs.offsets, *shown), (N_COUNTS, 0), device)


def drawn(
    loop: Callable[..., None], images: Canvas, arguments: tuple[Any, ...], room: tuple[int, int], device: str
) -> Canvas:
    """`images` after ``loop(start, stop, images, *arguments, counts, sums)`` over all objects.

    `room` says how many counts (int32) and sums (float64) the loop needs for an object: on the CPU they are the same
    for all of them.
    """
    if device == "cpu":
        loop(0, len(images), images, *arguments, np.empty((1, room[0]), np.int32), np.empty((1, room[1])))
        return images
    import torch

    where, n = device_named(device), len(images)
    memory = (
        torch.empty((n, room[0]), dtype=torch.int32, device=where),
        torch.empty((n, room[1]), dtype=torch.float64, device=where),
    )
    return launch(loop, images, (*arguments, *memory), where)


def canvas(lcs: LightCurves, size: int, out: Canvas | None = None) -> tuple[LightCurves, Canvas, npt.NDArray[np.int8]]:
    """The finite magnitudes in order of time, empty images (`out`), and the band codes as the kernels take them."""
    if size < 1 or int(size) != size:
        raise InputError(f"size must be a whole number of pixels from 1 on, not {size!r}")
    n_bands = max(len(lcs.bands), 1) if lcs.band is not None else 1
    lcs = finite_in_order(lcs.in_magnitudes())
    shape = (len(lcs), n_bands, size, size)
    if out is not None and tuple(out.shape) != shape:
        raise InputError(f"out has the shape {tuple(out.shape)}; the images have {shape}")
    return lcs, np.zeros(shape, np.uint8) if out is None else out, NO_BAND if lcs.band is None else lcs.band


@exact_kernel
def each_folded(
    first: int,
    stop: int,
    images: Images,
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
    counts: npt.NDArray[np.int32],
    sums: npt.NDArray[np.float64],
) -> None:
    """Draw the folded images of the objects from `first` to `stop`."""
    n_bands = images.shape[1]
    for i in range(first, stop):
        start, end = offsets[i], offsets[i + 1]
        room = min(i, counts.shape[0] - 1)
        if start < end and math.isfinite(period[i]) and period[i] > 0.0:
            frequency = 1.0 / period[i]
            zero = epoch[i]
            if not math.isfinite(zero):
                zero = time[start]
                if align:
                    zero = light_maximum(time, mag, band, start, end, frequency, fourier, sums[room], counts[room])
            for b in range(n_bands):
                draw_folded(
                    time,
                    mag,
                    band,
                    start,
                    end,
                    b,
                    n_bands,
                    frequency,
                    zero,
                    cycles,
                    radius,
                    quantile,
                    margin,
                    shared,
                    counts[room],
                    images[i, b],
                )


@exact_kernel
def each_raw(
    first: int,
    stop: int,
    images: Images,
    time: npt.NDArray[np.float64],
    mag: npt.NDArray[np.floating[Any]],
    band: npt.NDArray[np.int8],
    offsets: npt.NDArray[np.int64],
    radius: int,
    quantile: float,
    margin: float,
    shared: bool,
    counts: npt.NDArray[np.int32],
    sums: npt.NDArray[np.float64],
) -> None:
    """Draw the images over time of the objects from `first` to `stop`."""
    n_bands = images.shape[1]
    for i in range(first, stop):
        start, end = offsets[i], offsets[i + 1]
        begin, last = time_range(time, mag, band, start, end, n_bands)
        for b in range(n_bands):
            draw_raw(
                time,
                mag,
                band,
                start,
                end,
                b,
                n_bands,
                begin,
                last,
                radius,
                quantile,
                margin,
                shared,
                counts[min(i, counts.shape[0] - 1)],
                images[i, b],
            )
