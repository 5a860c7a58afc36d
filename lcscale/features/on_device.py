"""The same loops on a CUDA device: one thread a light curve, arrays moved once, values sorted by torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from lcscale.features.batch import SCRATCH_ROWS, BandBatch, QuantileRule, place_bits
from lcscale.kernels.compiling import Floats, Integers
from lcscale.kernels.devices import device_named
from lcscale.kernels.harmonics import N_PARAMETERS, WORK_ROWS
from lcscale.kernels.launching import launch, moved
from lcscale.kernels.sorting import widths

if TYPE_CHECKING:
    import torch


class DeviceBatch:
    """The arrays of a `BandBatch` on a device, under the same names.

    Parameters
    ----------
    batch
        What is moved.
    device
        As torch names it: ``"cuda"``, ``"cuda:1"``.
    """

    def __init__(self, batch: BandBatch, device: str) -> None:
        self.counts: Integers = batch.counts
        self.device = device_named(device)
        self.quantile_rule: QuantileRule = batch.quantile_rule
        self._widths = list(widths(batch.offsets))
        arrays = (batch.time, batch.mag, batch.error, batch.stored, batch.offsets, batch.zero, batch.period)
        self.time, self.mag, self.error, self.stored, self.offsets, self.zero, self.period = moved(arrays, self.device)

    def run(self, each: Callable[..., None], n_features: int, arguments: tuple[Any, ...]) -> Floats:
        """What `each` writes for every object, float64 [n_objects, n_features]."""
        out = np.full((self.counts.size, n_features), np.nan)
        return launch(each, out, (self.offsets, *arguments), self.device)

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

    @cached_property
    def by_phase(self) -> torch.Tensor:
        """As that of `BandBatch`; in order of time where there is no period."""
        return self._order_of_phases(self.period)

    @cached_property
    def by_phase_twice(self) -> torch.Tensor:
        """The same at twice the period."""
        return self._order_of_phases(2.0 * self.period)

    def _order_of_phases(self, period: torch.Tensor) -> torch.Tensor:
        counts = self.offsets.diff()
        first = self.offsets[:-1].repeat_interleave(counts)
        cycles = (self.time - self.time[first]) / period.repeat_interleave(counts)
        phase = (cycles - cycles.floor()).nan_to_num()
        order: torch.Tensor = self._order((phase * 2.0 ** (53 - place_bits(self.counts))).floor()) - first
        return order

    @cached_property
    def room(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Memory for Fourier series, of its own for each object."""
        work = self.time.new_empty((self.counts.size, WORK_ROWS, N_PARAMETERS))
        return self.time.new_empty(SCRATCH_ROWS * self.time.numel()), SCRATCH_ROWS * self.offsets[:-1], work

    def _sorted(self, values: torch.Tensor) -> torch.Tensor:
        return values[self._order(values)]

    def _order(self, values: torch.Tensor) -> torch.Tensor:
        """Positions of `values` sorted within each object: objects of about one length are the rows of a matrix."""
        import torch

        order = torch.empty(values.shape, dtype=torch.int64, device=self.device)
        for length, members in self._widths:
            rows = moved(members, self.device)
            start, stop = self.offsets[rows, None], self.offsets[rows + 1, None]
            place = start + torch.arange(length, device=self.device)
            inside = place < stop
            filled = torch.where(inside, values[place.clamp_max(values.numel() - 1)], np.inf)
            order[place[inside]] = (start + filled.argsort(dim=1, stable=True))[inside]
        return order
