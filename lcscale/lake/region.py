"""Parts of the sky: a cone, a box in right ascension and declination, or a MOC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lake.leaf import Ranges, inside
from lcscale.lake.pixel import HEALPIX_COLUMN

_CELLS_ACROSS = 32


class Region(Protocol):
    """A part of the sky: which HEALPix ranges can hold its rows, and which rows are in it."""

    def ranges(self) -> Ranges:
        """Ranges at order 29 that cover it, perhaps with a little around it."""

    def contains(self, table: pa.Table, ra: str, dec: str) -> npt.NDArray[np.bool_]:
        """Which rows of `table` are in it."""


@dataclass(frozen=True)
class Cone:
    """All positions within `radius_arcsec` of (`ra`, `dec`) in degrees."""

    ra: float
    dec: float
    radius_arcsec: float

    def __post_init__(self) -> None:
        _check_position(self.ra, self.dec)
        if not 0 < self.radius_arcsec <= 180 * 3600:
            raise InputError(f"Cone: radius_arcsec is {self.radius_arcsec}; it must be above 0 and at most 648000")

    def ranges(self) -> Ranges:
        """HEALPix ranges that cover the cone."""
        from hats.pixel_math.region_to_moc import cone_to_moc

        return _ranges(cone_to_moc(self.ra, self.dec, self.radius_arcsec, _cover_order(self.radius_arcsec / 1800)))

    def contains(self, table: pa.Table, ra: str, dec: str) -> npt.NDArray[np.bool_]:
        """Rows within the radius, by the haversine formula."""
        lon, lat = (np.radians(table.column(name).to_numpy()) for name in (ra, dec))
        half = np.sin((lat - np.radians(self.dec)) / 2) ** 2
        half += np.cos(lat) * np.cos(np.radians(self.dec)) * np.sin((lon - np.radians(self.ra)) / 2) ** 2
        result: npt.NDArray[np.bool_] = half <= np.sin(np.radians(self.radius_arcsec / 3600) / 2) ** 2
        return result


@dataclass(frozen=True)
class Box:
    """Positions with `ra` and `dec` within the given limits, degrees; ``ra=(350, 10)`` goes through 0."""

    ra: tuple[float, float]
    dec: tuple[float, float]

    def __post_init__(self) -> None:
        for ra, dec in zip(self.ra, self.dec, strict=True):
            _check_position(ra, dec)
        if self.dec[0] >= self.dec[1] or self.ra[0] == self.ra[1]:
            raise InputError(f"Box: empty limits ra={self.ra}, dec={self.dec}")

    def ranges(self) -> Ranges:
        """HEALPix ranges that cover the box."""
        from hats.pixel_math.region_to_moc import box_to_moc

        smallest = min(self.dec[1] - self.dec[0], (self.ra[1] - self.ra[0]) % 360.0 or 360.0)
        return _ranges(box_to_moc(self.ra, self.dec, _cover_order(smallest)))

    def contains(self, table: pa.Table, ra: str, dec: str) -> npt.NDArray[np.bool_]:
        """Rows within the limits, borders included."""
        lon, lat = table.column(ra).to_numpy() % 360.0, table.column(dec).to_numpy()
        low, high = self.ra[0] % 360.0, self.ra[1] % 360.0 if self.ra[1] != 360.0 else 360.0
        across = (lon >= low) & (lon <= high) if low <= high else (lon >= low) | (lon <= high)
        result: npt.NDArray[np.bool_] = across & (lat >= self.dec[0]) & (lat <= self.dec[1])
        return result


@dataclass(frozen=True)
class Coverage:
    """The pixels of a MOC (`mocpy.MOC`)."""

    moc: Any = field(repr=False)
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.moc.to_string())

    def ranges(self) -> Ranges:
        """The MOC's own ranges."""
        return _ranges(self.moc)

    def contains(self, table: pa.Table, ra: str, dec: str) -> npt.NDArray[np.bool_]:
        """Rows whose `_healpix_29` lies in the MOC."""
        return inside(table.column(HEALPIX_COLUMN).to_numpy(), self.ranges())


def as_region(region: Any) -> Region:
    """`region` itself if it is one, a `mocpy.MOC` as `Coverage`."""
    if isinstance(region, Cone | Box | Coverage):
        return region
    if hasattr(region, "to_depth29_ranges"):
        return Coverage(region)
    raise InputError(f"region: expected a Cone, a Box or a mocpy.MOC, got {type(region).__name__}")


def _cover_order(size: float) -> int:
    """HEALPix order whose cells are about a 32nd of `size` degrees."""
    return int(np.clip(np.ceil(np.log2(58.6 * _CELLS_ACROSS / size)), 3, 20))


def _ranges(moc: Any) -> Ranges:
    return np.asarray(moc.to_depth29_ranges, dtype=np.int64).reshape(-1, 2)


def _check_position(ra: float, dec: float) -> None:
    if not (0.0 <= ra <= 360.0 and -90.0 <= dec <= 90.0):
        raise InputError(f"region: ra={ra}, dec={dec} is no position in degrees (0 to 360, -90 to 90)")
