"""Rows of a catalog by the name of an object."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.lake import HEALPIX_COLUMN, Catalog, Cone
from lcscale.vocabulary import NAME

AROUND_ARCSEC = 5.0
"""Radius within which an object is looked for at a position that is told."""

FURTHER_NAMES = (NAME.name, "other_names")
"""Columns in which an object is looked for that the ids do not know; OGLE's lists have the second."""


def rows_of(catalog: Catalog, object_id: str | int, at: tuple[float, float] | None = None) -> pa.Table:
    """The rows of an object, of the first partition that has any; none where the catalog does not have it.

    Parameters
    ----------
    catalog
        Its `id_column` is read, leaf by leaf, until the object is found; its further names beside.
    object_id
        As the catalog names it, or a further name; numbers and texts of the same digits are the same.
    at
        Right ascension and declination, degrees: only rows within 5 arcsec are looked at.
    """
    told = [catalog.id_column_or_none, *(name for name in FURTHER_NAMES if name in catalog.column_names)]
    columns = [name for name in dict.fromkeys(told) if name is not None] or [catalog.id_column]
    searched = catalog if at is None else catalog.region(Cone(at[0], at[1], AROUND_ARCSEC))
    found: tuple[str, int] | None = None
    for batch in searched.columns(*columns).to_batches():
        for column in columns:
            hit = batch.filter(_names(batch, column, object_id))
            if hit.num_rows and (found is None or column == columns[0]):
                found = column, hit.column(HEALPIX_COLUMN)[0].as_py()
        if found is not None and found[0] == columns[0]:
            break
    if found is None:
        return catalog.schema.empty_table()
    rows = catalog.rows_within(np.array([[found[1], found[1] + 1]], np.int64))
    return rows.filter(_names(rows, found[0], object_id))


def _names(table: pa.Table, column: str, object_id: str | int) -> pa.ChunkedArray:
    return pc.equal(table.column(column).cast(pa.string()), pa.scalar(str(object_id)))
