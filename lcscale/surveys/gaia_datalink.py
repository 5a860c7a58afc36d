"""Gaia epoch photometry in all layouts that the archive has served it in: G, BP and RP (Eyer et al. 2023)."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.nested import Nested
from lcscale.surveys.ecsv import parsed_arrays
from lcscale.surveys.gaia_epochs import TO_MJD
from lcscale.surveys.identities import identities
from lcscale.surveys.nesting import empty_light_curves, light_curve_field, nest
from lcscale.surveys.packed import POSITION
from lcscale.surveys.positions import gaia_positions
from lcscale.surveys.reading import read_batches, reading
from lcscale.surveys.release import Part, Problem, ReleaseFileError, leave_out
from lcscale.surveys.table import parts_of_tables

BANDS = ("G", "BP", "RP")
_FIELD = light_curve_field(BANDS, time_scale="TCB", time_origin="BJD - 2400000.5", mag_system="Vega")
_MAG_OF_FLUX = 2.5 / np.log(10)
_QUANTITIES = ("time", "mag", "flux", "flux_error")
_LONG = ("band", *_QUANTITIES)
_PHOTOMETRY = "rejected_by_photometry"
_REJECTED = "rejected by Gaia's photometry or variability processing (keep_rejected=true keeps them)"
_MISSING = "no time, or no band of Gaia's"
_BYTES = 8 << 20


def _wide(band: str) -> dict[str, str]:
    """Columns of a band where a row is a transit, or arrays of all transits of a source."""
    start = "g_transit" if band == "G" else band.lower()
    time = "g_transit_time" if band == "G" else f"{start}_obs_time"
    return {"time": time, "mag": f"{start}_mag", "flux": f"{start}_flux", "flux_error": f"{start}_flux_error"}


_COLUMNS = {band: _wide(band) for band in BANDS}
_VARIABILITY = {band: f"variability_flag_{band.lower()}_reject" for band in BANDS}
_IN_BULK = {"BP": "photometry_flag_bp_reject", "RP": "photometry_flag_rp_reject"}
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Transits:
    """Transits in one or all bands."""

    owner: Integers
    """Number of the source of each."""
    values: dict[str, pa.Array]
    """Times, magnitudes, errors and bands."""
    rejected: Booleans
    """Which the processing rejected."""
    empty: Booleans
    """Which have no time or band."""


@dataclass(frozen=True)
class GaiaDataLink:
    """Epoch photometry from the archive's DataLink or its bulk release, as CSV, ECSV, VOTable or FITS.

    Three layouts are told apart by their columns: a row a transit and band (``band``, ``time``, ``mag`` …), a row a
    transit with columns for each band (served since December 2024), and a row a source whose cells hold arrays (the
    bulk release and the ``RAW`` structure). Magnitude errors come from the fluxes. Positions are the file's; where it
    has none, those of the HEALPix pixel in the source_id, good to half an arcminute.
    """

    keep_rejected: bool = False
    """Keep transits that Gaia's photometry or variability processing rejected."""
    name = "gaia_datalink"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    join_arcsec = 0.0
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Gaia DR3 epoch photometry",
        "bib_reference": "2023A&A...674A..13E",
    }

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """Each file."""
        return parts_of_tables(paths, problems)

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """The light curves of a file's sources, also of those whose every transit was rejected."""
        reasons: Counter[str] = Counter()
        for whole in read_batches(part, problems):
            with reading(part.path):
                for table in _in_pieces(_with_lists(whole)):
                    yield self._nested(table, part.path, reasons)
        leave_out(problems, reasons)

    def _nested(self, table: pa.Table, path: str, reasons: Counter[str]) -> pa.Table:
        ids, flat, owner = _flattened(table, path)
        sources, first, number = np.unique(ids, return_index=True, return_inverse=True)
        owner = number[owner]
        parts = [self._band(flat, band, owner) for band in BANDS] if "band" not in flat else [self._long(flat, owner)]
        owners = np.concatenate([part.owner for part in parts])
        rejected = np.concatenate([part.rejected for part in parts])
        empty = np.concatenate([part.empty for part in parts])
        values = {name: pa.concat_arrays([part.values[name] for part in parts]) for name in parts[0].values}
        reasons[_REJECTED] += int((rejected & ~empty).sum())
        if "band" in flat:
            reasons[_MISSING] += int(empty.sum())
        index, curves = nest(np.where(rejected | empty, -1, owners), values)
        ra, dec = _positions(table, sources, first)
        place = np.full(sources.size, -1)
        place[index] = np.arange(index.size)
        none = pa.array(np.where(place < 0, index.size, place))
        curves = pa.concat_arrays([curves.cast(_FIELD.type), empty_light_curves(1, _FIELD.type)]).take(none)
        fields = [pa.field("object_id", pa.int64())]
        fields += [pa.field(name, pa.float64(), metadata=POSITION[name]) for name in ("ra", "dec")]
        columns = [pa.array(sources), pa.array(ra), pa.array(dec), curves]
        return pa.Table.from_arrays(columns, schema=pa.schema([*fields, _FIELD]))

    def _long(self, flat: Mapping[str, Any], owner: Integers) -> _Transits:
        codes = pc.index_in(flat["band"].cast(pa.string()), value_set=pa.array(BANDS))
        unknown = np.asarray(codes.is_null().to_numpy(zero_copy_only=False))
        flags = [_truth(flat.get(name), owner.size) for name in (_PHOTOMETRY, "rejected_by_variability")]
        values, empty = _measured({name: flat[name] for name in _QUANTITIES})
        values["band"] = pa.DictionaryArray.from_arrays(codes.cast(pa.int8()), pa.array(BANDS))
        return _Transits(owner, values, self._bad(flags), empty | unknown)

    def _band(self, flat: Mapping[str, Any], band: str, owner: Integers) -> _Transits:
        values, empty = _measured({name: flat[column] for name, column in _COLUMNS[band].items()})
        names = [_PHOTOMETRY, _VARIABILITY[band], *([_IN_BULK[band]] if band in _IN_BULK else [])]
        flags = [_truth(flat.get(name), owner.size) for name in names]
        codes = pa.array(np.full(owner.size, BANDS.index(band), np.int8))
        values["band"] = pa.DictionaryArray.from_arrays(codes, pa.array(BANDS))
        return _Transits(owner, values, self._bad(flags), empty)

    def _bad(self, flags: Sequence[Booleans]) -> Booleans:
        bad = np.logical_or.reduce(flags)
        return np.zeros_like(bad) if self.keep_rejected else bad


