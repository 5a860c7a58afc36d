"""Surveys that are declared: small files in the form that each publishes, the file's own numbers are the truth."""

from __future__ import annotations

import numpy as np
import pytest

import lcscale as lc
from lcscale import surveys
from lcscale.ingest import ingest
from lcscale.lightcurves import declared_bands
from lcscale.surveys.presets import PRESETS

OBJECTS = "id,ra,dec\n7,10.5,-5.5\n"


@pytest.fixture
def taken(tmp_path):
    """Ingest one file of a survey: the record, the first row's observations by time, and the field's metadata."""

    def run(survey, name, content, objects="", **options):
        (tmp_path / "in").mkdir(exist_ok=True)
        if isinstance(content, str):
            (tmp_path / "in" / name).write_text(content)
        else:
            content(tmp_path / "in" / name)
        if objects:
            (tmp_path / "objects.csv").write_text(objects)
            options["objects"] = str(tmp_path / "objects.csv")
        record = ingest(survey, tmp_path / "in", tmp_path / "lake", "it", engine="serial", **options)
        assert record.exit_status == 0, record.quarantined
        catalog = lc.Lake(tmp_path / "lake")["it"]
        (row,) = catalog.to_arrow().to_pylist()
        curve = row["lightcurve"]
        value = "flux" if "flux" in curve else "mag"
        rows = list(zip(curve["time"], curve[value], curve[f"{value}_err"], curve["band"], strict=True))
        return record, row, rows, catalog.schema

    return run


ASASSN_1 = """\
HJD,UT Date,Camera,FWHM,Limit,mag,mag_err,flux(mJy),flux_err,Filter
2457420.65312,2016-02-02.1500246,be,1.46,16.111,13.4375,0.019,16.167,0.278,V
2459258.31785,2021-02-12.8147086,bm,1.51,13.889,>13.889,99.99,7.538,2.023,g
2459259.31785,2021-02-13.8147086,bm,1.51,17.889,13.5,0.02,7.538,2.023,g
"""
ASASSN_2 = """\
asas_sn_id,jd,flux,flux_err,mag,mag_err,limit,fwhm,image_id,camera,quality,phot_filter
7,2458515.5,24.37,0.089,12.9375,0.004,17.28,1.44,bi_1,bi,G,g
7,2458516.5,0.2,0.9,99.99,99.99,17.28,1.44,bi_2,bi,G,g
"""


def test_asassn(taken):
    record, row, rows, schema = taken("asassn", "7.csv", ASASSN_1, OBJECTS)
    assert [(round(time, 5), mag, band) for time, mag, _, band in rows] == [
        (57420.15312, 13.4375, "V"), (59258.81785, 13.5, "g"),
    ]  # fmt: skip
    assert "left out: upper limits: 1 observations" in record.notes
    assert schema.field("lightcurve").metadata[b"time_origin"] == b"HJD - 2400000.5"


def test_asassn_of_the_second_sky_patrol(taken):
    record, row, rows, schema = taken("asassn", "lc.csv", ASASSN_2, OBJECTS)
    assert [(time, mag, band) for time, mag, _, band in rows] == [(58515.0, 12.9375, "g")]
    assert "left out: upper limits: 1 observations" in record.notes


ATLAS = """\
###MJD          m      dm   uJy   duJy F err chi/N     RA       Dec        x        y     maj  min   phi  apfit Sky Obs
58037.635279  13.616  0.003 10000   44 o  0 1718.56 123.84754 -38.98983  1666.50  4612.12 2.32 2.21 -22.2 -0.42 19.35 a
58109.503400 -17.309  0.036  -433   16 c  0  152.17 123.84754 -38.98983  1182.84  2886.52 4.26 3.52  70.8 -0.63 21.75 b
58161.425107  13.734  0.003  1000   10 c  0 3142.67 123.84754 -38.98983  6406.31  7996.15 2.60 2.51  47.8 -0.47 21.38 c
"""


def test_atlas(taken):
    record, row, rows, schema = taken("atlas", "star1.txt", ATLAS)
    assert row["object_id"] == "star1"
    assert (row["ra"], row["dec"]) == (123.84754, -38.98983)
    assert rows == [
        (58037.635279, 1e7, 44e3, "o"), (58109.5034, -433e3, 16e3, "c"), (58161.425107, 1e6, 1e4, "c"),
    ]  # fmt: skip
    assert schema.field("lightcurve").metadata[b"unit"] == b"time: d, flux: nJy"
    assert declared_bands(schema) == ("o", "c")


