"""A HEALPix pixel of the nested scheme, the name of a partition."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lcscale.arrays import modulo_360


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


def spatial_index(ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Nested HEALPix index at order 29 of positions in degrees, as `hats` computes it.

    With the library beneath it: importing hats itself would cost every worker of a job two seconds.
    """
    import cdshealpix
    from astropy.coordinates import Latitude, Longitude

    lon, lat = Longitude(modulo_360(ra), unit="deg"), Latitude(dec, unit="deg")
    return np.asarray(cdshealpix.lonlat_to_healpix(lon, lat, 29)).astype(np.int64)
