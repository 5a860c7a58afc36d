"""A refresh beside the first run of the same pipeline, of 1,000 partitions and more; and one with nothing to do.

Seconds are of CPU, so that a busy machine says the same.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from growing import add, survey
from ztf_nights import night, stars

from lcscale.lake import HEALPIX_COLUMN, Lake, Pixel
from lcscale.lake.job import Plan
from lcscale.lake.leaf import leaf_name
from lcscale.lake.leaf_record import LeafRecord
from lcscale.refresh import Pipeline
from lcscale.refresh.entries import read_entries
from lcscale.refresh.making import view

pytestmark = pytest.mark.slow

QUIET = {"engine": "serial", "progress": False}
PIPELINE = """
lake = "lake"
[catalogs.ztf]
ingest = "ztf"
files = "nights/*.parquet"
partition_rows = 12
[catalogs.right]
ingest = "table"
files = "right/*.parquet"
id = "object_id"
partition_rows = 12
[catalogs.features]
features = "ztf"
baseline = 200.0
fmax = 5.0
[catalogs.pairs]
crossmatch = ["features", "right"]
radius_arcsec = 1.5
[catalogs.bright]
select = "pairs"
where = "amplitude > 0.3"
"""
N = 6600


def right(folder, number, ra, dec):
    (folder / "right").mkdir(exist_ok=True)
    names = [f"{number}-{k}" for k in range(ra.size)]
    table = pa.table({"object_id": names, "ra": ra, "dec": dec, "mag": np.full(ra.size, 15.0)})
    pq.write_table(table, folder / "right" / f"{number}.parquet")


def cpu_of_each(path):
    """CPU seconds of each step of a refresh, and the record."""
    seconds, begun = {}, time.process_time()

    def tell(step):
        nonlocal begun
        seconds[step.name] = time.process_time() - begun
        begun = time.process_time()

    record = Pipeline.read(path).refresh(tell=tell, **QUIET)
    assert record.exit_status == 0, [step.text for step in record.steps]
    return seconds, record


def test_changes_in_one_region_of_a_hundredth_of_the_partitions(benchmark, tmp_path):
    benchmark.group = "refresh"
    place, path = stars(N), tmp_path / "pipeline.toml"
    path.write_text(PIPELINE)
    night(tmp_path / "nights", 0, np.arange(N), place, 60)
    right(tmp_path, 0, *place)
    first, _ = cpu_of_each(path)
    leaves = len(Pipeline.read(path).lake["features"].source.leaves)
    assert leaves >= 1000
    region = np.flatnonzero(place[1] > 82.6)  # 1 % of the partitions have a star there
    night(tmp_path / "nights", 1, region, place, 10)
    right(tmp_path, 1, place[0][region] + 0.01, place[1][region])
    (again, record), ran = benchmark.pedantic(cpu_of_each, (path,), rounds=1), {}
    for step in record.steps:
        ran[step.name] = step.record.done if step.record else 0
    for name, seconds in first.items():
        shares = f"{seconds:.1f} s, then {again[name]:.2f} s: {100 * again[name] / seconds:.1f} % ({ran[name]} tasks)"
        benchmark.extra_info[name] = shares
    share = sum(again.values()) / sum(first.values())
    benchmark.extra_info["all"] = f"{sum(first.values()):.1f} s, then {sum(again.values()):.2f} s: {100 * share:.1f} %"
    benchmark.extra_info["partitions"] = leaves
    print(dict(benchmark.extra_info))
    assert ran["features"] <= 0.012 * leaves
    assert again["features"] <= 0.02 * first["features"]
    assert again["pairs"] <= 0.1 * first["pairs"]
    assert share <= 0.04


_SCHEMA = pa.schema(
    [pa.field(HEALPIX_COLUMN, pa.int64()), pa.field("object_id", pa.int64())]
    + [pa.field(name, pa.float64()) for name in ("ra", "dec", "mag", "c0", "c1")]
)
SIX = """
lake = "lake"
[catalogs.one]
select = "left"
where = "mag < 15"
[catalogs.two]
select = "left"
columns = ["object_id", "mag"]
[catalogs.three]
crossmatch = ["left", "right"]
radius_arcsec = 1.0
[catalogs.four]
crossmatch = ["two", "right"]
radius_arcsec = 2.0
[catalogs.five]
join = ["left", "two"]
on = "object_id"
[catalogs.six]
select = "five"
where = "c0 > 0"
"""


def publish(lake, name, plan, schema, properties):
    """A version of 10^4 leaves, which are empty files: nothing may open them."""
    pixels = np.linspace(0, (12 << 14) - 1, 10_000).astype(int).tolist()
    with lake.draft(name, plan) as draft:
        records = []
        for pixel in pixels:
            place = os.path.join(draft.folder.path, leaf_name(Pixel(7, pixel)))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.close(os.open(place, os.O_CREAT))
            records.append(LeafRecord(Pixel(7, pixel), 1000, 10**6, f"{pixel:032x}", [4 * pixel], [1000]))
        draft.publish(records, schema, ra="ra", dec="dec", **properties)


def test_nothing_to_do_on_ten_thousand_partitions_and_six_catalogs(benchmark, tmp_path):
    benchmark.group = "refresh"
    path = tmp_path / "pipeline.toml"
    path.write_text(SIX)
    lake = Lake(tmp_path / "lake")
    for name in ("left", "right"):
        publish(lake, name, name, _SCHEMA, {})
    for name, entry in read_entries(path).entries.items():
        made = view(entry, lake.__getitem__)
        publish(lake, name, Plan(made).text, made.schema, made.properties_of_result(lake.root))
    record = benchmark.pedantic(lambda: Pipeline.read(path).refresh(**QUIET), rounds=2, warmup_rounds=1)
    assert record.did_nothing
    begun = time.process_time()
    Pipeline.read(path).refresh(**QUIET)
    used = time.process_time() - begun
    benchmark.extra_info["CPU"] = f"{used:.2f} s"
    print(dict(benchmark.extra_info))
    assert used < 5.0


def test_requests_to_a_store(benchmark, tmp_path, s3, monkeypatch):
    benchmark.group = "refresh"
    import s3fs

    counts: Counter[str] = Counter()
    call = s3fs.S3FileSystem._call_s3

    async def counted(self, method, *arguments, **more):
        counts[method] += 1
        return await call(self, method, *arguments, **more)

    monkeypatch.setattr(s3fs.S3FileSystem, "_call_s3", counted)
    path, lake = survey(tmp_path, 300), Lake("s3://survey/requests", **s3)

    def requests():
        counts.clear()
        Pipeline.read(path, lake=lake).refresh(**QUIET)
        return sum(counts.values())

    told = {"first run": requests(), "nothing to do": requests()}
    add(tmp_path, "left", 1, 3, np.random.default_rng(1))
    told["a file more"] = benchmark.pedantic(requests, rounds=1)
    benchmark.extra_info |= {name: f"{n:,} requests" for name, n in told.items()}
    benchmark.extra_info["partitions"] = len(lake["left"].source.leaves)
    print(dict(benchmark.extra_info))
    assert told["nothing to do"] < told["first run"] / 4
