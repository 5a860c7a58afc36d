"""The workflow that builds the catalogue of RR Lyrae stars, and the checks that it ends with."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
import yaml

from lcscale.products.rrlyrae.checking import check_catalogue, check_files

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder that the commands of the workflow leave; fewer stars than it has."""
    place = tmp_path_factory.mktemp("catalogue")
    for path in (ROOT / "infra" / "rrlyrae").glob("*.toml"):
        shutil.copy(path, place)
    (place / "stars.toml").write_text('folder = "simulated"\nstars = 30\n')
    steps = yaml.safe_load((ROOT / ".github/workflows/rrlyrae.yml").read_text())["jobs"]["catalogue"]["steps"]
    commands = [shlex.split(step["run"]) for step in steps if "run" in step]
    assert [command[0] for command in commands] == ["pip", "cp", "python", "lcscale", "python"]
    for command in commands[2:]:
        program = [sys.executable, "-m", "lcscale"] if command[0] == "lcscale" else [sys.executable]
        rest = [str(ROOT / each) if each.startswith("jobs/") else each for each in command[1:]]
        done = subprocess.run([*program, *rest], cwd=place, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return place / "published"


def test_the_workflow_publishes_what_it_checked(published):
    checks = json.loads((published / "checks.json").read_text())
    assert checks["rows"] == 30
    assert set(checks["rows that break a rule"].values()) == {0}
    assert set(checks["columns that files do not give back"].values()) == {0}
    table = pq.read_table(published / "rrlyrae.parquet")
    assert pq.read_metadata(published / "light_curves.parquet").num_rows == 30
    assert (published / "model" / "card.json").is_file()
    truth = csv.read_csv(published.parent / "simulated" / "objects.csv").to_pandas().set_index("id")
    found = table.to_pandas().set_index("object_id")
    same = found.pulsation_period / truth.true_period[found.index] - 1
    assert (np.abs(same) < 1e-3).mean() > 0.8
    assert (found["mode"] == truth.true_mode[found.index]).mean() > 0.8


BREAKS = {
    "a name that another star has": ("object_id", lambda values: [values[1], *values[1:]]),
    "a place that is none": ("dec", lambda values: [91.0, *values[1:]]),
    "no [Fe/H] and no reason": ("feh", lambda values: [None, *values[1:]]),
    "[Fe/H] without an error": ("feh_error", lambda values: [0.0, *values[1:]]),
    "intervals that do not hold [Fe/H]": ("feh_low_68", lambda values: [5.0, *values[1:]]),
    "parts that are not the error": ("feh_error_model", lambda values: [2.0, *values[1:]]),
    "[Fe/H] without a mode or an origin": ("mode", lambda values: [None, *values[1:]]),
    "a number that is infinite": ("denoised_a1", lambda values: [float("inf"), *values[1:]]),
    "another model": ("model_id", lambda values: ["?", *values[1:]]),
    "a distance that is not its modulus": ("distance_modulus", lambda values: [1.0, *values[1:]]),
    "a distance outside its interval": ("distance_high", lambda values: [0.0, *values[1:]]),
    "no distance and no reason": ("distance", lambda values: [None, *values[1:]]),
}


def test_every_rule_finds_the_row_that_breaks_it(published):
    table = pq.read_table(published / "rrlyrae.parquet")
    plain = pc.and_(pc.is_null(table["reason"]), pc.is_valid(table["distance"]))
    table = table.filter(plain)
    reasons = table.column_names.index("distance_reason")
    table = table.set_column(reasons, table.schema.field(reasons), pa.nulls(len(table), pa.string()))
    model = table["model_id"][0].as_py()
    sound = check_catalogue(table, "object_id", model)
    assert set(sound.values()) == {0}
    assert sound.keys() == BREAKS.keys()
    for rule, (name, broken) in BREAKS.items():
        place = table.column_names.index(name)
        values = pa.array(broken(table[name].to_pylist()), table.schema.field(name).type)
        found = check_catalogue(table.set_column(place, table.schema.field(name), values), "object_id", model)
        assert found[rule] == 1, rule


def test_files_that_lost_a_null_or_a_unit_are_found(published, tmp_path):
    table = pq.read_table(published / "rrlyrae.parquet")
    place, field = table.column_names.index("feh"), table.schema.field("feh")
    lost = table.set_column(place, field.with_metadata({}), pc.add(pc.fill_null(table["feh"], 0.0), 1.0))
    pq.write_table(lost, tmp_path / "bad.parquet")
    found = check_files(table, tmp_path / "bad.parquet", published / "rrlyrae.vot")
    assert (found["values of Parquet"], found["units of Parquet"]) == (1, 1)
    found = check_files(lost, tmp_path / "bad.parquet", published / "rrlyrae.vot")
    assert (found["values of Parquet"], found["values of the VOTable"]) == (0, 1)
