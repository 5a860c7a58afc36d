"""Stated units: the factor that brings values into the unit wanted, or an error that says what is accepted."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError

_NONE = frozenset(("", "-", "--", "---", "none"))
"""Texts that state no unit."""
_SPELLINGS = {
    **dict.fromkeys(("degrees", "degs"), "deg"),
    **dict.fromkeys(("radians", "radian", "rads"), "rad"),
    **dict.fromkeys(("arcseconds", "arcsecs", "asec", "as"), "arcsec"),
    "as/yr": "arcsec/yr",
    **dict.fromkeys(("arcminutes", "arcmins"), "arcmin"),
    **dict.fromkeys(("h:m:s", "hms", "hh:mm:ss", "hours", "hrs"), "hour"),
    **dict.fromkeys(("d:m:s", "dms", "dd:mm:ss"), "deg"),
    **dict.fromkeys(("days", "jd", "mjd", "hjd", "bjd"), "d"),
    **dict.fromkeys(("years", "yrs"), "yr"),
    **dict.fromkeys(("minutes", "mins"), "min"),
    **dict.fromkeys(("seconds", "sec", "secs"), "s"),
    **dict.fromkeys(("magnitude", "magnitudes", "mags", "abmag", "stmag", "vegamag", "mag(vega)"), "mag"),
    **dict.fromkeys(("millimag", "millimags"), "mmag"),
}
"""How headers spell units that astropy has under another name; zero points of times and magnitudes are no matter of
the unit."""
_ACCEPTED = {
    "deg": "deg, arcmin, arcsec, mas, rad, hourangle",
    "arcsec": "arcsec, mas, arcmin, deg, rad",
    "mas": "mas, arcsec, deg",
    "mas/yr": "mas/yr, arcsec/yr, deg/yr",
    "d": "d, yr, h, min, s",
    "yr": "yr, d",
    "1/d": "1/d, 1/h, Hz",
    "mag": "mag, mmag",
    "km/s": "km/s, m/s",
    "": "no unit, %",
}
_FORMATS = ("generic", "cds", "vounit")


def factor(stated: object, wanted: str, what: str, *, hours: bool = False) -> float:
    """Number by which values in the unit `stated` are multiplied to be in the unit `wanted`.

    Parameters
    ----------
    stated
        Text as a file's header has it (``rad``, ``hourangle``, ``mas.yr**-1``, ``mmag``), or an astropy unit; an empty
        text or None says nothing, and the values are taken as they are.
    wanted
        Unit as astropy writes it; empty for pure numbers.
    what
        What the error calls the values.
    hours
        Whether an hour, a minute and a second are those of right ascension: 15 degrees, arcminutes and arcseconds.

    Raises
    ------
    InputError
        For text that is no unit, and for a unit of something else.

    Examples
    --------
    >>> factor("mas", "arcsec", "ra_error"), factor("h", "deg", "ra", hours=True), factor(None, "deg", "ra")
    (0.001, 15.0, 1.0)
    """
    if stated is None or (isinstance(stated, str) and stated.strip().lower() in (*_NONE, wanted)):
        return 1.0
    return _factor(stated, wanted, what, hours)


@functools.lru_cache(maxsize=256)
def _factor(stated: object, wanted: str, what: str, hours: bool) -> float:
    from astropy import units

    spelled = isinstance(stated, str | units.UnrecognizedUnit)
    unit = _parsed(str(stated)) if spelled else stated
    unit = unit.function_unit if isinstance(unit, units.MagUnit) else unit  # mag(AB) is a mag
    target = units.Unit(wanted)
    if hours and isinstance(unit, units.UnitBase) and unit.is_equivalent(units.hour):
        unit = units.Unit(unit.to(units.hour) * units.hourangle)
    if not isinstance(unit, units.UnitBase) or not unit.is_equivalent(target):
        name = wanted or "pure numbers"
        accepted = _ACCEPTED.get(wanted, wanted)
        raise InputError(
            f"{what} is stated in {str(stated)!r}, which cannot be converted to {name}; accepted are {accepted} "
            f"(and numbers without a unit, taken as {name})"
        )
    by = float(unit.to(target))
    return float(round(by)) if abs(by - round(by)) < 1e-12 * by else by  # an hour is 15 degrees, not 14.999999999999998


def _parsed(text: str) -> Any:
    """The astropy unit of a header's `text`, or None."""
    from astropy.units import Unit

    bare = text.strip().strip("\"'").strip()
    low = bare.lower()
    for spelling in dict.fromkeys((_SPELLINGS.get(low, bare), low, low.removesuffix("s"))):
        for form in _FORMATS:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    return Unit(spelling, format=form)
            except (ValueError, TypeError):
                continue
    return None


def astropy_unit(text: str) -> Any:
    """The astropy unit that `text` states; one that astropy does not know is kept as it is written.

    Examples
    --------
    >>> astropy_unit("mas/yr"), astropy_unit("km/s"), astropy_unit("% of light")
    (Unit("mas / yr"), Unit("km / s"), UnrecognizedUnit(% of light))
    """
    from astropy.units import Unit

    found = _parsed(text)
    return Unit(text, parse_strict="silent") if found is None else found


def stated_unit(field: pa.Field) -> str | None:
    """The unit that the metadata of a field states, or None.

    Examples
    --------
    >>> stated_unit(pa.field("ra", pa.float64(), metadata={"unit": "rad"}))
    'rad'
    """
    text = (field.metadata or {}).get(b"unit", b"").decode(errors="replace").strip()
    return None if text.lower() in _NONE else text


def column_in(table: pa.Table, name: str, wanted: str, *, hours: bool = False) -> pa.ChunkedArray:
    """The numbers of a column in the unit `wanted`: as they are where that is the stated one, or none is stated.

    Parameters
    ----------
    table
        The table; units stand in the metadata ``unit`` of its fields.
    name
        Name of the column.
    wanted, hours
        See `factor`.

    Raises
    ------
    InputError
        Where the stated unit cannot be converted.

    Examples
    --------
    >>> mag = pa.field("mag", pa.float64(), metadata={"unit": "mmag"})
    >>> column_in(pa.table([[15000.0]], schema=pa.schema([mag])), "mag", "mag").to_pylist()
    [15.0]
    """
    column = table.column(name)
    by = factor(stated_unit(table.schema.field(name)), wanted, f"column {name!r}", hours=hours)
    if by == 1.0:
        return column
    numbers: npt.NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy()
    return pa.chunked_array([pa.array(numbers * by, mask=np.asarray(column.is_null()))])
