"""Lomb-Scargle periodograms of many light curves at once by torch, on any device.

The two-level matrix product of `matrix_product`, batched over objects of about the same length. On a CUDA device the
products run on tensor cores (TF32, enough to scan a grid for its peaks); phases are float64, and so is all that
`choice` makes of the peaks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.devices import device_named
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.matrix_product import levels
from lcscale.periods.peaks import Peaks
from lcscale.periods.series import Series

if TYPE_CHECKING:
    import torch

_BYTES = {"cuda": 8 << 30, "cpu": 128 << 20}
_NUMBERS_PER_FREQUENCY = 20
"""Numbers alive at once for each frequency of an object: twelve in products, the rest while they become power."""


class BatchedPeriodogram:
    """Periodograms of many objects on one grid.

    Parameters
    ----------
    grid
        Trial frequencies.
    device
        As torch names it: ``"cpu"``, ``"cuda"``, ``"cuda:1"``.
    dtype
        float32 or float64, of the matrix products.
    """

    def __init__(self, grid: FrequencyGrid, device: str, dtype: npt.DTypeLike = np.float32) -> None:
        import torch

        self.grid = grid
        self._device = device_named(device)
        self._dtype = torch.float32 if np.dtype(dtype) == np.float32 else torch.float64
        self._half, self._n_levels = levels(grid)

    def peaks(self, series: Series, members: Sequence[int], n_peaks: int) -> Iterator[tuple[int, Peaks]]:
        """The highest peaks of each of the objects `members`, in an order of its own."""
        import torch

        for chunk, power in self.powers(series, members):
            inner = power[:, 1:-1]
            local = (inner > power[:, :-2]) & (inner >= power[:, 2:])
            height, index = torch.where(local, inner, -1.0).topk(min(n_peaks, inner.shape[1]), dim=1)
            mean = power.mean(1, dtype=torch.float64)
            square = torch.linalg.vector_norm(power, dim=1, dtype=torch.float64).square() / power.shape[1]
            found = [x.cpu().numpy() for x in (height, index + 1, mean, square)]
            for i, h, k, m, q in zip(chunk, *found, strict=True):
                yield i, Peaks(k[h >= 0.0], h[h >= 0.0].astype(np.float64), float(m), math.sqrt(max(q - m * m, 0.0)))

    def powers(self, series: Series, members: Sequence[int]) -> Iterator[tuple[list[int], torch.Tensor]]:
        """Power of the objects `members`, [chunk, n_frequencies], chunk by chunk in order of their lengths."""
        longest = np.diff(series.segments)
        length = {i: int(longest[series.objects[i] : series.objects[i + 1]].max()) for i in members}
        n_bands = np.diff(series.objects)
        budget = _BYTES[self._device.type] // self._dtype.itemsize
        chunk: list[int] = []
        cost = 0
        for i in sorted(members, key=length.__getitem__):
            factors = 2 * length[i] * (3 * self._n_levels + 4 * self._half) * (8 // self._dtype.itemsize)
            more = int(n_bands[i]) * (factors + _NUMBERS_PER_FREQUENCY * self.grid.size)
            if chunk and (cost + more > budget or length[i] > 2 * length[chunk[0]]):
                yield chunk, self._power(series, chunk)
                chunk, cost = [], 0
            chunk.append(i)
            cost += more
        if chunk:
            yield chunk, self._power(series, chunk)

    def _power(self, series: Series, chunk: Sequence[int]) -> torch.Tensor:
        import torch

        segments = np.concatenate([np.arange(series.objects[i], series.objects[i + 1]) for i in chunk])
        owner = np.repeat(np.arange(len(chunk)), [series.objects[i + 1] - series.objects[i] for i in chunk])
        time, weight, weighted = self._padded(series, segments)
        with _tensor_cores():
            drop = _drop(*self._sums(time, weight, weighted))[:, : self.grid.size]
        share = torch.as_tensor(series.share[segments], device=self._device, dtype=self._dtype)
        power = drop.new_zeros((len(chunk), self.grid.size))
        return power.index_add_(0, torch.as_tensor(owner, device=self._device), drop * share[:, None]).clamp_(0.0, 1.0)

    def _padded(self, series: Series, segments: npt.NDArray[np.int64]) -> list[torch.Tensor]:
        """Time, weight, w y of the segments as rows, float64 [n_segments, longest], filled up with weight 0."""
        import torch

        start, stop = series.segments[segments], series.segments[segments + 1]
        place = start[:, None] + np.arange((stop - start).max())
        inside = place < stop[:, None]
        place = np.minimum(place, series.time.size - 1)
        arrays = (series.time, series.weight, series.weighted)
        return [torch.as_tensor(np.where(inside, values[place], 0.0), device=self._device) for values in arrays]

    def _sums(self, time: torch.Tensor, weight: torch.Tensor, weighted: torch.Tensor) -> tuple[Any, Any]:
        """Products at ω (w y cos, w y sin, w cos, w sin) and 2ω (w cos, w sin), [n, levels, 4 or 2, 2, b]."""
        import torch

        grid, half, n = self.grid, self._half, time.shape[0]
        a = torch.arange(self._n_levels, device=self._device, dtype=torch.float64)[:, None]
        c, s = _phasors(time[:, None] * (grid.fmin + grid.df * (2 * half * a + half)))
        w, wy = weight[:, None], weighted[:, None]
        once = torch.stack([wy * c, wy * s, w * c, w * s], 2).to(self._dtype).flatten(1, 2)
        twice = torch.stack([w * (c * c - s * s), w * (2.0 * c * s)], 2).to(self._dtype).flatten(1, 2)
        b = torch.arange(half + 1, device=self._device, dtype=torch.float64)[:, None]
        c, s = _phasors(time[:, None] * (grid.df * b))
        fine = torch.cat([c, s], 1).to(self._dtype).mT
        finer = torch.cat([c * c - s * s, 2.0 * c * s], 1).to(self._dtype).mT
        shape = (n, self._n_levels, -1, 2, half + 1)
        return (once @ fine).view(shape), (twice @ finer).view(shape)


def _phasors(turns: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    angle = 2.0 * math.pi * (turns - turns.round())
    return angle.cos(), angle.sin()


def _drop(once: torch.Tensor, twice: torch.Tensor) -> torch.Tensor:
    """Drop of weighted mean square (`floating_mean_drop`) at every frequency, [n, levels * 2 half]."""
    import torch

    def around(p: torch.Tensor, q: torch.Tensor, sign: float) -> torch.Tensor:
        """Values at the frequencies level ± b of the sum of products p + sign q, b from -half to half - 1."""
        return torch.cat([(p - sign * q)[..., 1:].flip(-1), (p + sign * q)[..., :-1]], -1).flatten(1)

    yc, c, c2 = (around(x[:, :, k, 0], x[:, :, k + 1, 1], -1.0) for x, k in ((once, 0), (once, 2), (twice, 0)))
    ys, s, s2 = (around(x[:, :, k + 1, 0], x[:, :, k, 1], 1.0) for x, k in ((once, 0), (once, 2), (twice, 0)))
    cc = 0.5 * (1.0 + c2) - c * c
    ss = 0.5 * (1.0 - c2) - s * s
    cs = 0.5 * s2 - c * s
    determinant = cc * ss - cs * cs
    smallest = 1e-5 if once.dtype == torch.float32 else 1e-12
    drop = (ss * yc * yc + cc * ys * ys - 2.0 * cs * yc * ys) / determinant.clamp_min(smallest)
    return torch.where(determinant > smallest, drop, 0.0)


@contextmanager
def _tensor_cores() -> Iterator[None]:
    """Context in which float32 products on a CUDA device may use TF32."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
