"""What a task of a dataframe carries: its own leaf and those of other catalogs in its reach, however many there are."""

from __future__ import annotations

from dataclasses import replace

import cloudpickle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skies import put, sky_table

from lcscale.lake.frames import to_dask
from lcscale.lake.leaves import Leaves
from lcscale.lake.pixel import Pixels


@pytest.fixture
def rows(lake):
    """A catalog of 200 rows without light curves, in 12 leaves."""
    return put(lake, "rows", sky_table(200, lightcurves=False), order=0)


def at(catalog, order, pixels=None):
    """The catalog with leaves that are not there: in all pixels of an order, or in some."""
    numbers = range(12 * 4**order) if pixels is None else pixels
    leaves = Leaves(Pixels.of((order, i) for i in numbers), "/a/long/way/down/catalogs/gaia_dr3/gaia")
    return replace(catalog, source=replace(catalog.source, leaves=leaves))


def task_bytes(frame):
    """Bytes of each task of a dataframe's graph, int [n_tasks]."""
    graph = dict(frame.optimize().__dask_graph__())
    return np.array([len(cloudpickle.dumps(task)) for task in graph.values()])


STEPS = {
    "crossmatch": lambda left, right: left.crossmatch(right),
    "mutual": lambda left, right: left.crossmatch(right, mutual=True),
    "chain": lambda left, right: left.crossmatch(right).crossmatch(right, radius_arcsec=30.0),
    "join": lambda left, right: left.join(right.columns("object_id", "mean_mag")),
    "nested": lambda left, right: left.crossmatch(right.crossmatch(right)),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_task_does_not_grow_with_the_other_catalog(rows, step):
    some = at(rows, 4, range(0, 3072, 64))
    few, many = (task_bytes(STEPS[step](some, at(rows, order)).to_dask()) for order in (4, 7))
    assert few.size == many.size
    # leaves of order 7 are finer than the border counted in: more of them touch it, not in proportion to 64
    assert many.max() < 60_000
    same = task_bytes(STEPS[step](some, at(rows, 4, range(768))).to_dask())
    assert few.max() <= same.max() + 100


@pytest.mark.parametrize(
    ("left", "right"), [(3, 4), pytest.param(5, 5, marks=pytest.mark.slow)], ids=["768 x 3072", "12288 x 12288"]
)
def test_a_graph_grows_with_its_partitions_alone(rows, left, right):
    half = task_bytes(at(rows, left, range(6 * 4**left)).crossmatch(at(rows, right)).to_dask())
    whole = task_bytes(at(rows, left).crossmatch(at(rows, right)).to_dask())
    assert whole.sum() < 2.1 * half.sum()
    assert whole.max() < 20_000
    assert whole.sum() < 12 * 4**left * 6_000


def test_a_task_of_an_lsdb_catalog_carries_as_little(rows, lake):
    left = put(lake, "left", sky_table(300, 1, lightcurves=False), order=1)
    few, many = (task_bytes(left.crossmatch(at(rows, order)).to_lsdb().to_dask_dataframe()) for order in (3, 5))
    assert few.size == many.size
    assert many.max() < 60_000


@pytest.fixture
def three(lake):
    """Catalogs of the same sky at three tilings, the first of them to be mapped."""
    tables = [sky_table(1500, 7, lightcurves=False) for _ in range(3)]
    return [put(lake, name, table, order) for name, table, order in zip("abc", tables, (1, 2, 0), strict=True)]


@pytest.mark.parametrize("step", STEPS)
def test_a_dataframe_has_the_rows_of_the_job(three, step):
    a, b, c = three
    catalog = STEPS[step](a, b)
    if step not in ("join", "mutual"):
        catalog = catalog.crossmatch(c, radius_arcsec=7200.0, n_neighbors=2)
    expected = catalog.to_arrow().to_pandas()
    found = to_dask(catalog).compute(scheduler="synchronous").reset_index()
    assert found.astype(expected.dtypes.to_dict()).equals(expected)
    nested = catalog.to_lsdb().compute().reset_index()
    assert nested["object_id"].tolist() == expected["object_id"].tolist()


@settings(max_examples=200, deadline=None)
@given(
    cells=st.lists(st.integers(0, 47), min_size=1, max_size=20, unique=True),
    cuts=st.lists(st.integers(0, 48 * 16), min_size=2, max_size=12, unique=True),
)
def test_leaves_within_ranges_are_those_that_overlap_them(cells, cuts):
    leaves = Leaves(Pixels.of((1, i) for i in sorted(cells)))
    edges = np.array(sorted(cuts)[: len(cuts) // 2 * 2], np.int64).reshape(-1, 2) << 2 * (29 - 3)
    spans = [(leaf, *leaf.pixel.span) for leaf in leaves]
    expected = [leaf for leaf, low, high in spans if any(low < stop and start < high for start, stop in edges)]
    assert list(leaves[leaves.within(edges)]) == expected