def _with_lists(table: pa.Table) -> pa.Table:
    """The table with arrays that are written as text in cells (``[1.5, NaN]`` in CSV) as lists."""
    for place, one in enumerate(table.schema):
        if pa.types.is_string(one.type) and pc.all(pc.starts_with(table.column(place), "[")).as_py():
            kind = pa.bool_() if "flag" in one.name or "reject" in one.name else pa.float64()
            if one.name != "transit_id":
                table = table.set_column(place, one.name, parsed_arrays(table.column(place).combine_chunks(), kind))
    return table


def _in_pieces(table: pa.Table) -> Iterator[pa.Table]:
    """A table of arrays some sources at a time; any other whole: a source's transits stand anywhere in it."""
    if not any(pa.types.is_list(one.type) for one in table.schema):
        yield table
        return
    rows = max(1, _BYTES * table.num_rows // max(1, table.nbytes))
    for start in range(0, table.num_rows, rows):
        yield table.slice(start, rows)


def _flattened(table: pa.Table, path: str) -> tuple[Integers, dict[str, pa.Array], Integers]:
    """The source of each row, the columns with an element a transit, and the row each transit is of."""
    names = table.column_names
    wide = [column for columns in _COLUMNS.values() for column in columns.values()]
    if not set(_LONG) <= set(names) and not set(wide) <= set(names):
        lacking = ", ".join(repr(name) for name in _LONG if name not in names)
        raise ReleaseFileError(
            f"{path} is no epoch photometry of Gaia: it has neither {', '.join(wide[:3])}, … nor column {lacking}; "
            f"it has {', '.join(names[:40])}"
        )
    ids = _source_ids(table, path)
    columns = {name: table.column(name).combine_chunks() for name in names}
    columns = {name: one.chunk(0) if isinstance(one, pa.ChunkedArray) else one for name, one in columns.items()}
    lists = {name: Nested.of(column) for name, column in columns.items() if pa.types.is_list(column.type)}
    transits = [name for name in wide if name in lists]
    if not transits:
        return ids, columns, np.arange(table.num_rows)
    first = lists[transits[0]]
    for name in transits:
        if not np.array_equal(lists[name].offsets, first.offsets):
            raise ReleaseFileError(f"{path}: the arrays in {name!r} and {transits[0]!r} differ in length")
    return ids, {name: each.values for name, each in lists.items()}, first.owner


def _measured(columns: Mapping[str, pa.Array]) -> tuple[dict[str, pa.Array], Booleans]:
    """Times, magnitudes and errors of transits; and which have no time: there the band was not observed."""
    time, mag, flux, error = (_numbers(columns[name]) for name in _QUANTITIES)
    with np.errstate(divide="ignore", invalid="ignore"):
        mag_err = np.where(flux > 0, _MAG_OF_FLUX * error / flux, np.nan)
    values = {"time": pa.array(time + TO_MJD), "mag": pa.array(mag), "mag_err": pa.array(mag_err)}
    return values, ~np.isfinite(time)


def _positions(table: pa.Table, sources: Integers, first: Integers) -> tuple[Floats, Floats]:
    """Positions of the sources: the file's, or those of the pixels in their ids."""
    if {"ra", "dec"} <= set(table.column_names):
        ra, dec = (_numbers(table.column(name).combine_chunks())[first] for name in ("ra", "dec"))
        if np.isfinite(ra + dec).all():
            return ra, dec
    return gaia_positions(sources)


def _source_ids(table: pa.Table, path: str) -> Integers:
    """The column `source_id`, or the number in the file's name where there is none."""
    if "source_id" in table.column_names:
        names = identities(table.column("source_id"), "source_id", path)
        return np.asarray(names.cast(pa.int64()).to_numpy())
    named = re.findall(r"\d{8,19}", os.path.basename(path))
    if not named:
        raise ReleaseFileError(f"{path} has no column 'source_id', and no source_id in its name")
    return np.full(table.num_rows, int(named[-1]))


def _numbers(column: pa.Array) -> Floats:
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _truth(column: pa.Array | None, n: int) -> Booleans:
    """Booleans, however they are written; missing ones are false."""
    if column is None or pa.types.is_null(column.type):
        return np.zeros(n, bool)
    if pa.types.is_string(column.type):
        column = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(column)), pa.array(["true", "1", "t"]))
    return np.asarray(pc.fill_null(column.cast(pa.bool_()), False).to_numpy(zero_copy_only=False))
