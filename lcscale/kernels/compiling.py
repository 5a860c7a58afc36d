"""How kernels are compiled: one decorator for each way that sums may be taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba as nb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Function = TypeVar("Function", bound=Callable[..., Any])

_SUMS = {"reassoc", "contract", "nsz", "arcp"}


def _compiler(**options: Any) -> Callable[[Function], Function]:
    """A decorator that compiles functions, whose types stay what they are."""

    def compiled(function: Function) -> Function:
        return cast(Function, nb.njit(**options)(function))

    return compiled


kernel = _compiler(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy", forceinline=True)
"""Compiles kernels and the loops over light curves: sums may be reordered, NaN and infinity keep their laws.

Kernels go inline into the loop that calls them. A call would reach either the kernel compiled on its own or its copy in
the cached loop, whose sums may run in another order: the process that compiles would give other bits than all later.

A sum is taken in a loop that stores nothing, and in a variable, not in an array: else the compiler asks at run time
whether what is read and what is stored may overlap, and the order of the sum depends on where the arrays happen to lie.
"""

comparing_kernel = _compiler(cache=True, nogil=True, fastmath=_SUMS | {"nnan"}, error_model="numpy", forceinline=True)
"""The same for loops that look for an extreme and meet no NaN: only then may a comparison take part in a vector."""

exact_kernel = _compiler(cache=True, nogil=True, error_model="numpy")
"""Compiles kernels that compute in the order in which they are written."""

inlined = _compiler(inline="always")
"""For kernels that others call once or twice: compiled as a part of these, and not on their own before."""
