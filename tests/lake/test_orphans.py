"""Leaves that workers wrote for a run that died before its ledger knew of them belong to no version."""

from __future__ import annotations

from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hats.io.validation import is_valid_catalog
from skies import put, sky_table

from lcscale.errors import LcscaleError
from lcscale.lake import Lake
from lcscale.lake.draft import Draft
from lcscale.lake.job import Plan
from lcscale.lake.partition_task import write_partition


@pytest.fixture(params=["disk", "bucket"])
def anywhere(request, tmp_path):
    if request.param == "disk":
        return Lake(tmp_path / "lake")
    return Lake("s3://survey/orphans", **request.getfixturevalue("s3"))


def test_they_are_in_none_of_the_metadata_and_not_in_the_dataset(anywhere, tmp_path):
    """One partition's leaf was written by a run that died; since then its source cannot be read."""
    local = Lake(tmp_path / "source")
    put(local, "first", sky_table(500, lightcurves=False)).write("sky")  # its ledger tells what the leaves hold
    sky = local["sky"]
    plan = Plan(sky)
    draft = Draft(anywhere.root / "result", plan.text)
    lost, other = sky.partitions[3], sky.partitions[4]
    with draft:
        for leaf in (lost, other):
            write_partition(leaf, plan.plan, draft.folder)
    Path(lost.path).write_bytes(b"PAR1")
    record = sky.write("result", lake=anywhere, engine="serial", retries=0, max_failed=1)
    assert (record.version, record.published, record.missing) == (draft.version, True, [f"sky {lost.pixel}"])
    source = anywhere["result"].source
    rows = sum(leaf.read().num_rows for leaf in sky.partitions if leaf != lost)
    assert source.rows == rows
    assert lost.pixel not in {leaf.pixel for leaf in source.leaves}
    assert sum(leaf.read().num_rows for leaf in source.leaves) == rows
    with (source.folder / "dataset" / "_metadata").open("rb") as stream:
        assert pq.read_metadata(stream).num_rows == rows
    files = [path for path in source.folder.glob("dataset/**/Npix=*.parquet")]
    assert len(files) == len(source.leaves) == 47
    if anywhere.root.protocol == "":
        assert ds.dataset(str(source.folder / "dataset")).count_rows() == rows
        assert is_valid_catalog(source.url, strict=True, verbose=False)


def test_a_leaf_that_the_ledger_names_must_be_there(lake, sky, monkeypatch):
    """It went between two runs: the version is not published with a hole that nobody knows of."""
    step = sky.columns("object_id")
    monkeypatch.setattr(Draft, "publish", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        step.write("result")
    monkeypatch.undo()
    (gone, *_) = (lake.root / "result").glob("v1-*/dataset/**/Npix=*.parquet")
    gone.unlink()
    with pytest.raises(LcscaleError, match="1 leaves that were written are gone, such as .*run the same command again"):
        step.write("result")
    assert "result" not in lake
