"""Catalogs as the dataframes people explore with: Dask's and LSDB's."""

from __future__ import annotations

from typing import Any

from lcscale.errors import LcscaleError
from lcscale.lake.leaf import Leaf
from lcscale.lake.partition import PartitionPlan
from lcscale.lake.pixel import HEALPIX_COLUMN
from lcscale.lake.view import View


def partition_frame(leaf: Leaf, plan: PartitionPlan) -> Any:
    """The rows of one partition as a pandas dataframe with Arrow dtypes, indexed by `_healpix_29`."""
    return _frame(plan.table(leaf))


def _frame(table: Any) -> Any:
    import pandas as pd

    return table.to_pandas(types_mapper=pd.ArrowDtype).astype({HEALPIX_COLUMN: "int64"}).set_index(HEALPIX_COLUMN)


def to_dask(catalog: View) -> Any:
    """See `Catalog.to_dask`."""
    import dask.dataframe as dd

    plan, leaves = catalog.plan(), catalog.partitions
    meta = _frame(plan.schema.empty_table())
    if not leaves:
        return dd.from_pandas(meta, npartitions=1)
    divisions = [leaf.pixel.span[0] for leaf in leaves] + [leaves[-1].pixel.span[1] - 1]
    return dd.from_map(partition_frame, leaves, plan=plan, meta=meta, divisions=divisions, label=catalog.name)


def to_lsdb(catalog: View) -> Any:
    """See `Catalog.to_lsdb`."""
    try:
        import lsdb
    except ImportError as error:
        raise LcscaleError("to_lsdb needs LSDB: pip install -c infra/constraints.txt -e '.[notebook]'") from error
    source = catalog.source
    if not catalog.steps and catalog.area is None:
        return lsdb.open_catalog(source.folder, columns="all")
    plan = catalog.plan()
    by_pixel = {tuple(leaf.pixel): leaf for leaf in catalog.partitions}
    opened = lsdb.open_catalog(source.folder, columns=[source.ra, source.dec])
    if catalog.area is not None:
        opened = opened.pixel_search(list(by_pixel))
    meta = _nested_frame(plan.schema.empty_table())
    return opened.map_partitions(_lsdb_partition, by_pixel, plan, include_pixel=True, meta=meta)


def _lsdb_partition(_: Any, pixel: Any, by_pixel: dict[Any, Leaf], plan: PartitionPlan) -> Any:
    return _nested_frame(plan.table(by_pixel[pixel.order, pixel.pixel]))


def _nested_frame(table: Any) -> Any:
    """A nested-pandas frame: light curves become nested columns."""
    from nested_pandas.nestedframe.io import from_pyarrow

    return from_pyarrow(table).set_index(HEALPIX_COLUMN)
