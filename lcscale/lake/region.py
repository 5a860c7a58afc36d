"""Parts of the sky: a cone, a box in right ascension and declination, or a MOC."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.arrays import floats, modulo_360, number
from lcscale.errors import InputError
from lcscale.lake.leaf import Ranges, inside
from lcscale.units import column_in
from lcscale.vocabulary import HEALPIX_COLUMN

_ENOUGH_CELLS = 500
"""Cells on the border of a region that describe it well enough."""
_FINEST = 18
"""HEALPix order of the smallest cells, 0.8 arcsec: rounding in a position is far less than their width."""
_CELL_RADIUS = math.degrees(1.1)
"""Radius of a circle around any cell of order 0, and twice that of order 1, and so on: the true ones are 1.07 rad and
less, so that rounding never takes a cell's own points out of it."""

_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]


class Region(Protocol):
    """A part of the sky: which HEALPix ranges can hold its rows, and which rows are in it."""

    def ranges(self) -> Ranges:
        """Ranges at order 29 that hold all its rows, perhaps with a little around it."""

    def contains(self, table: pa.Table, ra: str, dec: str) -> _Bools:
        """Which rows of `table` are in it."""


@dataclass(frozen=True)
class Cone:
    """All positions within `radius_arcsec` of (`ra`, `dec`) in degrees; `ra` is taken modulo 360."""

    ra: float
    dec: float
    radius_arcsec: float

    def __post_init__(self) -> None:
        ra, dec = _position(self.ra, self.dec)
        object.__setattr__(self, "ra", ra)
        object.__setattr__(self, "dec", dec)
        object.__setattr__(self, "radius_arcsec", number(self.radius_arcsec, "radius_arcsec", "arcsec"))
        if not 0 < self.radius_arcsec <= 180 * 3600:
            raise InputError(f"Cone: radius_arcsec is {self.radius_arcsec}; it must be above 0 and at most 648000")

    def ranges(self) -> Ranges:
        """HEALPix ranges that cover the cone."""
        return _covering(self)

    def contains(self, table: pa.Table, ra: str, dec: str) -> _Bools:
        """Rows within the radius, by the haversine formula."""
        limit = _half_sine_squared(self.radius_arcsec / 3600.0)
        result: _Bools = self._half(*_coordinates(table, ra, dec)) <= limit
        return result

    def circles(self, lon: _Floats, lat: _Floats, radius: float) -> tuple[_Bools, _Bools]:
        """Which circles may have a point in common with the cone, and which are wholly in it."""
        distance = np.degrees(2.0 * np.arcsin(np.sqrt(self._half(lon, lat))))
        limit = self.radius_arcsec / 3600.0
        return distance <= limit + radius, distance + radius <= limit

    def _half(self, lon: _Floats, lat: _Floats) -> _Floats:
        """sin²(separation / 2) of positions from the centre."""
        delta = np.abs(lon - self.ra)
        half = _half_sine_squared(lat - self.dec)
        half += np.cos(np.radians(lat)) * math.cos(math.radians(self.dec)) * _half_sine_squared(delta)
        return np.asarray(np.minimum(half, 1.0))


@dataclass(frozen=True)
class Box:
    """Positions from ``ra[0]`` eastward to ``ra[1]`` and from ``dec[0]`` up to ``dec[1]``, degrees, borders included.

    Right ascension is taken modulo 360: ``ra=(350, 10)`` and ``ra=(-10, 10)`` go through 0, and ``ra=(0, 360)``, as any
    two 360 or more apart, all around. Limits may be equal.
    """

    ra: tuple[float, float]
    dec: tuple[float, float]

    def __post_init__(self) -> None:
        for name in ("ra", "dec"):
            limits = floats(getattr(self, name), f"Box: {name}", "deg", hours=name == "ra")
            if limits.shape != (2,):
                raise InputError(f"Box: {name} must be two limits, not {getattr(self, name)!r}")
            object.__setattr__(self, name, tuple(limits.tolist()))
        for ra, dec in zip(self.ra, self.dec, strict=True):
            _position(ra, dec)
        if self.dec[0] > self.dec[1]:
            raise InputError(f"Box: dec={self.dec} is the wrong way round; give the lower limit first")

    def ranges(self) -> Ranges:
        """HEALPix ranges that cover the box."""
        return _covering(self)

    def contains(self, table: pa.Table, ra: str, dec: str) -> _Bools:
        """Rows within the limits, borders included."""
        lon, lat = _coordinates(table, ra, dec)
        result: _Bools = (lat >= self.dec[0]) & (lat <= self.dec[1])
        if self._goes_around:
            return result & np.isfinite(lon)
        lon, (low, high) = modulo_360(lon), self._across
        across: _Bools = (lon >= low) & (lon <= high) if low <= high else (lon >= low) | (lon <= high)
        return result & across

    def circles(self, lon: _Floats, lat: _Floats, radius: float) -> tuple[_Bools, _Bools]:
        """Which circles may have a point in common with the box, and which are wholly in it."""
        bottom = self.dec[0] if self.dec[0] > -90.0 else -np.inf
        top = self.dec[1] if self.dec[1] < 90.0 else np.inf
        meets = (lat + radius >= bottom) & (lat - radius <= top)
        whole = (lat - radius >= bottom) & (lat + radius <= top)
        if self._goes_around:
            return meets, whole
        low, high = self._across
        width = high - low if low <= high else high - low + 360.0
        from_middle = np.abs((lon - low - width / 2 + 180.0) % 360.0 - 180.0)
        sine = math.sin(math.radians(radius)) / np.cos(np.radians(lat))
        reach = np.degrees(np.arcsin(np.minimum(sine, 1.0)))
        reach = np.where(np.abs(lat) + radius >= 90.0, 360.0, reach)  # the pole, where all right ascensions meet
        return meets & (from_middle - reach <= width / 2), whole & (from_middle + reach <= width / 2)

    @property
    def _goes_around(self) -> bool:
        width = self.ra[1] - self.ra[0]
        return width >= 360.0 or width % 360.0 == 360.0  # as the remainder of a tiny negative one rounds

    @property
    def _across(self) -> tuple[float, float]:
        """The limits of right ascension modulo 360."""
        low, high = modulo_360(np.array(self.ra)).tolist()
        return low, high


