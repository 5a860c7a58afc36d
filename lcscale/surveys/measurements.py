"""Rows of a table as observations: times, magnitudes or fluxes, bands; what is left out is counted by its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.errors import InputError
from lcscale.surveys.fluxes import flux_unit, in_njy, zero_point
from lcscale.surveys.reading import pick
from lcscale.surveys.release import ReleaseFileError
from lcscale.surveys.times import TimeFormat, time_format, to_mjd
from lcscale.units import factor, stated_unit

LIMIT = "limit"
"""Field of a light curve with upper limits: the magnitude that the object is fainter than; `mag` is NaN there."""

LIMITS = "upper limits"
WORDS = "words in place of a number"
MISSING = "no magnitude"
NO_FLUX = "no flux, or a mark of none"
ABSURD = "no magnitude but a mark of none (99.99 and the like), or beyond 90 mag"
NO_TIME = "no time, or one unlike the others"
NO_BAND = "no band"

_LARGEST = 90.0
_NUMBER = r"^\s*(?P<limit>[<>≤≥]?)=?\s*(?P<value>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$"
_DECIMAL_COMMA = r"^(\s*[<>≤≥]?=?\s*[+-]?\d+),(\d+)\s*$"
_FLAG = "l_"
"""What CDS puts before the name of a column for that of its flags: ``<`` and ``>`` there make a limit of the number."""
_MARK = re.compile(r"-?(9+(\.9+)?|100(\.0)?)")
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Measured:
    """The columns that hold measurements: of one band, or of all where a column names the band."""

    value: str
    """Magnitude or flux."""
    error: str | None = None
    """Its error, or None."""
    band: str = ""
    """Name of the band; empty where a column names it."""
    time: str = ""
    """Column of time, where the band has one of its own."""

    @property
    def columns(self) -> list[str]:
        """All columns there are."""
        return [name for name in (self.value, self.error, self.time) if name]

    @classmethod
    def parse(cls, text: str) -> Measured:
        """A band in columns of its own, as a user names it.

        Examples
        --------
        >>> Measured.parse("W1=w1mpro:w1sigmpro")
        Measured(value='w1mpro', error='w1sigmpro', band='W1', time='')
        """
        band, _, columns = text.partition("=")
        names = [name.strip() for name in columns.split(":")]
        if not band.strip() or not names[0] or len(names) > 3:
            raise InputError(f"{text!r} is no band in columns; give BAND=MAG:ERROR or BAND=MAG:ERROR:TIME")
        error = names[1] if len(names) > 1 and names[1] else None
        return cls(names[0], error, band.strip(), names[2] if len(names) > 2 else "")


@dataclass(frozen=True)
class Observing:
    """How the rows of a table of detections are observations."""

    measured: tuple[Measured, ...]
    """The measurements in a row."""
    time: str
    """Column of time."""
    band: str | None = None
    """Column of the band, where one names it."""
    fluxes: bool = False
    """Whether the values are fluxes."""
    zero: float | None = None
    """Magnitude of a flux of 1, where the column does not say it."""
    time_format: str | None = None
    """What the times are, where a person says so."""
    time_offset: float | None = None
    """Days to add to the times to make them MJD, where a person says so."""
    keep_limits: bool = False
    """Whether upper limits stay, in a field of their own."""
    zero_column: str = ""
    """Column of the magnitude of a flux of 1, where every row has its own."""
    other_band: str = ""
    """The band, where the column of it may be absent and is."""
    band_names: Mapping[str, str] = field(default_factory=dict)
    """What the file's names of bands are called here."""
    no_flux: float = np.nan
    """What stands for no flux."""
    limit: str | None = None
    """Column of the limiting magnitude: where there is no magnitude, the row is an upper limit."""

    @property
    def optional(self) -> list[str]:
        """Columns that tell limits, where they are there."""
        flags = ["|".join(_FLAG + name for name in one.value.split("|")) for one in self.measured]
        return [*flags, *([self.limit] if self.limit else [])]

    @property
    def columns(self) -> list[str]:
        """All columns that are needed."""
        own = all(one.time for one in self.measured)
        band = None if self.other_band else self.band
        names = [*([] if own else [self.time]), *(name for one in self.measured for name in one.columns)]
        names += [band or "", self.zero_column]
        return list(dict.fromkeys(name for name in names if name))

    def formats(self, table: pa.Table, path: str) -> dict[str, TimeFormat]:
        """What the times in `table` are, by column."""
        names = dict.fromkeys(pick(one.time or self.time, table.column_names) for one in self.measured)
        if self.time_offset is not None:
            return {name: TimeFormat("mjd", self.time_offset, "", told=True) for name in names}
        return {name: time_format(table, name, path, self.time_format) for name in names}

    def read(
        self, table: pa.Table, formats: dict[str, TimeFormat], path: str, reasons: Counter[str]
    ) -> tuple[npt.NDArray[np.int64], dict[str, pa.Array]]:
        """The observations in `table`, and the rows they stand in; `reasons` count what is left out.

        Returns
        -------
        int64 [n], dict
            Rows, and arrays of `time`, `mag` and `mag_err` or, in nJy, `flux` and `flux_err`, `band` (and `limit` where
            limits are kept).
        """
        parts = [self._one(table, one, formats, path, reasons) for one in self.measured]
        rows = np.concatenate([rows for rows, _ in parts])
        values = {name: pa.concat_arrays([each[name] for _, each in parts]) for name in parts[0][1]}
        return rows, values

    def _one(
        self, table: pa.Table, one: Measured, formats: dict[str, TimeFormat], path: str, reasons: Counter[str]
    ) -> tuple[npt.NDArray[np.int64], dict[str, pa.Array]]:
        name = pick(one.value, table.column_names)
        at = pick(one.time or self.time, table.column_names)
        time = to_mjd(table.column(at), formats[at], at, path)
        value, limit, words = _numbers(table.column(name))
        value, limit = self._limits(table, name, value, limit)
        error = np.full(value.size, np.nan)
        if one.error:
            error = _numbers(table.column(pick(one.error, table.column_names)))[0]
        limited = np.isfinite(limit)
        why: list[tuple[str, Booleans]] = [(LIMITS, limited), (WORDS, words)]
        if self.fluxes:
            by = in_njy(self._zero(table, name, path))
            why.append((NO_FLUX, ~np.isfinite(value * by) | (value == self.no_flux)))
            own = self._zero_of_errors(table, one, path)
            value, error, limit = value * by, error * (by if own is None else in_njy(own)), limit * by
        else:
            by = _to_magnitudes(table, name, path)
            value, limit = value * by, limit * by
            if one.error:
                error = error * _to_magnitudes(table, pick(one.error, table.column_names), path)
            absurd = np.abs(value) >= _LARGEST
            _check_magnitudes(value, absurd, name, path)
            why += [(MISSING, ~np.isfinite(value)), (ABSURD, absurd)]
            error = np.where(np.abs(error) >= _LARGEST, np.nan, error)
        bad = np.zeros(value.size, bool)
        bands = self._bands(table, one)
        no_band = np.asarray(bands.is_null().to_numpy(zero_copy_only=False))
        for reason, those in [(NO_TIME, ~np.isfinite(time)), (NO_BAND, no_band), *why]:
            if self.keep_limits and reason == LIMITS:
                those = np.zeros(value.size, bool)
            elif self.keep_limits and reason in (MISSING, NO_FLUX, WORDS):
                those = those & ~limited
            label = f"{reason} (in {one.band})" if len(self.measured) > 1 and reason in (MISSING, NO_FLUX) else reason
            reasons[label] += int((those & ~bad).sum())
            bad |= those
        rows = np.flatnonzero(~bad)
        values = {
            "time": pa.array(time[rows]),
            "flux" if self.fluxes else "mag": pa.array(value[rows].astype(np.float32)),
            "flux_err" if self.fluxes else "mag_err": pa.array(error[rows].astype(np.float32)),
            "band": bands.take(pa.array(rows)),
        }
        if self.keep_limits:
            values[LIMIT] = pa.array(limit[rows].astype(np.float32))
        return rows, values

    def _limits(self, table: pa.Table, name: str, value: Floats, limit: Floats) -> tuple[Floats, Floats]:
        """Values and upper limits, where a flag beside the values or a column of limits tells them."""
        if _FLAG + name in table.column_names:
            flags = pc.utf8_trim_whitespace(table.column(_FLAG + name).cast(pa.string()))
            flagged = np.asarray(pc.fill_null(pc.match_substring_regex(flags, "^[<>≤≥]=?$"), False).to_numpy(), bool)
            value, limit = np.where(flagged, np.nan, value), np.where(flagged, value, limit)
        stated = pick(self.limit or "", table.column_names)
        if stated in table.column_names and not self.fluxes:
            faintest = _numbers(table.column(stated))[0]
            none = ~(np.abs(value) < _LARGEST) & np.isnan(limit) & (np.abs(faintest) < _LARGEST)
            value, limit = np.where(none, np.nan, value), np.where(none, faintest, limit)
        return value, limit

    def _bands(self, table: pa.Table, one: Measured) -> pa.Array:
        name = pick(self.band or "", table.column_names)
        if one.band or name not in table.column_names:
            return pa.array([one.band or self.other_band]).take(pa.array(np.zeros(table.num_rows, np.int8)))
        column = table.column(name).cast(pa.string()).combine_chunks()
        if not self.band_names:
            return column
        known = pc.index_in(column, value_set=pa.array(list(self.band_names)))
        return pc.coalesce(pa.array(list(self.band_names.values())).take(known), column)

    def _zero(self, table: pa.Table, name: str, path: str) -> float | Floats:
        """Magnitude of a flux of 1."""
        if self.zero_column and self.zero is None:
            return _numbers(table.column(pick(self.zero_column, table.column_names)))[0]
        return zero_point(table.schema.field(name), self.zero, path)

    def _zero_of_errors(self, table: pa.Table, one: Measured, path: str) -> float | None:
        """Magnitude of an error of 1, where the errors state a unit of their own."""
        field = table.schema.field(pick(one.error, table.column_names)) if one.error else None
        told = self.zero is not None or self.zero_column or field is None or not flux_unit(field)
        return None if told else zero_point(field, None, path)


