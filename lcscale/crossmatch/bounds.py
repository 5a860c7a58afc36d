"""How far counterparts may lie, and how many a row may have."""

from __future__ import annotations

from lcscale.errors import InputError

ALL = 0
"""`n_neighbors` of the kernels that asks for every point within the radius."""

MAX_RADIUS_ARCSEC = 36_000.0
"""Largest radius of a match, 10 degrees."""


def check_neighbors(n_neighbors: int | None, mutual: bool) -> int:
    """`n_neighbors` as the kernels take it; `InputError` where it is none."""
    if mutual and n_neighbors != 1:
        raise InputError(f"mutual pairs are one-to-one: n_neighbors must be 1, not {n_neighbors!r}")
    if n_neighbors is None:
        return ALL
    if isinstance(n_neighbors, bool) or int(n_neighbors) != n_neighbors or n_neighbors < 1:
        raise InputError(f"n_neighbors must be a whole number from 1 on, or None for all, not {n_neighbors!r}")
    return int(n_neighbors)
