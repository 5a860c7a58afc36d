"""Right ascension and declination in degrees from whatever a release gives: numbers, decimal text, sexagesimal text."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.surveys.release import Problem

_GAIA_LEVEL = 12
_GAIA_PIXEL = 1 << 35


def degrees(column: pa.ChunkedArray | pa.Array, *, hours: bool) -> npt.NDArray[np.float64]:
    """Degrees, float64 [n]; NaN where there is no position.

    Parameters
    ----------
    column
        Numbers in degrees, text of such numbers, or sexagesimal text such as ``04:30:57.72`` or ``-69 03 37.4``.
    hours
        Whether sexagesimal text counts hours (right ascension).

    Examples
    --------
    >>> degrees(pa.array(["06:00:00", "12 00 36"]), hours=True).tolist()
    [90.0, 180.15]
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
    text = pc.utf8_trim_whitespace(column)
    sexagesimal = pc.match_substring_regex(text, r"^[+-]?\d{1,3}[: ]+\d{1,2}[: ]+\d{1,2}(\.\d*)?$")
    if pc.any(sexagesimal).as_py():
        return _sexagesimal(text, hours)
    number = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    values = pc.if_else(number, text, None).cast(pa.float64())
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)


def gaia_positions(source_id: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Right ascension and declination, degrees, of the centre of the HEALPix pixel of level 12 in Gaia's ids."""
    import cdshealpix

    lon, lat = cdshealpix.healpix_to_lonlat((source_id // _GAIA_PIXEL).astype(np.uint64), _GAIA_LEVEL)
    return np.asarray(lon.deg, np.float64), np.asarray(lat.deg, np.float64)


def placed(table: pa.Table, ra: str, dec: str, path: str, problems: list[Problem]) -> pa.Table:
    """The rows of `table` that have a position: 0 <= ra < 360, -90 <= dec <= 90; the others are named in `problems`."""
    lon, lat = (table.column(name).to_numpy() for name in (ra, dec))
    good = (lon >= 0) & (lon < 360) & (lat >= -90) & (lat <= 90)
    if good.all():
        return table
    bad = np.flatnonzero(~good)
    problems.append(
        Problem(
            path,
            f"{bad.size:,} rows have no position within 0 <= {ra} < 360, -90 <= {dec} <= 90 "
            f"(first: {ra}={lon[bad[0]]}, {dec}={lat[bad[0]]})",
        )
    )
    return table.filter(pa.array(good))


def _sexagesimal(text: pa.Array, hours: bool) -> npt.NDArray[np.float64]:
    pattern = r"^(?P<sign>[+-]?)(?P<whole>\d{1,3})[: ]+(?P<minutes>\d{1,2})[: ]+(?P<seconds>\d{1,2}(?:\.\d*)?)$"
    found = pc.extract_regex(text, pattern)

    def part(name: str) -> npt.NDArray[Any]:
        return np.asarray(pc.struct_field(found, name).cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)

    size = part("whole") + part("minutes") / 60 + part("seconds") / 3600
    negative = pc.fill_null(pc.equal(pc.struct_field(found, "sign"), "-"), False).to_numpy(zero_copy_only=False)
    return np.where(negative, -size, size) * (15.0 if hours else 1.0)
