"""Kinds of files as archives serve them: times from a reference, old plates, limits, boxes, lists in cells.

The numbers that stand in the files are the truth, and what the formats' definitions say of them (FITS time paper,
Rots et al. 2015; the CDS standard for tables; the services' own documentation).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits

import lcscale as lc
from lcscale.ingest import ingest

OBJECT = "id,ra,dec\nX1,10.5,-5.5\n"
BY_FILE = {"id": "id", "id_from_name": r"^(\w+)\."}


@pytest.fixture
def taken(tmp_path):
    """Ingest one file: the record and, by id, the observations by time as (time, value, error, band, limit)."""

    def run(name, content, survey="lightcurves", objects=OBJECT, **options):
        (tmp_path / "in").mkdir()
        if callable(content):
            content(tmp_path / "in" / name)
        else:
            (tmp_path / "in" / name).write_text(content)
        if objects:
            (tmp_path / "objects.csv").write_text(objects)
            options["objects"] = str(tmp_path / "objects.csv")
        record = ingest(survey, tmp_path / "in", tmp_path / "lake", "it", engine="serial", **options)
        assert record.exit_status == 0, record.quarantined
        found = {}
        for row in lc.Lake(tmp_path / "lake")["it"].to_arrow().to_pylist():
            curve = row["lightcurve"]
            value = "flux" if "flux" in curve else "mag"
            limits = curve.get("limit", [None] * len(curve["time"]))
            columns = (curve["time"], curve[value], curve[f"{value}_err"], curve["band"], limits)
            ra, dec = (row[options.get(name, name)] for name in ("ra", "dec"))
            found[row["object_id"] if "object_id" in row else row["id"]] = (ra, dec, list(zip(*columns, strict=True)))
        return record, found

    return run


def times(found):
    return [each[0] for each in found["X1"][2]]


def counted(unit, values, header, name="TIME"):
    def write(path):
        columns = [fits.Column(name, "D", unit=unit, array=values), fits.Column("MAG", "E", array=[15.0, 16.0])]
        table = fits.BinTableHDU.from_columns(columns)
        table.header.update(header)
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)

    return write


@pytest.mark.parametrize(
    ("unit", "values", "header", "first"),
    [("s", [1e8, 2e8], {"MJDREFI": 51910, "MJDREFF": 7.428703703703703e-4, "TIMESYS": "TT"},
      51910 + 7.428703703703703e-4 + 1e8 / 86400),
     ("d", [100.0, 200.0], {"MJDREF": 55000.0}, 55100.0),
     (None, [1325.5, 1326.5], {"BJDREFI": 2457000, "BJDREFF": 0.0, "TIMEUNIT": "d"}, 58325.0),
     ("s", [1e6, 2e6], {"HJDREF": 2453005.5}, 53005 + 1e6 / 86400),
     ("s", [8.64e6, 8.64e7], {"MJDREF": 55000.0, "TIMEZERO": 43200.0}, 55100.5),
     ("d", [58000.0, 58001.0], {"MJDREF": 0.0}, 58000.0)],
)  # fmt: skip
def test_times_count_from_what_the_fits_header_says(taken, unit, values, header, first):
    _, found = taken("X1.fits", counted(unit, values, header), time="TIME", mag="MAG", mag_err="none", **BY_FILE)
    assert times(found)[0] == pytest.approx(first, abs=1e-8)


def test_a_column_of_mjd_is_mjd_whatever_the_header_counts_from(taken):
    write = counted("d", [58000.0, 58001.0], {"MJDREF": 51910.0}, name="MJD")
    _, found = taken("X1.fits", write, time="MJD", mag="MAG", mag_err="none", **BY_FILE)
    assert times(found) == [58000.0, 58001.0]


def test_times_and_coordinates_that_astropy_wrote(taken):
    import astropy.units as u
    from astropy.coordinates import SkyCoord
    from astropy.table import QTable
    from astropy.time import Time

    def write(path):
        columns = {"id": ["a", "b"], "at": SkyCoord([10.5, 20.5] * u.deg, [-5.0, 5.0] * u.deg)}
        columns |= {"time": Time([58000.25, 58001.5], format="mjd", scale="tdb"), "mag": [15.0, 16.0] * u.mag}
        QTable(columns).write(path)

    _, found = taken("x.fits", write, objects="", id="id", time="time", mag_err="none", ra="at.ra", dec="at.dec")
    assert {name: rows[0][0] for name, (_, _, rows) in found.items()} == {"a": 58000.25, "b": 58001.5}


@pytest.mark.parametrize("extra", [0, 30])
def test_plates_and_visual_estimates_of_the_nineteenth_century(taken, extra):
    text = "JD,mag\n2398000.5,9.75\n2411000.25,9.5\n" + "".join(f"{2440000.5 + i},9\n" for i in range(extra))
    record, found = taken("X1.csv", text, time="JD", mag_err="none", **BY_FILE)
    assert times(found)[:2] == [-2000.0, 10999.75]
    assert len(times(found)) == 2 + extra
    assert not any("left out" in note for note in record.notes)


CDS = """\
Title: x
================================================================================
Byte-by-byte Description of file: datafile.txt
--------------------------------------------------------------------------------
   Bytes Format Units   Label   Explanations