NEOWISE = """\
|ra      |dec     |w1mpro|w1sigmpro|w2mpro|w2sigmpro|qual_frame|mjd       |allwise_cntr       |
|double  |double  |double|double   |double|double   |int       |double    |long               |
|deg     |deg     |mag   |mag      |mag   |mag      |          |mjdate    |                   |
|null    |null    |null  |null     |null  |null     |null      |null      |null               |
 123.8469 -38.9898 11.5   0.02      11.25  0.03      5          58227.5    1238039401351044100
 123.8469 -38.9898 11.75  0.02      null   null      10         58228.5    1238039401351044100
 123.8469 -38.9898 9.0    0.02      9.0    0.03      0          58229.5    1238039401351044100
"""


def test_neowise(taken):
    record, row, rows, schema = taken("neowise", "t.tbl", NEOWISE)
    assert row["object_id"] == 1238039401351044100
    assert [(time, mag, band) for time, mag, _, band in rows] == [
        (58227.5, 11.5, "W1"), (58227.5, 11.25, "W2"), (58228.5, 11.75, "W1"),
    ]  # fmt: skip
    assert "left out: not (qual_frame > 0): 1 observations" in record.notes


def test_crts_web(taken):
    text = "MasterID,Mag,Magerr,RA,Decl,MJD,Blend\n1001004012176,16.5,0.08,10.25,-2.125,53710.5,0\n"
    _, row, rows, _ = taken("crts_web", "result.csv", text)
    assert (row["object_id"], row["ra"], row["dec"]) == (1001004012176, 10.25, -2.125)
    assert rows == [(53710.5, 16.5, np.float32(0.08), "V")]


@pytest.mark.parametrize(
    ("survey", "key", "zero", "start", "flag", "unit", "band"),
    [("kepler", "KEPLERID", 25.1, 54832.5, "SAP_QUALITY", "BJD - 2454833", "Kp"),
     ("tess", "TICID", 20.44, 56999.5, "QUALITY", "BJD - 2457000, days", "T")],
)  # fmt: skip
def test_light_curve_files_of_kepler_and_tess(taken, survey, key, zero, start, flag, unit, band):
    from astropy.io import fits

    def write(path):
        columns = [
            fits.Column("TIME", "D", unit=unit, array=[1325.25, 1325.5, np.nan, 1325.75]),
            fits.Column("PDCSAP_FLUX", "E", unit="e-/s", array=[100.0, np.nan, 100.0, 1000.0]),
            fits.Column("PDCSAP_FLUX_ERR", "E", unit="e-/s", array=[1.0, 1.0, 1.0, 1.0]),
            fits.Column(flag, "J", array=[0, 0, 0, 128]),
        ]
        table = fits.BinTableHDU.from_columns(columns, name="LIGHTCURVE")
        table.header[key] = 12345678
        table.header["RA_OBJ"], table.header["DEC_OBJ"] = 290.5, 44.25
        aperture = fits.BinTableHDU.from_columns([fits.Column("X", "J", array=[1])], name="APERTURE")
        fits.HDUList([fits.PrimaryHDU(), table, aperture]).writeto(path)

    record, row, rows, schema = taken(survey, "lc.fits", write)
    assert (row["object_id"], row["ra"], row["dec"]) == (12345678, 290.5, 44.25)
    ((time, flux, error, its),) = rows
    assert (time, its) == (start + 1325.25, band)
    assert 31.4 - 2.5 * np.log10(flux) == pytest.approx(zero - 5.0, abs=1e-5)
    assert error / flux == pytest.approx(0.01, rel=1e-6)
    metadata = schema.field("lightcurve").metadata
    assert (metadata[b"time_origin"], metadata[b"time_scale"]) == (b"BJD - 2400000.5", b"TDB")
    said = " ".join(record.notes)
    for reason in (f"not ({flag} == 0): 1", "no time, or one unlike the others: 1", "no flux, or a mark of none: 1"):
        assert reason in said


