"""Small extracts of real survey files, each of a kind that once failed."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

import lcscale as lc
from lcscale.ingest import ingest
from lcscale.lightcurves import LightCurves, declared_bands

pytestmark = pytest.mark.realdata

CRTS = {"id": "MasterID", "ra": "RA", "dec": "Dec", "time": "MJD", "mag": "Mag", "mag_err": "Magerr"}


@pytest.fixture
def taken(real_data, tmp_path):
    """Ingest one of the files: the record and the rows."""

    def run(survey, file, **options):
        folder = real_data / "field_cases"
        if "objects" in options:
            options["objects"] = str(folder / options["objects"])
        record = ingest(survey, folder / file, tmp_path / "lake", "it", engine="serial", **options)
        return record, lc.Lake(tmp_path / "lake")["it"].to_arrow() if record.rows else None

    return run


def times_of(table, band=None):
    """Numbers of observations of each row."""
    lcs = LightCurves.from_arrow(table)
    return (lcs.select_band(band) if band else lcs).counts.tolist()


@pytest.mark.parametrize(
    ("file", "ids", "first"),
    [
        ("01_EPOCH_PHOTOMETRY-Gaia DR3 wide.csv", {10892037246720, 2328619740476096384}, 56906.4456508186668),
        ("02_EpochPhotometry_bulk.ecsv", {10655814178816, 10892037246720}, 56906.4456508186668),
        ("03_datalink_long_from_votable.ecsv", {10892037246720}, 56906.4456508186668),
    ],
)
def test_gaia_epochs_of_one_star_are_the_same_in_every_layout(taken, file, ids, first):
    record, table = taken("gaia_datalink", file)
    assert record.exit_status == 0
    assert set(table.column("object_id").to_pylist()) == ids
    row = next(row for row in table.to_pylist() if row["object_id"] == 10892037246720)
    curve = row["lightcurve"]
    assert curve["time"][0] == pytest.approx(first, abs=1e-8)
    assert curve["mag"][0] == pytest.approx(18.918205, abs=1e-5)
    assert {band: curve["band"].count(band) for band in ("G", "BP", "RP")}["G"] == 21
    assert set(curve["band"]) == {"G", "BP", "RP"}


def test_text_from_ecsv_that_holds_json(taken):
    record, table = taken("table", "03b_gaia_table_from_votable.ecsv", id="source_id")
    assert (record.exit_status, table.column("phot_variable_flag").to_pylist()) == (0, ["NOT_AVAILABLE"] * 10)


def test_votable_fields_by_name(taken):
    record, table = taken("gaia", "04_gaia_archive_id_not_name.vot")
    assert record.exit_status == 0
    assert set(table.column("source_id").to_pylist()) == {4583627001381815936, 5348723816842275584}


@pytest.mark.parametrize("file", ["05_vizier_asu.tsv", "05b_vizier_asu_no_blank_lines.tsv"])
@pytest.mark.parametrize(("ra", "dec"), [("_RAJ2000", "_DEJ2000"), ("RAJ2000", "DEJ2000")])
def test_vizier_with_units(taken, file, ra, dec):
    record, table = taken("table", file, ra=ra, dec=dec)
    assert (record.exit_status, record.rows) == (0, 10)
    assert table.column("Vmag").to_pylist().count(None) == 0
    assert table.schema.field("Vmag").metadata[b"unit"] == b"mag"
    row = next(row for row in table.to_pylist() if row["Vmag"] == 5.70)
    assert (row[ra], row[dec]) == (pytest.approx(1.579167, abs=1e-6), pytest.approx(-49.075, abs=1e-6))


def test_upper_limits(taken):
    record, table = taken("lightcurves", "06_asassn_limits.csv", objects="06_objects.csv", id="id", time="HJD")
    assert (record.exit_status, times_of(table)) == (0, [15])
    assert "left out: upper limits: 3 observations" in record.notes


def test_bands_found_in_the_data(taken):
    options = {"id": "id", "ra": "RA", "dec": "Dec", "time": "MJD", "mag": "m", "mag_err": "dm", "band": "F"}
    record, table = taken("lightcurves", "07_atlas_o_c.csv", **options)
    assert declared_bands(table.schema) == ("c", "o")
    assert (times_of(table, "c"), times_of(table, "o")) == ([15], [15])


def test_one_file_a_star(taken):
    options = {"objects": "08_objects.csv", "id": "Num", "mag_err": "magerr", "band": "band"}
    record, table = taken("lightcurves", "08_one_file_a_star", id_from_name=r"(\d+)\.csv", **options)
    assert (record.exit_status, times_of(table)) == (0, [20, 20])


def test_columns_by_place(taken, tmp_path):
    (tmp_path / "stars.csv").write_text("name,ra,dec\nOGLE-LMC-CEP-0001,67.7,-69.1\n")
    record, table = taken(
        "lightcurves", "08b_headerless", objects=str(tmp_path / "stars.csv"), id="name",
        id_from_name=r"(.*)\.dat", columns="time,mag,mag_err", bands="I",
    )  # fmt: skip
    assert record.exit_status == 0
    assert table.column("lightcurve")[0].as_py()["time"][0] == pytest.approx(2455265.84145 - 2400000.5)


@pytest.mark.parametrize("objects", [{"objects": "09_crts_detections.csv"}, {}])
def test_detections_as_their_own_list(taken, objects):
    record, table = taken("lightcurves", "09_crts_detections.csv", **CRTS, **objects)
    assert (record.exit_status, record.rows, times_of(table)) == (0, 2, [12, 12])


def test_ids(taken):
    record, table = taken("table", "10_uint64_ids.csv", id="ID", ra="RA", dec="Dec")
    assert "10011600100811017769" in list(map(str, table.column("ID").to_pylist()))
    assert len(set(table.column("ID").to_pylist())) == 10


def test_trailing_blanks_of_bulk_files(taken):
    record, table = taken("twomass", "11_psc_aaa_first_line")
    assert table.column("designation").to_pylist() == ["00042876-8955069"]


def test_a_byte_order_mark(taken):
    record, table = taken("table", "12_bom.csv", id="candid_str")
    assert (record.exit_status, record.rows) == (0, 7)
    assert 732482611815015008 in table.column("candid_str").to_pylist()


def test_julian_dates(taken):
    record, table = taken("lightcurves", "13_jd_labelled_mjd.csv", objects="13_objects.csv", id="asas_sn_id", time="jd")
    times = table.column("lightcurve")[0].as_py()["time"]
    assert (len(times), times[0]) == (20, pytest.approx(2458032.8845513 - 2400000.5, abs=1e-6))


def test_two_bands_in_one_table(taken):
    record, table = taken(
        "lightcurves", "14_neowise_w1_w2.tbl", objects="14_objects.csv", id="allwise_cntr", time="mjd",
        band_columns="W1=w1mpro:w1sigmpro,W2=w2mpro:w2sigmpro", where="qual_frame > 0",
    )  # fmt: skip
    assert declared_bands(table.schema) == ("W1", "W2")
    assert (times_of(table, "W1"), times_of(table, "W2")) == ([11], [11])
    assert "left out: not (qual_frame > 0): 1 observations" in record.notes


@pytest.mark.parametrize("file", ["15_plain_header.txt", "15b_hash_header.txt"])
def test_columns_between_blanks(taken, file):
    record, table = taken("table", file, ra="RA", dec="Dec")
    assert (record.exit_status, record.rows, table.schema.field("uJy").type) == (0, 11, "int64")


def test_ztf_with_categories_null_flags_and_unknown_filters(taken):
    record, table = taken("ztf", "16_ztf_categorical.parquet")
    assert times_of(table) == [20]


def test_ztf_with_null_flags_and_unknown_filters(taken):
    record, table = taken("ztf", "16b_ztf_null_flag_and_filter.parquet")
    bands = table.column("lightcurve")[0].as_py()["band"]
    assert (len(bands), bands.count("zz"), bands.count(None)) == (19, 1, 1)
    assert any("not known to be clean: 1" in note for note in record.notes)


@pytest.mark.parametrize(("folder", "observed"), [("17_ogle_hb", 1), ("20_ogle_flat", 1)])
def test_ogle_folders(taken, folder, observed):
    record, table = taken("ogle", folder)
    assert record.exit_status == 0
    assert sum(count > 0 for count in times_of(table)) == observed
    assert f"{record.rows - observed} of {record.rows} objects are without an observation" in record.notes


def test_array_columns(taken):
    record, table = taken("table", "18_array_columns.fits", id="TARGETID", ra="TARGET_RA", dec="TARGET_DEC")
    assert [len(one) for one in table.column("LONG").to_pylist()] == [1200] * 10
    assert table.schema.field("COEFF").type.value_type == "double"


def test_a_broken_header_says_what_and_where(taken):
    record, table = taken("gaia", "21_broken_header.ecsv")
    assert "header is broken in line 6" in record.quarantined[0]["error"]


def test_ids_in_floats(taken, real_data):
    record, table = taken("lightcurves", "22_float_ids.parquet", objects="22_objects.csv", **CRTS)
    assert record.exit_status == 0
    assert sum(times_of(table)) == pq.read_metadata(real_data / "field_cases" / "22_float_ids.parquet").num_rows


@pytest.mark.parametrize(
    ("survey", "file", "options", "counts", "bands"),
    [
        ("asassn", "06_asassn_limits.csv", {"objects": "06_objects.csv"}, [15], ("V",)),
        ("atlas", "07_atlas_o_c.csv", {}, [30], ("o", "c")),
        ("atlas", "15b_hash_header.txt", {}, [11], ("o", "c")),
        ("neowise", "14_neowise_w1_w2.tbl", {}, [22], ("W1", "W2")),
        ("crts_web", "09_crts_detections.csv", {}, [12, 12], ("V",)),
    ],
)
def test_surveys_that_are_declared(taken, survey, file, options, counts, bands):
    record, table = taken(survey, file, **options)
    assert (record.exit_status, times_of(table)) == (0, counts)
    assert declared_bands(table.schema) == bands
    assert table.column_names[1:4] == ["object_id", "ra", "dec"]


def test_stripe_82(real_data, tmp_path):
    """263 RR Lyrae; magnitudes of 100 are none, and are counted."""
    folder = real_data / "s82_rrlyrae"
    options = {"objects": str(folder / "objects.csv"), "label": "type"}
    record = ingest("s82", folder / "photometry.parquet", tmp_path, "s82", **options)
    table = lc.Lake(tmp_path)["s82"].to_arrow()
    mags = pq.read_table(folder / "photometry.parquet", columns=["mag"]).column("mag").to_numpy()
    assert (record.exit_status, record.rows) == (0, 263)
    assert sum(times_of(table)) == (mags < 90).sum() > 40_000
    assert any(note.endswith(f"{(mags >= 90).sum():,} observations") for note in record.notes)
    assert declared_bands(table.schema) == ("r", "g", "u", "i", "z")


def test_pan_starrs_detections(real_data, tmp_path):
    """2,973 stars, names negative whole numbers, bands found in the data."""
    folder = real_data / "ps1_rrlyrae"
    options = {"objects": str(folder / "objects.csv"), "id": "ps1_id", "time": "mjd", "mag_err": "magerr"}
    record = ingest("lightcurves", folder / "photometry.parquet", tmp_path, "ps1", band="band", **options)
    table = lc.Lake(tmp_path)["ps1"].to_arrow()
    assert (record.exit_status, record.rows, sum(times_of(table))) == (0, 2_973, 59_445)
    assert set(declared_bands(table.schema)) == set("grizy")


def test_young_stars_cut_by_flags_are_said(real_data, tmp_path):
    """Under the default cut some stars end without an observation: the flags are named, and what keeps them."""
    record = ingest("ztf", real_data / "ztf_yso" / "photometry.parquet", tmp_path, "yso")
    lists = lc.Lake(tmp_path)["yso"].columns("lightcurve").to_arrow()
    empty = times_of(lists).count(0)
    assert empty > 30
    assert f"{empty} of {record.rows} objects are without an observation" in record.notes
    assert any("catflags < 32768" in note for note in record.notes)
