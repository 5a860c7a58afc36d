"""`MatchOptions`: everything a crossmatch is told, as one value that can be compared, stored and printed."""

from __future__ import annotations

from dataclasses import dataclass

from lcscale.crossmatch.matching import MAX_RADIUS_ARCSEC, check_neighbors
from lcscale.errors import InputError

HOW = ("inner", "left", "anti")
"""Which left rows stay: those with a counterpart, all, those without."""


@dataclass(frozen=True)
class MatchOptions:
    """How the rows of two catalogs are matched and joined.

    Examples
    --------
    >>> MatchOptions(radius_arcsec=2.0, how="left").how
    'left'
    """

    radius_arcsec: float = 1.0
    """Largest separation (inclusive), above 0 and at most 10 degrees."""
    n_neighbors: int | None = 1
    """Most right rows for a left row, nearest first; None for all within the radius."""
    how: str = "inner"
    """`inner` keeps matched left rows, `left` all (nulls where there is no counterpart), `anti` those without one."""
    mutual: bool = False
    """Keep only pairs in which each row is the nearest of the other: one-to-one."""
    suffix: str | None = None
    """Appended to names of the right catalog that the left one has too; None takes ``_2``, or the first number free."""

    def __post_init__(self) -> None:
        radius = self.radius_arcsec
        if not 0 < radius <= MAX_RADIUS_ARCSEC:
            raise InputError(f"radius_arcsec must be above 0 and at most {MAX_RADIUS_ARCSEC:g}, not {radius!r}")
        check_neighbors(self.n_neighbors, self.mutual)
        if self.how not in HOW:
            raise InputError(f"how must be one of {', '.join(HOW)}, not {self.how!r}")
        if self.suffix == "":
            raise InputError("suffix must not be empty; None takes _2, _3, ...")


def reach_arcsec(options: MatchOptions) -> float:
    """How far from a left row its counterparts may lie at most: the width of the border strip a match needs."""
    return options.radius_arcsec
