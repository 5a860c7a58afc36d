"""Rows of a long list of ids, beside reading the catalog."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put

from lcscale.lake import Lake

pytestmark = pytest.mark.slow
N, WANTED = 4_000_000, 1_000_000
GROUP = "1,000,000 ids in a catalog of 4,000,000 rows and 12 columns"


@pytest.fixture(scope="module")
def stars(tmp_path_factory):
    rng = np.random.default_rng(1)
    ra, dec = rng.uniform(0, 360, N), np.degrees(np.arcsin(rng.uniform(-1, 1, N)))
    index = compute_spatial_index(ra, dec)
    order = np.argsort(index)
    ids = rng.permutation(rng.integers(0, 2**40, N) * N + np.arange(N))
    columns = {"_healpix_29": index[order], "object_id": ids, "ra": ra[order], "dec": dec[order]}
    magnitudes = {f"mag_{k}": rng.normal(15, 1, N).astype(np.float32) for k in range(7)}
    table = pa.table({**columns, "name": pa.array(ids).cast(pa.string()), **magnitudes})
    return put(Lake(tmp_path_factory.mktemp("lake")), "stars", table), rng.choice(ids, WANTED, replace=False)


def rows(catalog):
    return sum(table.num_rows for table in catalog.to_batches())


@pytest.mark.benchmark(group=GROUP)
def test_read(benchmark, stars):
    assert benchmark.pedantic(rows, (stars[0],), rounds=5, warmup_rounds=1) == N


@pytest.mark.benchmark(group=GROUP)
def test_rows_of_a_list_of_numbers(benchmark, stars):
    catalog, ids = stars
    assert benchmark.pedantic(lambda: rows(catalog.where("object_id in @ids", ids=ids)), rounds=5) == WANTED


@pytest.mark.benchmark(group=GROUP)
def test_rows_of_a_list_of_texts(benchmark, stars):
    catalog, ids = stars
    texts = ids.astype(str)
    assert benchmark.pedantic(lambda: rows(catalog.where("name in @ids", ids=texts)), rounds=3) == WANTED
