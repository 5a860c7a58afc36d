"""`lcscale jobs retry` trusts no ledger: it runs commands that write the catalog asked for, and no others."""

from __future__ import annotations

import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcscale import cli
from lcscale.lake import Lake


@pytest.fixture
def retry(tmp_path, monkeypatch, capsys):
    """Ingest a catalog, write a command and a folder into its ledger, and retry; gives exit status and stderr."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    pq.write_table(pa.table({"id": [1, 2], "ra": [1.0, 2.0], "dec": [1.0, 2.0]}), "a.parquet")
    call(monkeypatch, "ingest", "table", "a.parquet", "--lake", "../lake", "--name", "cat", "--id", "id")

    def again(command, folder=str(tmp_path / "work"), lake="../lake"):
        for path in (tmp_path / "lake" / "cat").glob("v*/ledger/*.jsonl"):
            lines = [json.loads(line) for line in path.read_text().splitlines()]
            for line in lines:
                if "run" in line:
                    line["run"] |= {"command": command, "folder": folder}
            path.write_text("\n".join(map(json.dumps, lines)) + "\n")
        capsys.readouterr()
        return call(monkeypatch, "jobs", "retry", "cat", "--lake", lake), capsys.readouterr().err

    return again


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["lcscale", *arguments])
    try:
        cli.main()
    except SystemExit as stop:
        return stop.code or 0
    return 0


GOOD = ["ingest", "table", "a.parquet", "--lake", "../lake", "--name", "cat", "--id", "id"]


def test_its_own_command_runs_and_is_named(retry, tmp_path, monkeypatch):
    status, told = retry(GOOD)
    assert status == 0
    assert "cat: lcscale ingest --append table a.parquet" in told
    monkeypatch.chdir(tmp_path)  # another folder, another way to say the lake
    assert retry(GOOD, lake=str(tmp_path / "lake"))[0] == 0


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (["report", "--lake", "../lake", "--output", "victim"], "none of ingest"),
        (["published", "a.csv", "--output", "victim"], "none of ingest"),
        (["train", "cat", "--lake", "../lake", "--model", "victim"], "none of ingest"),
        (["demo", "--lake", "../lake", "--report", "victim"], "none of ingest"),
        (["jobs", "retry", "cat", "--lake", "../lake"], "none of ingest"),
        (["prune", "cat", "--lake", "../lake"], "none of ingest"),
        (["--help"], "none of ingest"),
        ([], "none of ingest"),
        ("ingest table", "none of ingest"),
        ([["ingest"], 3], "none of ingest"),
        ([*GOOD[:4], "../other", *GOOD[5:]], "does not write 'cat'"),
        ([*GOOD, "--lake", "../other"], "does not write 'cat'"),
        ([*GOOD, "--lake=../other"], "does not write 'cat'"),
        ([*GOOD, "--name", "dog"], "does not write 'cat'"),
        ([*GOOD[:3], "--name", "cat", "--", "--lake", "../lake"], "does not write 'cat'"),
        ([*GOOD, "--no-such-option"], "No such option"),
        ([*GOOD, "--memory-gib", "lots"], "Invalid value"),
    ],
)
def test_other_commands_are_refused(retry, tmp_path, command, text):
    for name in ("victim", "work/victim"):
        (tmp_path / name).write_text("precious")
    status, told = retry(command)
    assert status == 2
    assert text in told
    assert not (tmp_path / "other").exists()
    assert Lake(tmp_path / "lake").names() == ["cat"]
    assert {(tmp_path / name).read_text() for name in ("victim", "work/victim")} == {"precious"}


def test_a_folder_that_is_gone_is_named(retry):
    status, told = retry(GOOD, folder="/gone/folder")
    assert status == 2
    assert "/gone/folder, which is not there" in told
