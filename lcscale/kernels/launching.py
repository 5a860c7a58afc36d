"""A loop over objects on a device: one thread an object, arrays moved there and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
from numba import cuda

if TYPE_CHECKING:
    import torch

Values = TypeVar("Values", bound="npt.NDArray[Any] | torch.Tensor")

THREADS = 128
"""Threads of a block."""


def launch(loop: Callable[..., None], out: Values, arguments: Any, device: torch.device) -> Values:
    """`out` after ``loop(i, i + 1, out, *arguments)`` for each of its rows.

    Parameters
    ----------
    loop
        A compiled loop over the rows from a first to a last one, as the CPU runs it over all of them.
    out
        An array [n, ...], or a tensor on the device, which is written in place.
    arguments
        Numbers, arrays, tensors on the device, and tuples of these.
    device
        A CUDA device; of the CPU, where the loop runs as it is.
    """
    import torch

    result = moved(out, device)
    if len(out) == 0:
        return out
    if device.type == "cpu":
        loop(0, len(out), *_viewed((result, *arguments), torch.Tensor.numpy, device))
    else:
        with torch.cuda.device(device):
            views = _viewed((result, *arguments), cuda.as_cuda_array, device)
            _kernel(loop)[-(-len(out) // THREADS), THREADS](len(out), views)
    return out if isinstance(out, torch.Tensor) else result.cpu().numpy()


def moved(values: Any, device: torch.device) -> Any:
    """An array as a tensor on `device`; tuples of arrays too, and tensors as they are."""
    import torch

    if isinstance(values, tuple):
        return tuple(moved(value, device) for value in values)
    if isinstance(values, torch.Tensor):
        return values
    return torch.as_tensor(np.require(values, requirements=("C", "W")), device=device)


def _viewed(values: Any, view: Callable[[Any], Any], device: torch.device) -> Any:
    """What kernels take of `values`: views of the tensors, arrays moved, numbers as they are."""
    if isinstance(values, tuple):
        return tuple(_viewed(value, view, device) for value in values)
    if isinstance(values, np.ndarray):
        values = moved(values, device)
    return values if isinstance(values, (bool, int, float)) else view(values)


@cache
def _kernel(loop: Callable[..., None]) -> Any:
    return cuda.jit(thread(loop))


def thread(loop: Callable[..., None]) -> Callable[[int, Any], None]:
    """What one thread of `launch` does: the loop over the one row of its number."""

    def work(n: int, arguments: Any) -> None:
        i = cuda.grid(1)
        if i < n:
            loop(i, i + 1, *arguments)

    return work
