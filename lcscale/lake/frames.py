"""Catalogs as the dataframes people explore with: Dask's and LSDB's."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from lcscale.errors import LcscaleError
from lcscale.lake.leaf import Leaf
from lcscale.lake.partition import PartitionPlan
from lcscale.lake.reach import near, with_leaves, without_leaves
from lcscale.lake.view import View
from lcscale.vocabulary import HEALPIX_COLUMN

Frame = Callable[[pa.Table], Any]
"""Makes a dataframe, indexed by `_healpix_29`, from an Arrow table."""


def arrow_frame(table: pa.Table) -> Any:
    """A pandas dataframe with Arrow dtypes."""
    import pandas as pd

    return table.to_pandas(types_mapper=pd.ArrowDtype).astype({HEALPIX_COLUMN: "int64"}).set_index(HEALPIX_COLUMN)


def nested_frame(table: pa.Table) -> Any:
    """A nested-pandas frame: light curves become nested columns."""
    from nested_pandas.nestedframe.io import from_pyarrow

    return from_pyarrow(table).set_index(HEALPIX_COLUMN)


def to_dask(catalog: View) -> Any:
    """See `Catalog.to_dask`."""
    return _dask(catalog, arrow_frame)


def _dask(catalog: View, frame: Frame) -> Any:
    """A Dask dataframe of a graph whose partitions share one plan.

    A task carries its own leaf, and the leaves of other catalogs that its rows may meet.
    """
    import dask
    import dask.dataframe as dd

    plan, leaves = catalog.plan(), catalog.partitions
    meta = frame(plan.schema.empty_table())
    if not leaves:
        return dd.from_pandas(meta, npartitions=1)
    label = f"{catalog.name}-{uuid.uuid4().hex}"
    shared = dask.delayed(without_leaves(plan), name=f"plan-of-{label}", traverse=False)
    part = dask.delayed(_partition, pure=True, traverse=False)
    parts = [
        part(leaf, shared, near(plan.steps, leaf.pixel), frame, dask_key_name=f"{label}-{number}")
        for number, leaf in enumerate(leaves)
    ]
    divisions = [leaf.pixel.span[0] for leaf in leaves] + [leaves[-1].pixel.span[1] - 1]
    return dd.from_delayed(parts, meta=meta, divisions=divisions, verify_meta=False)


def _partition(leaf: Leaf, plan: PartitionPlan, found: Any, frame: Frame) -> Any:
    """The rows of one partition as a dataframe."""
    return frame(with_leaves(plan, found).table(leaf))


def to_lsdb(catalog: View) -> Any:
    """See `Catalog.to_lsdb`."""
    try:
        import lsdb
    except ImportError as error:
        raise LcscaleError("to_lsdb needs LSDB: pip install -c infra/constraints.txt -e '.[notebook]'") from error
    from hats.pixel_math import HealpixPixel
    from lsdb.operations.expressions import FromDaskExpression

    source = catalog.source
    as_stored = source.schema.equals(source.layout.stored)
    if as_stored and not catalog.steps and catalog.area is None:
        return lsdb.open_catalog(source.folder, columns="all")
    pixels = [HealpixPixel(*leaf.pixel) for leaf in catalog.partitions]
    opened = lsdb.open_catalog(source.folder, columns=[source.ra, source.dec])
    if catalog.area is not None:
        opened = opened.pixel_search(pixels)
    return opened._create_updated_dataset(FromDaskExpression(_dask(catalog, nested_frame), pixels))
