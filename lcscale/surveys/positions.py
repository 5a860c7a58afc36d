"""Right ascension and declination in degrees from whatever a release gives: numbers, decimal text, sexagesimal text."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.arrays import modulo_360
from lcscale.surveys.release import Problem
from lcscale.units import factor, stated_unit

_GAIA_LEVEL = 12
_GAIA_PIXEL = 1 << 35
_UNIT_IN_NAME = re.compile(r"(?:_|\b)(rad|radians?|h|hrs?|hours?)[\])]?$", re.IGNORECASE)


def angles(table: pa.Table, name: str, *, hours: bool) -> npt.NDArray[np.float64]:
    """A column of `table` as degrees, float64 [n], from the unit that its field or its name states; see `degrees`."""
    unit = stated_unit(table.schema.field(name))
    if unit is None and (found := _UNIT_IN_NAME.search(name)):
        unit = "rad" if found[1].lower().startswith("r") else "hour"
    return degrees(table.column(name), hours=hours, unit=unit, name=name)


def degrees(
    column: pa.ChunkedArray | pa.Array, *, hours: bool, unit: str | None = None, name: str = ""
) -> npt.NDArray[np.float64]:
    """Degrees, float64 [n]; NaN where there is no position.

    Parameters
    ----------
    column
        Numbers, text of such numbers, or sexagesimal text such as ``04:30:57.72`` or ``-69 03 37.4``.
    hours
        Whether sexagesimal text without a unit counts hours (right ascension).
    unit
        Unit of the numbers, and of the leading part of sexagesimal text; None: degrees, or as `hours` says.
    name
        Name of the column, for errors.

    Raises
    ------
    InputError
        Where `unit` is none of an angle (or, for right ascension, of time).

    Examples
    --------
    >>> degrees(pa.array(["06:00:00", "12 00 36"]), hours=True).tolist()
    [90.0, 180.15]
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    by = factor(unit, "deg", f"column {name!r}", hours=hours)
    sexagesimal_by = 15.0 if unit is None and hours else by
    if pa.types.is_time(column.type):  # sexagesimal text without fractions, which a reader took for times of day
        ticks = column.cast(pa.time64("ns")).cast(pa.int64()).to_numpy(zero_copy_only=False)
        return sexagesimal_by * (np.asarray(ticks, np.float64) / 3.6e12)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return by * np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
    text = pc.replace_substring(pc.utf8_trim_whitespace(column), "−", "-")
    number = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
    values = by * np.asarray(pc.if_else(number, text, None).cast(pa.float64()).to_numpy(zero_copy_only=False))
    if pc.all(number).as_py() is not False:
        return np.asarray(values, np.float64)
    return np.where(np.isnan(values), sexagesimal_by * _sexagesimal(text), values)


def with_joined_positions(table: pa.Table) -> pa.Table:
    """The table with `ra` and `dec`, degrees, where it has them in parts: ``RAh RAm RAs DE- DEd DEm DEs`` (CDS)."""
    names = set(table.column_names)
    if not {"RAh", "RAm", "DEd", "DEm"} <= names or names & {"ra", "dec"}:
        return table

    def part(name: str) -> npt.NDArray[np.float64]:
        if name not in names:
            return np.zeros(table.num_rows)
        return np.asarray(table.column(name).cast(pa.float64()).to_numpy(), np.float64)

    ra = 15.0 * (part("RAh") + part("RAm") / 60 + part("RAs") / 3600)
    south = np.zeros(table.num_rows, bool)
    if "DE-" in names:
        sign = pc.fill_null(table.column("DE-").cast(pa.string()), "")
        south = np.asarray(pc.equal(pc.utf8_trim_whitespace(sign), "-").to_numpy())
    whole = part("DEd")
    size = np.abs(whole) + part("DEm") / 60 + part("DEs") / 3600
    dec = np.where(south | np.signbit(whole), -size, size)
    for name, angle in (("ra", ra), ("dec", dec)):
        table = table.append_column(pa.field(name, pa.float64(), metadata={"unit": "deg"}), pa.array(angle))
    return table


def gaia_positions(source_id: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Right ascension and declination, degrees, of the centre of the HEALPix pixel of level 12 in Gaia's ids."""
    import cdshealpix

    lon, lat = cdshealpix.healpix_to_lonlat((source_id // _GAIA_PIXEL).astype(np.uint64), _GAIA_LEVEL)
    return np.asarray(lon.deg, np.float64), np.asarray(lat.deg, np.float64)


def placed(table: pa.Table, ra: str, dec: str, path: str, problems: list[Problem]) -> pa.Table:
    """The rows of `table` that have a position, right ascension taken modulo 360; the others are named in `problems`.

    A position is a finite right ascension and a declination within -90 and 90 degrees.
    """
    lon, lat = (table.column(name).to_numpy() for name in (ra, dec))
    good = np.isfinite(lon) & (np.abs(lat) <= 90)
    if not good.all():
        bad = np.flatnonzero(~good)
        problems.append(
            Problem(
                path,
                f"{bad.size:,} rows have no position: {ra} must be a number, -90 <= {dec} <= 90 "
                f"(first: {ra}={lon[bad[0]]}, {dec}={lat[bad[0]]})",
            )
        )
        table, lon = table.filter(pa.array(good)), lon[good]
    turned = modulo_360(lon)
    if turned is lon:
        return table
    at = table.column_names.index(ra)
    return table.set_column(at, table.schema.field(ra), pa.array(turned))


def _sexagesimal(text: pa.Array) -> npt.NDArray[np.float64]:
    """Whole part, minutes and perhaps seconds, between colons, blanks or letters; NaN for any other text."""
    pattern = (
        r"^(?P<sign>[+-]?)\s*(?P<whole>\d{1,3})\s*[:hHdD°ʰ\s]\s*(?P<minutes>\d{1,2}(?:\.\d*)?)"
        r"(?:\s*[:mM'′ᵐ\s]\s*(?:(?P<seconds>\d{1,2}(?:\.\d*)?)\s*(?:[sS\"″ˢ]|'')?)?)?$"
    )
    found = pc.extract_regex(text, pattern)

    def part(name: str) -> npt.NDArray[Any]:
        values = pc.struct_field(found, name)
        values = pc.if_else(pc.equal(values, ""), "0", values)
        return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)

    size = part("whole") + part("minutes") / 60 + part("seconds") / 3600
    negative = pc.fill_null(pc.equal(pc.struct_field(found, "sign"), "-"), False).to_numpy(zero_copy_only=False)
    return np.where(negative, -size, size)
