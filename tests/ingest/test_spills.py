"""Spills against the table they were made from, and what is read of them."""

from __future__ import annotations

import fsspec.implementations.memory as memory
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upath import UPath

from lcscale.ingest import spills
from lcscale.lake.leaf import inside

RANGES = st.lists(st.integers(0, 400), min_size=2, max_size=16, unique=True).map(
    lambda edges: np.array(sorted(edges)[: len(edges) // 2 * 2]).reshape(-1, 2)
)


def table_of(index):
    index = np.sort(np.asarray(index, np.int64))
    return pa.table({"_healpix_29": index, "n": np.arange(index.size), "name": [f"row {i}" for i in range(index.size)]})


@given(st.lists(st.integers(0, 400), min_size=1, max_size=300), RANGES, st.integers(50, 3000))
@settings(max_examples=100, deadline=None)
def test_the_rows_of_any_ranges(tmp_path_factory, index, ranges, size):
    """Many rows of one index too, which may begin in one batch and end in the next."""
    table, folder = table_of(index), UPath(tmp_path_factory.mktemp("spills"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spills, "_BATCH_BYTES", size)
        spills.write_spill(folder, "it", table)
    found = pa.Table.from_batches(spills.read_ranges(folder, "it", ranges), table.schema)
    assert found.equals(table.filter(pa.array(inside(table["_healpix_29"].to_numpy(), ranges))))


def test_on_an_object_store_only_what_is_needed_is_fetched(monkeypatch):
    folder = UPath("memory://spills")
    rng = np.random.default_rng(1)
    table = table_of(rng.integers(0, 12 << 58, 200_000))
    monkeypatch.setattr(spills, "_BATCH_BYTES", table.nbytes // 50)
    spills.write_spill(folder, "it", table)
    size = folder.fs.size((folder / "it.arrow").path)
    fetched = []
    read = memory.MemoryFile.read

    def counted(self, *arguments):
        found = read(self, *arguments)
        fetched.append(len(found))
        return found

    monkeypatch.setattr(memory.MemoryFile, "read", counted)
    low = int(table["_healpix_29"][100_000].as_py())
    (batch,) = spills.read_ranges(folder, "it", np.array([[low, low + 1]]))
    assert batch.num_rows == 1
    assert sum(fetched) < size / 15
