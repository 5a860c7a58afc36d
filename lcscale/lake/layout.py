"""How a catalog's files hold its rows, ours or anybody's, and the same rows as every step expects them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError, LcscaleError
from lcscale.lake.conforming import conform, plain
from lcscale.lake.leaf import OUR_INDEX, FileIndex, Leaf, Ranges, inside
from lcscale.lake.pixel import Pixel, spatial_index
from lcscale.lightcurves.faults import numbers
from lcscale.lightcurves.fields import COLUMN, LightCurveFields
from lcscale.vocabulary import HEALPIX_COLUMN

_HIVE = ("Norder", "Dir", "Npix")
_FINEST = 29


@dataclass(frozen=True)
class Layout:
    """What the files of a catalog hold, and how rows of them become rows of the catalog.

    Whatever the files look like, the rows have `_healpix_29` (int64, order 29) and come in its order; columns have the
    types of `schema`; columns that a file lacks are null, those that `stored` lacks are not read; light curves are in
    one column `lightcurve` with our names.
    """

    stored: pa.Schema
    """Schema that the files should have, as the catalog's metadata say."""
    ra: str
    """Name of the right-ascension column, degrees."""
    dec: str
    """Name of the declination column, degrees."""
    index: FileIndex | None = OUR_INDEX
    """The files' column with a HEALPix index; None: they have none, and it is computed from the position."""
    light_curves: LightCurveFields | None = None
    """Where the light curves are, if they are not in `lightcurve` under our names."""

    @cached_property
    def schema(self) -> pa.Schema:
        """Schema of the rows."""
        fields = {field.name: field.with_type(plain(field.type)).with_nullable(True) for field in self.stored}
        if self.index is not None and not self.index.shift and self.index.name != HEALPIX_COLUMN:
            del fields[self.index.name]
        place = fields.get(HEALPIX_COLUMN)
        if place is None:
            fields = {HEALPIX_COLUMN: pa.field(HEALPIX_COLUMN, pa.int64()), **fields}
        elif place.type != pa.int64():
            fields[HEALPIX_COLUMN] = place.with_type(pa.int64())
        schema = pa.schema(list(fields.values()), self.stored.metadata)
        return schema if self.light_curves is None else self.light_curves.schema(schema)

    def fingerprint(self) -> str:
        """What a reader of the catalog was told besides what stands in it; empty where nothing was."""
        return "" if self.light_curves is None else repr(self.light_curves)

    def batches(self, leaf: Leaf, columns: Sequence[str], ranges: Ranges | None = None) -> Iterator[pa.Table]:
        """The rows of `leaf` whose `_healpix_29` lies in `ranges` (default: all), in its order, with `columns`.

        Some row groups at a time, where their statistics say that they follow each other; else all at once.

        Raises
        ------
        LcscaleError
            A file cannot be read, or holds a column in a type that does not go over into the catalog's.
        """
        wanted = self._stored_columns(columns)
        fields = [self.stored.field(name) for name in wanted]
        types = pa.schema([field.with_type(plain(field.type)) for field in fields])
        for table in leaf.batches(wanted, ranges, *(() if self.index == OUR_INDEX else (self.index,))):
            try:
                rows = conform(table, types)
            except pa.ArrowException as error:
                raise LcscaleError(f"the leaf {leaf.path} does not fit the catalog's schema: {error}") from error
            rows, place = self._indexed(rows, leaf.pixel)
            if ranges is not None:
                chosen = inside(place, ranges)
                if not chosen.all():
                    rows, place = rows.filter(pa.array(chosen)), place[chosen]
            if (np.diff(place) < 0).any():
                rows = rows.take(pa.array(np.argsort(place, kind="stable")))
            if self.light_curves is not None and COLUMN in columns:
                rows = self.light_curves.adapt(rows)
            yield rows.select(list(columns))

    def read(self, leaf: Leaf, columns: Sequence[str], ranges: Ranges | None = None) -> pa.Table:
        """The same rows in one table."""
        empty = pa.schema([self.schema.field(name) for name in columns]).empty_table()
        return pa.concat_tables([batch.cast(empty.schema) for batch in self.batches(leaf, columns, ranges)] or [empty])

    def _stored_columns(self, columns: Sequence[str]) -> list[str]:
        """Columns of the files from which `columns` and the order of the rows are made."""
        wanted = {*columns, self.ra, self.dec}
        if self.index is not None:
            wanted.add(self.index.name)
        if self.light_curves is not None and COLUMN in columns:
            wanted |= self.light_curves.sources(self.stored)
        return [name for name in self.stored.names if name in wanted]

    def _indexed(self, table: pa.Table, pixel: Pixel) -> tuple[pa.Table, npt.NDArray[np.int64]]:
        """`table` with the column `_healpix_29`, and that column.

        An index of a coarser order says in which cell a row is, and its position where in the cell. Rows whose index is
        null go by their position alone, and so do all where an index is out of the pixel: it counts something else.
        """
        first, behind = pixel.span
        if self.index is None:
            place = np.clip(self._computed(table, pixel), first, behind - 1)
            return _with_index(table, place), place
        column = table.column(self.index.name)
        if column.type == pa.int64() and not column.null_count:
            start = column.to_numpy() << self.index.shift
        else:
            start = column.cast(pa.int64()).fill_null(-1).to_numpy() << self.index.shift
        strange = (start < first) | (start >= behind)
        if not self.index.shift and not strange.any():
            known = self.index.name == HEALPIX_COLUMN and column.type == pa.int64()
            return (table if known else _with_index(table, start)), start
        place = self._computed(table, pixel)
        if not (strange & (start >= 0)).any():
            place = np.where(strange, place, np.clip(place, start, start + (1 << self.index.shift) - 1))
        return _with_index(table, place), place

    def _computed(self, table: pa.Table, pixel: Pixel) -> npt.NDArray[np.int64]:
        """Index of each row's position, int64 [n]; rows without a position are where the pixel begins."""
        ra, dec = (numbers(table.column(name))[0].astype(np.float64) for name in (self.ra, self.dec))
        known = np.isfinite(ra) & (np.abs(dec) <= 90)
        place = np.full(ra.size, pixel.span[0], np.int64)
        if known.any():
            place[known] = spatial_index(ra[known], dec[known])
        return place


