"""Adapters on small release files written here, good and bad; the files' own numbers are the truth."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

from lcscale import surveys
from lcscale.errors import InputError
from lcscale.lightcurves import LIGHTCURVE_TYPE, LightCurves
from lcscale.surveys.release import Findings


def read(survey, *paths):
    """All rows, one table, and the problems; parts that cannot be read are left out as ingest does."""
    problems, tables = [], []
    for part in survey.parts([str(path) for path in paths], problems):
        try:
            tables += list(survey.batches(part, problems))
        except surveys.ReleaseFileError as error:
            problems.append(surveys.Problem(part.path, str(error)))
    if len({str(table.schema.to_string(show_field_metadata=True)) for table in tables}) > 1:
        raise AssertionError("parts differ in schema")
    return pa.concat_tables(tables) if tables else None, problems


def observations(table, object_id):
    """(time, mag, mag_err, band) of an object from all its pieces, in order of time."""
    rows = []
    for row in table.to_pylist():
        if row["object_id"] == object_id:
            rows += list(zip(*(row["lightcurve"][name] for name in LIGHTCURVE_TYPE.names), strict=True))
    return sorted(rows)


# -- OGLE ---------------------------------------------------------------------------------------------------------

IDENT = """\
OGLE-LMC-CEP-0001       1O  04:30:57.72 -69:03:37.4  LMC546.19.3065   LMC156.5.186
OGLE-LMC-CEP-0002        F  04:31:47.05 -69:49:09.5  LMC538.25.57     LMC157.6.2009
OGLE-LMC-CEP-0003   F/1O    04:35:05.70 -70:25:26.9
"""


@pytest.fixture
def ogle_folder(tmp_path):
    folder = tmp_path / "lmc" / "cep"
    for band in ("I", "V"):
        (folder / "phot" / band).mkdir(parents=True)
    (folder / "ident.dat").write_text(IDENT)
    (folder / "phot/I/OGLE-LMC-CEP-0001.dat").write_text("5262.50650 17.639 0.018\n5261.5 17.7 0.02\n")
    (folder / "phot/V/OGLE-LMC-CEP-0001.dat").write_text("2455263.25 18.1 0.030\n")
    (folder / "phot/I/OGLE-LMC-CEP-0002.dat").write_text("5262.5 15.0 0.01\n")
    return folder


def test_ogle_folder(ogle_folder):
    table, problems = read(surveys.get("ogle"), ogle_folder)
    assert problems == []
    assert sorted(set(table.column("object_id").to_pylist())) == [f"OGLE-LMC-CEP-000{i}" for i in (1, 2, 3)]
    found = observations(table, "OGLE-LMC-CEP-0001")
    assert [round(row[0], 5) for row in found] == [55261.0, 55262.0065, 55262.75]  # HJD - 2400000.5
    assert [row[3] for row in found] == ["I", "I", "V"]
    assert found[1][1:3] == (np.float32(17.639), np.float32(0.018))
    first = table.slice(0, 1).to_pylist()[0]
    assert first["ra"] == pytest.approx(67.7405, abs=1e-9)  # 4h30m57.72s
    assert first["dec"] == pytest.approx(-(69 + 3 / 60 + 37.4 / 3600), abs=1e-12)
    assert (first["label"], first["collection"]) == ("1O", "CEP")
    metadata = table.schema.field("lightcurve").metadata
    assert metadata[b"bands"] == b"I,V"
    assert metadata[b"time_scale"] == b"UTC"


def test_ogle_folders_of_any_spelling_compressed_and_marks_of_no_magnitude(ogle_folder):
    (ogle_folder / "phot/V").rename(ogle_folder / "phot/v")
    (ogle_folder / "phot/I/OGLE-LMC-CEP-0002.dat").unlink()
    packed = gzip.compress(b"5262.5 15.0 0.01\n5263.5 99.999 9.999\n")
    (ogle_folder / "phot/I/OGLE-LMC-CEP-0002.dat.gz").write_bytes(packed)
    (ogle_folder / "phot/I/OGLE-LMC-CEP-0003.dat").write_text("55262.5 15.0 0.01\n")  # an MJD would be 50,000 days late
    found = Findings()
    adapter = surveys.get("ogle")
    parts = adapter.parts([str(ogle_folder)], found)
    table = pa.concat_tables(one for part in parts for one in adapter.batches(part, found))
    assert [row[3] for row in observations(table, "OGLE-LMC-CEP-0001")] == ["I", "I", "V"]
    assert [row[0] for row in observations(table, "OGLE-LMC-CEP-0002")] == [55262.0]
    assert found.left_out.total() == 1
    (problem,) = found
    assert "times such as 55262.5 are neither HJD nor HJD - 2450000" in problem.text


def test_ogle_names_each_damaged_file_and_keeps_the_rest(ogle_folder):
    (ogle_folder / "phot/I/OGLE-LMC-CEP-0002.dat").write_text("5262.5 15.0 0.01\n5263.5 15")
    (ogle_folder / "phot/V/OGLE-LMC-CEP-0002.dat").write_text("")
    (ogle_folder / "phot/I/OGLE-LMC-CEP-0003.dat").write_bytes(b"\x89PNG\r\n\xff\xfe")
    with (ogle_folder / "ident.dat").open("a") as stream:
        stream.write("OGLE-LMC-CEP-0004 F 04:3")
    table, problems = read(surveys.get("ogle"), ogle_folder)
    named = sorted(problem.path.rsplit("/", 2)[-2] + "/" + problem.path.rsplit("/", 1)[-1] for problem in problems)
    assert named == ["I/OGLE-LMC-CEP-0002.dat", "I/OGLE-LMC-CEP-0003.dat", "V/OGLE-LMC-CEP-0002.dat", "cep/ident.dat"]
    assert any("line 2 has 2 numbers" in problem.text for problem in problems)
    assert len(observations(table, "OGLE-LMC-CEP-0001")) == 3
    assert observations(table, "OGLE-LMC-CEP-0002") == []


def test_ogle_packed_equals_the_folder(ogle_folder, tmp_path):
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "ident.dat").write_text(IDENT)
    for band, rows in {
        "I": [(1, 5262.5065, 17.639, 0.018), (2, 5262.5, 15.0, 0.01), (1, 5261.5, 17.7, 0.02), (3, 1.0, -99.99, 0.1)],
        "V": [(1, 5263.25, 18.1, 0.03)],
    }.items():
        names = ["cep", "hjd", "mag", "magerr"]
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), packed / f"photometry_{band}.parquet")
    table, problems = read(surveys.get("ogle"), packed)
    folder, _ = read(surveys.get("ogle"), ogle_folder)
    assert problems == []
    assert observations(table, "OGLE-LMC-CEP-0001") == observations(folder, "OGLE-LMC-CEP-0001")
    (none,) = observations(table, "OGLE-LMC-CEP-0003")
    assert np.isnan(none[1])  # -99.99 is no magnitude


@pytest.mark.parametrize(
    "place",
    ["phot/{band}/{star}.dat", "{band}/{star}.dat", "ogle4/phot/{band}/{star}.dat", "phot/{star}_{band}.dat",
     "{star}.{band}.dat"],
)  # fmt: skip
def test_ogle_files_wherever_people_unpack_them(ogle_folder, tmp_path, place):
    whole, _ = read(surveys.get("ogle"), ogle_folder)
    other = tmp_path / "other"
    for band in ("I", "V"):
        for file in (ogle_folder / "phot" / band).iterdir():
            path = other / place.format(band=band, star=file.stem)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.read_text())
    (other / "ident.dat").write_text(IDENT)
    table, problems = read(surveys.get("ogle"), other)
    for star in ("OGLE-LMC-CEP-0001", "OGLE-LMC-CEP-0002"):
        assert observations(table, star) == observations(whole, star)
    assert problems == []


def test_ogle_files_in_one_folder_without_a_band(tmp_path):
    (tmp_path / "phot").mkdir()
    (tmp_path / "ident.dat").write_text(
        "OGLE-BLG-HB-0001 RG 17 26 26.55 -29  3 18.8 BLG614.01.96620      OGLE-BLG-ELL-000759    \n"
        "OGLE-BLG-HB-0002    17:27:56.60 -29:15:34.4\n"
    )
    (tmp_path / "phot" / "OGLE-BLG-HB-0001.dat").write_text("2455265.84145 15.398 0.004 5.03 452.0\n")
    table, problems = read(surveys.get("ogle"), tmp_path)
    (found,) = observations(table, "OGLE-BLG-HB-0001")
    assert found[0] == pytest.approx(55265.34145)
    assert found[3] == "I"
    first, second = table.slice(0, 2).to_pylist()
    assert first["ra"] == pytest.approx(15 * (17 + 26 / 60 + 26.55 / 3600))
    assert first["dec"] == pytest.approx(-(29 + 3 / 60 + 18.8 / 3600))
    assert (first["label"], second["label"], first["other_names"]) == (
        "RG",
        "HB",
        "BLG614.01.96620 OGLE-BLG-ELL-000759",
    )
    assert problems == []


def test_ogle_without_its_list_or_photometry(tmp_path):
    _, problems = read(surveys.get("ogle"), tmp_path)
    assert "no ident.dat" in problems[0].text
    (tmp_path / "ident.dat").write_text("hello\n")
    _, problems = read(surveys.get("ogle"), tmp_path)
    assert any("no list of OGLE stars" in problem.text for problem in problems)


# -- CRTS ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def crts_folder(tmp_path):
    objects = "id,cls,nobs,ra,dec\n11,EW,2,10.5,-2.5\n12,RRab,1,11.5,-3.5\n13,EA,0,12.5,-4.5\n"
    (tmp_path / "objects.csv").write_text(objects)
    detections = {"id": [12, 11, 11, 99], "mjd": [3.0, 2.0, 1.0, 9.0], "mag": [15.0, 14.0, 14.5, 1.0]}
    pq.write_table(pa.table(detections | {"magerr": [0.1] * 4}), tmp_path / "photometry.parquet")
    return tmp_path


def test_crts_unsorted_detections(crts_folder):
    table, problems = read(surveys.get("crts"), crts_folder)
    assert [row[:2] for row in observations(table, 11)] == [(1.0, 14.5), (2.0, 14.0)]
    assert set(table.column("object_id").to_pylist()) == {11, 12, 13}
    assert dict(zip(*(table.column(name).to_pylist() for name in ("object_id", "label")), strict=True))[13] == "EA"
    assert [problem.text for problem in problems] == ["1 detections belong to no object of the list"]
    pieces = LightCurves.from_arrow(table)
    inside = np.diff(pieces.object_index()) == 0
    assert (np.diff(pieces.time)[inside] >= 0).all()


def test_units_that_the_detections_of_a_packed_release_state_are_honoured(crts_folder):
    path = crts_folder / "photometry.parquet"
    table = pq.read_table(path)
    for name, unit, times in (("mag", "mmag", 1000.0), ("magerr", "mmag", 1000.0), ("mjd", "h", 24.0)):
        at = table.column_names.index(name)
        values = pa.array(table[name].to_numpy() * times)
        table = table.set_column(at, pa.field(name, values.type, metadata={"unit": unit}), values)
    pq.write_table(table, path)
    found, _ = read(surveys.get("crts"), crts_folder)
    assert [row[:2] for row in observations(found, 11)] == [(1.0, 14.5), (2.0, 14.0)]


def test_crts_damaged_photometry_is_named(crts_folder):
    path = crts_folder / "photometry.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    table, problems = read(surveys.get("crts"), crts_folder)
    assert problems[0].path == str(path)
    assert "cannot read" in problems[0].text
    assert table.num_rows == 3


def test_crts_of_another_survey(tmp_path):
    (tmp_path / "objects.csv").write_text("name,x\na,1\n")
    _, problems = read(surveys.get("crts"), tmp_path)
    assert "no light curves" in problems[0].text
    assert "no column 'id'" in problems[1].text


# -- Gaia alerts --------------------------------------------------------------------------------------------------

ALERTS = """\
#Name, Date, RaDeg, DecDeg, AlertMag, HistoricMag, HistoricStdDev, Class, Published, Comment, TNSid
Gaia24aom,2024-02-01 09:34:15,263.72436,-42.11582,18.62,19.66,0.04,"unknown",2024-02-23 11:45:58,"plane, up",AT2024den
Gaia24aol,2024-02-14 06:44:09,216.18754,23.13474,18.87,,,"SN Ia",2024-02-23 11:45:47,"said ""near"" LEDA",AT2024cgd
"""


def test_gaia_alerts(tmp_path):
    path = tmp_path / "alerts.csv.gz"
    path.write_bytes(gzip.compress(ALERTS.encode()))
    table, problems = read(surveys.get("gaia_alerts"), path)
    assert problems == []
    assert table.column("object_id").to_pylist() == ["Gaia24aom", "Gaia24aol"]
    assert table.column("Comment").to_pylist() == ["plane, up", 'said "near" LEDA']
    assert table.column("HistoricMag").to_pylist() == [pytest.approx(19.66), None]
    assert str(table.column("Date")[0]) == "2024-02-01 09:34:15"
    assert table.column("label").to_pylist() == ["unknown", "SN Ia"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(ALERTS.encode() * 50)[:-100], "cannot read"),
        (b"", "empty"),
        (gzip.compress(b"a,b\n1,2\n"), "no column 'Name'"),
        (gzip.compress(ALERTS.replace("263.72436", "east").encode()), "cannot read"),
        (gzip.compress(ALERTS.encode().replace(b"unknown", b"\xff\xfe\xfd")), "cannot read"),
    ],
    ids=("torn", "empty", "columns", "word", "bytes"),
)
def test_bad_alert_listings_are_named(tmp_path, content, message):
    path = tmp_path / "alerts.csv.gz"
    path.write_bytes(content)
    table, (problem,) = read(surveys.get("gaia_alerts"), path)
    assert table is None
    assert problem.path == str(path)
    assert message in problem.text


def test_a_torn_last_line_is_left_out_and_named(tmp_path):
    path = tmp_path / "alerts.csv"
    path.write_text(ALERTS + "Gaia24aok,2024-02-14 05:3")
    table, (problem,) = read(surveys.get("gaia_alerts"), path)
    assert table.num_rows == 2
    assert "1 lines do not have 11 fields" in problem.text
    assert "Gaia24aok" in problem.text


# -- any table ----------------------------------------------------------------------------------------------------

ROWS = {"name": ["a", "b"], "RA": [10.25, 359.5], "Dec": [-5.5, 89.0], "n": pa.array([1, None], pa.int64())}


def write_formats(folder):
    """The same table in every format, by the formats' own libraries."""
    from astropy.table import MaskedColumn
    from astropy.table import Table as AstropyTable

    table = pa.table(ROWS)
    pv.write_csv(table, folder / "t.csv")
    (folder / "t.csv.gz").write_bytes(gzip.compress((folder / "t.csv").read_bytes()))
    (folder / "t.tsv").write_text("name\tRA\tDec\tn\na\t10.25\t-5.5\t1\nb\t359.5\t89.0\tnull\n")
    (folder / "t.psv").write_text("# made by hand\nname|RA|Dec|n\na|10.25|-5.5|1\nb|359.5|89.0|\n")
    pq.write_table(table, folder / "t.parquet")
    columns = {name: ROWS[name] for name in ("name", "RA", "Dec")}
    n = MaskedColumn([1, -1], mask=[False, True], dtype=np.int64)
    made = AstropyTable({**columns, "n": n}, masked=True)
    made.write(folder / "t.fits")
    made.write(folder / "t.vot", format="votable")
    made.write(folder / "t.tbl", format="ascii.ipac")
    made.write(folder / "t.ecsv", format="ascii.ecsv", delimiter=",")
    (folder / "t.dat").write_text('# a list\n#  name   RA    Dec n \n a  10.25  -5.5   1\n b 359.5   89.0 ""\n')
    (folder / "t.txt").write_text("# a list\n# name\tRA\tDec\tn\na\t10.25\t-5.5\t1\nb\t359.5\t89.0\t\n")


