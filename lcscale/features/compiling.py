"""How the kernels of this room are compiled."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

kernel = nb.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"}, error_model="numpy")
"""Compiles kernels and the loops over light curves: sums may be reordered, NaN and infinity keep their laws."""
