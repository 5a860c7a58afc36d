"""Zwicky Transient Facility: bulk light curves of the data releases, and those of the archive (Masci et al. 2019)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lcscale.arrays import modulo_360
from lcscale.errors import InputError
from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.nested import Nested, parts_of, struct_of
from lcscale.surveys.identities import COLUMNS_OF_NAMES, trimmed
from lcscale.surveys.nesting import MEMBERS, light_curve_field, medians, nest
from lcscale.surveys.packed import POSITION
from lcscale.surveys.reading import format_of, pick, read_batches, read_table, reading, table_parts
from lcscale.surveys.release import Part, Problem, ReleaseFileError, expand, leave_out
from lcscale.surveys.table import tables_in
from lcscale.vocabulary import NAME

BANDS = ("g", "r", "i")
_BULK = ["objectid", "filterid", "fieldid", "rcid", "objra", "objdec", "hmjd", "mag", "magerr", "catflags"]
_ARCHIVE = ["oid", "filtercode", "hjd", "mag", "magerr", "catflags", "ra", "dec"]
_HJD_TO_MJD = -2_400_000.5
_WIDEST_ARCSEC = 60.0
_ONE_STAR_ARCSEC = 5.0
_UNUSABLE = 32_768
_TYPE = pa.struct([*LIGHTCURVE_TYPE, pa.field("oid", pa.list_(pa.int64()))])
_FIELD = light_curve_field(
    BANDS, _TYPE, time_scale="UTC", time_origin="HJD - 2400000.5", mag_system="AB", oid="ZTF object id: field, band"
)
_MEMBER = {"oid": pa.int64(), "ra": pa.float64(), "dec": pa.float64(), "mag": pa.float32()}
_MEMBERS = pa.field(
    MEMBERS,
    pa.struct([(name, pa.list_(kind)) for name, kind in _MEMBER.items()]),
    metadata={"unit": "ra: deg, dec: deg, mag: mag", "mag": "median of the oid's observations in lightcurve"},
)
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ztf:
    """Bulk Parquet files (a row an oid, list columns), or the archive's CSV and Parquet (a row an observation).

    ZTF gives a star an id (oid) for each field, quadrant and band, and releases each field and band in a file of its
    own. Oids that lie together, in whichever files, become one object where that with the smallest oid is, named by it
    (`lcscale.ingest.grouping` tells how; the survey lists no two oids of a field, quadrant and band that near). Every
    observation keeps its oid, and `members` has position and median magnitude of each oid: the differences within a
    band are the offsets between fields, which stay in the light curves. A column `nick` (`COLUMNS_OF_NAMES`) of an
    archive's file becomes `name`, else the name of a file of one star, such as its Gaia id.
    """

    max_catflags: int = 0
    """Largest `catflags` of a usable observation: 0 for the clean ones, 32767 for all but the spurious."""
    join_arcsec: float = 1.5
    """Oids within this distance of that of the smallest number are one object; 0: each stays one."""
    name = "ztf"
    ra = "ra"
    dec = "dec"
    identity = "object_id"
    properties: ClassVar[Mapping[str, str]] = {
        "obs_title": "Zwicky Transient Facility light curves",
        "bib_reference": "2019PASP..131a8003M",
    }

    def __post_init__(self) -> None:
        if not 0 <= self.join_arcsec <= _WIDEST_ARCSEC:
            raise InputError(f"ztf: join_arcsec is {self.join_arcsec}; give 0 to {_WIDEST_ARCSEC:g} arcseconds")

    def parts(self, paths: Sequence[str], problems: list[Problem]) -> list[Part]:
        """Bulk files in runs of row groups; files of the archive whole: an oid's position is that of all its rows."""
        parts: list[Part] = []
        for path in expand(paths):
            for file in tables_in(path):
                try:
                    parts += table_parts(file, "bulk") if _is_bulk(file) else [Part(file, "archive")]
                except ReleaseFileError as error:
                    problems.append(Problem(file, str(error)))
        return parts

    def batches(self, part: Part, problems: list[Problem]) -> Iterator[pa.Table]:
        """Oids with those of their observations that `max_catflags` admits, even if there are none."""
        reasons: Counter[str] = Counter()
        if part.kind == "bulk":
            for table in read_batches(part, problems, _BULK):
                with reading(part.path):
                    yield self._from_lists(table, reasons)
        else:
            table = read_table(part.path, problems, _ARCHIVE, optional=[COLUMNS_OF_NAMES])
            if table.num_rows:
                with reading(part.path):
                    yield _named(self._from_observations(table, reasons), table, part.path)
            else:
                problems.append(Problem(part.path, "no observations", set_aside=False))
        leave_out(problems, reasons)

    def _from_lists(self, table: pa.Table, reasons: Counter[str]) -> pa.Table:
        table = table.combine_chunks()
        lists = {name: table.column(name).combine_chunks() for name in ("hmjd", "mag", "magerr", "catflags")}
        n = table.num_rows
        owner = Nested.of(lists["hmjd"]).owner
        flat = {name: values.flatten() for name, values in lists.items()}
        oid = _numbers(table.column("objectid"), np.int64)
        band = _numbers(table.column("filterid"), np.int64) - 1
        owner = np.where(self._clean(flat["catflags"], reasons), owner, -1)
        bands = pa.DictionaryArray.from_arrays(pa.array(band[owner].astype(np.int8)), pa.array(BANDS))
        curves = _curves(owner, n, flat["hmjd"], flat["mag"], flat["magerr"], bands, oid[owner])
        return _pieces(oid, _numbers(table.column("objra")), _numbers(table.column("objdec")), curves)

    def _from_observations(self, table: pa.Table, reasons: Counter[str]) -> pa.Table:
        oid, per_row = np.unique(_numbers(table.column("oid"), np.int64), return_inverse=True)
        ra_row = np.radians(_numbers(table.column("ra")))
        ra = np.degrees(np.arctan2(np.bincount(per_row, np.sin(ra_row)), np.bincount(per_row, np.cos(ra_row))))
        dec = np.bincount(per_row, _numbers(table.column("dec"))) / np.bincount(per_row)
        time = pc.add(table.column("hjd"), _HJD_TO_MJD).combine_chunks()
        mag, error = (table.column(name).combine_chunks() for name in ("mag", "magerr"))
        owner = np.where(self._clean(table.column("catflags"), reasons), per_row, -1)
        curves = _curves(owner, oid.size, time, mag, error, _band_names(table.column("filtercode")), oid[per_row])
        return _pieces(oid, ra, dec, curves)

    def _clean(self, flags: pa.Array | pa.ChunkedArray, reasons: Counter[str]) -> npt.NDArray[np.bool_]:
        """Which observations `max_catflags` admits; those without flags are not known to be clean."""
        values = _numbers(flags.cast(pa.float64()))
        unknown, unusable = ~np.isfinite(values), values >= _UNUSABLE
        good: npt.NDArray[np.bool_] = ~unknown & (np.where(unknown, 0, values) <= self.max_catflags)
        doubtful = "catflags 1 to 32767, doubtful (max_catflags=32767, that is catflags < 32768, keeps them)"
        reasons[doubtful] += int((~good & ~unknown & ~unusable).sum())
        reasons["catflags of 32768 and above, unusable"] += int((~good & unusable).sum())
        reasons["no catflags: not known to be clean"] += int(unknown.sum())
        return good