@dataclass(frozen=True)
class Coverage:
    """The pixels of a MOC (`mocpy.MOC`)."""

    moc: Any = field(repr=False)
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.moc.to_string())

    def ranges(self) -> Ranges:
        """The MOC's own ranges."""
        return np.asarray(self.moc.to_depth29_ranges, dtype=np.int64).reshape(-1, 2)

    def contains(self, table: pa.Table, ra: str, dec: str) -> _Bools:
        """Rows whose `_healpix_29` lies in the MOC."""
        return inside(table.column(HEALPIX_COLUMN).to_numpy(), self.ranges())


class Moc(Protocol):
    """A `mocpy.MOC`."""

    @property
    def to_depth29_ranges(self) -> npt.NDArray[np.uint64]:
        """Its ranges of indices at order 29."""


def as_region(region: Region | Moc) -> Region:
    """`region` itself if it is one, a `mocpy.MOC` as `Coverage`."""
    if isinstance(region, Cone | Box | Coverage):
        return region
    if hasattr(region, "to_depth29_ranges"):
        return Coverage(region)
    raise InputError(f"region: expected a Cone, a Box or a mocpy.MOC, got {type(region).__name__}")


@functools.lru_cache(maxsize=32)
def _covering(region: Cone | Box) -> Ranges:
    """HEALPix ranges that hold every position of `region`, however its borders round.

    Cells are split as long as the circle around them crosses the border, until there are enough of them.
    """
    from cdshealpix.nested import healpix_to_lonlat

    cells = np.arange(12)
    found = []
    for order in range(_FINEST + 1):
        shift = 2 * (29 - order)
        lon, lat = healpix_to_lonlat(cells.astype(np.uint64), order)
        meets, whole = region.circles(lon.deg, lat.deg, _CELL_RADIUS / 2**order)
        border = cells[meets & ~whole]
        last = order == _FINEST or not 0 < border.size <= _ENOUGH_CELLS
        kept = cells[meets if last else whole]
        found.append(np.column_stack([kept << shift, (kept + 1) << shift]))
        if last:
            break
        cells = (4 * border[:, None] + np.arange(4)).ravel()
    ranges = _joined(np.concatenate(found))
    ranges.flags.writeable = False
    return ranges


def _joined(ranges: Ranges) -> Ranges:
    """Disjoint `ranges` in order, those that touch made one."""
    ranges = ranges[np.argsort(ranges[:, 0])]
    apart = ranges[1:, 0] > ranges[:-1, 1]
    return np.column_stack([ranges[np.r_[True, apart], 0], ranges[np.r_[apart, True], 1]]) if len(ranges) else ranges


def _half_sine_squared(degrees: Any) -> Any:
    return np.sin(np.radians(degrees) / 2.0) ** 2


def _coordinates(table: pa.Table, ra: str, dec: str) -> tuple[_Floats, _Floats]:
    """The positions of the rows, float64 degrees, NaN where there is none."""
    lon = column_in(table, ra, "deg", hours=True).cast(pa.float64()).to_numpy()
    lat = column_in(table, dec, "deg").cast(pa.float64()).to_numpy()
    return lon, lat


def _position(ra: Any, dec: Any) -> tuple[float, float]:
    """A position as numbers, right ascension in [0, 360)."""
    lon, lat = number(ra, "ra", "deg", hours=True), number(dec, "dec", "deg")
    if not (math.isfinite(lon) and -90.0 <= lat <= 90.0):
        raise InputError(f"region: ra={ra}, dec={dec} is no position in degrees (any ra, dec from -90 to 90)")
    return float(modulo_360(np.array(lon))), lat
