"""Maps of the whole sky (Planck's dust, extinction, …): their value at the positions of a catalog."""

from __future__ import annotations

import functools
import hashlib
import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.steps import Declared
from lcscale.units import column_in
from lcscale.vocabulary import DEC, RA, Column

_UNSEEN = -1.6375e30
_FRAMES = {"G": "galactic", "C": "icrs", "E": "barycentricmeanecliptic"}
_LETTERS = {"GALACTIC": "G", "EQUATORIAL": "C", "CELESTIAL": "C", "ICRS": "C", "Q": "C", "ECLIPTIC": "E"}

Floats = npt.NDArray[np.float64]

MAP_VALUE = Column(
    "<map>",
    pa.float64(),
    "",
    "stat.value;pos",
    "Value of a map of the sky at the position, in the map's own unit; null where it has none.",
    "lcscale.surveys",
)


@dataclass(frozen=True)
class SampleMap(Declared):
    """Append the value of a HEALPix map (a FITS table as healpy and Planck's archive write it) at every position.

    A row without a position, and one where the map has no value (``UNSEEN``, ``BAD_DATA``, NaN), gets null. The file
    is mapped into memory, not read: of a map in nested order a partition touches a few pages.

    Parameters
    ----------
    path
        The FITS file; every worker reads it there.
    column
        Name of the new column; its unit is that of the map.
    field
        Number (from 0) or name of the map's column in the file.
    interpolate
        Bilinear between the four nearest pixels, instead of the pixel the position lies in.
    frame
        ``G`` (galactic), ``C`` (equatorial) or ``E`` (ecliptic), where the file does not say it (``COORDSYS``).
    hdu
        Number of the extension with the map.
    ra, dec
        Columns of position, degrees (ICRS).

    Examples
    --------
    >>> SampleMap("dust.fits", column="tau353", field="TAU353").columns
    ('ra', 'dec')
    """

    path: str
    column: str = "map_value"
    field: int | str = 0
    interpolate: bool = False
    frame: str | None = None
    hdu: int = 1
    ra: str = "ra"
    dec: str = "dec"
    version = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", os.path.abspath(self.path))

    @property
    def reads(self) -> tuple[Column, ...]:
        """The position."""
        return RA.named(self.ra), DEC.named(self.dec)

    def gives(self, input_schema: pa.Schema) -> tuple[Column, ...]:
        """The map's value, in its unit."""
        if self.column in input_schema.names:
            raise InputError(f"sample map: there is a column {self.column!r} already; give another name")
        return (replace(MAP_VALUE, name=self.column, unit=self._map().unit),)

    def fingerprint(self) -> str:
        """The map's content, how it is sampled, and the version."""
        what = (self.column, self.field, self.interpolate, self.frame, self.hdu, self.ra, self.dec)
        return f"SampleMap {_content(self.path, _stamp(self.path))} {what} v{self.version}"

    def __call__(self, table: pa.Table) -> pa.Table:
        """The rows of `table` with the map's values."""
        ra = np.asarray(column_in(table, self.ra, "deg", hours=True).to_numpy(), np.float64)
        dec = np.asarray(column_in(table, self.dec, "deg").to_numpy(), np.float64)
        placed = np.isfinite(ra) & (np.abs(dec) <= 90)
        values = np.full(table.num_rows, np.nan)
        values[placed] = self._map().at(ra[placed], dec[placed], interpolate=self.interpolate)
        return table.append_column(self.gives(table.schema)[0].field, pa.array(values, from_pandas=True))

    def _map(self) -> _Map:
        return _open(self.path, self.hdu, self.field, self.frame, _stamp(self.path))


@dataclass(frozen=True)
class _Map:
    """An open map."""

    values: Any
    """[rows, pixels in a row], as it stands in the file."""
    nside: int
    nested: bool
    frame: str
    unit: str
    bad: float

    def at(self, ra: Floats, dec: Floats, *, interpolate: bool) -> Floats:
        """Values at positions in degrees; NaN where there is none."""
        import healpy

        lon, lat = self._in_frame(ra, dec)
        if not interpolate:
            return self._of_pixels(healpy.ang2pix(self.nside, lon, lat, nest=self.nested, lonlat=True))
        pixels, weights = healpy.get_interp_weights(self.nside, lon, lat, nest=self.nested, lonlat=True)
        values = np.where(weights > 0, self._of_pixels(pixels), 0.0)
        return np.asarray((weights * values).sum(axis=0))

    def _in_frame(self, ra: Floats, dec: Floats) -> tuple[Floats, Floats]:
        if self.frame == "C":
            return ra, dec
        from astropy.coordinates import SkyCoord

        place = SkyCoord(ra, dec, unit="deg").transform_to(_FRAMES[self.frame]).spherical
        return np.asarray(place.lon.deg), np.asarray(place.lat.deg)

    def _of_pixels(self, pixels: npt.NDArray[np.int64]) -> Floats:
        values = np.asarray(self.values[np.divmod(pixels, self.values.shape[1])], np.float64)
        unseen = np.isclose(values, _UNSEEN, rtol=1e-5, atol=0) | np.isclose(values, self.bad, rtol=1e-5, atol=0)
        return np.where(unseen | ~np.isfinite(values), np.nan, values)


def _stamp(path: str) -> tuple[int, int]:
    try:
        stat = os.stat(path)
    except OSError as error:
        raise InputError(f"cannot open the map {path}: {error.strerror}") from error
    return stat.st_mtime_ns, stat.st_size


@functools.lru_cache(maxsize=8)
def _content(path: str, stamp: tuple[int, int]) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


@functools.lru_cache(maxsize=8)
def _open(path: str, hdu: int, field: int | str, frame: str | None, stamp: tuple[int, int]) -> _Map:
    """The map of `field`, checked; opened once a process."""
    from astropy.io import fits

    try:
        file = fits.open(path, memmap=not path.endswith(".gz"))
        header = file[hdu].header
        names = [header[f"TTYPE{i + 1}"].strip() for i in range(header["TFIELDS"])]
    except (OSError, IndexError, KeyError) as error:
        raise InputError(f"{path} has no table of maps in extension {hdu}: {error}") from error
    if header.get("INDXSCHM", "IMPLICIT").strip() != "IMPLICIT" or header.get("ORDERING") not in ("RING", "NESTED"):
        raise InputError(f"{path}: only maps of the whole sky in RING or NESTED order are read (INDXSCHM, ORDERING)")
    number = names.index(field) if field in names else field
    if not isinstance(number, int) or not 0 <= number < len(names):
        raise InputError(f"{path} has no map {field!r}; it has {', '.join(names)}")
    values = file[hdu].data.field(number)
    said = str(frame or header.get("COORDSYS", "")).strip().upper()
    letter = _LETTERS.get(said, said)
    if letter not in _FRAMES:
        raise InputError(f"{path} does not say its frame (COORDSYS is {said!r}); give frame='G', 'C' or 'E'")
    if values.size != 12 * header["NSIDE"] ** 2:
        raise InputError(f"{path}: {values.size} pixels are no map of NSIDE {header['NSIDE']}")
    return _Map(
        values.reshape(len(values), -1),
        int(header["NSIDE"]),
        header["ORDERING"] == "NESTED",
        letter,
        str(header.get(f"TUNIT{number + 1}", "")).strip(),
        float(header.get("BAD_DATA", _UNSEEN)),
    )
