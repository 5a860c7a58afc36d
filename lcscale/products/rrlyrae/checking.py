"""`check_catalogue`: what is wrong with a catalogue of metallicities and distances before it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lcscale.kernels.compiling import Floats
from lcscale.products.rrlyrae.columns import COLUMNS

Bools = npt.NDArray[np.bool_]

_PARTS = tuple(f"feh_error_{part}" for part in ("measurement", "model", "scale", "zero_point"))
_INTERVALS = ("feh_low_90", "feh_low_68", "feh", "feh_high_68", "feh_high_90")


def check_catalogue(table: pa.Table, id_column: str, model_id: str | None = None) -> dict[str, int]:
    """Rows that break each rule; all zeros where the catalogue is sound.

    Parameters
    ----------
    table
        As `rrlyrae_metallicities` gives it, perhaps with distances.
    id_column
        Column with the names of the stars.
    model_id
        The one model that may have made the rows; None: any.
    """
    ids = table[id_column].to_pylist()
    text = {name: np.array(table[name].to_pylist(), object) for name in ("reason", "model_id", "mode", "feh_from")}
    feh = _numbers(table, "feh")
    known, error = np.isfinite(feh), _numbers(table, "feh_error")
    ends = np.stack([_numbers(table, name) for name in _INTERVALS])
    parts = np.sqrt(np.sum([_numbers(table, name) ** 2 for name in _PARTS], axis=0))
    _, first = np.unique(np.array(ids, object).astype(str), return_index=True)
    broken: dict[str, Bools] = {
        "a name that another star has": ~np.isin(np.arange(len(ids)), first),
        "a place that is none": ~((_numbers(table, "dec") >= -90) & (_numbers(table, "dec") <= 90)),
        "no [Fe/H] and no reason": ~known & _none(text["reason"]),
        "[Fe/H] without an error": known & ~(error > 0),
        "intervals that do not hold [Fe/H]": known & ~(np.diff(ends, axis=0) > 0).all(axis=0),
        "parts that are not the error": known & ~np.isclose(parts, error, rtol=1e-6),
        "[Fe/H] without a mode or an origin": known & (_none(text["mode"]) | _none(text["feh_from"])),
        "a number that is infinite": np.any([np.isinf(_numbers(table, name)) for name in _numeric(table)], axis=0),
    }
    if model_id is not None:
        broken["another model"] = text["model_id"] != model_id
    if "distance" in table.column_names:
        distance, modulus = _numbers(table, "distance"), _numbers(table, "distance_modulus")
        far = np.isfinite(distance)
        low, high = _numbers(table, "distance_low"), _numbers(table, "distance_high")
        told = ~_none(np.array(table["distance_reason"].to_pylist(), object))
        broken["a distance that is not its modulus"] = far & ~np.isclose(distance, 10 ** (modulus / 5 - 2))
        broken["a distance outside its interval"] = far & ~((low < distance) & (distance < high))
        broken["no distance and no reason"] = ~far & ~told
    return {name: int(rows.sum()) for name, rows in broken.items()}


def check_files(table: pa.Table, parquet: Path, votable: Path) -> dict[str, int]:
    """Columns of ours that files of a catalogue do not give back: values with nulls, units and UCDs.

    Parameters
    ----------
    table
        What was written.
    parquet, votable
        The files, of the same rows in the same order.
    """
    from astropy.io.votable import parse_single_table

    written, other = pq.read_table(parquet), parse_single_table(votable)
    fields, rows = {each.name: each for each in other.fields}, other.to_table()
    lost = dict.fromkeys(("values of Parquet", "units of Parquet", "values of the VOTable", "units of the VOTable"), 0)
    for column in (each for each in COLUMNS if each.name in table.column_names):
        expected, means = table[column.name], (column.unit, column.ucd)
        lost["values of Parquet"] += not written[column.name].equals(expected)
        told = written.schema.field(column.name).metadata or {}
        lost["units of Parquet"] += tuple(told.get(key, b"").decode() for key in (b"unit", b"ucd")) != means
        lost["values of the VOTable"] += not _same(rows[column.name], expected)
        field = fields[column.name]
        lost["units of the VOTable"] += tuple(str(each or "") for each in (field.unit, field.ucd)) != means
    return lost


def _same(given: Any, expected: pa.ChunkedArray) -> bool:
    """Whether a column of a VOTable is this; nulls are NaN or empty there."""
    values = np.ma.asarray(given)
    if pa.types.is_floating(expected.type):
        numbers = expected.cast(pa.float64()).to_numpy()
        return bool(np.array_equal(np.ma.filled(values.astype(np.float64), np.nan), numbers, equal_nan=True))
    hidden = np.ma.getmaskarray(values)
    found = [None if h else v for h, v in zip(hidden, values.tolist(), strict=True)]
    return [v or None for v in found] == [v or None for v in expected.to_pylist()]


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].cast(pa.float64()).to_numpy(), np.float64)


def _numeric(table: pa.Table) -> list[str]:
    return [each.name for each in COLUMNS if each.name in table.column_names and pa.types.is_floating(each.type)]


def _none(values: npt.NDArray[np.object_]) -> Bools:
    return np.array([each is None or each == "" for each in values], np.bool_)