def layout_of(
    stored: pa.Schema,
    ra: str,
    dec: str,
    *,
    index: tuple[str | None, int | None] = (None, None),
    light_curves: LightCurveFields | None = None,
) -> Layout:
    """The layout of a catalog from the schema of its files, its columns of position and of the `index`, with its order.

    Columns of the partitioning (``Norder``, ``Dir``, ``Npix``) are no part of it. Light curves under other names are
    found where `light_curves` says, or where `LightCurveFields.recognised` knows them.

    Raises
    ------
    InputError
        The files have no column of the position, or no light curves where `light_curves` says.
    """
    stored = pa.schema([field for field in stored if field.name not in _HIVE], stored.metadata)
    missing = [name for name in (ra, dec) if name not in stored.names]
    if missing:
        raise InputError(f"no column {', '.join(missing)} of the position; there are {', '.join(stored.names)}")
    found = LightCurveFields.recognised(stored) if light_curves is None else light_curves.found_in(stored)
    return Layout(stored, ra, dec, _index_of(stored, *index), found)


def _index_of(stored: pa.Schema, stated: str | None, stated_order: int | None) -> FileIndex | None:
    """The column with the index: `_healpix_29`, or the one that the properties name, of an order that is certain."""
    name = HEALPIX_COLUMN if stated is None or HEALPIX_COLUMN in stored.names else stated
    if name not in stored.names or not pa.types.is_integer(stored.field(name).type):
        return None
    told = re.fullmatch(r"_?healpix_?([0-9]+)", name)
    orders = {int(told[1])} if told else set()
    if stated_order is not None and name == stated:
        orders.add(stated_order)
    order = _FINEST if not orders else orders.pop() if len(orders) == 1 else None
    return FileIndex(name, order) if order is not None and 0 <= order <= _FINEST else None


def _with_index(table: pa.Table, place: npt.NDArray[np.int64]) -> pa.Table:
    """`table` with `place` as its column `_healpix_29`."""
    if HEALPIX_COLUMN in table.column_names:
        table = table.drop_columns([HEALPIX_COLUMN])
    return table.append_column(HEALPIX_COLUMN, pa.array(place))
