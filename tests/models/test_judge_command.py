"""`lcscale judge`, from a lake to the page and the card."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index

from lcscale import cli
from lcscale.lake import HEALPIX_COLUMN
from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.models.keeping.registry import CARD, read_card, read_judgement
from lcscale.periods import PERIOD_SCHEMA
from tests.models.conftest import simulated
from tests.skies import put


def survey(seed: int) -> pa.Table:
    """Simulated stars with label and period all over the sky."""
    curves, rng = simulated(150, seed), np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 360, 150), np.degrees(np.arcsin(rng.uniform(-1, 1, 150)))
    index = compute_spatial_index(ra, dec)
    schema = pa.schema(
        [
            pa.field(HEALPIX_COLUMN, pa.int64()),
            pa.field("object_id", pa.int64()),
            pa.field("ra", pa.float64()),
            pa.field("dec", pa.float64()),
            pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": ",".join(curves.bands)}),
            PERIOD_SCHEMA.field("period"),
            pa.field("label", pa.string()),
        ]
    )
    values = [index, np.arange(150), ra, dec, curves.lcs.to_arrow(), curves.period, list(curves.label)]
    table = pa.Table.from_arrays([pa.array(each) for each in values], schema=schema)
    return table.take(pa.array(np.argsort(index)))


def test_a_model_is_judged_from_the_command_line(trained, lake, tmp_path, monkeypatch, capsys):
    for seed, name in enumerate(("north", "south")):
        put(lake, name, survey(20 + seed), order=0)
    model, page = tmp_path / "small", tmp_path / "judged.html"
    shutil.copytree(trained[0], model)
    before = read_card(model).id
    command = ["lcscale", "judge", str(model), "--lake", str(lake.root), "--catalog", "north", "--catalog", "south"]
    command += ["--list", "north=south", "--card", "--report", str(page)]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code
    judged = read_judgement(model)
    assert judged["left_out"]["north"]["left_out"] is None  # every star of the other is in the list of its labels
    assert judged["left_out"]["south"]["left_out"]["accuracy"] > 0.8
    assert judged["as_shipped"]["north"]["n"] > 100
    assert read_card(model).id == before
    said, shown = capsys.readouterr().out, page.read_text()
    accuracy = f"{judged['left_out']['south']['left_out']['accuracy']:.3f}"
    for text in (said, shown):
        assert "Each survey left out in turn" in text
        assert accuracy in text


def test_the_catalog_that_a_model_was_trained_on_is_in_training(trained, lake, tmp_path, monkeypatch, capsys):
    """Its own answers count on the part of the sky that was its test set alone."""
    for seed, name in enumerate(("north", "south")):
        put(lake, name, survey(30 + seed), order=0)
    model = tmp_path / "small"
    shutil.copytree(trained[0], model)
    card = json.loads((model / CARD).read_text("utf-8"))
    card["data"]["catalog"] = "north"
    (model / CARD).write_text(json.dumps(card), "utf-8")
    command = ["lcscale", "judge", str(model), "--lake", str(lake.root), "--catalog", "north", "--catalog", "south"]
    monkeypatch.setattr("sys.argv", [*command, "--card"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert not end.value.code, capsys.readouterr().err
    shipped = read_judgement(model)["as_shipped"]
    assert (shipped["north"]["in_training"], shipped["south"]["in_training"]) == (True, False)
    split = card["data"]["split"]
    assert shipped["north"]["n"] == pytest.approx(150 * split["test"], abs=25)
    assert shipped["south"]["n"] > 130
    assert set(read_judgement(model)["labelled"]) == set(map(str, lake["north"].to_pandas().label))


def test_a_model_without_light_curves_is_refused_in_one_line(lake, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["lcscale", "judge", "yso", "--lake", str(lake.root), "--catalog", "north"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code
    assert "yso sees no light curves: python jobs/judge_models.py judges it" in capsys.readouterr().err
