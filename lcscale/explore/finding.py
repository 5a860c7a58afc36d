"""Rows of a catalog by the name of an object."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lcscale.lake import HEALPIX_COLUMN, Catalog, Cone

AROUND_ARCSEC = 5.0
"""Radius within which an object is looked for at a position that is told."""


def rows_of(catalog: Catalog, object_id: str | int, at: tuple[float, float] | None = None) -> pa.Table:
    """The rows of an object, of the first partition that has any; none where the catalog does not have it.

    Parameters
    ----------
    catalog
        Its `id_column` is read, leaf by leaf, until the object is found.
    object_id
        As the catalog names it; numbers and texts of the same digits are the same.
    at
        Right ascension and declination, degrees: only rows within 5 arcsec are looked at.
    """
    column = catalog.id_column
    searched = catalog if at is None else catalog.region(Cone(at[0], at[1], AROUND_ARCSEC))
    for batch in searched.columns(column).to_batches():
        hit = batch.filter(_names(batch, column, object_id))
        if hit.num_rows:
            index = hit.column(HEALPIX_COLUMN)[0].as_py()
            rows = catalog.rows_within(np.array([[index, index + 1]], np.int64))
            return rows.filter(_names(rows, column, object_id))
    return catalog.schema.empty_table()


def _names(table: pa.Table, column: str, object_id: str | int) -> pa.ChunkedArray:
    return pc.equal(table.column(column).cast(pa.string()), pa.scalar(str(object_id)))
