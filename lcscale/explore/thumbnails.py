"""Folded light curves as small pictures, by the kernels that draw what a network sees: thousands in a second."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

from lcscale.explore.drawing import BANDS, SERIES
from lcscale.images import ImageOptions, render_folded
from lcscale.lightcurves import LightCurves

HEIGHT = 120
"""Pixels of a picture's height, and of one of its two cycles."""
_AT_A_TIME = 256
_OPTIONS = ImageOptions(cycles=1, shared_range=True, quantile=0.005)


def thumbnails(
    lcs: LightCurves, period: npt.NDArray[np.float64], epoch: npt.NDArray[np.float64]
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """A picture of every light curve folded: two cycles, brightest at the top, the bands moved onto the fullest one.

    Parameters
    ----------
    lcs
        Any batch of n objects.
    period
        Days, float64 [n].
    epoch
        Times of phase 0, days, float64 [n]; NaN: the maximum of brightness.

    Returns
    -------
    list of n URLs ``data:image/png;base64,…``, float64 [n, 2]
        The second has the faintest and the brightest magnitude of the fullest band, without a hundredth at either end.
    """
    lcs = lcs.in_magnitudes()
    palette = bytes.fromhex("".join(colour.lstrip("#") for colour in ("#ffffff", *colours(lcs).values())))
    pictures, ranges = [], np.full((len(lcs), 2), np.nan)
    for first in range(0, len(lcs), _AT_A_TIME):
        behind = min(first + _AT_A_TIME, len(lcs))
        some, counts, ranges[first:behind] = _levelled(lcs.between(first, behind))
        images = render_folded(some, period[first:behind], epoch[first:behind], HEIGHT, _OPTIONS)
        for image, count in zip(images, counts, strict=True):
            codes = np.zeros((HEIGHT, HEIGHT), np.uint8)
            for band in np.argsort(-count, kind="stable"):  # the fullest below
                codes[image[band] > 0] = band + 1
            content = _png(np.concatenate([codes, codes], axis=1), palette)
            pictures.append(f"data:image/png;base64,{base64.b64encode(content).decode()}")
    return pictures, ranges


def colours(lcs: LightCurves) -> dict[str, str]:
    """The colour of each band in the pictures, ``#rrggbb``."""
    return {band: BANDS.get(band, SERIES[k % len(SERIES)]) for k, band in enumerate(lcs.bands or ("",))}


def _levelled(lcs: LightCurves) -> tuple[LightCurves, npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The light curves with all bands at the median of the fullest; observations by band; range of the fullest."""
    n_bands = max(len(lcs.bands), 1)
    code = np.zeros(lcs.time.size, np.int64) if lcs.band is None else lcs.band.astype(np.int64)
    good = np.isfinite(lcs.mag) & np.isfinite(lcs.time) & (code >= 0)
    group = np.where(good, lcs.object_index() * n_bands + code, len(lcs) * n_bands)
    order = np.lexsort((lcs.mag, group))
    counts = np.bincount(group, minlength=len(lcs) * n_bands + 1)[:-1]
    starts = np.cumsum(counts) - counts
    sorted_mag = np.append(lcs.mag[order].astype(np.float64), np.nan)

    def at(share: float) -> npt.NDArray[np.float64]:
        """That quantile of each band of each object, NaN where it has no observation."""
        place = starts + (share * np.maximum(counts - 1, 0)).astype(np.int64)
        return np.where(counts > 0, sorted_mag[place], np.nan).reshape(len(lcs), n_bands)

    median, by_band = at(0.5), counts.reshape(len(lcs), n_bands)
    fullest = np.argmax(by_band, axis=1)[:, None]
    shift = np.append((np.take_along_axis(median, fullest, axis=1) - median).ravel(), np.nan)
    ends = [np.take_along_axis(at(share), fullest, axis=1)[:, 0] for share in (0.99, 0.01)]
    levelled = LightCurves(lcs.time, lcs.mag + shift[group], lcs.mag_err, lcs.offsets, lcs.band, lcs.bands)
    return levelled, by_band, np.column_stack(ends)


def _png(codes: npt.NDArray[np.uint8], palette: bytes) -> bytes:
    """A picture of colours of a palette, uint8 [height, width]; the first colour is transparent."""
    height, width = codes.shape
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = codes
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"tRNS", b"\0"), (b"IDAT", zlib.compress(rows.tobytes(), 6)))
    written = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + written
