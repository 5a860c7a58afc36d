"""How the kernels of this room are compiled."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SUMS = {"reassoc", "contract", "nsz", "arcp"}

kernel = nb.njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy", forceinline=True)
"""Compiles kernels and the loops over light curves: sums may be reordered, NaN and infinity keep their laws.

Kernels go inline into the loop that calls them. A call would reach either the kernel compiled on its own or its copy in
the cached loop, whose sums may run in another order: the process that compiles would give other bits than all later.
"""

comparing_kernel = nb.njit(cache=True, nogil=True, fastmath=_SUMS | {"nnan"}, error_model="numpy", forceinline=True)
"""The same for loops that look for an extreme and meet no NaN: only then may a comparison take part in a vector."""
