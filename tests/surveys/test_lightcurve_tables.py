"""Detections of any kind become light curves: where ids, bands and times stand, and what is left out, counted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lcscale as lc
from lcscale.errors import InputError
from lcscale.ingest import ingest
from lcscale.lightcurves import LightCurves, declared_bands

OBJECTS = "id,ra,dec\n7,10.5,-5.5\n8,20.5,5.5\n"


@pytest.fixture
def taken(tmp_path):
    """Ingest `files` (name: text) as light curves: the record, and the rows by name of the object."""

    def run(files, objects=OBJECTS, **options):
        (tmp_path / "in").mkdir(exist_ok=True)
        for name, text in files.items():
            (tmp_path / "in" / name).write_text(text)
        if objects:
            (tmp_path / "objects.csv").write_text(objects)
            options["objects"] = str(tmp_path / "objects.csv")
        survey = options.pop("survey", "lightcurves")
        record = ingest(survey, tmp_path / "in", tmp_path / "lake", "it", engine="serial", **options)
        catalog = lc.Lake(tmp_path / "lake")["it"] if record.rows else None
        rows = {str(row["object_id"]): row for row in catalog.to_arrow().to_pylist()} if catalog else {}
        return record, rows, catalog

    return run


def said(record, text):
    """The note that has `text`."""
    return next(note for note in record.notes if text in note)


def test_upper_limits_and_words_are_left_out_and_counted(taken):
    lines = ["HJD,mag,mag_err,id", "2457420.5,13.5,0.02,7", "2457421.5,>13.610,99.99,7", "2457422.5,N.A.,0.1,7"]
    lines += ["2457423.5,99.99,99.99,7", "2457424.5,,0.1,7", "2457425.5,13.75,0.02,7", ",13.5,0.02,7"]
    options = {"id": "id", "time": "HJD"}
    record, rows, catalog = taken({"a.csv": "\n".join(lines) + "\n"}, **options)
    assert record.exit_status == 0
    assert rows["7"]["lightcurve"]["mag"] == [13.5, 13.75]
    assert rows["7"]["lightcurve"]["time"] == [57420.0, 57425.0]
    for text in ("upper limits", "words in place of a number", "99.99 and the like", "no magnitude: 1", "no time"):
        assert "1 observations" in said(record, text)
    metadata = catalog.schema.field("lightcurve").metadata
    assert (metadata[b"time_origin"], metadata[b"time_scale"]) == (b"HJD - 2400000.5", b"UTC")


def test_limits_are_kept_on_request(taken):
    text = "mjd,mag,mag_err,id\n58000.5,13.5,0.02,7\n58001.5,>13.625,99.99,7\n"
    record, rows, catalog = taken({"a.csv": text}, id="id", time="mjd", keep_limits=True)
    curve = rows["7"]["lightcurve"]
    assert curve["time"] == [58000.5, 58001.5]
    assert np.isnan(curve["mag"][1])
    assert np.isnan(curve["limit"][0])
    assert curve["limit"][1] == 13.625
    assert LightCurves.from_arrow(catalog.to_arrow()).counts.sum() == 2


def test_bands_are_found_in_the_data_the_one_with_most_observations_first(taken):
    rows = [f"{58000 + i},15,0.1,{'c' if i % 3 else 'o'},7" for i in range(9)]
    other = [f"{58100 + i},15,0.1,{'o' if i else 't'},8" for i in range(9)]
    head = "MJD,m,dm,F,id\n"
    files = {"a.csv": head + "\n".join(rows) + "\n", "b.csv": head + "\n".join(other) + "\n"}
    options = {"id": "id", "time": "MJD", "mag": "m", "mag_err": "dm", "band": "F"}
    _, _, catalog = taken(files, **options)
    assert declared_bands(catalog.schema) == ("o", "c", "t")
    assert b"observations" not in catalog.schema.field("lightcurve").metadata
    more = head + "58200,15,0.1,x,8\n"
    taken({"c.csv": more}, append=True, **options)
    again = lc.Lake(catalog.source.folder.parent.parent)["it"]
    assert declared_bands(again.schema) == ("o", "c", "t", "x")


@pytest.mark.parametrize("header", [True, False])
def test_one_file_a_star_with_its_id_in_the_name(taken, header):
    text = "2455265.5 15.398 0.004 5.03\n2455268.5 15.400 0.004 4.79\n"
    files = {f"OGLE-{i}.dat": ("# time mag mag_err x\n" if header else "") + text for i in (7, 8)}
    options = {} if header else {"columns": "time,mag,mag_err"}
    record, rows, _ = taken(files, id="id", id_from_name=r"OGLE-(\d+)", **options)
    assert record.exit_status == 0
    assert rows["7"]["lightcurve"]["time"] == rows["8"]["lightcurve"]["time"] == [55265.0, 55268.0]
    assert rows["8"]["ra"] == 20.5


def test_a_file_whose_name_has_no_id_is_set_aside_alone(taken):
    text = "time,mag,mag_err\n58000.5,15,0.1\n"
    record, rows, _ = taken({"star7.csv": text, "other.csv": text}, id="id", id_from_name=r"star(\d+)")
    assert record.exit_status == 3
    assert len(rows["7"]["lightcurve"]["time"]) == 1
    assert "name does not match" in record.quarantined[0]["error"]


@pytest.mark.parametrize("listed", [False, True])
def test_detections_tell_of_their_objects_one_row_each(taken, listed):
    """Positions scatter around 0h: the mean is on the sphere; two files have the same objects."""
    rows = ["5,359.9999,1.0,58000.5,15,0.1", "5,0.0003,1.0002,58001.5,15,0.1", "6,20.0,2.0,58000.5,16,0.1"]
    head = "MasterID,RA,Dec,MJD,Mag,Magerr\n"
    files = {"a.csv": head + "\n".join(rows) + "\n", "b.csv": head + "5,0.0001,0.9998,58002.5,15,0.1\n"}
    objects = files["a.csv"] + files["b.csv"].removeprefix(head) if listed else ""
    options = {"id": "MasterID", "ra": "RA", "dec": "Dec", "time": "MJD", "mag": "Mag", "mag_err": "Magerr"}
    record, found, _ = taken(files, objects=objects, **options)
    assert record.exit_status == 0
    assert record.rows == 2
    assert found["5"]["RA"] == pytest.approx(0.0001, abs=1e-9)
    assert found["5"]["Dec"] == pytest.approx(1.0, abs=1e-6)
    assert len(found["5"]["lightcurve"]["time"]) == 3


def test_detections_given_as_their_own_list(taken, tmp_path):
    text = "id,ra,dec,mjd,mag,mag_err\n" + "".join(
        f"{7 + i % 2},{10.0 + i % 2},1.0,{58000 + i},15,0.1\n" for i in range(8)
    )
    record, rows, catalog = taken({"a.csv": text}, objects=text, id="id", time="mjd")
    assert record.rows == 2
    assert "mag" not in catalog.schema.names
    assert len(rows["7"]["lightcurve"]["time"]) == 4


def test_several_bands_in_columns_of_one_table(taken):
    """As NEOWISE and MACHO have them: the order of bands is that of the mapping, and a cut holds for all of them."""
    lines = [
        "id,mjd,w1,w1e,w2,w2e,qual",
        "7,58000.5,11.5,0.02,10.5,0.03,5",
        "7,58001.5,11.75,0.02,,,5",
        "7,58002.5,9,1,9,1,0",
    ]
    record, rows, catalog = taken(
        {"a.csv": "\n".join(lines) + "\n"}, id="id", time="mjd", band_columns="W1=w1:w1e,W2=w2:w2e", where="qual > 0"
    )
    curve = rows["7"]["lightcurve"]
    assert list(zip(curve["time"], curve["band"], curve["mag"], strict=True)) == [
        (58000.5, "W1", 11.5), (58000.5, "W2", 10.5), (58001.5, "W1", 11.75),
    ]  # fmt: skip
    assert declared_bands(catalog.schema) == ("W1", "W2")
    assert "1" in said(record, "not (qual > 0)")
    assert "1" in said(record, "no magnitude (in W2)")


def test_times_of_their_own_for_each_band(taken):
    text = "id,tg,g,tr,r\n7,58000.25,15,58000.75,14\n"
    _, rows, _ = taken({"a.csv": text}, id="id", band_columns="g=g::tg,r=r::tr")
    assert rows["7"]["lightcurve"]["time"] == [58000.25, 58000.75]


def test_fluxes_stay_fluxes_and_negative_ones_are_observations(taken):
    text = "id,mjd,uJy,duJy\n7,58000.5,100,1\n7,58001.5,-433,16\n7,58002.5,0,1\n7,58003.5,,10\n"
    record, rows, _ = taken({"a.csv": text}, id="id", time="mjd", flux="uJy", flux_err="duJy")
    assert rows["7"]["lightcurve"]["flux"] == [100e3, -433e3, 0.0]
    assert rows["7"]["lightcurve"]["flux_err"] == [1e3, 16e3, 1e3]
    assert "1" in said(record, "no flux")


def test_fluxes_given_as_magnitudes_are_refused_not_erased(taken):
    text = "id,mjd,flux,flux_err\n" + "".join(f"7,{58000 + i},{1200 + 10 * i},5\n" for i in range(12))
    record, _, _ = taken({"a.csv": text}, id="id", time="mjd", mag="flux", mag_err="flux_err")
    assert record.exit_status == 3
    assert any("no magnitudes; where they are fluxes, say so: --flux" in one["error"] for one in record.quarantined)
    options = {"flux": "flux", "flux_err": "flux_err", "zero_point": 25, "replace": True}
    with_zero = taken({"a.csv": text}, id="id", time="mjd", **options)
    assert len(with_zero[1]["7"]["lightcurve"]["flux"]) == 12


def test_a_flux_without_a_unit_asks_for_the_zero_point(taken):
    record, _, _ = taken({"a.csv": "id,mjd,f\n7,58000,5\n"}, id="id", time="mjd", flux="f")
    assert any("--zero-point" in one["error"] for one in record.quarantined)


def test_a_star_that_has_only_marks_of_none_is_no_flux(taken):
    text = "id,mjd,mag,mag_err\n7,58000,99.99,99.99\n7,58001,99.999,9\n8,58000,15,0.1\n"
    record, rows, _ = taken({"a.csv": text}, id="id", time="mjd")
    assert record.exit_status == 0
    assert rows["7"]["lightcurve"]["time"] == []
    assert "2" in said(record, "99.99 and the like")
    assert "1 of 2 objects" in said(record, "without an observation")


@pytest.mark.parametrize(
    ("objects", "detections"),
    [
        (pa.array([1001004012176, 1001008025332]), pa.array([1001004012176.0, 1001008025332.0])),
        (pa.array([12, 13], pa.int32()), pa.array(["12", "13"])),
        (pa.array(["0012", "0013"]), pa.array([12, 13])),
        (pa.array(["a ", "b"]), pa.array(["a", "b   "]).dictionary_encode()),
        (pa.array([2**63 + 5, 2**63 + 6], pa.uint64()), pa.array([str(2**63 + 5), str(2**63 + 6)])),
    ],
)
def test_ids_are_the_same_whatever_their_type(tmp_path, objects, detections):
    pq.write_table(pa.table({"id": objects, "ra": [1.0, 2.0], "dec": [1.0, 2.0]}), tmp_path / "o.parquet")
    columns = {"id": detections, "time": [58000.0, 58001.0], "mag": [15.0, 16.0], "mag_err": [0.1, 0.1]}
    pq.write_table(pa.table(columns), tmp_path / "d.parquet")
    options = {"objects": str(tmp_path / "o.parquet"), "id": "id"}
    record = ingest("lightcurves", tmp_path / "d.parquet", tmp_path / "lake", "it", **options)
    assert record.exit_status == 0
    lists = lc.Lake(tmp_path / "lake")["it"].to_arrow().column("lightcurve").to_pylist()
    assert [len(one["time"]) for one in lists] == [1, 1]


def test_times_that_nothing_settles_are_refused_with_the_option(taken):
    text = "id,hjd,mag,mag_err\n7,5262.5,15,0.1\n"
    record, _, _ = taken({"a.csv": text}, id="id", time="hjd")
    assert any("--time-format" in one["error"] for one in record.quarantined)
    record, rows, catalog = taken(
        {"b.csv": text.replace("15", "15.5")}, id="id", time="hjd", time_format="hjd-2450000", append=True
    )
    assert 55262.0 in rows["7"]["lightcurve"]["time"]


def test_days_of_an_origin_that_nothing_states_are_kept_on_request_and_never_mixed_with_mjd(taken):
    text = "id,time,mag,mag_err\n7,500.5,15,0.1\n"
    record, _, _ = taken({"a.csv": text}, id="id")
    assert any("--time-format" in one["error"] for one in record.quarantined)
    record, rows, catalog = taken({"b.csv": text}, id="id", time_format="days", append=True)
    assert rows["7"]["lightcurve"]["time"] == [500.5]
    assert catalog.schema.field("lightcurve").metadata[b"time_origin"] == b"not stated"
    record, _, _ = taken({"c.csv": text.replace("500.5", "58000.5")}, id="id", append=True)
    assert record.exit_status == 3 or not record.published


def test_fluxes_are_not_appended_to_magnitudes(taken):
    taken({"a.csv": "id,mjd,mag,mag_err\n7,58000.5,15,0.1\n"}, id="id", time="mjd")
    more = "id,mjd,uJy,duJy\n7,58001.5,15,1\n"
    record, _, _ = taken({"b.csv": more}, id="id", time="mjd", flux="uJy", flux_err="duJy", append=True)
    assert any("are fluxes in the files, magnitudes in the catalog" in one["error"] for one in record.quarantined)


def test_a_damaged_file_costs_only_itself_where_the_detections_tell_of_their_objects(taken):
    good = "id,ra,dec,mjd,mag,mag_err\n7,1,2,58000,15,0.1\n"
    record, rows, _ = taken({"a.csv": "", "b.csv": good, "c.csv": "<html>"}, objects="", id="id", time="mjd")
    assert len(rows["7"]["lightcurve"]["time"]) == 1
    assert len(record.quarantined) == 2


def test_options_that_mean_nothing():
    from lcscale import surveys

    with pytest.raises(InputError, match="no format of time"):
        surveys.get("lightcurves", time_format="soon")
    with pytest.raises(InputError, match="no expression"):
        surveys.get("lightcurves", where="mag >")
    with pytest.raises(InputError, match="no regular expression"):
        surveys.get("lightcurves", id_from_name="(")
    with pytest.raises(InputError, match="BAND=MAG:ERROR"):
        list(surveys.get("lightcurves", objects="x", band_columns="W1")._observing().measured)


def test_the_same_file_with_other_options_is_another_ingest(taken, tmp_path):
    """First W1, then W2 of one table; a third time it is nothing new."""
    text = "id,mjd,w1,w1e,w2,w2e\n7,58000.5,11.5,0.02,10.5,0.03\n7,58001.5,11.75,0.02,10.75,0.03\n"
    taken({"a.csv": text}, id="id", time="mjd", mag="w1", mag_err="w1e", bands="W1")
    options = {"id": "id", "time": "mjd", "mag": "w2", "mag_err": "w2e", "bands": "W2", "append": True}
    record, rows, catalog = taken({"a.csv": text}, **options)
    assert record.published
    assert sorted(zip(rows["7"]["lightcurve"]["band"], rows["7"]["lightcurve"]["mag"], strict=True)) == [
        ("W1", 11.5), ("W1", 11.75), ("W2", 10.5), ("W2", 10.75),
    ]  # fmt: skip
    assert declared_bands(catalog.schema) == ("W1", "W2")
    again, _, _ = taken({"a.csv": text}, **options)
    assert not again.published
    assert "all of these files are in the catalog already" in again.notes


def test_observations_without_a_band_are_counted_and_bands_that_nobody_named_are_said(taken):
    lines = ["mjd,mag,mag_err,band,id", "58000.5,15,0.1,g,7", "58001.5,15,0.1,,7", "58002.5,15,0.1,r,7"]
    options = {"id": "id", "time": "mjd", "band": "band", "bands": "g,i"}
    record, rows, _ = taken({"a.csv": "\n".join(lines) + "\n"}, **options)
    assert rows["7"]["lightcurve"]["band"] == ["g", "r"]
    assert "1 observations" in said(record, "no band")
    assert said(record, "in bands other than those named (g, i): r: 1")


def test_limits_with_decimal_commas(taken):
    text = "id;mjd;mag;mag_err\n7;58000,5;15,25;0,5\n7;58001,5;>15,5;0,5\n"
    record, rows, _ = taken({"a.csv": text}, id="id", time="mjd")
    assert (rows["7"]["lightcurve"]["time"], rows["7"]["lightcurve"]["mag"]) == ([58000.5], [15.25])
    assert said(record, "upper limits: 1")


def test_an_empty_file_of_a_star_is_said_not_passed_over(taken):
    files = {"star7.dat": "58000.5 13.5 0.02\n", "star8.dat": "", "notes.txt": "what I did\n", "_SUCCESS": ""}
    record, rows, _ = taken(files, id="id", id_from_name=r"(\d+)", columns="time,mag,mag_err")
    assert rows["7"]["lightcurve"]["mag"] == [13.5]
    assert [one["error"].endswith("star8.dat is empty") for one in record.quarantined] == [True]
