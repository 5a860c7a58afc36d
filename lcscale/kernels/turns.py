"""Phases and phasors of angles given in turns, as plain arithmetic that compilers turn into vector instructions."""

from __future__ import annotations

import math

from lcscale.kernels.compiling import inlined

_QUARTER = math.pi / 2


@inlined
def cos_sin_turns(turns: float) -> tuple[float, float]:
    """cos(2π x) and sin(2π x) for x in turns, to 1e-15.

    The angle is reduced to [-1/2, 1/2] turns, a quarter of it (at most π/4) goes into the Taylor series to x^16, and
    two angle doublings bring it back. There is no branch and no call, so that a loop over observations vectorises
    (about 1 ns each, against 20 for the mathematical library) and the same function compiles for a GPU.
    """
    x = (turns - math.floor(turns + 0.5)) * _QUARTER
    q = x * x
    s = -1.0 / 1307674368000.0
    s = s * q + 1.0 / 6227020800.0
    s = s * q - 1.0 / 39916800.0
    s = s * q + 1.0 / 362880.0
    s = s * q - 1.0 / 5040.0
    s = s * q + 1.0 / 120.0
    s = s * q - 1.0 / 6.0
    s = x + x * q * s
    c = 1.0 / 20922789888000.0
    c = c * q - 1.0 / 87178291200.0
    c = c * q + 1.0 / 479001600.0
    c = c * q - 1.0 / 3628800.0
    c = c * q + 1.0 / 40320.0
    c = c * q - 1.0 / 720.0
    c = c * q + 1.0 / 24.0
    c = 1.0 - 0.5 * q + q * q * c
    s, c = 2.0 * s * c, 1.0 - 2.0 * s * s
    s, c = 2.0 * s * c, 1.0 - 2.0 * s * s
    return c, s


@inlined
def fraction(turns: float) -> float:
    """The part of `turns` beyond whole ones, in [0, 1)."""
    part = turns - math.floor(turns)
    return part if part < 1.0 else 0.0


@inlined
def phase_of(time: float, epoch: float, frequency: float) -> float:
    """Phase in [0, 1) at a time, 0 at the epoch."""
    return fraction((time - epoch) * frequency)


@inlined
def nearest_angle(turns: float) -> float:
    """The angle, radians in [-π, π)."""
    return 2.0 * math.pi * (turns - math.floor(turns + 0.5))


@inlined
def turned(c: float, s: float, c1: float, s1: float) -> tuple[float, float]:
    """The phasor (c, s) turned by the phasor (c1, s1)."""
    return c * c1 - s * s1, s * c1 + c * s1
