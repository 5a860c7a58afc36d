"""Times of observations as MJD: what a column holds is told from its unit, its name and its range, or by the user."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.surveys.nesting import NO_ORIGIN
from lcscale.surveys.release import ReleaseFileError

JD_OF_MJD = 2_400_000.5
"""Julian date of MJD 0."""

_UNIX = 40_587.0
_FIRST_UNIX = 1_000.0
"""Days from 1970 on below which numbers that are said to be seconds count from another time."""
_J2000, _JULIAN_YEAR = 51_544.5, 365.25
_FIRST, _LAST = 15_000.0, 90_000.0
"""MJD of 1899 and 2105: what times of observations lie between."""
_OLDEST = -100_000.0
"""MJD of 1585, for numbers that can only be Julian dates or years: of photographic plates and visual estimates."""
_REFERENCE = b"time_reference"
"""Metadata of a field: what its numbers count from, as a FITS header states it (``mjd 51910.0007``)."""
_NEARLY_ALL = 0.9
_STEPS = {
    **dict.fromkeys(("h", "hr", "hour", "hours"), 1 / 24),
    **dict.fromkeys(("min", "minute", "minutes"), 1 / 1440),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1 / 86_400),
    **{"ms": 1 / 86_400e3, "us": 1 / 86_400e6, "ns": 1 / 86_400e9},
}
"""Days of the units in which times may be stated, beside days; those of a second and less count from 1970 on."""
_YEARS = ("yr", "year", "years", "a")
_NAMED = {
    "btjd": ("bjd", 2_457_000.0, "TDB"),
    "bkjd": ("bjd", 2_454_833.0, "TDB"),
    "rjd": ("jd", 2_400_000.0, "UTC"),
    "tjd": ("jd", 2_440_000.5, "UTC"),
}
"""Days that have a name: of TESS and Kepler, reduced and truncated Julian dates."""
_YEARS_NAMED = re.compile(r"(?<![a-z])(j|decimal ?)?years?(?![a-z])")
_SECONDS_NAMED = re.compile(r"(?<![a-z])(unix|timestamp|unixtime)(?![a-z])")
_KIND = re.compile(r"(barycentric |heliocentric )?(hmjd|bmjd|mjd|hjd|bjd|(?<![a-z])jd)")
_JULIAN = re.compile(r"(modified )?julian (?:dates?|days?)")
_OFFSET = re.compile(r"(?<!\d)(2[345]\d{5}(?:\.\d+)?)(?!\d)")
_SCALE = re.compile(r"(utc|tai|tdb|tcb|(?<![a-z])tt(?![a-z]))")
_GIVEN = re.compile(r"(hmjd|bmjd|mjd|hjd|bjd|jd)(?:\s*-\s*(\d+(?:\.\d+)?))?(?:[\s/(]+(utc|tai|tdb|tcb|tt)\)?)?")
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_DAY_FRACTION = r"^(?P<day>\d{4}-\d{2}-\d{2})\.(?P<part>\d+)$"
_SETTLES = (
    "say what it is: --time-format mjd, jd, hjd, bjd, jd-2450000, bjd-2457000, bjd-2455197.5, iso, unix, "
    "jyear, or days, which keeps them as they are"
)
_ORIGIN = {"h": "HJD - 2400000.5", "b": "BJD - 2400000.5", "": "MJD"}


@dataclass(frozen=True)
class TimeFormat:
    """What the numbers in a column of time mean."""

    kind: str
    """``mjd``, ``jd`` (both also with h or b in front: heliocentric, barycentric), ``iso``, ``unix``, ``jyear``, which
    are decimal years, or ``days``, whose origin nobody states."""
    offset: float = 0.0
    """What was subtracted from the (Julian) date."""
    scale: str = ""
    """UTC, TT, TAI, TDB, TCB; empty where nothing says it."""
    told: bool = False
    """Whether a person said so, and the numbers need not lie between 1899 and 2105."""
    step: float = 1.0
    """Days of the unit that the numbers are in."""

    @property
    def origin(self) -> str:
        """What the times are once they were converted, for the metadata ``time_origin``."""
        if self.kind == "days":
            return NO_ORIGIN
        return _ORIGIN[self.kind[:1] if self.kind[:1] in ("h", "b") else ""]

    @property
    def to_mjd(self) -> float:
        """Days to add, once the numbers are days."""
        if self.kind == "days":
            return 0.0
        if self.kind == "unix":
            return _UNIX
        if self.kind == "jyear":
            return _J2000 - 2000.0 * _JULIAN_YEAR
        return self.offset if self.kind.endswith("mjd") else self.offset - JD_OF_MJD

    @property
    def first(self) -> float:
        """The earliest MJD that they can mean."""
        return _OLDEST if self.kind in ("jd", "hjd", "bjd", "jyear") else _FIRST

    def __str__(self) -> str:
        """As `--time-format` takes it."""
        name = self.kind if self.kind != "days" else "days of an origin that is not stated"
        return name + (f"-{self.offset:g}" if self.offset else "") + (f"/{self.scale}" if self.scale else "")


def parse_format(text: str) -> TimeFormat:
    """The format that a user names.

    Raises
    ------
    InputError
        For text that is none.

    Examples
    --------
    >>> parse_format("bjd-2455197.5/tcb")
    TimeFormat(kind='bjd', offset=2455197.5, scale='TCB', told=True, step=1.0)
    """
    plain = text.strip().lower()
    if plain in _NAMED:
        return TimeFormat(*_NAMED[plain], told=True)
    if plain in ("iso", "unix"):
        return TimeFormat(plain, scale="UTC", told=True, step=_STEPS["s"])
    if plain in ("days", "jyear"):
        return TimeFormat(plain, told=True, step=_JULIAN_YEAR if plain == "jyear" else 1.0)
    found = _GIVEN.fullmatch(plain)
    if found is None:
        raise InputError(f"no format of time is called {text!r}; {_SETTLES}")
    return TimeFormat(found[1], float(found[2] or 0.0), (found[3] or _usual_scale(found[1])).upper(), told=True)


def time_format(table: pa.Table, name: str, path: str, given: str | None = None) -> TimeFormat:
    """What the column `name` of `table` holds.

    Parameters
    ----------
    table
        Rows of the file; the metadata of fields may have ``unit``, ``time_origin`` and ``time_scale``.
    name, path
        The column and the file, for messages.
    given
        What the user says it is; None: tell from unit, name and range.

    Raises
    ------
    ReleaseFileError
        Where the range of the numbers fits no reading: the message names the option that settles it.
    """
    column, field = table.column(name), table.schema.field(name)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return TimeFormat("iso", scale="UTC")
    said = _in_unit(parse_format(given) if given else _said(name, field), field)
    if pa.types.is_string(column.type) and (said.kind == "iso" or not _is_numeric(column)):
        return TimeFormat("iso", scale=said.scale or "UTC")
    values = _known(_numbers(column))
    if not values.size or said.kind == "days" or (given is not None and said.kind == "unix"):
        return said
    low, high = values.min(), values.max()
    values = values * said.step
    numbers = f"{path}: column {name!r} holds " + (f"{low:.10g}" if low == high else f"{low:.10g} to {high:.10g}")
    if given is not None:
        if said.kind.endswith("mjd") and not said.offset and np.median(values) > 1e6:
            raise ReleaseFileError(f"{numbers}, which are no MJD but Julian dates; {_SETTLES}")
        if said.kind in ("jd", "hjd", "bjd") and not said.offset and np.median(values) < 1e6:
            raise ReleaseFileError(f"{numbers}, which are no Julian dates; {_SETTLES}")
        return said
    counted = None if given else _counted(said, field)
    if counted and _fits(values / said.step * counted.step + counted.to_mjd):
        return counted
    old = said.kind == "unix" and values.min() < _FIRST_UNIX
    if (said.offset or said.kind in ("jyear", "unix")) and _fits(values + said.to_mjd, said.first) and not old:
        return said
    if said.kind in ("jyear", "unix"):
        said, values = TimeFormat("", scale=said.scale), values / said.step
    if _fits(values - JD_OF_MJD, _OLDEST):  # nothing else is in that range, whatever its name
        return replace(said, kind=said.kind.replace("mjd", "jd") or "jd", offset=0.0)
    if (not said.kind or said.kind.endswith("mjd")) and _fits(values):
        return replace(said, kind=said.kind or "mjd", offset=0.0)
    raise ReleaseFileError(f"{numbers}, which fits no reading as a time; {_SETTLES}")


def to_mjd(column: pa.ChunkedArray, how: TimeFormat, name: str, path: str) -> npt.NDArray[np.float64]:
    """The times as MJD, float64 [n]; NaN where there is none.

    Where the format was told from the numbers, those that lie outside of 1899 to 2105 are none either (Julian dates and
    years: outside of 1585 to 2105).

    Raises
    ------
    ReleaseFileError
        Where text is no date, or Julian dates would be called MJD.
    """
    if how.kind == "iso":
        return _dates(column, name, path)
    times = _numbers(column) * how.step + how.to_mjd
    if how.kind in ("unix", "days"):
        return times
    if how.told and np.nanmax(times, initial=0.0) > 1e6:
        raise ReleaseFileError(f"{path}: column {name!r} holds Julian dates, not only {how}; {_SETTLES}")
    return times if how.told else np.where((times >= how.first) & (times <= _LAST), times, np.nan)


def _counted(said: TimeFormat, field: pa.Field) -> TimeFormat | None:
    """The format of numbers that count from the reference that a FITS header states; None where nothing does."""
    noted = field.metadata or {}
    if _REFERENCE not in noted or said.offset or said.kind not in ("", "unix"):
        return None
    kind, zero = noted[_REFERENCE].decode().split()
    unit = noted.get(b"unit", b"").decode().strip().lower()
    scale = noted.get(b"time_scale", b"").decode().upper() or _usual_scale(kind)
    return TimeFormat(kind, float(zero), scale, step=_STEPS.get(unit, 1.0))


def _in_unit(said: TimeFormat, field: pa.Field) -> TimeFormat:
    """The format with the unit that the field states; seconds of nothing else count from 1970, years are dates."""
    unit = (field.metadata or {}).get(b"unit", b"").decode(errors="replace").strip().lower()
    if unit in _YEARS and not said.kind:
        return TimeFormat("jyear", 0.0, said.scale, step=_JULIAN_YEAR)
    if unit not in _STEPS:
        return said
    if not said.kind and _STEPS[unit] <= _STEPS["s"]:
        return TimeFormat("unix", 0.0, "UTC", step=_STEPS[unit])
    return replace(said, step=_STEPS[unit])


def _said(name: str, field: pa.Field) -> TimeFormat:
    """What the unit, the file's statement on times, and the name of a column say."""
    noted = {key.decode(): value.decode(errors="replace").lower() for key, value in (field.metadata or {}).items()}
    kind, offset, scale = "", 0.0, ""
    origin = noted.get("time_origin", "")
    if origin in ("mjd-origin", "jd-origin"):
        kind = origin.removesuffix("-origin")
    described = _JULIAN.sub(lambda found: "mjd" if found[1] else "jd", noted.get("description", ""))
    for text in (noted.get("unit", ""), origin, name.lower().replace("_", " "), described):
        for short, meaning in _NAMED.items():
            if re.search(rf"(?<![a-z]){short}(?![a-z])", text):
                return TimeFormat(*meaning)
        found = _KIND.search(text)
        kind = kind or _spelled(found)
        stated = _OFFSET.search(text)
        offset = offset or (float(stated[1]) if stated else 0.0)
        scale = scale or (found[1].upper() if (found := _SCALE.search(text)) else "")
    scale = scale or noted.get("time_scale", "").upper()
    if not kind and offset:
        kind = "jd"
    if not kind and _YEARS_NAMED.search(name.lower().replace("_", " ")):
        return TimeFormat("jyear", 0.0, scale, step=_JULIAN_YEAR)
    if not kind and _SECONDS_NAMED.search(name.lower().replace("_", " ")):
        return TimeFormat("unix", 0.0, "UTC", step=_STEPS["s"])
    return TimeFormat(kind, offset, scale or _usual_scale(kind))


