"""The same loops on a CUDA device: one thread a light curve, arrays moved once, values sorted by torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lcscale.features.batch import BandBatch, QuantileRule
from lcscale.features.compiling import Floats
from lcscale.features.declaration import Family
from lcscale.features.sorting import widths

if TYPE_CHECKING:
    import torch

THREADS = 128
"""Threads of a block."""


class DeviceBatch:
    """The arrays of a `BandBatch` on a device, under the same names, for families that need no period.

    Parameters
    ----------
    batch
        What is moved.
    device
        As torch names it: ``"cuda"``, ``"cuda:1"``.
    """

    def __init__(self, batch: BandBatch, device: str) -> None:
        import torch

        self.host = batch
        self.device = torch.device(device)
        self.quantile_rule: QuantileRule = batch.quantile_rule
        arrays = (batch.time, batch.mag, batch.error, batch.stored, batch.offsets)
        self.time, self.mag, self.error, self.stored, self.offsets = map(self._moved, arrays)

    @cached_property
    def ordered(self) -> torch.Tensor:
        """`mag` sorted within each object."""
        return self._sorted(self.mag)

    @cached_property
    def gaps(self) -> torch.Tensor:
        """As those of `BandBatch`."""
        gaps = self.time.new_full(self.time.shape, np.inf)
        gaps[:-1] = self.time.diff()
        ends = self.offsets[1:][self.offsets.diff() > 0]
        gaps[ends - 1] = np.inf
        return self._sorted(gaps)

    def compute(self, family: Family) -> Floats:
        """The features of `family`, as its own `compute` gives them; periodic ones are made on the CPU."""
        if family.periodic:
            return family.compute(self.host)
        import torch

        out = torch.full((len(self.host), len(family.features)), np.nan, dtype=torch.float64, device=self.device)
        arguments = tuple(self._moved(x) if isinstance(x, np.ndarray) else x for x in family.arguments(self))
        if len(self.host):
            launch(family.each, self.offsets, out, arguments)
        result: Floats = out.cpu().numpy()
        if family.finish is not None:
            family.finish(self.host, result)
        return result

    def _moved(self, values: Any) -> torch.Tensor:
        import torch

        return torch.as_tensor(np.ascontiguousarray(values), device=self.device)

    def _sorted(self, values: torch.Tensor) -> torch.Tensor:
        """`values` sorted within each object: objects of about one length are the rows of a matrix."""
        import torch

        result = values.clone()
        for length, members in widths(self.host.offsets):
            start, stop = self.offsets[self._moved(members)], self.offsets[self._moved(members) + 1]
            place = start[:, None] + torch.arange(length, device=self.device)
            inside = place < stop[:, None]
            rows = torch.where(inside, values[place.clamp_max(values.numel() - 1)], np.inf).sort(dim=1).values
            result[place[inside]] = rows[inside]
        return result


def launch(each: Callable[..., None], offsets: torch.Tensor, out: torch.Tensor, arguments: tuple[Any, ...]) -> None:
    """Run `each`, the loop of a family, with a thread for every object; tensors are on a CUDA device."""
    import torch
    from numba import cuda

    views = tuple(cuda.as_cuda_array(x) if torch.is_tensor(x) else x for x in arguments)
    with torch.cuda.device(out.device):
        _kernel(each)[-(-len(out) // THREADS), THREADS](cuda.as_cuda_array(offsets), cuda.as_cuda_array(out), views)


@cache
def _kernel(each: Callable[..., None]) -> Any:
    from numba import cuda

    return cuda.jit(thread(each))


def thread(each: Callable[..., None]) -> Callable[[Any, Any, Any], None]:
    """What one thread of `launch` does: the loop over the one object of its number."""
    from numba import cuda

    def work(offsets: Any, out: Any, arguments: Any) -> None:
        i = cuda.grid(1)
        if i < out.shape[0]:
            each(offsets[i : i + 2], out[i : i + 1], *arguments)

    return work
