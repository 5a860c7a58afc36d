"""HEALPix pixels of the nested scheme, the names of partitions: one, and many as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self, overload

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


@dataclass(frozen=True, eq=False)
class Pixels(Sequence[Pixel]):
    """Many pixels as two columns.

    Examples
    --------
    >>> pixels = Pixels.of([Pixel(1, 3), Pixel(0, 2)])
    >>> pixels[1], pixels.spans.tolist() == [list(pixel.span) for pixel in pixels]
    (Pixel(order=0, pixel=2), True)
    """

    order: npt.NDArray[np.int64]
    """HEALPix order of each, int64 [n]."""
    pixel: npt.NDArray[np.int64]
    """Number of each in the nested scheme of its order, int64 [n]."""

    @classmethod
    def of(cls, pixels: Iterable[tuple[int, int]]) -> Self:
        """The same `pixels` as columns."""
        both = np.array(list(pixels), np.int64).reshape(-1, 2)
        return cls(both[:, 0], both[:, 1])

    @property
    def spans(self) -> npt.NDArray[np.int64]:
        """First index at order 29 of each and the one behind its last, int64 [n, 2]."""
        shift = 2 * (29 - self.order)
        return np.column_stack([self.pixel << shift, (self.pixel + 1) << shift])

    def argsort(self) -> npt.NDArray[np.int64]:
        """Places of them in order of the sky, int64 [n]."""
        first, behind = self.spans.T
        return np.lexsort((behind, first))

    def __len__(self) -> int:
        return self.pixel.size

    @overload
    def __getitem__(self, at: int) -> Pixel: ...
    @overload
    def __getitem__(self, at: slice | npt.NDArray[np.int64]) -> Pixels: ...
    def __getitem__(self, at: int | slice | npt.NDArray[np.int64]) -> Pixel | Pixels:
        if isinstance(at, slice | np.ndarray):
            return Pixels(self.order[at], self.pixel[at])
        return Pixel(int(self.order[at]), int(self.pixel[at]))

    def __iter__(self) -> Iterator[Pixel]:
        return map(Pixel, self.order.tolist(), self.pixel.tolist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pixels):
            return NotImplemented
        return np.array_equal(self.order, other.order) and np.array_equal(self.pixel, other.pixel)

    def __hash__(self) -> int:
        return hash((self.order.tobytes(), self.pixel.tobytes()))


def spatial_index(ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Nested HEALPix index at order 29 of positions in degrees, as `hats` computes it.

    With the library beneath it: importing hats itself would cost every worker of a job two seconds.
    """
    import cdshealpix
    from astropy.coordinates import Latitude, Longitude

    lon, lat = Longitude(modulo_360(ra), unit="deg"), Latitude(dec, unit="deg")
    return np.asarray(cdshealpix.lonlat_to_healpix(lon, lat, 29)).astype(np.int64)
