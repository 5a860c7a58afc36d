"""Catalogs as torch's datasets: every row once whoever reads, mixed well, the same for a seed, memory flat."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
import torch
from skies import put, sky_table
from torch.utils.data import DataLoader

from lcscale.errors import InputError
from lcscale.lake.streaming import as_tensors
from lcscale.lightcurves import LightCurves
from lcscale.steps import Select

N = 1500


@pytest.fixture
def sky(lake):
    return put(lake, "sky", sky_table(N, seed=1), order=1)  # 48 partitions


def ids(stream) -> list[int]:
    return [int(i) for batch in stream for i in batch["object_id"]]


def identity(table: pa.Table) -> dict[str, torch.Tensor]:
    return {"object_id": torch.from_numpy(table["object_id"].to_numpy().copy())}


@pytest.mark.parametrize(("world", "workers"), [(1, 0), (1, 2), (2, 0), (3, 2), (40, 0)])
@pytest.mark.parametrize("shuffle", [True, False])
def test_every_row_comes_once_to_all_readers_together(sky, world, workers, shuffle):
    found = []
    for rank in range(world):
        stream = sky.to_torch(64, shuffle=shuffle, transform=identity, rank=rank, world=world)
        loaded = ids(DataLoader(stream, batch_size=None, num_workers=workers))
        if world == 40:
            assert 20 < len(loaded) < 60, "all partitions are shared: no rank stays idle"
        found += loaded
    assert sorted(found) == list(range(N))


def test_a_step_that_needs_whole_partitions_sees_them(sky):
    class Rank(Select):
        rowwise = False

        def __call__(self, table):
            return super().__call__(table).append_column("n", pa.array([table.num_rows] * table.num_rows))

        def schema(self, given):
            return super().schema(given).append(pa.field("n", pa.int64()))

    counted = sky.map(Rank(("_healpix_29", "object_id")))
    expected = counted.to_arrow().to_pydict()
    found = {}
    for rank in range(30):
        for batch in counted.to_torch(16, rank=rank, world=30):
            found |= dict(zip(batch["object_id"].tolist(), batch["n"].tolist(), strict=True))
    assert found == dict(zip(expected["object_id"], expected["n"], strict=True))


def test_orders_differ_by_epoch_and_seed_and_nothing_else(sky):
    stream = sky.to_torch(64, transform=identity, seed=5)
    first = ids(stream)
    assert ids(stream) == first == ids(sky.to_torch(64, transform=identity, seed=5))
    stream.set_epoch(1)
    assert sorted(ids(stream)) == sorted(first)
    assert ids(stream) != first
    assert ids(sky.to_torch(64, transform=identity, seed=6)) != first
    plain = ids(sky.to_torch(64, transform=identity, shuffle=False))
    assert plain == sky.to_arrow()["object_id"].to_pylist()


def test_loader_workers_that_stay_alive_see_the_epoch(sky):
    stream = sky.to_torch(64, transform=identity)
    loader = DataLoader(stream, batch_size=None, num_workers=2, persistent_workers=True)
    first = ids(loader)
    stream.set_epoch(1)
    second = ids(loader)
    assert sorted(first) == sorted(second) == list(range(N))
    assert first != second


def test_rows_are_mixed_over_the_whole_sky_and_batches_are_full(sky):
    place = {name: k for k, name in enumerate(sky.to_arrow()["object_id"].to_pylist())}
    batches = [[place[int(i)] for i in batch["object_id"]] for batch in sky.to_torch(64, transform=identity)]
    assert [len(batch) for batch in batches] == [64] * (N // 64) + [N % 64]
    spread = [np.std(batch) for batch in batches[:-1]]
    assert np.mean(spread) == pytest.approx(N / np.sqrt(12), rel=0.1), "as if drawn from the whole catalog"


def test_tensors_are_the_columns(sky):
    batch = next(iter(sky.to_torch(50, shuffle=False)))
    table = sky.to_arrow().slice(0, 50)
    lcs = LightCurves.from_arrow(table)
    curve = batch["lightcurve"]
    np.testing.assert_array_equal(curve["offsets"], lcs.offsets)
    np.testing.assert_array_equal(curve["mag"], lcs.mag)
    assert curve["mag"].dtype == torch.float32
    assert curve["band"] == pa.concat_arrays(table["lightcurve"].chunks).field("band").flatten().to_pylist()
    np.testing.assert_array_equal(batch["ra"], table["ra"])
    nulls = as_tensors(pa.table({"n": [1, None], "flag": [True, False], "text": ["a", None]}))
    assert nulls["n"].dtype == torch.float64
    assert torch.isnan(nulls["n"]).tolist() == [False, True]
    assert nulls["flag"].tolist() == [True, False]
    assert nulls["text"] == ["a", None]
    empty = pa.array([None, {"time": [1.0], "band": ["g"]}], table.schema.field("lightcurve").type)
    assert as_tensors(pa.table({"lightcurve": empty}))["lightcurve"]["offsets"].tolist() == [0, 0, 1]
    lists = as_tensors(pa.table({"spectrum": [[1.0, 2.0], None, [3.0]]}))["spectrum"]
    assert lists["offsets"].tolist() == [0, 2, 2, 3]
    assert lists["values"].tolist() == [1.0, 2.0, 3.0]


def test_what_makes_no_sense_is_refused(sky):
    with pytest.raises(InputError, match="must be at least 1"):
        sky.to_torch(0)
    with pytest.raises(InputError, match="rank 2 is not one of 2"):
        sky.to_torch(rank=2, world=2)
    with pytest.raises(InputError, match="together"):
        sky.to_torch(rank=0)


MEMORY = """
import sys
import pyarrow as pa
import lcscale as lc
stream = lc.Lake(sys.argv[1])[sys.argv[2]].to_torch(64, buffer_rows=512)
rows = sum(len(batch["object_id"]) for batch in stream)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))  # ru_maxrss is inherited
print(rows, pa.default_memory_pool().max_memory(), 1024 * int(peak))
"""


def streamed(lake, name: str, n: int) -> tuple[int, int]:
    """Peaks of Arrow's memory and of the process that streams `n` rows of 6 kB each, bytes."""
    table = sky_table(n, seed=2, lightcurves=False)
    values = pa.array(np.random.default_rng(0).random(n * 1500, np.float32))
    offsets = pa.array(np.arange(0, 1500 * n + 1, 1500), pa.int32())
    put(lake, name, table.append_column("spectrum", pa.ListArray.from_arrays(offsets, values)), order=2)
    command = [sys.executable, "-c", MEMORY, str(lake.root), name]
    rows, arrow, process = map(int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert rows == n
    return arrow, process


def test_memory_is_a_few_buffers(lake):
    arrow, _ = streamed(lake, "sky", 7_000)
    assert arrow < 8 * 512 * 6000, "bytes; the catalog has 42 MB, the buffer 3 MB"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_catalog(lake):
    (_, small), (_, large) = streamed(lake, "small", 10_000), streamed(lake, "large", 80_000)
    assert large - small < 42e6, "bytes; a tenth of the 420 MB by which the catalog is larger"
