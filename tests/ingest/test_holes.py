"""An ingest that lost partitions or files: published only where that is accepted, and made whole by the same call."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from skies import sky_table

from lcscale.errors import ConflictError
from lcscale.ingest import Partitioning, ingest, job
from lcscale.lake import Lake

LIMITS = Partitioning(rows=40)


@pytest.fixture
def release(tmp_path):
    """Three files of 100 stars each."""
    for number in range(3):
        table = sky_table(100, seed=number, lightcurves=False).drop_columns(["_healpix_29", "object_id"])
        pq.write_table(table, tmp_path / f"part{number}.parquet")
    return sorted(tmp_path.glob("part*.parquet"))


@pytest.fixture
def whole(release, tmp_path):
    ingest("table", release, tmp_path / "whole", "sky", partitioning=LIMITS, engine="serial")
    return Lake(tmp_path / "whole")["sky"].to_arrow()


def read(release, lake, **options):
    return ingest("table", release, lake, "sky", partitioning=LIMITS, engine="serial", **options)


def failing(monkeypatch, name, wanted):
    """Let a task function raise where `wanted` of its arguments is true."""
    original = getattr(job, name)

    def function(*arguments):
        if wanted(*arguments):
            raise MemoryError("too little")
        return original(*arguments)

    function.__name__ = name  # by which tasks are named
    monkeypatch.setattr(job, name, function)


@pytest.mark.parametrize("accepted", [0, 1])
def test_a_partition_that_failed(release, whole, lake, monkeypatch, accepted):
    seen = []
    failing(monkeypatch, "gather_leaf", lambda rows, pixel, *_: pixel == (seen.append(pixel) or seen[0]))
    record = read(release, lake, max_failed=accepted)
    missing = f"sky {seen[0]}"
    assert (record.exit_status, record.missing, record.published) == (3, [missing], bool(accepted))
    monkeypatch.undo()
    if accepted:
        assert lake["sky"].source.missing == (missing,)
        assert lake["sky"].to_arrow().num_rows < 300
        with pytest.raises(ConflictError, match="without --append"):
            read(release, lake, append=True)
    else:
        assert "sky" not in lake
        assert "--max-failed 1" in record.withheld
    again = read(release, lake)
    assert (again.exit_status, again.published, again.missing) == (0, True, [])
    assert accepted or again.done == 1  # what was not published was kept
    assert lake["sky"].source.missing == ()
    assert lake["sky"].to_arrow().equals(whole)
    assert read(release, lake).published is False


@pytest.mark.parametrize("accepted", [0, 0.34])
def test_a_file_whose_reading_failed(release, whole, lake, monkeypatch, accepted):
    """Not damaged: the task that read it died. What it holds is known of by none of the partitions."""
    failing(monkeypatch, "stage", lambda survey, part, *_: part.path.endswith("part1.parquet"))
    record = read(release, lake, max_failed=accepted)
    assert (record.exit_status, len(record.missing), record.published) == (3, 1, bool(accepted))
    assert "part1" in record.missing[0]
    monkeypatch.undo()
    if accepted:
        assert lake["sky"].source.rows == 200
        assert lake["sky"].source.missing == tuple(record.missing)
    again = read(release, lake)
    assert (again.exit_status, again.published) == (0, True)
    assert lake["sky"].to_arrow().equals(whole)


def test_a_damaged_file_costs_only_itself(release, lake):
    release[1].write_bytes(b"PAR1 no more")
    record = read(release, lake)
    assert (record.exit_status, record.published, record.missing, record.withheld) == (3, True, [], "")
    assert "part1" in record.quarantined[0]["label"]
    assert lake["sky"].source.rows == 200