def test_ptf(taken):
    lines = ["oid,obsmjd,mag_autocorr,magerr_auto,ra,dec,fid,goodflag", "7,55000.5,16.5,0.02,10.5,1.5,2,1"]
    text = "\n".join([*lines, "7,55001.5,17,0.02,10.5,1.5,1,1", "7,55002.5,1,0,10.5,1.5,2,0"]) + "\n"
    _, row, rows, schema = taken("ptf", "t.csv", text)
    assert [(time, mag, band) for time, mag, _, band in rows] == [(55000.5, 16.5, "R"), (55001.5, 17.0, "g")]


def test_ps1(taken):
    lines = ["1,2,55500.5,190.0,27.0,0.0001,0.000001", "2,5,55501.5,190.0,27.0,-999,-999"]
    text = "objID,detectID,filterID,obsTime,ra,dec,psfFlux,psfFluxErr\n"
    text += "".join(f"140361900000000007,{line}\n" for line in lines)
    record, row, rows, _ = taken("ps1", "t.csv", text)
    assert row["object_id"] == 140361900000000007
    assert rows == [(55500.5, pytest.approx(1e5), pytest.approx(1e3), "r")]
    assert any("a mark of none: 1" in note for note in record.notes)


def test_stripe_82(taken):
    text = "num,band,time,mag,magerr\n7,r,51081.5,17.25,0.005\n7,u,51081.5,100.0,0.005\n"
    record, row, rows, _ = taken("s82", "t.csv", text, OBJECTS.replace("id", "num"))
    assert rows == [(51081.5, 17.25, np.float32(0.005), "r")]
    assert any("99.99 and the like" in note for note in record.notes)


ZTF_FORCED = """\
# Requested input R.A. = 10.5 degrees
# Requested input Dec. = -5.5 degrees
# Order of columns below:
# index: as found
#
index, field, ccdid, qid, filter, zpdiff, jd, forcediffimflux, forcediffimfluxunc
0 468 1 2 ZTF_g 26.2 2458202.5 100.0 1.0
1 468 1 2 ZTF_r 26.0 2458203.5 -12.5 3.0
2 468 1 2 ZTF_r 26.0 2458204.5 null null
"""


def test_ztf_forced(taken):
    record, row, rows, schema = taken("ztf_forced", "7.txt", ZTF_FORCED, OBJECTS)
    by = {"g": 10 ** (0.4 * (31.4 - 26.2)), "r": 10 ** (0.4 * (31.4 - 26.0))}
    assert rows == [
        (58202.0, pytest.approx(100 * by["g"]), pytest.approx(by["g"]), "g"),
        (58203.0, pytest.approx(-12.5 * by["r"]), pytest.approx(3 * by["r"]), "r"),
    ]
    assert any("no flux" in note for note in record.notes)


def test_vsx(tmp_path):
    lines = ["#Column\tOID\t(I8)\tnumber", "", "OID\tName\tRAJ2000\tDEJ2000\tType", "\t\tdeg\tdeg\t"]
    text = "\n".join([*lines, "\t".join(["---"] * 5), "37\tV0001 And\t 2.5\t+40.25\tEA"]) + "\n"
    (tmp_path / "vsx.tsv").write_text(text)
    ingest("vsx", tmp_path / "vsx.tsv", tmp_path / "lake", "it")
    (row,) = lc.Lake(tmp_path / "lake")["it"].to_arrow().to_pylist()
    assert (row["OID"], row["RAJ2000"], row["DEJ2000"], row["Type"]) == (37, 2.5, 40.25, "EA")


def test_vsx_with_the_names_of_its_description(tmp_path):
    (tmp_path / "vsx.csv").write_text("OID,Name,RAdeg,DEdeg\n37,V0001 And,2.5,40.25\n38,V0002 And,3.5,40.25\n")
    ingest("vsx", tmp_path / "vsx.csv", tmp_path / "lake", "it")
    rows = lc.Lake(tmp_path / "lake")["it"].to_arrow().to_pylist()
    assert {(row["OID"], row["RAJ2000"], row["DEJ2000"]) for row in rows} == {(37, 2.5, 40.25), (38, 3.5, 40.25)}


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_registered_and_says_what_it_reads(preset):
    assert surveys.ADAPTERS[preset.name] is preset
    assert preset.__doc__.strip().endswith(".")
    assert set(preset.properties) == {"obs_title", "bib_reference"}
