"""`diff` finds each row that appeared, vanished or changed, and the causes add up to all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from growing import PIPELINE, add, survey

from lcscale.errors import InputError
from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.refresh import Pipeline
from lcscale.refresh.difference import difference
from lcscale.surveys import write_release

QUIET = {"engine": "serial", "progress": False}


def test_rows_against_a_brute_force_comparison(tmp_path):
    path, rng = survey(tmp_path, 300), np.random.default_rng(1)
    Pipeline.read(path).refresh(**QUIET)
    lake = Pipeline.read(path).lake
    before = {name: lake[name].to_arrow().to_pylist() for name in ("left", "bright")}
    table = pq.read_table(tmp_path / "left" / "0.parquet")
    mag = table["mag"].to_numpy().copy()
    mag[:20] += rng.normal(0, 3, 20)
    pq.write_table(table.set_column(3, "mag", [mag]), tmp_path / "left" / "0.parquet")
    add(tmp_path, "left", 1, 4, rng)
    Pipeline.read(path).refresh(**QUIET)
    for name in ("left", "bright"):
        old = {row["object_id"]: row for row in before[name]}
        new = {row["object_id"]: row for row in lake[name].to_arrow().to_pylist()}
        expected = dict.fromkeys(new.keys() - old.keys(), "appeared")
        expected |= dict.fromkeys(old.keys() - new.keys(), "vanished")
        expected |= {key: "changed" for key in new.keys() & old.keys() if new[key] != old[key]}
        found = difference(lake, name)
        told = dict(zip(found.table["object_id"].to_pylist(), found.table["change"].to_pylist(), strict=True))
        assert told == expected
        assert found.same_rows == len(new.keys() & old.keys()) - list(expected.values()).count("changed")
        assert set(found.table["cause"].to_pylist()) == {"other rows of what it is made from"}
        assert {text for text in found.table["columns"].to_pylist() if text} <= {"mag"}
        assert " 100.0 %" in found.summary()


def test_another_right_hand_catalog_and_other_steps(tmp_path):
    path = survey(tmp_path, 300)
    path.write_text(PIPELINE.replace("900.0", "9000.0"))
    Pipeline.read(path).refresh(**QUIET)
    lake = Pipeline.read(path).lake
    add(tmp_path, "right", 1, 200, np.random.default_rng(1))
    with pytest.raises(InputError, match="one version only"):
        difference(lake, "pairs")
    path.write_text(PIPELINE.replace("900.0", "9000.0").replace("mag < 15", "mag < 14"))
    Pipeline.read(path).refresh(**QUIET)
    assert set(difference(lake, "pairs").table["cause"].to_pylist()) == {"another right-hand catalog"}
    assert set(difference(lake, "bright").table["cause"].to_pylist()) == {"other steps"}
    with pytest.raises(InputError, match="no version 'v9'"):
        difference(lake, "bright", "v9")


def test_classes_that_flip_have_their_cause_in_the_row(tmp_path):
    def publish(**columns):
        n = 6
        told = {"object_id": [f"s{k}" for k in range(n)], "ra": np.arange(n) * 50.0, "dec": np.zeros(n)}
        pq.write_table(pa.table({**told, **columns}), tmp_path / "c.parquet")
        ingest("table", tmp_path / "c.parquet", tmp_path / "lake", "candidates", id="object_id", replace=True, **QUIET)

    same = {"n_observations": [5] * 6, "period": [1.0] * 6, "model_id": ["m"] * 6}
    publish(**same, **{"class": ["RRab"] * 6, "prob_RRab": [0.9] * 6})
    publish(
        n_observations=[5, 6, 6, 5, 5, 5],
        period=[1.0, 2.0, 1.0, 2.0, 1.0, 1.0],
        model_id=["m", "m", "m", "m", "m2", "m"],
        **{"class": ["RRab", "EW", "RRab", "EW", "EA", None], "prob_RRab": [0.9, 0.1, 0.8, 0.2, 0.3, None]},
    )
    found = difference(Lake(tmp_path / "lake"), "candidates")
    rows = {row["object_id"]: row for row in found.table.to_pylist()}
    causes = {name: row["cause"] for name, row in rows.items()}
    assert causes == {
        "s1": "new observations",
        "s2": "new observations",
        "s3": "another period",
        "s4": "another model",
        "s5": "other rows of what it is made from",
    }
    assert rows["s1"]["probability_moved"] == pytest.approx(0.8)
    assert (rows["s1"]["class_before"], rows["s1"]["class_after"]) == ("RRab", "EW")
    assert found.same_rows == 1
    assert "4 classes flipped" in found.summary()
    shares = [float(line.split("%")[0]) for line in found.summary().splitlines() if "%" in line]
    assert sum(shares) == pytest.approx(100.0)


def test_features_of_grown_light_curves_are_due_to_new_observations(tmp_path):
    made = write_release(tmp_path / "release", n=6)
    survey_file = tmp_path / "pipeline.toml"
    survey_file.write_text(
        'lake = "lake"\n[catalogs.stars]\ningest = "simulated"\nfiles = "release/survey"\n'
        '[catalogs.found]\nfeatures = "stars"\nonly = ["amplitude"]\nbaseline = 100.0\nfmax = 1.0\n'
    )
    file = next(Path(made.survey).glob("detections*"))
    whole = file.read_text().splitlines(keepends=True)
    file.write_text("".join(whole[: len(whole) // 2]))
    Pipeline.read(survey_file).refresh(**QUIET)
    file.write_text("".join(whole))
    Pipeline.read(survey_file).refresh(**QUIET)
    found = difference(Pipeline.read(survey_file).lake, "found")
    assert found.table.num_rows > 0
    assert {row["cause"] for row in found.table.to_pylist() if row["change"] == "changed"} == {"new observations"}
