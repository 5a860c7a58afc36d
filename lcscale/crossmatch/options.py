"""`MatchOptions`: everything a crossmatch is told, as one value that can be compared, stored and printed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict

from lcscale.arrays import options_in
from lcscale.crossmatch.bounds import MAX_RADIUS_ARCSEC, check_neighbors
from lcscale.crossmatch.epochs import epoch_column, is_epoch
from lcscale.crossmatch.motion import ProperMotion
from lcscale.errors import InputError
from lcscale.expressions import Condition, names_in

HOW = ("inner", "left", "anti")
"""Which left rows stay: those with a counterpart, all, those without."""

ErrorColumns = str | tuple[str, str, str]
"""Column of the circular 1-sigma error of a position (arcsec); or of the major and minor axis of its ellipse (arcsec)
and the position angle of the major one (degrees, from north to east)."""


@dataclass(frozen=True)
class MatchOptions:
    """How the rows of two catalogs are matched and joined.

    Examples
    --------
    Gaia (positions of 2016) with 2MASS (2000):

    >>> options = MatchOptions(radius_arcsec=1.0, left_motion=ProperMotion(epoch=2016.0), epoch=2000.0)
    >>> options.columns_needed("left"), reach_arcsec(options)
    (('pmra', 'pmdec'), 169.0)
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
    left_motion: ProperMotion | None = None
    """Moves the left positions to `epoch`."""
    right_motion: ProperMotion | None = None
    """Moves the right positions to `epoch`."""
    epoch: float | str | None = None
    """Julian year at which positions are compared; None: that of the catalog without motion, or of the right one if
    both move, where the catalog tells it. Or a column of that catalog: each row's own date, in Julian years or as
    dates, ``name:jd`` or ``name:mjd`` for days. Rows without one, or more than 70 years from their partner's epoch,
    match nothing."""
    n_sigma: float | None = None
    """Largest separation in units of the combined positional error; `radius_arcsec` bounds it still. Rows with unknown
    errors (null, NaN, infinite) match within the radius; an error of zero makes a position exact, and a row with a
    negative one matches nothing (the log ``lcscale.crossmatch`` counts them)."""
    left_error: ErrorColumns | None = None
    """Columns of the left positional error, for `n_sigma`."""
    right_error: ErrorColumns | None = None
    """Columns of the right positional error, for `n_sigma`."""
    max_mag_difference: float | None = None
    """Largest difference between `left_mag` and `right_mag`; pairs where either is missing do not match."""
    left_mag: str | None = None
    """Column of the left catalog, or arithmetic over its columns, such as ``g - 0.59 * (g - r) - 0.01``."""
    right_mag: str | None = None
    """The same of the right catalog."""
    where: str | Condition | None = None
    """Condition on the joined row, in the names of the result; see `lcscale.expressions`."""
    chance_probability: bool = False
    """Append the probability that a counterpart is a chance one, from the local density of the right catalog."""
    density_radius_arcsec: float = 60.0
    """Radius within which that density is measured."""

    def __post_init__(self) -> None:
        options_in(self, radius_arcsec="arcsec", density_radius_arcsec="arcsec")
        options_in(self, n_sigma="", max_mag_difference="mag")
        if not isinstance(self.epoch, str):
            options_in(self, epoch="yr")
        for name in ("radius_arcsec", "density_radius_arcsec"):
            if not 0 < getattr(self, name) <= MAX_RADIUS_ARCSEC:
                raise InputError(f"{name} must be above 0 and at most {MAX_RADIUS_ARCSEC:g}, not {getattr(self, name)}")
        check_neighbors(self.n_neighbors, self.mutual)
        if self.how not in HOW:
            raise InputError(f"how must be one of {', '.join(HOW)}, not {self.how!r}")
        if self.suffix == "":
            raise InputError("suffix must not be empty; None takes _2, _3, ...")
        self._check_motion()
        self._check_gates()

    def _check_motion(self) -> None:
        if not is_epoch(self.epoch):
            raise InputError(f"epoch must be a Julian year such as 2000.0, or a column, not {self.epoch!r}")
        if isinstance(self.epoch, str) and self.left_motion is None and self.right_motion is None:
            raise InputError(f"epoch {self.epoch!r} is a column, and nothing moves: give left_motion or right_motion")
        if reach_arcsec(self) > MAX_RADIUS_ARCSEC:
            raise InputError("radius_arcsec and the motion until epoch together reach farther than 10 degrees")

    def _check_gates(self) -> None:
        if self.n_sigma is not None and not 0 < self.n_sigma < math.inf:
            raise InputError(f"n_sigma must be above 0 and finite, not {self.n_sigma!r}")
        if (self.n_sigma is None) != (self.left_error is None and self.right_error is None):
            raise InputError("n_sigma needs left_error or right_error, and they need n_sigma")
        gate = (self.max_mag_difference, self.left_mag, self.right_mag)
        if any(part is None for part in gate) and not all(part is None for part in gate):
            raise InputError("max_mag_difference, left_mag and right_mag act together: give all three or none")
        if self.max_mag_difference is not None and not self.max_mag_difference >= 0:
            raise InputError(f"max_mag_difference must not be negative, not {self.max_mag_difference!r}")
        for text in (self.left_mag, self.right_mag, self.where):
            if text is not None:
                names_in(text)

    @property
    def gated(self) -> bool:
        """Whether more than the separation decides about a pair."""
        return not (self.n_sigma is None and self.max_mag_difference is None and self.where is None)

    @property
    def dated(self) -> int:
        """Which side (0 left, 1 right) a column `epoch` belongs to: the still one, or the right if both move."""
        return 1 if self.left_motion is not None else 0

    def columns_needed(self, side: str) -> tuple[str, ...]:
        """Columns the match reads on a side (`left`, `right`), beside the position and those named in `where`."""
        motion, error, mag = (getattr(self, f"{side}_{name}") for name in ("motion", "error", "mag"))
        names = [*(motion.columns if motion else ()), *(names_in(mag) if mag else ())]
        names += epoch_column(motion.epoch) if motion else ()
        names += epoch_column(self.epoch) if side == ("left", "right")[self.dated] else ()
        if error is not None:
            names += [error] if isinstance(error, str) else error
        return tuple(dict.fromkeys(names))


class MatchFields(TypedDict, total=False):
    """Fields of `MatchOptions`, by name, as `Catalog.crossmatch` takes them."""

    radius_arcsec: float
    n_neighbors: int | None
    how: str
    mutual: bool
    suffix: str | None
    left_motion: ProperMotion | None
    right_motion: ProperMotion | None
    epoch: float | str | None
    n_sigma: float | None
    left_error: ErrorColumns | None
    right_error: ErrorColumns | None
    max_mag_difference: float | None
    left_mag: str | None
    right_mag: str | None
    where: str | Condition | None
    chance_probability: bool
    density_radius_arcsec: float


def reach_arcsec(options: MatchOptions) -> float:
    """How far from a left row right rows may matter at most: the width of the border strip a match needs.

    The radius, and how far the sources of both catalogs may have moved; at least the radius in which the density for
    the chance probability is measured.
    """
    wide = max(options.radius_arcsec, options.density_radius_arcsec if options.chance_probability else 0.0)
    for motion in (options.left_motion, options.right_motion):
        if motion is not None:
            wide += motion.reach_arcsec(options.epoch)
    return wide


def context_reach_arcsec(options: MatchOptions) -> float:
    """How far from a left row other left rows may matter: 0, but for `mutual`, where they compete for right rows."""
    return 2.0 * reach_arcsec(options) if options.mutual else 0.0