def _spelled(found: re.Match[str] | None) -> str:
    if found is None:
        return ""
    return (found[1] or "")[:1] * (len(found[2]) < 4 and found[2][0] in "jm") + found[2]


def _usual_scale(kind: str) -> str:
    return "TDB" if kind in ("bjd", "bmjd") else "UTC" if kind else ""


def _is_numeric(column: pa.ChunkedArray) -> bool:
    """Whether most of the text is numbers: words among them are no times."""
    some = pc.utf8_trim_whitespace(column.drop_null().slice(0, 100))
    return bool(len(some)) and pc.mean(pc.match_substring_regex(some, _NUMBER)).as_py() > 0.5


def _known(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Those of the numbers that mean a time: finite and positive."""
    return values[np.isfinite(values) & (values > 0)]


def _fits(mjd: npt.NDArray[np.float64], first: float = _FIRST) -> bool:
    """Whether nearly all lie between `first` and 2105."""
    return bool(np.mean((mjd >= first) & (mjd <= _LAST)) >= _NEARLY_ALL)


def _numbers(column: Any) -> npt.NDArray[np.float64]:
    if pa.types.is_string(column.type):
        good = pc.match_substring_regex(column, _NUMBER)
        column = pc.utf8_trim_whitespace(pc.if_else(good, column, None))
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)


def _dates(column: pa.ChunkedArray, name: str, path: str) -> npt.NDArray[np.float64]:
    """Timestamps, dates, or text such as ``2016-02-02T03:36:21.6Z`` and ``2016-02-02.1500246``."""
    fraction: Any = 0.0
    if pa.types.is_string(column.type):
        found = pc.extract_regex(column, _DAY_FRACTION)
        part = pc.cast(pc.binary_join_element_wise("0.", pc.struct_field(found, "part"), ""), pa.float64())
        fraction = np.asarray(pc.fill_null(part, 0.0).to_numpy(), np.float64)
        column = pc.coalesce(pc.struct_field(found, "day"), column)
        import pandas as pd

        text = column.to_pandas()
        stamps = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
        words = text[stamps.isna() & text.notna()]
        if 2 * len(words) >= text.notna().sum() > 0:
            raise ReleaseFileError(
                f"{path}: column {name!r} holds text that is no date, such as {words.iloc[0]!r}; {_SETTLES}"
            )
        column = pa.chunked_array([pa.array(stamps.dt.tz_localize(None), pa.timestamp("us"))])
    whole = column.cast(pa.timestamp("us")).cast(pa.int64())
    days = np.asarray(pc.floor(pc.divide(whole.cast(pa.float64(), safe=False), 86_400e6)).to_numpy(), np.float64)
    rest = np.asarray(whole.to_numpy(), np.float64) - days * 86_400e6
    return np.asarray(days + _UNIX + (rest / 86_400e6 + fraction), np.float64)
