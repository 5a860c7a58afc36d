"""Small leaves of a selection are put together; the rows and the results of the tasks stay what they were."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hats.io.validation import is_valid_catalog
from hypothesis import given
from hypothesis import strategies as st
from skies import put, sky_table

from lcscale.lake import HEALPIX_COLUMN, Lake, Pixel
from lcscale.lake.coalescing import FULL_BYTES, groups, part_path
from lcscale.lake.leaf_record import LeafRecord


@pytest.fixture
def selection(tmp_path):
    """A lake with a catalog of 48 leaves, and 40 rows of it that lie in two base pixels."""
    lake = Lake(tmp_path)
    sky = put(lake, "sky", sky_table(2000), order=2)
    few = sky.where("dec > 30 and ra < 40")
    assert 10 < len(few) < 100
    return lake, few


@pytest.mark.parametrize("engine", ["serial", "local:2"])
def test_a_short_list_has_few_leaves(selection, engine):
    lake, few = selection
    record = few.write("few", engine=engine, progress=False)
    assert record.rows == len(few)
    found = lake["few"]
    bases = np.unique(found.to_arrow()[HEALPIX_COLUMN].to_numpy() >> 58)
    assert len(found.source.leaves) == len(bases)
    assert {pq.ParquetFile(leaf.path).num_row_groups for leaf in found.source.leaves} == {1}
    assert found.to_arrow().equals(few.to_arrow())
    assert is_valid_catalog(found.source.folder, strict=True)
    again = few.write("few", engine="serial", progress=False)
    assert (again.done, again.rows, again.version) == (0, len(few), record.version)
    assert {job.name: job.rows for job in lake.jobs()}["few"] == len(few)


def test_what_keeps_its_rows_keeps_its_leaves(selection):
    lake, _ = selection
    lake["sky"].columns("object_id").write("all", progress=False)
    assert [leaf.pixel for leaf in lake["all"].source.leaves] == [leaf.pixel for leaf in lake["sky"].source.leaves]


def test_what_the_tasks_wrote_stays_beside(selection):
    lake, few = selection
    few.write("few", progress=False)
    source = lake["few"].source
    parts = [leaf.pixel for leaf in lake["sky"].source.leaves if part_path(source.folder, leaf.pixel).exists()]
    assert len(parts) > len(source.leaves)


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.floats(0, 1, exclude_max=True), st.integers(1, FULL_BYTES + 1000)), max_size=60
    )
)
def test_groups_hold_each_leaf_once_and_no_more_than_fits(drawn):
    leaves: dict[Pixel, int] = {}
    for order, place, size in drawn:
        pixel = Pixel(order, int(place * (12 << 2 * order)))
        first, behind = pixel.span
        if all(behind <= each.span[0] or each.span[1] <= first for each in leaves):
            leaves[pixel] = size
    found = groups([LeafRecord(pixel, 1, size, "", [], []) for pixel, size in leaves.items()])
    held = [record.pixel for _, some in found for record in some]
    assert held == sorted(leaves, key=lambda pixel: pixel.span)
    spans = [pixel.span for pixel, _ in found]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    for pixel, some in found:
        assert all(pixel.span[0] <= record.pixel.span[0] < pixel.span[1] for record in some)
        if len(some) > 1:
            assert sum(record.bytes for record in some) <= FULL_BYTES


@dataclass(frozen=True)
class Failing:
    """Fails where the file `folder`/share says so, by the first row's id: a share of the partitions."""

    folder: str
    columns = ("object_id",)
    rowwise = True
    version = 1

    def schema(self, input_schema):
        return input_schema

    def fingerprint(self):
        return f"{self!r} v{self.version}"

    def __call__(self, table):
        share = float((Path(self.folder) / "share").read_text())
        if table["object_id"][0].as_py() % 100 < 100 * share:
            raise OSError("a disk that fails")
        return table


@pytest.mark.parametrize("shares", [(0.8, 0.0), (0.8, 0.6, 0.3, 0.0), (0.6, 0.55, 0.0)])
def test_a_version_is_completed_whichever_leaves_were_put_together(tmp_path, shares):
    lake = Lake(tmp_path / "lake")
    view = put(lake, "sky", sky_table(2000), order=2).map(Failing(str(tmp_path)))
    for share in shares:
        (tmp_path / "share").write_text(str(share))
        record = view.write("all", progress=False, retries=0, max_failed=1.0)
        assert record.published
        assert lake["all"].source.rows == record.rows == len(lake["all"].to_arrow())
    assert lake["all"].to_arrow().equals(view.to_arrow())
    assert is_valid_catalog(lake["all"].source.folder, strict=True)
