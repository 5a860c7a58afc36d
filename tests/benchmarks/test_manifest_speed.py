"""What a driver does before and after the tasks of catalogs of 10^4 and 10^5 leaves: publish, open, plan."""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa
import pytest

import lcscale as lc
from lcscale.lake import HEALPIX_COLUMN, Draft, Lake, Pixel
from lcscale.lake.job import Plan
from lcscale.lake.leaf import leaf_name
from lcscale.lake.leaf_record import LeafRecord

pytestmark = pytest.mark.slow

_ORDER = 7
_SCHEMA = pa.schema(
    [pa.field(HEALPIX_COLUMN, pa.int64()), pa.field("object_id", pa.int64())]
    + [pa.field(name, pa.float64()) for name in ("ra", "dec", *(f"c{i}" for i in range(20)))]
)


def records(n: int):
    """`n` leaves of 20,000 rows, four cells each."""
    for pixel in np.linspace(0, (12 << 2 * _ORDER) - 1, n).astype(int).tolist():
        cells = [4 * pixel + k for k in range(4)]
        yield LeafRecord(Pixel(_ORDER, pixel), 20_000, 123_456_789, f"{pixel:032x}", cells, [5000] * 4)


def drafted(lake: Lake, n: int, plan: str) -> Draft:
    """A version with `n` leaves, which are empty files: nothing may open them."""
    draft = lake.draft("sky", plan)
    for record in records(n):
        place = os.path.join(draft.folder.path, leaf_name(record.pixel))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.close(os.open(place, os.O_CREAT))
    return draft


def publish(draft: Draft, n: int) -> None:
    with draft:
        draft.publish(records(n), _SCHEMA, ra="ra", dec="dec")


@pytest.fixture(params=[10_000, 100_000])
def size(request):
    """Number of leaves."""
    return request.param


def test_publish(benchmark, tmp_path, size):
    benchmark.group = f"driver, {size:,} leaves"
    lake = Lake(tmp_path)
    benchmark.pedantic(publish, (drafted(lake, size, "plan"), size), rounds=1)
    assert len(lake["sky"]) == 20_000 * size


def test_open(benchmark, tmp_path, size):
    benchmark.group = f"driver, {size:,} leaves"
    lake = Lake(tmp_path)
    publish(drafted(lake, size, "plan"), size)
    catalog = benchmark.pedantic(lambda: lake["sky"], rounds=3, warmup_rounds=1)
    assert len(catalog.source.leaves) == size


def test_plan(benchmark, tmp_path, size):
    benchmark.group = f"driver, {size:,} leaves"
    lake = Lake(tmp_path)
    publish(drafted(lake, size, "plan"), size)
    plan = benchmark.pedantic(lambda: Plan(lake["sky"].where("c1 > 0")), rounds=3, warmup_rounds=1)
    assert len(plan.leaves) == size


def test_plan_a_crossmatch(benchmark, tmp_path, size):
    benchmark.group = f"driver, {size:,} leaves"
    lake = Lake(tmp_path)
    publish(drafted(lake, size, "plan"), size)

    def planned():
        return Plan(lake["sky"].crossmatch(lake["sky"], radius_arcsec=1.0))

    assert len(benchmark.pedantic(planned, rounds=1, warmup_rounds=0).leaves) == size


def test_cone(benchmark, tmp_path, size):
    benchmark.group = f"driver, {size:,} leaves"
    lake = Lake(tmp_path)
    publish(drafted(lake, size, "plan"), size)
    sky = lake["sky"]
    found = benchmark.pedantic(lambda: sky.region(lc.Cone(100.0, 20.0, 3600.0)).partitions, rounds=5, warmup_rounds=1)
    assert 1 <= len(found) < 100