@pytest.mark.parametrize(
    "ending", ["csv", "csv.gz", "tsv", "psv", "parquet", "fits", "vot", "tbl", "ecsv", "dat", "txt"]
)
def test_every_format_gives_the_same_rows(tmp_path, ending):
    write_formats(tmp_path)
    table, problems = read(surveys.get("table", ra="RA", dec="Dec", id="name"), tmp_path / f"t.{ending}")
    assert problems == []
    assert table.column_names == ["name", "RA", "Dec", "n"]
    assert table.column("RA").to_pylist() == [10.25, 359.5]
    assert [value.strip() for value in table.column("name").to_pylist()] == ["a", "b"]
    assert table.column("n").to_pylist() == [1, None]


def test_sexagesimal_and_text_coordinates(tmp_path):
    (tmp_path / "t.csv").write_text("ra,dec\n04:30:57.72,-69:03:37.4\n00 00 00,-00 30 00\nnowhere,1:2:3\n")
    table, _ = read(surveys.get("table"), tmp_path / "t.csv")
    np.testing.assert_allclose(table.column("ra").to_numpy(), [67.7405, 0.0, np.nan], rtol=1e-12)
    np.testing.assert_allclose(table.column("dec").to_numpy()[1], -0.5)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "empty"),
        ("t.csv", b"x,y\n1,2\n", "no column 'ra', 'dec'"),
        ("t.csv", b"\xff\xfe\x00ra,dec\n1,2\n", "t.csv"),
        ("t.csv", b"ra,dec,name\n1,2,\xff\xfe\n", "cannot read"),
        ("t.csv.gz", gzip.compress(b"ra,dec\n" + b"1.25,2.5\n" * 5000, mtime=0)[:-30], "cannot read"),
        ("t.csv", b"<!DOCTYPE html><html>502</html>", "web page"),
        ("t.parquet", b"PAR1 and nothing else", "cannot read"),
        ("t.fits", b"SIMPLE  = nonsense", "cannot read"),
        ("t.vot", b"<VOTABLE>", "cannot read"),
        ("t.dat", b"1 2 3", "cannot read"),
        ("t.doc", b"1 2 3", "unknown kind of file"),
    ],
)
def test_files_that_cannot_be_read_are_named(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    table, (problem,) = read(surveys.get("table"), path)
    assert table is None
    assert problem.path == str(path)
    assert message in problem.text


def test_a_parquet_file_is_read_in_runs_of_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr("lcscale.surveys.reading.GROUP_ROWS", 250)
    values = np.arange(1000.0) / 3
    pq.write_table(pa.table({"ra": values, "dec": values / 10}), tmp_path / "t.parquet", row_group_size=100)
    survey = surveys.get("table")
    parts = survey.parts([str(tmp_path / "t.parquet")], [])
    assert [(part.start, part.stop) for part in parts] == [(0, 3), (3, 6), (6, 9), (9, 10)]
    table = pa.concat_tables(batch for part in parts for batch in survey.batches(part, []))
    np.testing.assert_array_equal(table.column("ra").to_numpy(), values)


GAIA = """\
# %ECSV 1.0
# ---
# delimiter: ','
# datatype:
# -
#   name: solution_id
#   datatype: int64
#   description: Solution Identifier
# -
#   name: source_id
#   datatype: int64
# -
#   name: ra
#   datatype: float64
#   unit: deg
# -
#   name: dec
#   datatype: float64
#   unit: deg
# -
#   name: pmra
#   datatype: float64
#   unit: mas.yr**-1
# -
#   name: phot_variable_flag
#   datatype: string
# -
#   name: has_rvs
#   datatype: bool
# -
#   name: rv_nb_transits
#   datatype: int16
solution_id,source_id,ra,dec,pmra,phot_variable_flag,has_rvs,rv_nb_transits
1636148068921376768,4295806720,44.99615,0.00561,null,"NOT_AVAILABLE","False",null
1636148068921376768,34361129088,45.00432,0.02104,2,"VARIABLE","True",7
"""


def test_gaia_bulk_files(tmp_path):
    """Form, names and the word null as in the archive's description of the bulk files."""
    path = tmp_path / "GaiaSource_000000-003111.csv.gz"
    path.write_bytes(gzip.compress(GAIA.encode()))
    table, problems = read(surveys.get("gaia"), path)
    assert problems == []
    assert table.column("source_id").to_pylist() == [4295806720, 34361129088]
    assert table.column("pmra").to_pylist() == [None, 2.0]
    assert table.column("has_rvs").to_pylist() == [False, True]
    assert table.schema.field("rv_nb_transits").type == pa.int16()
    assert table.schema.field("pmra").metadata == {b"unit": b"mas.yr**-1"}
    assert table.schema.field("ra").metadata[b"epoch"] == b"2016.0"


def test_gaias_positions_of_another_epoch_are_not_called_dr3(tmp_path):
    path = tmp_path / "dr2.parquet"
    columns = {"source_id": [1, 2], "ra": [10.0, 20.0], "dec": [0.0, 1.0], "ref_epoch": [2015.5, 2015.5]}
    pq.write_table(pa.table(columns), path)
    _, (problem,) = read(surveys.get("gaia"), path)
    assert "ref_epoch is 2015.5, not 2016; give epoch=2015.5" in str(problem)
    table, problems = read(surveys.get("gaia", epoch="2015.5"), path)
    assert problems == []
    assert table.schema.field("ra").metadata[b"epoch"] == b"2015.5"


DATALINK = """\
transit_id,band,time,mag,flux,flux_error,flux_over_error,rejected_by_photometry,rejected_by_variability,other_flags
17091923342681275,G,1705.9437360200984,15.25,16000.0,16.0,1000.0,false,false,4097
17091923342681275,BP,1705.5,15.75,5000.0,50.0,100.0,false,false,0
17091923342681275,RP,1705.6,,,,,true,false,0
17096015416442752,G,1704.25,15.5,12000.0,12.0,1000.0,false,true,1
"""


def test_gaia_datalink(tmp_path):
    """Names, flags and time as the archive's description has them; 1 % of the flux is 0.0109 mag."""
    path = tmp_path / "EPOCH_PHOTOMETRY-Gaia DR3 5284240582308398080.csv"
    path.write_text(DATALINK)
    table, problems = read(surveys.get("gaia_datalink"), path)
    assert problems == []
    (row,) = table.to_pylist()
    assert row["object_id"] == 5284240582308398080
    curve = row["lightcurve"]
    assert curve["band"] == ["BP", "G"]
    assert curve["time"] == [pytest.approx(56902.5), pytest.approx(56902.94373602)]
    assert curve["mag_err"] == [pytest.approx(0.010857, rel=1e-3), pytest.approx(0.0010857, rel=1e-3)]
    everything, _ = read(surveys.get("gaia_datalink", keep_rejected=True), path)
    assert len(everything.to_pylist()[0]["lightcurve"]["time"]) == 4
    pixel = 5284240582308398080 // 34359738368
    import healpy

    lon, lat = healpy.pix2ang(2**12, pixel, nest=True, lonlat=True)
    assert (row["ra"], row["dec"]) == (pytest.approx(lon), pytest.approx(lat))
    path.rename(tmp_path / "nameless.csv")
    _, (problem,) = read(surveys.get("gaia_datalink"), tmp_path / "nameless.csv")
    assert "no source_id in its name" in problem.text


def gaia_transits():
    """Three transits of one source in G, BP and RP: the second without BP and RP, the third rejected in RP."""
    rows = []
    for i, (bp, rp, reject) in enumerate([(16.0, 15.0, "false"), (None, None, "false"), (16.5, 15.5, "true")]):
        rows.append({"g": (1700.25 + i, 15.5 + i / 8), "bp": bp and (1700.5 + i, bp), "rp": rp and (1700.75 + i, rp)})
        rows[-1]["reject"] = {"g": "false", "bp": "false", "rp": reject}
    return rows


def wide_line(row):
    cells = ["7", "4295806720", "1"]
    for band in ("g", "bp", "rp"):
        time, mag = row[band] or ("", "")
        flux = ("1000", "10", "100") if row[band] else ("", "", "")
        cells += [str(time), *flux, str(mag)]
    return ",".join([*cells, *row["reject"].values(), "1", "0", "0", "false"])


def wide_header():
    names = ["solution_id", "source_id", "transit_id"]
    for start, time in (("g_transit", "g_transit_time"), ("bp", "bp_obs_time"), ("rp", "rp_obs_time")):
        names += [time, f"{start}_flux", f"{start}_flux_error", f"{start}_flux_over_error", f"{start}_mag"]
    names += [f"variability_flag_{band}_reject" for band in ("g", "bp", "rp")]
    return ",".join([*names, "g_other_flags", "bp_other_flags", "rp_other_flags", "rejected_by_photometry"])


def bulk_text():
    """A row a source, the transits as JSON arrays; types and words as in the bulk release."""
    rows = gaia_transits()
    columns, cells = [("source_id", "int64", None), ("ra", "float64", None), ("dec", "float64", None)], []
    for band, start, time in (("g", "g_transit", "g_transit_time"), *((b, b, f"{b}_obs_time") for b in ("bp", "rp"))):
        values = [row[band] or ("NaN", "NaN") for row in rows]
        arrays = {time: [value[0] for value in values], f"{start}_mag": [value[1] for value in values]}
        arrays |= {f"{start}_flux": ["1000" if row[band] else "NaN" for row in rows], f"{start}_flux_error": [10] * 3}
        columns += [(name, "string", "float64[null]") for name in arrays]
        cells += ['"[' + ",".join(map(str, array)) + ']"' for array in arrays.values()]
    for band in ("g", "bp", "rp"):
        columns.append((f"variability_flag_{band}_reject", "string", "bool[null]"))
        words = ('""True""' if row["reject"][band] == "true" else '""False""' for row in rows)
        cells.append('"[' + ",".join(words) + ']"')
    header = ["# %ECSV 1.0", "# ---", "# delimiter: ','", "# datatype:"]
    for name, kind, subtype in columns:
        header.append(f"# - {{name: {name}, datatype: {kind}" + (f", subtype: '{subtype}'" if subtype else "") + "}")
    row = ",".join(["4295806720", "44.5", "0.25", *cells])
    return "\n".join([*header, ",".join(name for name, _, _ in columns), row]) + "\n"


def long_json_text():
    """A row a transit and band, as astropy writes an ECSV of what it read from a VOTable."""
    kinds = {"source_id": "int64", "band": "string, subtype: json"}
    kinds |= dict.fromkeys(("time", "mag", "flux", "flux_error"), "float64")
    kinds |= dict.fromkeys(("rejected_by_photometry", "rejected_by_variability"), "bool")
    columns = [f"# - {{name: {name}, datatype: {kind}}}" for name, kind in kinds.items()]
    lines = []
    for row in gaia_transits():
        for band in ("g", "bp", "rp"):
            if row[band]:
                flag = row["reject"][band].capitalize()
                lines.append(f'4295806720 """{band.upper()}""" {row[band][0]} {row[band][1]} 1000 10 False {flag}')
    return "\n".join(["# %ECSV 1.0", "# ---", "# datatype:", *columns, " ".join(kinds), *lines]) + "\n"


@pytest.mark.parametrize("layout", ["a row a transit", "a row a source", "a row a transit and band"])
def test_gaia_epochs_in_all_layouts_give_the_same(tmp_path, layout):
    wide = "\n".join([wide_header(), *map(wide_line, gaia_transits())]) + "\n"
    text = {"a row a transit": wide, "a row a source": bulk_text(), "a row a transit and band": long_json_text()}[
        layout
    ]
    (tmp_path / "epochs").write_text(text)
    table, problems = read(surveys.get("gaia_datalink"), tmp_path / "epochs")
    assert problems == []
    found = observations(table, 4295806720)
    expected = [
        (row[band][0] + 55197.0, np.float32(row[band][1]), band.upper())
        for row in gaia_transits()
        for band in ("g", "bp", "rp")
        if row[band] and row["reject"][band] == "false"
    ]
    assert [(time, mag, band) for time, mag, _, band in found] == sorted(expected)
    assert all(error == pytest.approx(0.010857, rel=1e-3) for _, _, error, _ in found)
    everything, _ = read(surveys.get("gaia_datalink", keep_rejected=True), tmp_path / "epochs")
    assert len(observations(everything, 4295806720)) == 7
    if layout == "a row a source":
        assert (table.column("ra")[0].as_py(), table.column("dec")[0].as_py()) == (44.5, 0.25)


def test_gaia_arrays_in_cells_with_blanks_behind_commas(tmp_path):
    (tmp_path / "bulk.csv").write_text(csv_of(bulk_text()))
    table, problems = read(surveys.get("gaia_datalink"), tmp_path / "bulk.csv")
    (tmp_path / "bulk.ecsv").write_text(bulk_text())
    assert problems == []
    assert table.equals(read(surveys.get("gaia_datalink"), tmp_path / "bulk.ecsv")[0])


def csv_of(ecsv):
    """An ECSV of arrays as plain CSV, the arrays as Python and JSON print them."""
    rows = [line for line in ecsv.splitlines() if not line.startswith("#")]
    return "\n".join(re.sub(r",(?=[^\]\[]*\])", ", ", row) for row in rows) + "\n"


def test_a_gaia_source_whose_every_transit_is_rejected_keeps_its_row(tmp_path):
    line = wide_line(gaia_transits()[0]).removesuffix("false") + "true"
    (tmp_path / "t.csv").write_text(f"{wide_header()}\n{line}\n")
    table, problems = read(surveys.get("gaia_datalink"), tmp_path / "t.csv")
    assert (table.num_rows, observations(table, 4295806720)) == (1, [])


def test_gaia_ids_that_a_float_has_rounded_are_refused(tmp_path):
    text = wide_header() + "\n" + wide_line(gaia_transits()[0]).replace("4295806720", "5.5399706016320266e18") + "\n"
    (tmp_path / "t.csv").write_text(text)
    table, (problem,) = read(surveys.get("gaia_datalink"), tmp_path / "t.csv")
    assert table is None
    assert "no exact names of objects" in problem.text


TWOMASS = """\
121.143015|-8.301617|0.06|0.06|90|08043432-0818058 |16.057|.079|.079|12.8|15.475|.093|.093|10.5|15.319|.171|.171|7.4|\
ABC|222|111|000|061606|28.5|316|1213478|0|0|1213479|s|1999-01-12|66|228.7|11.9|-97.6|2451190.7|1.05|.92|.89|16.0|.05|15.4|\
.09|15.2|\\N|2205|97|nw|0|1|U|.2|190|18.3|\\N|1|\\N|49913|1156870|172
"""


def test_2mass_bulk_files(tmp_path):
    """Form, order and nulls as in the catalog's description of the bulk files."""
    path = tmp_path / "psc_aaa.gz"
    path.write_bytes(gzip.compress(TWOMASS.encode()))
    table, problems = read(surveys.get("twomass"), tmp_path)
    assert problems == []
    (row,) = table.to_pylist()
    assert len(row) == 60
    assert row["designation"] == "08043432-0818058"
    assert (row["ra"], row["dec"], row["pts_key"]) == (121.143015, -8.301617, 1213479)
    assert (row["rd_flg"], row["cc_flg"], row["ndet"]) == ("222", "000", "061606")
    assert (row["k_msig_stdap"], row["vr_m_opt"], row["ext_key"], row["coadd"]) == (None, None, None, 172)
    path.write_text("x|y\n1|2\n")
    _, (problem,) = read(surveys.get("twomass"), path)
    assert "cannot read" in problem.text or "no line has 60 fields" in problem.text


# -- light curves of any survey -----------------------------------------------------------------------------------


def test_generic_light_curves(tmp_path):
    (tmp_path / "stars.csv").write_text("tic,RA,Dec,kind\n5,1.5,2.5,EA\n6,3.5,4.5,RRab\n")
    (tmp_path / "d.csv").write_text("tic,bjd,m,e,f\n6,0.5,12.5,0.1,r\n5,0.25,11.5,0.1,g\n6,0.25,12.25,0.2,g\n")
    survey = surveys.get(
        "lightcurves", objects=str(tmp_path / "stars.csv"), id="tic", ra="RA", dec="Dec", time="bjd", mag="m",
        mag_err="e", band="f", bands=("g", "r"), label="kind", time_offset=57000.0, time_scale="TDB",
    )  # fmt: skip
    table, problems = read(survey, tmp_path / "d.csv")
    assert problems == []
    assert observations(table, 6) == [(57000.25, 12.25, np.float32(0.2), "g"), (57000.5, 12.5, np.float32(0.1), "r")]
    assert table.schema.field("lightcurve").metadata[b"time_scale"] == b"TDB"
    with pytest.raises(InputError, match="table of their objects"):
        surveys.get("lightcurves").parts([str(tmp_path / "d.csv")], [])


# -- the registry -------------------------------------------------------------------------------------------------


def test_unknown_names_and_options():
    with pytest.raises(InputError, match=r"unknown survey 'sdss'; there are .*ogle"):
        surveys.get("sdss")
    with pytest.raises(InputError, match="ogle has no option ra"):
        surveys.get("ogle", ra="RA")
    with pytest.raises(InputError, match="table has no option radec; it has ra, dec, id"):
        surveys.get("table", radec="x")
    assert surveys.get("table", ra=None) == surveys.get("table")


def test_options_may_come_as_text():
    survey = surveys.get("lightcurves", objects="o.csv", bands="g, r", mag_err="none", time_offset="0.5")
    assert (survey.bands, survey.mag_err, survey.time_offset) == (("g", "r"), None, 0.5)
    assert surveys.get("ztf", max_catflags="32767").max_catflags == 32767
    assert surveys.get("table", id="none") == surveys.get("table")
    with pytest.raises(InputError, match="ztf, max_catflags: 'many' is no int"):
        surveys.get("ztf", max_catflags="many")


@pytest.mark.parametrize("name", surveys.names())
def test_adapters_are_small_and_picklable(name):
    import pickle

    survey = surveys.get(name)
    assert pickle.loads(pickle.dumps(survey)) == survey  # noqa: S301
    assert survey.name == name


def test_missing_paths():
    for name in ("ogle", "crts", "table", "gaia_alerts", "simulated"):
        with pytest.raises(InputError, match="no file or folder at /nowhere"):
            surveys.get(name).parts(["/nowhere"], [])


def test_objects_without_a_position_and_with_a_repeated_id(crts_folder):
    with (crts_folder / "objects.csv").open("a") as stream:
        stream.write("14,EA,0,nan,-4.5\n11,EW,0,10.5,-2.5\n")
    table, problems = read(surveys.get("crts"), crts_folder)
    assert 14 not in table.column("object_id").to_pylist()
    said = {problem.text.split(" (")[0]: problem.set_aside for problem in problems}
    assert said["1 rows have no position: ra must be a number, -90 <= dec <= 90"]
    assert said["1 rows repeat the id of another"] is False
