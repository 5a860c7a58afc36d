"""A HEALPix pixel of the nested scheme, the name of a partition."""

from __future__ import annotations

from typing import NamedTuple

HEALPIX_COLUMN = "_healpix_29"
"""Name of the column with the nested HEALPix index at order 29, by which the rows of a leaf are sorted."""


class Pixel(NamedTuple):
    """Pixel number `pixel` at `order` (0 to 29), nested.

    Examples
    --------
    >>> Pixel(28, 3).span
    (12, 16)
    """

    order: int
    """HEALPix order."""
    pixel: int
    """Pixel number in the nested scheme."""

    @property
    def span(self) -> tuple[int, int]:
        """First index at order 29 and the one behind the last."""
        shift = 2 * (29 - self.order)
        return self.pixel << shift, (self.pixel + 1) << shift

    def __str__(self) -> str:
        return f"Norder={self.order}/Npix={self.pixel}"
