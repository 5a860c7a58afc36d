"""The files that rows are exported into, one writer a format."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lcscale.engine.machine import machine_memory
from lcscale.errors import InputError
from lcscale.lake.astropy_tables import to_astropy

SHARE_IN_MEMORY = 1 / 16
"""Share of the machine's memory that rows may take in a format that is written whole; astropy holds them several
times over."""


def _csv(path: str, schema: pa.Schema, batches: Iterable[pa.Table]) -> int:
    """Text between commas: nulls are empty, numbers as short as they are exact."""
    from pyarrow.csv import CSVWriter

    kinds = [pa.string() if pa.types.is_dictionary(field.type) else field.type for field in schema]
    plain = pa.schema([field.with_type(kind) for field, kind in zip(schema, kinds, strict=True)])
    rows = 0
    with CSVWriter(path, plain) as writer:
        for batch in batches:
            writer.write_table(batch.cast(plain))
            rows += batch.num_rows
    return rows


def _parquet(path: str, schema: pa.Schema, batches: Iterable[pa.Table]) -> int:
    """Parquet, with the metadata of the fields."""
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(batch)
            rows += batch.num_rows
    return rows


def _fits(path: str, schema: pa.Schema, batches: Iterable[pa.Table]) -> int:
    """A binary table; UCDs and descriptions stand in the cards ``TUCDn`` and ``TCOMMn``.

    Truth values of which some are null become numbers, 0 and 1: astropy writes no null among truth values.
    """
    from astropy.io import fits

    table = _whole(schema, batches, "FITS")
    for place, field in enumerate(schema):
        if pa.types.is_boolean(field.type) and table.column(place).null_count:
            numbers = table.column(place).cast(pa.int16())
            table = table.set_column(place, field.with_type(pa.int16()), numbers)
    for field in schema:
        if pa.types.is_string(field.type) and not pc.all(pc.string_is_ascii(table.column(field.name))).as_py():
            raise InputError(f"column {field.name!r} has letters that FITS does not hold; write .vot, .ecsv or .csv")
    unit = fits.table_to_hdu(_quiet(to_astropy, table))
    for number, field in enumerate(schema, 1):
        for card, name in (("TUCD", b"ucd"), ("TCOMM", b"description")):
            if text := (field.metadata or {}).get(name):
                unit.header[f"{card}{number}"] = text.decode("ascii", "replace")
    _quiet(unit.writeto, path)
    return int(table.num_rows)


def _votable(path: str, schema: pa.Schema, batches: Iterable[pa.Table]) -> int:
    """A VOTable with units, UCDs and descriptions."""
    table = _whole(schema, batches, "VOTable")
    found = to_astropy(table)
    for name in found.colnames:
        column = found[name]
        if getattr(column, "mask", None) is not None and column.dtype.kind in "iu":
            column.info.meta["values"] = {"null": int(column.fill_value)}
    _quiet(found.write, path, format="votable")
    return int(table.num_rows)


def _ecsv(path: str, schema: pa.Schema, batches: Iterable[pa.Table]) -> int:
    """Text with a header of types, units and descriptions."""
    table = _whole(schema, batches, "ECSV")
    _quiet(to_astropy(table).write, path, format="ascii.ecsv", delimiter=",")
    return int(table.num_rows)


FORMATS: dict[str, Callable[[str, pa.Schema, Iterable[pa.Table]], int]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".fits": _fits,
    ".vot": _votable,
    ".ecsv": _ecsv,
}
"""Writers by the ending of the file's name: they take the file, the schema and the batches, and give the rows."""


def _whole(schema: pa.Schema, batches: Iterable[pa.Table], what: str) -> pa.Table:
    """All batches in one table, unless they are too large for a format that is written whole."""
    limit = int(machine_memory() * SHARE_IN_MEMORY)
    found, size = [schema.empty_table()], 0
    for batch in batches:
        found.append(batch)
        size += batch.nbytes
        if size > limit:
            raise InputError(
                f"{what} is written whole, and these rows take more than {limit / 2**30:.1f} GiB of memory: choose "
                "columns or rows, or write .csv or .parquet, which are written batch by batch"
            )
    return pa.concat_tables(found)


def _quiet(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """`function` without the warnings that units of others and long card names give."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)
