"""`ImageOptions`: how a light curve becomes pixels."""

from __future__ import annotations

from dataclasses import dataclass

from lcscale.arrays import options_in
from lcscale.errors import InputError

ALIGNMENTS = ("maximum", "fourier", "none")
"""What stands at phase 0 when no epoch is given."""


@dataclass(frozen=True)
class ImageOptions:
    """How light curves are drawn; equal options give equal pixels.

    Examples
    --------
    >>> ImageOptions(cycles=1).cycles
    1
    """

    cycles: int = 2
    """Cycles side by side in a folded image, 1 or 2."""
    dot_radius: int = 1
    """Pixels a dot reaches beyond its centre: 0 is one pixel, 1 a 3×3 square, more a disc."""
    quantile: float = 0.01
    """Share of the observations at either end that may lie outside the brightness range (0 takes all of them)."""
    margin: float = 0.1
    """Space above and below the brightness range, as a share of it."""
    shared_range: bool = False
    """One brightness range for all bands (their distance is the colour), or one a band (the shape of each)."""
    alignment: str = "maximum"
    """Phase 0 where no epoch is given: `maximum` light, the maximum of the first `fourier` term, or `none` (the
    first observation)."""

    def __post_init__(self) -> None:
        options_in(self, quantile="", margin="")
        if self.cycles not in (1, 2):
            raise InputError(f"cycles must be 1 or 2, not {self.cycles!r}")
        if not 0 <= self.dot_radius <= 16:
            raise InputError(f"dot_radius must be within 0 and 16 pixels, not {self.dot_radius!r}")
        if not 0 <= self.quantile < 0.5:
            raise InputError(f"quantile must be from 0 to below 0.5, not {self.quantile!r}")
        if not 0 <= self.margin <= 10:
            raise InputError(f"margin must be within 0 and 10, not {self.margin!r}")
        if self.alignment not in ALIGNMENTS:
            raise InputError(f"alignment must be one of {', '.join(ALIGNMENTS)}, not {self.alignment!r}")
