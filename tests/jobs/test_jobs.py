"""The jobs, one after the other on a tiny lake, as somebody would run them; and what they say when told wrongly."""

from __future__ import annotations

import dataclasses
import inspect
import json
import runpy
import sys
from pathlib import Path

import lsdb
import pytest
from pipelines import CLASSES, hasty_model, release
from skies import put, sky_table

from lcscale.cli import app
from lcscale.lake import Lake

JOBS = Path(__file__).parents[2] / "jobs"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run a job in this process with a configuration; returns exit status, stdout, stderr."""

    def call(name: str, /, *options: str, **values):
        config = tmp_path / f"{name}.toml"
        config.write_text("".join(f"{key} = {toml(value)}\n" for key, value in values.items()))
        monkeypatch.setattr(sys, "argv", [f"{name}.py", "--config", str(config), *options])
        monkeypatch.syspath_prepend(str(JOBS))
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(JOBS / f"{name}.py"), run_name="__main__")
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return call


def toml(value) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)


def test_the_whole_pipeline_by_jobs(run, tmp_path):
    made = release(tmp_path / "release", 60)
    folder = str(tmp_path / "lake")
    shared = {"lake": "nowhere", "engine": "local"}  # the options say better
    options = ("--lake", folder, "--engine", "serial")
    for name, survey, path in (
        ("survey", "simulated", made.survey),
        ("reference", "table", made.reference),
        ("alerts", "gaia_alerts", made.alerts),
        ("yso", "table", made.yso),
    ):
        assert run("ingest", *options, name=name, survey=survey, paths=[path], **shared)[0] == 0

    status, out, _ = run(
        "crossmatch", *options, left="survey", right="reference", name="pairs", radius_arcsec=1,
        left_columns=["object_id"], right_columns=["source_id"], **shared,
    )  # fmt: skip
    assert (status, "published" in out) == (0, True)

    names = ["amplitude", "von_neumann"]
    lake = Lake(folder)
    status, _, _ = run("features", *options, catalog="survey", name="features", features=names, **shared)
    assert status == 0
    assert {"amplitude", "amplitude_r", "period"} <= set(lake["features"].column_names)
    assert "lightcurve" not in lake["features"].column_names

    model = str(hasty_model(tmp_path / "model"))
    job = {"catalog": "survey", "model": model, "frequencies": [0.01, 5.0, 0.001], **shared}
    status, out, _ = run("variable_candidates", *options, **job)
    assert (status, "60 rows" in out and "published" in out) == (0, True)
    status, out, _ = run("variable_candidates", *options, **job)
    assert (status, "nothing to do" in out) == (0, True)
    assert {f"prob_{name}" for name in CLASSES} <= set(lake["variable_candidates"].column_names)

    definitions = {"known": "yso", "survey": {"classes": ["QSO"]}, "near": {"catalog": "yso", "where": "dec < 90"}}
    status, _, _ = run(
        "alert_statistics", *options, alerts="alerts", by=["year", "class"], definitions=definitions, **shared
    )
    assert status == 0
    rows = lake.table("alert_statistics").to_pylist()
    total = lake["alerts"].source.rows
    for by in ("year", "class"):
        for name in definitions:
            assert sum(r["n_alerts"] for r in rows if (r["by"], r["definition"]) == (by, name)) == total
    for name in lake.names():
        assert len(lsdb.open_catalog(lake.root / name).columns) > 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lake": "l", "left": "a", "right": "b"}, "the key name is missing"),
        ({"lake": "l", "left": "a", "right": "b", "name": "c", "radius": 1.0}, "no key radius in this job"),
        ({"lake": "l", "left": "a", "right": "b", "name": "c", "radius_arcsec": "1"}, "radius_arcsec = '1' should be"),
        ({"lake": "l", "left": "a", "right": "b", "name": "c"}, "no catalog 'a' in the lake"),
    ],
)
def test_a_wrong_configuration_ends_with_one_line_and_status_2(run, values, said):
    status, out, err = run("crossmatch", **values)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_wrong_definitions_are_named(run, tmp_path):
    status, _, err = run("alert_statistics", lake=str(tmp_path), alerts="a", definitions={"x": {"probability": "p"}})
    assert status == 2
    assert "give a catalog" in err


@pytest.mark.parametrize("path", sorted(path.name for path in JOBS.glob("*.py")))
def test_jobs_stay_short(path):
    assert len((JOBS / path).read_text().splitlines()) < 80


def test_what_may_fail_stands_in_the_configuration_or_on_the_command_line(run, lake):
    """A leaf of the catalog is damaged."""
    sky = put(lake, "sky", sky_table(60), order=0)
    Path(sky.partitions[2].path).write_bytes(b"PAR1")
    named = {"lake": str(lake.root), "left": "sky", "right": "sky"}
    status, _, err = run("crossmatch", name="whole", **named)
    assert (status, "whole" in lake) == (3, False)
    assert "1 of 12 tasks failed; nothing was published" in err
    assert run("crossmatch", name="accepted", max_failed=0.1, **named)[0] == 3
    assert lake["accepted"].source.missing == (f"sky {sky.partitions[2].pixel}",)
    assert run("crossmatch", "--max-failed", "1", name="whole", **named)[0] == 3
    assert lake["whole"].source.missing == lake["accepted"].source.missing
    assert run("crossmatch", "--max-failed", "some", name="whole", **named)[0] == 2


COMMANDS = {
    "alert_statistics": ("AlertStatistics", "alerts"),
    "crossmatch": ("Crossmatch", "crossmatch"),
    "features": ("Features", "features"),
    "ingest": ("Ingest", "ingest"),
    "variable_candidates": ("VariableCandidates", "classify"),
    "yso_candidates": ("YsoCandidates", "yso"),
}
"""The dataclasses of jobs' files, with the commands that make the same."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_job_means_by_a_key_what_the_command_means_by_the_option(name, monkeypatch):
    monkeypatch.syspath_prepend(str(JOBS))
    job, command = COMMANDS[name]
    keys = {each.name: each for each in dataclasses.fields(runpy.run_path(str(JOBS / f"{name}.py"))[job])}
    callback = next(each.callback for each in app.registered_commands if each.callback.__name__ == command)
    options = inspect.signature(callback, eval_str=True).parameters
    shared = keys.keys() & options.keys()
    assert len(shared) >= 4
    for each in shared:
        assert options[each].annotation.__metadata__[0].help == keys[each].metadata["about"], each
        values = keys[each].default, options[each].default
        if dataclasses.MISSING not in values and inspect.Parameter.empty not in values:
            assert str(values[0]) == str(values[1]), each


def test_a_job_tells_its_keys(run):
    status, out, _ = run("crossmatch", "--help")
    assert status == 0
    assert "radius_arcsec    Largest separation, arcseconds." in out
