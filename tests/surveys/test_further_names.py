"""Names that people know survive an ingest, and a star is found by them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest
from pipelines import hasty_model

from lcscale.errors import InputError, meant
from lcscale.explore import show, why
from lcscale.explore.finding import rows_of
from lcscale.expressions import holds
from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.periods import FrequencyGrid
from lcscale.products import variable_candidates


def archive_file(path, oids, ra, dec, n=40, **more):
    """A file as ZTF's archive gives it: `n` observations of each oid."""
    rng = np.random.default_rng(oids[0])
    oid = np.repeat(oids, n)
    time = rng.uniform(0, 60, oid.size)
    table = {
        "oid": oid,
        "hjd": 2_458_000 + time,
        "mag": 16 + 0.5 * np.sin(2 * np.pi * time / 1.7) + rng.normal(0, 0.01, oid.size),
        "magerr": np.full(oid.size, 0.01),
        "catflags": np.zeros(oid.size, int),
        "filtercode": np.where(oid % 2, "zr", "zg"),
        "ra": np.repeat(ra, n),
        "dec": np.repeat(dec, n),
        **{name: np.repeat(values, n) for name, values in more.items()},
    }
    pv.write_csv(pa.table(table), path)


@pytest.fixture(scope="module")
def ztf(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ztf")
    files = folder / "files"
    files.mkdir()
    archive_file(files / "2935237657195591424.csv", [10, 11], [80.0, 80.0001], [5.0, 5.0001])
    archive_file(files / "RR_Lyr.csv", [20, 21], [0.00005, 359.99995], [5.0, 5.0])
    archive_file(files / "field_202.csv", [30, 31], [120.0, 130.0], [5.0, 5.0])
    archive_file(files / "stars.csv", [40, 41], [140.0, 150.0], [5.0, 5.0], nick=["u248", "oxdel"])
    lake = Lake(folder / "lake")
    ingest("ztf", files, lake, "ztf")
    return lake, files


def names(catalog):
    table = catalog.to_arrow()
    return dict(zip(table["object_id"].to_pylist(), table["name"].to_pylist(), strict=True))


def test_a_file_of_one_star_names_it(ztf):
    lake, _ = ztf
    assert names(lake["ztf"]) == {
        10: "2935237657195591424", 20: "RR_Lyr", 30: None, 31: None, 40: "u248", 41: "oxdel",
    }  # fmt: skip


def test_the_name_goes_with_the_candidates_and_leads_to_the_star(ztf, tmp_path):
    lake, _ = ztf
    model = hasty_model(tmp_path / "hasty")
    variable_candidates(lake["ztf"], model, grid=FrequencyGrid(0.05, 3.0, 0.001)).write("candidates")
    assert names(lake["candidates"])[20] == "RR_Lyr"
    assert rows_of(lake["candidates"], "RR_Lyr")["object_id"].to_pylist() == [20]
    assert rows_of(lake["candidates"], "2935237657195591424")["object_id"].to_pylist() == [10]
    assert "RR_Lyr is in candidates" in why(lake, "RR_Lyr", "candidates")[0]
    text = show(lake, "RR_Lyr", tmp_path / "star.html", name="candidates").read_text("utf-8")
    assert "<h2>Light curve</h2>" in text
    with pytest.raises(InputError, match="no object Nobody"):
        show(lake, "Nobody", tmp_path / "no.html", name="candidates")


def test_files_with_names_are_added_to_a_catalog_without(ztf, tmp_path):
    lake, files = ztf
    without = lake["ztf"].without("name")
    without.write("older")
    table = without.to_arrow()
    assert "name" not in table.column_names
    from lcscale.ingest.planning import _fitting

    assert _fitting(lake["ztf"].schema, without.schema) == without.schema
    with pytest.raises(InputError, match="no column other"):
        _fitting(pa.schema([("object_id", pa.int64()), ("other", pa.int64())]), without.schema)


DETECTIONS = {
    "id": [1, 1, 2, 2],
    "ra": [10.0, 10.0, 20.0, 20.0],
    "dec": [1.0, 1.0, 2.0, 2.0],
    "mjd": [58000.0, 58001.0, 58000.0, 58001.0],
    "mag": [15.0, 15.1, 16.0, 16.1],
    "err": [0.01, 0.01, 0.01, 0.01],
}


def detections(path, **more):
    pv.write_csv(pa.table({**DETECTIONS, **more}), path)
    return path


OPTIONS = {"id": "id", "time": "mjd", "mag_err": "err"}


@pytest.mark.parametrize(("column", "option"), [("nick", None), ("nickname", None), ("gaia", "gaia")])
def test_a_column_of_names_survives_as_name(tmp_path, column, option):
    path = detections(tmp_path / "d.csv", **{column: ["A", "A", " B ", " B "]})
    ingest("lightcurves", path, tmp_path / "lake", "stars", known_as=option, **OPTIONS)
    assert names(Lake(tmp_path / "lake")["stars"]) == {1: "A", 2: "B"}


def test_a_second_id_of_numbers_is_a_name_too_and_lists_of_objects_have_them(tmp_path):
    path = detections(tmp_path / "d.csv", gaia=[2**60, 2**60, 7, 7])
    ingest("lightcurves", path, tmp_path / "lake", "stars", known_as="gaia", **OPTIONS)
    assert names(Lake(tmp_path / "lake")["stars"]) == {1: str(2**60), 2: "7"}
    assert rows_of(Lake(tmp_path / "lake")["stars"], 2**60)["object_id"].to_pylist() == [1]
    listed = {"id": [1, 2], "ra": [10.0, 20.0], "dec": [1.0, 2.0], "nick": ["A", None], "kind": ["x", "y"]}
    pv.write_csv(pa.table(listed), tmp_path / "o.csv")
    ingest("lightcurves", path, tmp_path / "lake", "listed", objects=str(tmp_path / "o.csv"), **OPTIONS)
    catalog = Lake(tmp_path / "lake")["listed"]
    assert names(catalog) == {1: "A", 2: None}
    assert "nick" not in catalog.column_names
    assert set(catalog.to_arrow()["kind"].to_pylist()) == {"x", "y"}
    plain = ingest("lightcurves", detections(tmp_path / "e.csv"), tmp_path / "lake", "plain", **OPTIONS)
    assert plain.published
    assert "name" not in Lake(tmp_path / "lake")["plain"].column_names


def test_a_column_of_names_that_is_asked_for_must_be_there(tmp_path):
    path = detections(tmp_path / "d.csv")
    record = ingest("lightcurves", path, tmp_path / "lake", "stars", known_as="nick", **OPTIONS)
    assert record.withheld
    assert "'nick'" in record.quarantined[0]["error"]


def test_texts_of_parquet_files_lose_the_blanks_around_them(tmp_path):
    """The General Catalogue of Variable Stars pads its types: equality and `in` would find nothing."""
    padded = {"ra": [1.0, 2.0, 3.0], "dec": [1.0, 2.0, 3.0], "VarType": ["INA   ", " UG", "    "], "n": [1, 2, 3]}
    pq.write_table(pa.table(padded), tmp_path / "t.parquet")
    ingest("table", tmp_path / "t.parquet", tmp_path / "lake", "gcvs")
    table = Lake(tmp_path / "lake")["gcvs"].to_arrow().sort_by("n")
    assert table["VarType"].to_pylist() == ["INA", "UG", None]
    assert holds("VarType in ('INA', 'INB')", table).to_pylist() == [True, False, False]
    assert holds("starts_with(VarType, 'IN')", table).to_pylist() == [True, False, False]


def test_errors_say_what_was_meant(tmp_path):
    assert meant(["mag"], ["flux"]) == ""
    pv.write_csv(pa.table({"RA": [1.0], "Dec": [2.0]}), tmp_path / "t.csv")
    record = ingest("table", tmp_path / "t.csv", tmp_path / "lake", "t")
    assert "did you mean 'RA', 'Dec'?" in record.quarantined[0]["error"]
    assert "--ra and --dec" in record.quarantined[0]["error"]
    ingest("table", tmp_path / "t.csv", tmp_path / "lake", "t", ra="RA", dec="Dec")
    catalog = Lake(tmp_path / "lake")["t"]
    with pytest.raises(InputError, match="did you mean 'RA'"):
        catalog.columns(["ra"])
    with pytest.raises(InputError, match="did you mean 'Dec'"):
        catalog.where("dec > 1")


@pytest.mark.parametrize(("column", "option"), [("nick", ""), ("nickname", ""), ("Simbad", "Simbad")])
def test_a_table_of_stars_keeps_their_further_name(tmp_path, column, option):
    stars = {"id": [1, 2], "ra": [10.0, 20.0], "dec": [1.0, 2.0], column: ["u248 ", "oxdel"]}
    pq.write_table(pa.table(stars), tmp_path / "stars.parquet")
    ingest("table", tmp_path / "stars.parquet", tmp_path / "lake", "stars", id="id", known_as=option)
    catalog = Lake(tmp_path / "lake")["stars"]
    kept = catalog.to_arrow().sort_by("id")
    assert kept["name"].to_pylist() == ["u248", "oxdel"]
    assert column in kept.column_names
    assert rows_of(catalog, "oxdel")["id"].to_pylist() == [2]


def test_a_name_of_its_own_stays_in_a_table(tmp_path):
    stars = {"id": [1], "ra": [10.0], "dec": [1.0], "name": ["S Dor"], "nick": ["s"]}
    pq.write_table(pa.table(stars), tmp_path / "stars.parquet")
    ingest("table", tmp_path / "stars.parquet", tmp_path / "lake", "stars", id="id")
    assert Lake(tmp_path / "lake")["stars"].to_arrow()["name"].to_pylist() == ["S Dor"]
    record = ingest("table", tmp_path / "stars.parquet", tmp_path / "lake", "other", id="id", known_as="Nick")
    assert "did you mean 'nick'" in record.quarantined[0]["error"]