def _band_names(codes: pa.ChunkedArray) -> pa.Array:
    """Bands of filter codes: g of zg; codes that are not known stay themselves, those that are missing too."""
    codes = codes.combine_chunks()
    known = pc.index_in(codes, value_set=pa.array([f"z{band}" for band in BANDS]))
    return pc.coalesce(pa.array(BANDS).take(known), codes)


def _named(pieces: pa.Table, table: pa.Table, path: str) -> pa.Table:
    """The oids of a file's `table` with what they are called besides: in a column, else as a file of one star is."""
    at = pieces.column_names.index("dec") + 1
    called = pick(COLUMNS_OF_NAMES, table.column_names)
    if called in table.column_names:
        first = np.unique(_numbers(table.column("oid"), np.int64), return_index=True)[1]
        names = trimmed(table.column(called).take(pa.array(first)).cast(pa.string()))
        return pieces.add_column(at, NAME.field, names)
    ra, dec = (pieces.column(name).to_numpy() for name in ("ra", "dec"))
    east = ((ra - ra[0] + 180) % 360 - 180) * np.cos(np.radians(dec[0]))
    one = bool(np.hypot(east, dec - dec[0]).max() < _ONE_STAR_ARCSEC / 3600)
    name = os.path.basename(path).split(".")[0] if one else None
    return pieces.add_column(at, NAME.field, pa.array([name] * pieces.num_rows, pa.string()))


def _is_bulk(path: str) -> bool:
    with reading(path):
        return format_of(path).kind == "parquet" and "objectid" in pq.read_schema(path).names


def _numbers(column: Any, kind: type = np.float64) -> npt.NDArray[Any]:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(kind)


def _curves(
    owner: Integers, n: int, time: pa.Array, mag: pa.Array, error: pa.Array, band: pa.Array, oid: Integers
) -> pa.StructArray:
    """Light curves of all `n` objects, empty ones too."""
    values = {"time": time, "mag": mag, "mag_err": error, "band": band, "oid": pa.array(oid)}
    index, curves = nest(owner, values)
    parts = {name: Nested.owned(part.values, index[part.owner], n) for name, part in parts_of(curves).items()}
    return struct_of(parts, list(_TYPE))


def _pieces(oid: Integers, ra: Floats, dec: Floats, curves: pa.StructArray) -> pa.Table:
    """One row an oid, each its own only member."""
    fields = [pa.field("object_id", pa.int64())]
    fields += [pa.field(name, pa.float64(), metadata=POSITION[name]) for name in ("ra", "dec")]
    columns = [pa.array(oid), pa.array(modulo_360(ra)), pa.array(dec)]
    mag, ones = Nested.of(curves.field("mag")), np.arange(oid.size + 1)
    told = (*columns, medians(mag.values, mag.owner, oid.size))
    each_one = {field.name: Nested(values, ones) for field, values in zip(_MEMBERS.type, told, strict=True)}
    members = struct_of(each_one, list(_MEMBERS.type))
    return pa.Table.from_arrays([*columns, members, curves], schema=pa.schema([*fields, _MEMBERS, _FIELD]))