--------------------------------------------------------------------------------
   1-  2 A2     ---     Name    Name
   4- 12 F9.3   d       HJD     Heliocentric Julian date - 2400000
  14     A1     ---   l_Vmag    Limit flag on Vmag
  15- 20 F6.3   mag     Vmag    ?=99.999 V magnitude
--------------------------------------------------------------------------------
X1 54000.500  15.500
X1 54001.500 >18.500
X1 54002.500  99.999
"""
ASU = """\
#RESOURCE=yCat_1
#Table\tJ_1:
#Column\tName\t(A4)\tName
#Column\tHJD\t(F9.3)\tHJD - 2450000\t[ucd=time.epoch]
#Column\tl_Vmag\t(a1)\tLimit flag
#Column\tVmag\t(F6.3)\t?=99.999 V
Name\tHJD\tl_Vmag\tVmag
 \td\t \tmag
----\t--------\t-\t------
X1  \t4000.500\t \t15.500
X1  \t4001.500\t>\t18.500
X1  \t4002.500\t \t99.999
"""


@pytest.mark.parametrize(("name", "text"), [("x.txt", CDS), ("x.tsv", ASU)])
@pytest.mark.parametrize("keep", [False, True])
def test_limit_flags_beside_magnitudes_and_offsets_in_descriptions(taken, name, text, keep):
    objects = OBJECT.replace("id", "Name")
    record, found = taken(
        name, text, objects=objects, id="Name", time="HJD", mag="Vmag", mag_err="none", keep_limits=keep
    )
    assert times(found) == ([54000.0, 54001.0] if keep else [54000.0])
    if keep:
        assert np.isnan(found["X1"][2][1][1])
        assert found["X1"][2][1][4] == 18.5
    else:
        assert "left out: upper limits: 1 observations" in record.notes


LIMITS = "jd,mag,mag_err,lim\n2458515.5,12.5,0.01,17\n2458516.5,99.99,99.99,17.25\n2458517.5,,,17.5\n"


def test_a_column_of_limiting_magnitudes(taken):
    record, _ = taken("X1.csv", LIMITS, time="jd", limit="lim", **BY_FILE)
    assert record.notes == ["left out: upper limits: 2 observations"]


def test_limiting_magnitudes_are_kept_on_request(taken):
    _, found = taken("X1.csv", LIMITS, time="jd", limit="lim", keep_limits=True, **BY_FILE)
    assert [each[4] for each in found["X1"][2]][1:] == [17.25, 17.5]


def test_all_signs_of_limits(taken):
    text = "mjd,mag\n58000.5,>=15.5\n58001.5,≥15.5\n58002.5,15.25\n58003.5,> 15.5\n"
    record, found = taken("X1.csv", text, time="mjd", mag_err="none", **BY_FILE)
    assert record.notes == ["left out: upper limits: 3 observations"]
    assert times(found) == [58002.5]


def test_one_number_again_and_again_is_a_mark_of_none(taken):
    text = "mjd,mag\n" + "".join(f"{58000.5 + i},-9.999995e+08\n" for i in range(5)) + "58010.5,15.5\n"
    record, found = taken("X1.csv", text, time="mjd", mag_err="none", **BY_FILE)
    assert times(found) == [58010.5]
    assert any(note.endswith("5 observations") for note in record.notes)


def test_errors_of_fluxes_have_the_unit_that_they_state(taken):
    text = "mjd,flux [mJy],err [uJy]\n58000.5,1.5,15\n"
    _, found = taken("X1.csv", text, time="mjd", flux="flux [mJy]", flux_err="err [uJy]", **BY_FILE)
    assert found["X1"][2][0][1:3] == (1.5e6, 15e3)


def test_nanomaggies(taken):
    _, found = taken(
        "X1.csv", "mjd,flux [nmgy]\n58000.5,1\n", time="mjd", flux="flux [nmgy]", flux_err="none", **BY_FILE
    )
    assert 31.4 - 2.5 * np.log10(found["X1"][2][0][1]) == pytest.approx(22.5, abs=1e-6)


FORCED = """\
# Requested input R.A. = 123.456 degrees
# Requested input Dec. = -12.5 degrees
#
index, field, filter, zpdiff, forcediffimflux, forcediffimfluxunc, jd
0 501 ZTF_g 26.0 100.0 10.0 2459000.5
1 501 ZTF_r 26.4 -50.0 10.0 2459001.5
"""


def test_forced_photometry_has_its_position_in_the_header(taken):
    _, found = taken("batchfp_req7.txt", FORCED, "ztf_forced", objects="")
    ((ra, dec, rows),) = found.values()
    assert (ra, dec) == (123.456, -12.5)
    assert [(row[0], row[3]) for row in rows] == [(59000.0, "g"), (59001.0, "r")]
    assert rows[1][1] == pytest.approx(-50.0 * 10 ** (0.4 * 5.0), rel=1e-6)


NAMES = ["object_id", "ra", "dec", "mjd", "mag"]
ROWS = [["V1 Ori", "10.5", "-5.25", "57000.5", "15.25"], ["V1 Ori", "10.5", "-5.25", "57001.5", "15.5"],
        ["0002", "20.5", "5.25", "57002.5", "16.5"]]  # fmt: skip
WIDTHS = [max(len(row[i]) for row in [NAMES, *ROWS]) for i in range(len(NAMES))]


def padded(row):
    return [cell.rjust(width) for cell, width in zip(row, WIDTHS, strict=True)]


def box(header="-", between=False):
    def rule(sign):
        return "+" + "+".join(sign * (width + 2) for width in WIDTHS) + "+"

    rows = ["| " + " | ".join(padded(row)) + " |" for row in ROWS]
    rows = [line for row in rows for line in (row, rule("-"))][:-1] if between else rows
    return "\n".join([rule("-"), "| " + " | ".join(padded(NAMES)) + " |", rule(header), *rows, rule("-")]) + "\n"


def below(sign, around=False):
    rule = " ".join(sign * width for width in WIDTHS)
    lines = [" ".join(padded(NAMES)), rule, *(" ".join(padded(row)) for row in ROWS)]
    return "\n".join([rule, *lines, rule] if around else lines) + "\n"


PSQL = "\n".join(
    [" | ".join(padded(NAMES)), "-+-".join("-" * width for width in WIDTHS), *(" | ".join(padded(row)) for row in ROWS)]
) + "\n(3 rows)\n"  # fmt: skip
TABLES = {
    "mysql": box(),
    "rst grid": box("=", between=True),
    "rst": below("=", around=True),
    "ruled": below("-"),
    "psql": PSQL,
    "by place": "\n".join("  ".join(padded(row)) for row in [NAMES, *ROWS]) + "\n",
    "percent": "% object_id ra dec mjd mag\n" + "".join('"' + row[0] + '" ' + " ".join(row[1:]) + "\n" for row in ROWS),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_that_are_drawn_or_stand_in_columns(taken, kind):
    record, found = taken("x.txt", TABLES[kind], objects="", time="mjd", mag_err="none")
    assert {name: (ra, dec, [row[:2] for row in rows]) for name, (ra, dec, rows) in found.items()} == {
        "V1 Ori": (10.5, -5.25, [(57000.5, 15.25), (57001.5, 15.5)]), "0002": (20.5, 5.25, [(57002.5, 16.5)]),
    }  # fmt: skip
    assert not record.quarantined


def test_names_of_rows_must_differ():
    from lcscale.surveys.layout import text_layout

    assert text_layout(["ra dec", "1 2.5 3.5", "2 4.5 5.5"]).names == ("index", "ra", "dec")
    assert text_layout(["ra dec", "1 2.5 3.5", "1 4.5 5.5"]).names == ("ra", "dec")


def test_exponents_of_fortran(taken):
    text = "object_id ra dec mjd mag\nX1 1.5D0 2.5D+00 5.80005D+04 1.55D+01\n"
    _, found = taken("x.dat", text, objects="", time="mjd", mag_err="none")
    assert found["X1"][:2] == (1.5, 2.5)
    assert found["X1"][2][0][:2] == (58000.5, 15.5)


def lists(path):
    columns = {"band": [["g", "r"], ["g"]], "mjd": [[58000.5, 58001.5], [58002.5]], "mag": [[15.5, 15.25], [16.5]]}
    pq.write_table(pa.table({"object_id": ["a", "b"], "ra": [1.0, 2.0], "dec": [3.0, 4.0], **columns}), path)


def structs(path):
    of_a = [{"mjd": 58000.5, "mag": 15.5, "band": "g"}, {"mjd": 58001.5, "mag": 15.25, "band": "r"}]
    cells = pa.array([of_a, [{"mjd": 58002.5, "mag": 16.5, "band": "g"}], None])
    pq.write_table(
        pa.table({"object_id": ["a", "b", "c"], "ra": [1.0, 2.0, 3.0], "dec": [3.0, 4.0, 5.0], "of": cells}), path
    )


def struct_of_lists(path):
    cells = [{"mjd": [58000.5, 58001.5], "mag": [15.5, 15.25], "band": ["g", "r"]},
             {"mjd": [58002.5], "mag": [16.5], "band": ["g"]}]  # fmt: skip
    pq.write_table(pa.table({"object_id": ["a", "b"], "ra": [1.0, 2.0], "dec": [3.0, 4.0], "of": cells}), path)


@pytest.mark.parametrize(("write", "prefix"), [(lists, ""), (structs, "of."), (struct_of_lists, "of.")])
def test_light_curves_in_cells(taken, write, prefix):
    options = {"time": f"{prefix}mjd", "mag": f"{prefix}mag", "band": f"{prefix}band", "mag_err": "none"}
    _, found = taken("x.parquet", write, objects="", **options)
    assert [(row[0], row[1], row[3]) for row in found["a"][2]] == [(58000.5, 15.5, "g"), (58001.5, 15.25, "r")]
    assert [row[0] for row in found["b"][2]] == [58002.5]


def test_lists_of_different_lengths_are_refused(tmp_path):
    path = tmp_path / "x.parquet"
    columns = {"mjd": [[58000.5, 58001.5]], "mag": [[15.5]]}
    pq.write_table(pa.table({"object_id": ["a"], "ra": [1.0], "dec": [3.0], **columns}), path)
    record = ingest("lightcurves", path, tmp_path / "lake", "it", engine="serial", time="mjd", mag_err="none")
    assert "differ in length" in record.quarantined[0]["error"]


def test_a_first_batch_without_times_does_not_decide(taken):
    text = "mjd,mag\n" + ",15\n" * 3 + "58000.5,15.5\n"
    _, found = taken("X1.csv", text, time="mjd", mag_err="none", **BY_FILE)
    assert times(found) == [58000.5]
