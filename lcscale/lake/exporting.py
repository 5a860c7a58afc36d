"""Rows out of a lake into one file that others read: CSV, Parquet, FITS, VOTable, ECSV."""

from __future__ import annotations

import os
import pathlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lake.file_formats import FORMATS
from lcscale.lake.partition import apply
from lcscale.lake.view import View
from lcscale.lightcurves import Detections
from lcscale.steps import Select, Step, Where, chain_schema
from lcscale.vocabulary import HEALPIX_COLUMN

LIGHT_CURVES = ("long", "nested")
"""How light curves are written: a row an observation, or as they are (Parquet only)."""
_COLUMN = "lightcurve"


@dataclass(frozen=True)
class Exported:
    """What `export` wrote."""

    path: pathlib.Path
    """The file."""
    rows: int
    """Rows in it."""
    left_out: tuple[str, ...]
    """Columns of lists and structs that its format does not hold."""

    def __str__(self) -> str:
        text = f"{self.path}: {self.rows:,} rows"
        if not self.left_out:
            return text
        told = f"{text}\n  left out, as {self.path.suffix} holds no lists: {', '.join(self.left_out)}"
        return f"{told} (--light-curves long writes a row an observation)" if _COLUMN in self.left_out else told


def export(
    rows: View | pa.Table,
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] = (),
    where: str | None = None,
    light_curves: str | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write a catalog, or a table without positions, into one file; its name's ending says the format.

    CSV and Parquet are written batch by batch; FITS, VOTable and ECSV hold all rows in memory, and are refused beyond
    a sixteenth of the machine's.

    Parameters
    ----------
    rows
        A catalog, or a table of a lake.
    path
        ``.csv``, ``.parquet``, ``.fits``, ``.vot`` or ``.ecsv``.
    columns
        The columns to write, in this order; default: all, but the HEALPix index only in Parquet. With
        ``light_curves="long"`` those of the object that stand beside each observation; default: its name.
    where
        Condition on the rows; see `lcscale.expressions`.
    light_curves
        ``long``: a row an observation; ``nested``: as they are, in Parquet only. Default: nested in Parquet, left out
        and named elsewhere.
    overwrite
        Replace a file that is there.

    Raises
    ------
    InputError
        For another format, a file that is there, or more rows than the format can be written with.
    """
    target = pathlib.Path(path)
    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"{target}: cannot tell the format from {suffix!r}; there are {', '.join(FORMATS)}")
    if light_curves not in (None, *LIGHT_CURVES) or (light_curves == "nested" and suffix != ".parquet"):
        raise InputError(
            f"light curves are written {' or '.join(LIGHT_CURVES)}, and nested in .parquet only; "
            f"not {light_curves} in {suffix}"
        )
    if target.exists() and not overwrite:
        raise InputError(
            f"{target} is there already; choose another name, or say that it may be overwritten "
            "(--overwrite, overwrite=True)"
        )
    schema, batches = _rows(rows, _steps(rows, columns, where, light_curves == "long", suffix))
    left_out = [] if suffix == ".parquet" else [field.name for field in schema if pa.types.is_nested(field.type)]
    wanted = [name for name in schema.names if name not in left_out]
    if not wanted:
        raise InputError(f"{suffix} holds no lists, and there is nothing else in {', '.join(left_out)}")
    schema = pa.schema([schema.field(name) for name in wanted])
    beside = target.with_name(f".{uuid.uuid4().hex}{suffix}")
    try:
        written = FORMATS[suffix](str(beside), schema, (batch.select(wanted) for batch in batches))
        os.replace(beside, target)
    except FileNotFoundError as error:
        raise InputError(f"cannot write {target}: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    return Exported(target, written, tuple(left_out))


def _steps(rows: View | pa.Table, columns: Sequence[str], where: str | None, long: bool, suffix: str) -> list[Step]:
    """What is done to the rows before they are written."""
    schema = rows.schema
    names = list(dict.fromkeys(columns)) or [name for name in schema.names if name != HEALPIX_COLUMN]
    if not columns and suffix == ".parquet":
        names = list(schema.names)
    steps: list[Step] = [] if where is None else [Where(where)]
    if not long:
        return [*steps, Select(tuple(names))]
    if not columns:
        names = _named_by(rows)
    kept = Select(tuple(name for name in dict.fromkeys((*names, _COLUMN)) if name in (*schema.names, *names)))
    return [*steps, kept, Detections(_COLUMN)]


def _named_by(rows: View | pa.Table) -> list[str]:
    """Columns that say whose observation it is: the object's names, else its position."""
    column = rows.id_column_or_none if isinstance(rows, View) else None
    names = [name for name in dict.fromkeys((column, "name")) if name is not None and name in rows.schema.names]
    return names or ([rows.source.ra, rows.source.dec] if isinstance(rows, View) else [])


def _rows(rows: View | pa.Table, steps: Sequence[Step]) -> tuple[pa.Schema, Iterator[pa.Table]]:
    """Schema and batches of the rows after `steps`."""
    if not isinstance(rows, View):
        return chain_schema(steps, rows.schema), iter([apply(steps, rows)])
    view = rows.mapped(*steps)
    plan = view.plan()
    return plan.schema, (batch for leaf in view.partitions for batch in plan.tables(leaf))
