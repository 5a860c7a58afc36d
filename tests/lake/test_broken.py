"""One broken entry of a lake stops nobody who looks at the others: it is named, and they are shown."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from skies import put, sky_table

from lcscale.cli import main
from lcscale.engine import Ledger
from lcscale.errors import InputError


@pytest.fixture
def run(lake, capsys, monkeypatch, tmp_path):
    """A command on the lake: its status and what it printed."""

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["lcscale", *map(str, arguments), "--lake", str(lake.root)])
        monkeypatch.chdir(tmp_path)
        try:
            main()
        except SystemExit as end:
            return end.code or 0, "".join(capsys.readouterr())
        return 0, "".join(capsys.readouterr())

    return command


def version(lake):
    return Path((lake.root / "bad" / lake.current("bad")).path)


def leaves(lake):
    return sorted(version(lake).glob("dataset/**/Npix=*.parquet"))


BREAKS = {
    "collection names nothing": lambda lake: (lake.root / "bad" / "collection.properties").write_text("\x00\x01 torn"),
    "collection is empty": lambda lake: (lake.root / "bad" / "collection.properties").write_text(""),
    "version is gone": lambda lake: shutil.rmtree(version(lake)),
    "properties are gone": lambda lake: [path.unlink() for path in version(lake).glob("*properties")],
    "properties are torn": lambda lake: [path.write_bytes(b"\xff\x00=") for path in version(lake).glob("*properties")],
    "manifest is torn": lambda lake: (version(lake) / "leaves.parquet").write_bytes(b"PAR1 no more"),
    "schema is torn": lambda lake: (version(lake) / "dataset" / "_common_metadata").write_bytes(b"PAR1"),
    "half deleted": lambda lake: [path.unlink() for path in leaves(lake)[::2]],
    "deleted but for the metadata": lambda lake: shutil.rmtree(version(lake) / "dataset" / "Norder=0"),
}


@pytest.fixture
def three(lake):
    for name in ("ahead", "bad", "zenith"):
        put(lake, name, sky_table(30, lightcurves=False), order=0).columns("object_id", "mean_mag").write(name)
    lake.write_table("counts", pa.table({"a": [1, 2]}))
    return lake


@pytest.mark.parametrize("how", BREAKS)
def test_ls_report_and_jobs_show_the_others(run, three, how, tmp_path):
    BREAKS[how](three)
    status, text = run("ls")
    lines = {line.split()[0]: line for line in text.splitlines()}
    assert (status, set(lines)) == (0, {"ahead", "bad", "zenith", "counts"})
    assert "broken: " in lines["bad"]
    assert all(" 30 rows" in lines[name] for name in ("ahead", "zenith"))
    assert run("report", "--output", tmp_path / "report.html")[0] == 0
    page = (tmp_path / "report.html").read_text()
    assert "Broken" in page
    assert page.count("zenith") >= 1
    status, text = run("jobs")
    assert status == 0
    assert {"ahead", "zenith"} <= {line.split()[2] for line in text.splitlines() if line.startswith("20")}
    assert run("info", "zenith")[0] == 0
    assert run("prune", "zenith", "--keep", "0")[0] == 0


@pytest.mark.parametrize("how", [how for how in BREAKS if not how.startswith(("half", "deleted"))])
def test_opening_the_broken_one_says_so_in_a_line(three, how):
    BREAKS[how](three)
    with pytest.raises(InputError, match="broken|no HATS"):
        three["bad"]


def test_a_broken_table_is_named(run, three):
    (three.root / "tables" / "counts" / "current").write_text("v-0000\n")
    status, text = run("ls")
    assert status == 0
    assert "counts" in text
    assert "broken: the table 'counts'" in text


def test_lines_torn_in_the_middle_of_a_ledger_are_counted(run, three):
    (path,) = Path(three.root.path).glob("bad/v2-*/ledger/*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    whole = len(Ledger(path.parent).done())
    lines[3] = b"\x00" * 50 + b"\xff\n"
    lines[5] = b"12\n"
    path.write_bytes(b"".join(lines) + b'{"key": "cut by a kill')
    ledger = Ledger(path.parent)
    assert (len(ledger.done()), ledger.torn_lines()) == (whole - 2, 2)
    assert "2 lines of its ledger cannot be read" in run("jobs")[1]
    assert three["bad"].to_arrow().num_rows == 30
