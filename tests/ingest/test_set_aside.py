"""Release files that could not be read: `lcscale jobs` names them, and `lcscale jobs retry` adds them when mended."""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from lcscale import cli
from lcscale.ingest import ingest
from lcscale.lake import Lake


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line in this process; returns exit status and stdout."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["lcscale", *map(str, arguments)])
        try:
            cli.main()
        except SystemExit as stop:
            return int(stop.code or 0), capsys.readouterr().out
        return 0, capsys.readouterr().out

    return call


def rows(first, n):
    return pa.table({"ra": [10.0 + i for i in range(n)], "dec": [5.0] * n, "id": range(first, first + n)})


def test_they_are_listed_and_retried(tmp_path, run):
    folder, lake = tmp_path / "in", tmp_path / "lake"
    folder.mkdir()
    pv.write_csv(rows(0, 5), folder / "good.csv")
    pq.write_table(rows(5, 5), folder / "whole.parquet")
    content = (folder / "whole.parquet").read_bytes()
    (folder / "whole.parquet").unlink()
    (folder / "torn.parquet").write_bytes(content[:-9])  # found when the release is listed
    (folder / "torn.csv").write_text("ra,dec,id\n1,2,\xff\n", encoding="latin-1")  # found when it is read
    arguments = ("ingest", "table", folder, "--lake", lake, "--name", "sky", "--id", "id", "--engine", "serial")
    assert run(*arguments)[0] == 3
    status, listed = run("jobs", "--lake", lake)
    assert (status, "2 set aside" in listed) == (0, True)
    assert f"set aside: {folder}/torn.parquet: cannot read" in listed
    assert f"set aside: {folder}/torn.csv: cannot read" in listed
    (folder / "torn.parquet").write_bytes(content)
    assert run("jobs", "retry", "sky", "--lake", lake)[0] == 3
    assert sorted(Lake(lake)["sky"].to_arrow()["id"].to_pylist()) == list(range(10))
    assert "1 set aside" in run("jobs", "--lake", lake)[1].splitlines()[3]
    pv.write_csv(rows(10, 2), folder / "torn.csv")
    assert run("jobs", "retry", "sky", "--lake", lake)[0] == 0
    assert len(Lake(lake)["sky"].to_arrow()) == 12
    version = Lake(lake).current("sky")
    assert run("jobs", "retry", "sky", "--lake", lake)[0] == 0
    assert Lake(lake).current("sky") == version


def test_a_file_that_could_not_be_read_is_not_held_for_known(tmp_path, monkeypatch):
    """The same content, readable now: an append takes it."""
    from lcscale.surveys import ReleaseFileError
    from lcscale.surveys.table import Table

    for number in range(2):
        pq.write_table(rows(5 * number, 5), tmp_path / f"{number}.parquet")
    read = Table.batches

    def failing(self, part, problems):
        if part.path.endswith("1.parquet"):
            raise ReleaseFileError("the disk is not mounted")
        return read(self, part, problems)

    with monkeypatch.context() as patch:
        patch.setattr(Table, "batches", failing)
        assert ingest("table", sorted(tmp_path.glob("*.parquet")), tmp_path / "lake", "sky").exit_status == 3
        assert ingest("table", tmp_path / "1.parquet", tmp_path / "lake", "sky", append=True).exit_status == 3
        assert "1.parquet" in Lake(tmp_path / "lake").jobs()[-1].quarantined[0]["label"]
    record = ingest("table", tmp_path / "1.parquet", tmp_path / "lake", "sky", append=True)
    assert (record.exit_status, record.rows) == (0, 10)


def test_rows_without_a_position_are_listed_too(tmp_path):
    (tmp_path / "a.csv").write_text("ra,dec\n1,2\nnan,2\n")
    ingest("table", tmp_path / "a.csv", tmp_path / "lake", "sky")
    (job,) = Lake(tmp_path / "lake").jobs()
    assert job.state == "current"
    (entry,) = job.quarantined
    assert entry["error"].startswith("1 rows have no position")


def test_an_ingest_of_which_nothing_could_be_read_leaves_no_entry(tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    record = ingest("table", tmp_path / "bad.csv", tmp_path / "lake", "stars")
    assert record.withheld
    assert record.quarantined
    assert not (tmp_path / "lake" / "stars").exists()
    (tmp_path / "good.csv").write_text("ra,dec\n1,2\n")
    ingest("table", tmp_path / "good.csv", tmp_path / "lake", "stars")
    record = ingest("table", tmp_path / "bad.csv", tmp_path / "lake", "stars", append=True)
    assert record.withheld
    assert Lake(tmp_path / "lake").versions("stars") == [Lake(tmp_path / "lake").current("stars")]