def _to_magnitudes(table: pa.Table, name: str, path: str) -> float:
    """Number by which the values of a column are multiplied to be magnitudes, by the unit that it states."""
    try:
        return factor(stated_unit(table.schema.field(name)), "mag", f"column {name!r}")
    except InputError as error:
        raise ReleaseFileError(f"{path}: {error}") from error


def _numbers(column: pa.ChunkedArray) -> tuple[Floats, Floats, Booleans]:
    """Numbers, upper limits (``>13.9``), and which cells hold words; NaN where there is none."""
    nothing = np.full(len(column), np.nan)
    if not pa.types.is_string(column.type):
        if pa.types.is_boolean(column.type) or pa.types.is_nested(column.type) or pa.types.is_temporal(column.type):
            return nothing, nothing, np.ones(len(column), bool)
        values = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)
        return values, nothing, np.zeros(len(column), bool)
    column = pc.replace_substring_regex(column.combine_chunks(), _DECIMAL_COMMA, r"\1.\2")
    found = pc.extract_regex(column, _NUMBER)
    values = np.asarray(pc.struct_field(found, "value").cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    mark = pc.fill_null(pc.struct_field(found, "limit"), "")
    limited = np.asarray(pc.not_equal(mark, "").to_numpy(zero_copy_only=False))
    words = np.asarray(pc.and_(pc.is_valid(column), pc.is_null(found)).to_numpy(zero_copy_only=False))
    return np.where(limited, np.nan, values), np.where(limited, values, np.nan), words


def _check_magnitudes(value: Floats, absurd: Booleans, name: str, path: str) -> None:
    """Numbers beyond 90 are no magnitudes; where most are, and are no marks such as 99.99, they are fluxes."""
    odd = value[absurd]
    if not odd.size:
        return
    distinct = np.unique(odd)
    number, often = np.unique(odd, return_counts=True)
    if often.max() > 1 and 2 * often.max() > odd.size:  # one number again and again: it stands for none
        odd, distinct = odd[odd != number[often.argmax()]], distinct[distinct != number[often.argmax()]]
    fluxes = [number for number in distinct[:1000] if not _MARK.fullmatch(f"{number:.6g}")]
    kept = int(np.isfinite(value).sum()) - odd.size
    if fluxes and np.isin(odd, fluxes).sum() > kept:
        raise ReleaseFileError(
            f"{path}: column {name!r} holds values such as {fluxes[0]:g}, which are no magnitudes; "
            f"where they are fluxes, say so: --flux {name} (and --flux-err), with --zero-point where no unit is stated"
        )
