"""A table in memory, of pandas, astropy or Arrow, as a catalog of a lake."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from lcscale.engine import EngineSpec, RunRecord
from lcscale.errors import InputError
from lcscale.ingest.job import ingest
from lcscale.lake import Lake
from lcscale.surveys import get as get_survey
from lcscale.surveys.astropy_tables import arrow_table
from lcscale.surveys.release import Option

if TYPE_CHECKING:
    import pandas as pd
    from astropy.table import Table

_POSITIONS = (
    *(("ra", "dec"), ("RA", "DEC"), ("RA", "Dec"), ("raj2000", "dej2000"), ("RAJ2000", "DEJ2000"), ("RAdeg", "DEdeg")),
    *(("_RAJ2000", "_DEJ2000"), ("ra_deg", "dec_deg"), ("RA_ICRS", "DE_ICRS"), ("raMean", "decMean"), ("ra", "decl")),
)
"""Names of the columns of position, as surveys and archives have them."""


def convert(
    table: pa.Table | pd.DataFrame | Table,
    lake: Lake | str | os.PathLike[str],
    name: str,
    *,
    ra: str | None = None,
    dec: str | None = None,
    engine: EngineSpec = None,
    progress: bool | None = None,
    **options: Option,
) -> RunRecord:
    """Write a table with positions as the catalog `name`, in place of one that was converted under this name before.

    With `time` among the options its rows, or the lists in its cells, are observations, and the catalog has light
    curves; without it all columns are kept as they are.

    Parameters
    ----------
    table
        Of pandas (a named index becomes a column), astropy (units are kept) or Arrow.
    lake, name
        Where it goes.
    ra, dec
        Columns of the position; default: those of the usual names (``ra`` and ``dec``, ``RAJ2000`` and ``DEJ2000`` …).
    engine, progress
        As of `ingest`. The table is put into a file of this machine meanwhile, which the workers must see.
    options
        Of the adapter ``table``, such as ``id="star"``; or, with `time`, of ``lightcurves``.

    Raises
    ------
    InputError
        It is no such table, or has no columns of position.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> stars = pd.DataFrame({"star": ["a", "b"], "RAJ2000": [10.5, 11.5], "DEJ2000": [-5.0, 5.0]})
    >>> with tempfile.TemporaryDirectory() as lake:
    ...     convert(stars, lake, "stars", id="star", engine="serial", progress=False).rows
    2
    """
    found = _as_arrow(table)
    usual = next((pair for pair in _POSITIONS if set(pair) <= set(found.column_names)), ("ra", "dec"))
    position = {"ra": ra or usual[0], "dec": dec or usual[1]}
    missing = [each for each in position.values() if each not in found.column_names]
    if missing and not options.get("objects"):
        raise InputError(f"the table has no column {', '.join(missing)}; say which hold the position, ra= and dec=")
    with tempfile.TemporaryDirectory(prefix="lcscale-") as folder:
        path = os.path.join(folder, "table.parquet")
        pq.write_table(found, path)
        survey = get_survey("lightcurves" if options.get("time") else "table", **{**position, **options})
        return ingest(survey, path, lake, name, replace=True, engine=engine, progress=progress)


def _as_arrow(table: pa.Table | pd.DataFrame | Table) -> pa.Table:
    if isinstance(table, pa.Table):
        return table
    if hasattr(table, "colnames"):
        return arrow_table(table)
    if hasattr(table, "to_dict") and hasattr(table, "index"):
        named = [each for each in table.index.names if each is not None]
        return pa.Table.from_pandas(table.reset_index() if named else table, preserve_index=False)
    raise InputError(f"cannot convert a {type(table).__name__}: tables of pandas, astropy and Arrow can be")
