"""The command line: every command, and errors in one line."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest
from pipelines import surveyed_lake
from skies import put, sky_table

from lcscale import cli
from lcscale.lake import Lake
from lcscale.periods import FrequencyGrid, Search


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line in this process; returns exit status, stdout, stderr."""

    def call(*arguments: object):
        monkeypatch.setattr(sys, "argv", ["lcscale", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


COMMANDS = ("ingest", "crossmatch", "features", "train", "classify", "alerts", "ls", "info", "report", "show", "demo")


def test_help_lists_every_command(run):
    status, out, _ = run("--help")
    assert status == 0
    assert all(f" {command} " in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_takes_a_lake(run, command):
    status, out, _ = run(command, "--help")
    assert status == 0
    assert "--lake" in out


def test_the_module_runs_as_a_program():
    done = subprocess.run([sys.executable, "-m", "lcscale", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "crossmatch" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("info", "nothing"), "nothing"),
        (("crossmatch", "sky", "nothing", "--name", "x"), "nothing"),
        (("features", "sky", "--name", "x", "--only", "no_such_feature"), "no_such_feature"),
        (("features", "plain", "--name", "x"), "lightcurve"),
        (("crossmatch", "sky", "sky", "--name", "x", "--radius-arcsec", "-1"), "radius_arcsec"),
        (("crossmatch", "sky", "sky", "--name", "x", "--engine", "fast"), "fast"),
        (("ingest", "nosuchsurvey", "pyproject.toml", "--name", "x"), "nosuchsurvey"),
        (("ingest", "table", "no-such-file.csv", "--name", "x"), "no-such-file.csv"),
        (("classify", "sky", "--model", "no-such-model"), "no-such-model"),
        (("classify", "sky", "--context", "sky"), "takes no colour or parallax"),
        (("classify", "sky", "--prevalence", "RRab=0.1,EW=0.2,RRab=0.3"), "names a class twice"),
        (("completeness", "sky", "--candidates", "nothing", "--cost"), "nothing"),
        (("completeness", "sky", "--candidates", "plain", "--cost"), "holds no candidates"),
        (("completeness", "sky", "--band", "q", "--cost"), "observed in q; bands: "),
        (("alerts", "sky", "--yso", "nothing"), "nothing"),
        (("alerts", "plain", "--yso", "sky"), "Date"),
        (("train", "plain", "--model", "m"), "lightcurve"),
        (("train", "sky", "--model", "m", "--stream"), "lcscale features sky --name sky_features"),
    ],
)
def test_a_wrong_name_path_or_column_is_one_line_and_status_2(run, lake, arguments, named):
    put(lake, "sky", sky_table(50))
    put(lake, "plain", sky_table(50, lightcurves=False))
    status, _, err = run(*arguments, "--lake", lake.root)
    assert status == 2
    assert named in err
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_ls_and_info_describe_the_lake(run, lake):
    put(lake, "sky", sky_table(50))
    lake.write_table("counts", pa.table({"year": [2019], "n": [1]}))
    _, out, _ = run("ls", "--lake", lake.root)
    assert "sky" in out
    assert "50 rows" in out
    assert "counts" in out
    _, out, _ = run("info", "sky", "--lake", lake.root)
    assert "lightcurve" in out
    assert "bands=g,r" in out
    assert "year: int64" in run("info", "counts", "--lake", lake.root)[1]


def test_features_list_prints_definitions(run):
    status, out, _ = run("features", "--list")
    assert status == 0
    assert "von_neumann" in out


def test_crossmatch_and_features_write_catalogs(run, lake):
    put(lake, "sky", sky_table(60))
    status, out, _ = run("crossmatch", "sky", "sky", "--lake", lake.root, "--name", "pairs")
    assert status == 0
    assert "pairs: 60 rows" in out
    status, _, _ = run(
        "features", "sky", "--lake", lake.root, "--name", "stats", "--only", "mean,amplitude", "--fmax", 2
    )
    assert status == 0
    assert {"period", "mean", "amplitude", "mean_r", "reason"} <= set(Lake(lake.root)["stats"].column_names)
    status, out, _ = run("crossmatch", "sky", "sky", "--lake", lake.root, "--name", "pairs")
    assert (status, "nothing to do" in out) == (0, True)


@pytest.mark.parametrize(("option", "column"), [("--ra", "RA"), ("--dec", "Dec"), ("--id", "nope")])
def test_a_wrong_column_of_a_table_is_status_2(run, lake, tmp_path, option, column):
    (tmp_path / "good.csv").write_text("name,ra,dec\na,10,20\n")
    status, _, err = run("ingest", "table", tmp_path / "good.csv", option, column, "--lake", lake.root, "--name", "x")
    assert status == 2
    assert f"no column '{column}'" in err.splitlines()[-1]


def test_a_lake_that_is_not_there_is_named(run, tmp_path):
    (tmp_path / "file").write_text("")
    for place in ("nowhere", "file"):
        for command in (("ls",), ("jobs",), ("report",), ("prune", "x"), ("info", "x")):
            status, _, err = run(*command, "--lake", tmp_path / place)
            assert status == 2
            assert place in err


def test_a_file_set_aside_is_named_and_status_3(run, lake, tmp_path):
    (tmp_path / "good.csv").write_text("name,ra,dec\na,10,20\nb,11,21\n")
    (tmp_path / "bad.csv").write_text("something else\n1\n")
    arguments = ("ingest", "table", tmp_path / "good.csv", tmp_path / "bad.csv", "--id", "name")
    status, _, err = run(*arguments, "--lake", lake.root, "--name", "two")
    assert status == 3
    assert "bad.csv" in err
    assert Lake(lake.root)["two"].to_arrow().num_rows == 2


def test_show_and_why_name_the_option_that_says_which_list(run, lake):
    put(lake, "mine", sky_table(5))
    for command in ("show", "why"):
        status, _, err = run(command, 3, "--lake", lake.root)
        assert (status, "say with --name which one: mine" in err) == (2, True), err


def test_jobs_shows_what_ran_and_retries_what_was_set_aside(run, lake, monkeypatch):
    from lcscale.features import Extract

    put(lake, "sky", sky_table(60))
    arguments = ("features", "sky", "--lake", lake.root, "--name", "stats", "--only", "mean", "--fmax", "1")
    arguments = (*arguments, "--max-failed", "1")
    original = Extract.__call__

    def fail_once(self, table):
        if 7 in table["object_id"].to_pylist():
            raise ValueError("cosmic ray")
        return original(self, table)

    monkeypatch.setattr(Extract, "__call__", fail_once)
    status, _, err = run(*arguments)
    assert (status, "cosmic ray" in err) == (3, True)
    _, out, _ = run("jobs", "--lake", lake.root)
    assert "1 set aside" in out
    assert "cosmic ray" in out
    monkeypatch.setattr(Extract, "__call__", original)
    status, out, _ = run("jobs", "retry", "stats", "--lake", lake.root)
    assert (status, "60 rows" in out) == (0, True)
    assert run("jobs", "--lake", lake.root)[1].splitlines()[-1].count("0 set aside") == 1
    assert len(lake.versions("stats")) == 2
    assert len(run("prune", "stats", "--lake", lake.root, "--keep", 0)[1].splitlines()) == 1
    assert lake.versions("stats") == [lake.current("stats")]
    assert lake["stats"].to_arrow().num_rows == 60
    assert run("jobs", "retry", "sky", "--lake", lake.root)[0] == 2


def test_commands_that_read_import_neither_torch_nor_hats(tmp_path):
    """Both take seconds: `show`, `export`, `ls` and the like have none of it to wait for."""
    lake = surveyed_lake(tmp_path, n=12)
    lake["survey"].map(Search(FrequencyGrid(0.05, 3.0, 0.001))).write("periods")
    star = lake["survey"].to_arrow()["object_id"][0].as_py()
    commands = [
        ["ls"], ["info", "survey"], ["versions", "survey"], ["jobs"], ["why", str(star), "--name", "survey"],
        ["export", "survey", str(tmp_path / "out.csv")],
        ["show", str(star), "--name", "periods", "--output", str(tmp_path / "star.html")],
        ["gallery", "periods", "--output", str(tmp_path / "stars.html")],
    ]  # fmt: skip
    code = (
        "import contextlib, sys\nfrom lcscale.cli import main\n"
        f"for command in {commands!r}:\n"
        f"    sys.argv = ['lcscale', *command, '--lake', {str(lake.root)!r}]\n"
        "    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(None):\n        main()\n"
        "print(sorted({'torch', 'hats', 'lsdb', 'sklearn', 'distributed'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stderr
    assert (tmp_path / "out.csv").exists()
    assert (tmp_path / "star.html").exists()
