"""How the kernels of this room are compiled."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SUMS = {"reassoc", "contract", "nsz", "arcp"}

kernel = nb.njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
"""Compiles kernels and the loops over light curves: sums may be reordered, NaN and infinity keep their laws."""

comparing_kernel = nb.njit(cache=True, nogil=True, fastmath=_SUMS | {"nnan"}, error_model="numpy")
"""The same for loops that look for an extreme and meet no NaN: only then may a comparison take part in a vector."""
