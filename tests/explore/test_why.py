"""Why an object is not in a list, told from what the versions were made from."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from skies import put, sky_table
from typer.testing import CliRunner

from lcscale.cli import app
from lcscale.explore import why
from lcscale.features import Extract
from lcscale.ingest import ingest
from lcscale.lake import Lake


@pytest.fixture
def lake(tmp_path):
    """Stars, their features, the bright ones, and those with a counterpart."""
    lake = Lake(tmp_path / "lake")
    stars = put(lake, "stars", sky_table(200))
    stars.map(Extract(("mean",))).without("lightcurve").write("features")
    joined = stars.join(lake["features"]).where("mean_mag < 15").columns("object_id", "mean", "mean_mag")
    joined.where("mean > 0").write("bright")
    few = put(lake, "few", sky_table(200, lightcurves=False).slice(0, 20))
    stars.columns("object_id").crossmatch(few, radius_arcsec=1.0).write("pairs")
    return lake


def test_an_object_that_is_there(lake):
    row = lake["bright"].to_arrow().to_pylist()[0]
    version = lake["bright"].source.version
    assert why(lake, row["object_id"], "bright") == [f"{row['object_id']} is in bright {version}"]


def test_the_condition_that_left_it_out_is_named(lake):
    faint = lake["stars"].where("mean_mag > 16").to_arrow().to_pylist()[0]
    last = why(lake, faint["object_id"], "bright")[-1]
    assert last == f"a condition left it out: mean_mag < 15 (mean_mag = {faint['mean_mag']})"


def test_a_match_that_may_have_left_it_out_is_named(lake):
    found = set(lake["pairs"].to_arrow()["object_id"].to_pylist())
    alone = next(i for i in range(200) if i not in found)
    assert why(lake, alone, "pairs")[-1] == f"it may have no counterpart in few {lake['few'].source.version}"


def test_an_object_nobody_has_is_followed_to_the_release(tmp_path):
    lake = Lake(tmp_path / "lake")
    made = sky_table(30, lightcurves=False)
    table = pa.table({name: made[name] for name in ("object_id", "ra", "dec", "mean_mag")})
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"no Parquet at all")
    ingest("table", [tmp_path / "a.parquet", tmp_path / "b.parquet"], lake, "stars", id="object_id", progress=False)
    lake["stars"].where("mean_mag < 15").write("bright", progress=False)
    told = why(lake, 12345, "bright")
    assert told[0].startswith("12345 is not in bright")
    assert told[1].startswith("12345 is not in stars")
    assert told[2].startswith("left out of it: ")
    assert "b.parquet" in told[2]


def test_a_partition_set_aside_is_told(lake):
    row = lake["bright"].to_arrow().to_pylist()[0]
    spans = {leaf.pixel: leaf.pixel.span for leaf in lake["bright"].source.leaves}
    pixel = next(pixel for pixel, (first, behind) in spans.items() if first <= row["_healpix_29"] < behind)
    lake["bright"].where(f"object_id != {row['object_id']}").write("fewer")
    error = {"result": {}, "error": "ValueError: broken", "traceback": "", "seconds": 1.0, "attempts": 3}
    entry = {"key": "k", "label": f"bright {pixel}", **error}
    (lake["fewer"].source.folder / "ledger" / "9.jsonl").write_text(json.dumps(entry) + "\n")
    expected = f"its partition was set aside: bright {pixel}: ValueError: broken"
    assert why(lake, row["object_id"], "fewer")[-1] == expected


def test_the_command_says_the_same(lake):
    result = CliRunner().invoke(app, ["why", "777", "--lake", str(lake.root), "--name", "bright"])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == why(lake, 777, "bright")
