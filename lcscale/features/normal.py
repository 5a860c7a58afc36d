"""Logarithms of the normal distribution's tail and body as a table of polynomials, to 4e-12.

The Anderson-Darling statistic asks for both at every observation; a mathematical library takes three transcendental
functions for them, the table two polynomials.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from lcscale.kernels.compiling import Floats, kernel

_WIDTH = 0.015625
_DEGREE = 3
_LARGEST = 37.0
"""Deviations beyond this many σ count as this many: the tail's probability leaves float64."""


@cache
def log_normal_table() -> Floats:
    """Coefficients for `log_tail_and_body`, float64 [2368, 2, 4]: interval, tail or body, power.

    Chebyshev interpolation of ``scipy.special.log_ndtr``; its nearest singularity, 3.4 off the real axis, makes each
    degree worth a factor of 50.
    """
    from numpy.polynomial import chebyshev
    from scipy.special import log_ndtr

    centres = _WIDTH * (np.arange(round(_LARGEST / _WIDTH)) + 0.5)
    nodes = chebyshev.chebpts1(_DEGREE + 1)
    places = centres + 0.5 * _WIDTH * nodes[:, None]
    series = [np.linalg.solve(np.vander(nodes, increasing=True), log_ndtr(sign * places)) for sign in (-1.0, 1.0)]
    return np.ascontiguousarray(np.stack(series).transpose(2, 0, 1))


@kernel
def log_tail_and_body(x: float, table: Floats) -> tuple[float, float]:
    """``ln Φ(-x)`` and ``ln Φ(x)`` for x >= 0, with the `table` of `log_normal_table`."""
    position = min(x, _LARGEST) * (1.0 / _WIDTH)
    place = min(int(position), table.shape[0] - 1)
    t = 2.0 * (position - place) - 1.0
    tail = 0.0
    body = 0.0
    for k in range(_DEGREE, -1, -1):
        tail = tail * t + table[place, 0, k]
        body = body * t + table[place, 1, k]
    return tail, body
