"""The format is told from the content: the same rows in every form that archives publish, under any name."""

from __future__ import annotations

import bz2
import gzip

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from lcscale.surveys.reading import read_batches, read_table
from lcscale.surveys.release import Part, ReleaseFileError

NAMES = ["name", "RA", "Dec", "Vmag", "n"]
ROWS = [("HD 1", 10.25, -5.5, 12.5, 3), ("HD 2", 359.5, 89.0, None, 4), ("HD 3", 0.125, 1.5, 9.25, 5)]

VIZIER = """\
#
#   VizieR Astronomical Server vizier.cds.unistra.fr
#Coosys\tJ2000:\teq_FK5 J2000
#RESOURCE=yCat_x
#Column\tname\t(A5)\tDesignation\t[ucd=meta.id]
#Column\tRA\t(F8.4)\tRight ascension\t[ucd=pos.eq.ra]
#Column\tVmag\t(F6.3)\t[9/20]?=99.999 Magnitude\t[ucd=phot.mag]
{gap}name \tRA\tDec\tVmag\tn
 \tdeg\tdeg\tmag\t
-----\t--------\t--------\t------\t---
HD 1 \t 10.2500\t -5.5000\t12.500\t  3
HD 2 \t359.5000\t 89.0000\t{null}\t  4
HD 3 \t  0.1250\t  1.5000\t 9.250\t  5
{gap}"""

MRT = """\
Title: Three stars
Authors: Nobody N.
Table: Stars
================================================================================
Byte-by-byte Description of file: stars.txt
--------------------------------------------------------------------------------
   Bytes Format Units Label  Explanations
--------------------------------------------------------------------------------
   1-  4 A4     ---   name   Name
   6- 12 F7.3   deg   RA     Right ascension
  14- 19 F6.2   deg   Dec    Declination
  21- 26 F6.3   mag   Vmag   ?=-9.999 Magnitude
  28- 29 I2     ---   n      Number
--------------------------------------------------------------------------------
{rows}"""
MRT_ROWS = """\
HD 1  10.250  -5.50 12.500  3
HD 2 359.500  89.00 -9.999  4
HD 3   0.125   1.50  9.250  5
"""

IPAC = """\
\\fixlen = T
|name  |RA      |Dec    |Vmag   |n   |
|char  |double  |double |double |int |
|      |deg     |deg    |mag    |    |
|null  |null    |null   |null   |null|
 HD 1   10.25    -5.5    12.5    3
 HD 2   359.5    89.0    null    4
 HD 3   0.125    1.5     9.25    5
"""

ECSV = """\
# %ECSV 1.0
# ---
# datatype:
# - {name: name, datatype: string, subtype: json}
# - {name: RA, datatype: float64, unit: deg}
# - {name: Dec, datatype: float64, unit: deg}
# - {name: Vmag, datatype: float64, unit: mag}
# - {name: n, datatype: int64}
# schema: astropy-2.0
name RA Dec Vmag n
\"""HD 1\""" 10.25 -5.5 12.5 3
\"""HD 2\""" 359.5 89.0 "" 4
\"""HD 3\""" 0.125 1.5 9.25 5
"""


def joined(delimiter, null="", quote="", header="{}"):
    """The rows as delimited text."""
    cells = [[f"{quote}{row[0]}{quote}", *(null if cell is None else str(cell) for cell in row[1:])] for row in ROWS]
    return "\n".join([header.format(delimiter.join(NAMES)), *(delimiter.join(row) for row in cells)]) + "\n"


TEXTS = {
    "commas": joined(","),
    "tabs": joined("\t"),
    "bars": joined("|"),
    "semicolons": joined(";"),
    "decimal commas": joined(";").replace(".", ","),
    "padded": joined(" , ", null="     "),
    "blanks": joined("   ", null='""', quote='"'),
    "blanks at both ends": "\n".join(f"   {line}  " for line in joined("  ", '""', '"').splitlines()) + "\n",
    "names behind #": joined(" ", null="nan", quote='"', header="# made by hand\n# {}"),
    "names behind ###": joined("  ", null="nan", quote='"', header="###{}"),
    "comments": "# made by hand\n\n# twice\n" + joined(",") + "# 3 rows\n",
    "units": joined(",").replace("\n", "\n,deg,deg,mag,\n", 1),
    "units behind #": joined("\t", header="#{}\n#-\tdeg\tdeg\tmag\t-"),
    "carriage returns": joined(",").replace("\n", "\r\n"),
    "carriage returns alone": joined(",").replace("\n", "\r"),
    "blanks and carriage returns alone": joined("  ", null="nan", quote='"').replace("\n", "\r"),
    "bars at both ends": "".join(f"| {line} |\n" for line in joined(" | ").splitlines()),
    "Markdown": "".join(f"| {line} |\n" for line in joined(" | ").splitlines()).replace(
        "\n", "\n|------|-----|---|---|--:|\n", 1
    ),
    "quotes behind blanks": (
        'n, name, RA, Dec, Vmag\n3, "HD 1", 10.25, -5.5, 12.5\n4, "HD 2", 359.5, 89, \n5, "HD 3", 0.125, 1.5, 9.25\n'
    ),
    "asu-tsv": VIZIER.format(gap="\n", null="      "),
    "asu-tsv without blank lines": VIZIER.format(gap="", null="      "),
    "asu-tsv, null stated": VIZIER.format(gap="\n", null="99.999"),
    "psql": joined(" | ").replace("\n", "\n------+-------+------+------+---\n", 1),
    "two lines": (
        "name RA    Dec  Vmag  n\n---- ----- ---- ----- --\nHD 1 10.25 -5.5  12.5  3\nHD 2 359.5 89.0        4\n"
        "HD 3 0.125  1.5  9.25  5\n"
    ),
    "two lines of =": (
        "name RA    Dec  Vmag  n\n==== ===== ==== ===== ==\nHD 1 10.25 -5.5  12.5  3\nHD 2 359.5 89.0        4\n"
        "HD 3 0.125  1.5  9.25  5\n"
    ),
    "machine-readable": MRT.format(rows=MRT_ROWS),
    "IPAC": IPAC,
    "ECSV": ECSV,
}


def values(table):
    """The rows as tuples."""
    return [tuple(row[name] for name in NAMES) for row in table.select(NAMES).to_pylist()]


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("ending", ["csv", "txt", "dat", "tsv", "weird"])
def test_the_same_rows_in_every_text(tmp_path, form, ending):
    (tmp_path / f"t.{ending}").write_text(TEXTS[form], newline="")
    problems = []
    table = read_table(str(tmp_path / f"t.{ending}"), problems)
    assert problems == []
    assert values(table) == ROWS
    assert table.schema.field("n").type in (pa.int64(), pa.int32())


@pytest.mark.parametrize("form", ["units", "units behind #", "asu-tsv", "machine-readable", "IPAC", "ECSV"])
def test_stated_units_are_kept(tmp_path, form):
    (tmp_path / "t").write_text(TEXTS[form])
    schema = read_table(str(tmp_path / "t"), []).schema
    units = {name: (schema.field(name).metadata or {}).get(b"unit", b"").decode() for name in NAMES}
    assert units == {"name": "", "RA": "deg", "Dec": "deg", "Vmag": "mag", "n": ""}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lambda content: b"\xef\xbb\xbf" + content])
def test_compression_and_byte_order_marks_whatever_the_name(tmp_path, pack):
    for name in ("t.csv", "t.csv.gz", "t"):
        (tmp_path / name).write_bytes(pack(TEXTS["commas"].encode()))
        assert values(read_table(str(tmp_path / name), [])) == ROWS


def test_utf16(tmp_path):
    (tmp_path / "t.csv").write_text(TEXTS["tabs"], encoding="utf-16")
    assert values(read_table(str(tmp_path / "t.csv"), [])) == ROWS


def test_a_cds_table_with_its_readme_beside(tmp_path):
    (tmp_path / "ReadMe").write_text(MRT.format(rows="").replace("stars.txt", "stars.dat"))
    (tmp_path / "stars.dat").write_text(MRT_ROWS)
    assert values(read_table(str(tmp_path / "stars.dat"), [])) == ROWS


def test_positions_of_cds_tables_that_stand_in_parts(tmp_path):
    """Hours, minutes, seconds and the sign apart; -0 degrees are south."""
    lines = ["   1-  4 A4    ---  name Name", "   6-  7 I2    h    RAh  Hour", "   9- 10 I2    min  RAm  Minute"]
    lines += ["  12- 15 F4.1  s    RAs  Second", "  17     A1    ---  DE-  Sign", "  18- 19 I2    deg  DEd  Degree"]
    lines += ["  21- 22 I2    arcmin DEm Arcminute", "  24- 25 I2    arcsec DEs Arcsecond"]
    head, tail = MRT.split("   1-  4")[0], "-" * 80 + "\n"
    rows = "HD 1 04 30 57.5 -69 03 37\nHD 2 00 00 30.0 -00 30 00\nHD 3 12 00 00.0 +10 15 00\n"
    (tmp_path / "t.txt").write_text(head + "\n".join(lines) + "\n" + tail + rows)
    table = read_table(str(tmp_path / "t.txt"), [], wanted=["ra", "dec"])
    np.testing.assert_allclose(table["ra"].to_numpy(), [15 * (4.5 + 57.5 / 3600), 0.125, 180.0])
    np.testing.assert_allclose(table["dec"].to_numpy(), [-(69 + 3 / 60 + 37 / 3600), -0.5, 10.25])


@pytest.fixture
def made():
    """The rows as astropy's table."""
    from astropy.table import MaskedColumn, Table

    mask = [row[3] is None for row in ROWS]
    columns = {name: [row[i] for row in ROWS] for i, name in enumerate(NAMES) if name != "Vmag"}
    table = Table(columns, masked=True)
    table.add_column(MaskedColumn([0 if row[3] is None else row[3] for row in ROWS], mask=mask, name="Vmag"), 3)
    return table


@pytest.mark.parametrize("form", ["fits", "votable"])
def test_containers_whatever_the_name(tmp_path, made, form):
    made.write(tmp_path / "t.dat", format=form)
    (tmp_path / "t.csv").write_bytes(gzip.compress((tmp_path / "t.dat").read_bytes()))
    for name in ("t.dat", "t.csv"):
        assert values(read_table(str(tmp_path / name), [])) == ROWS


def test_arrow_containers_whatever_the_name(tmp_path):
    table = pa.Table.from_pylist([dict(zip(NAMES, row, strict=True)) for row in ROWS])
    pq.write_table(table, tmp_path / "p.csv")
    feather.write_feather(table, tmp_path / "f.csv")
    assert values(read_table(str(tmp_path / "p.csv"), [])) == values(read_table(str(tmp_path / "f.csv"), [])) == ROWS


def test_text_padded_with_blanks_is_trimmed(tmp_path, made):
    from astropy.io import fits

    columns = [fits.Column("name", "10A", array=np.array(["a  ", "b", "   "])), fits.Column("x", "E", array=[1, 2, 3])]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "t.fits")
    assert read_table(str(tmp_path / "t.fits"), []).column("name").to_pylist() == ["a", "b", None]
    (tmp_path / "t.csv").write_text("name,x\na  ,1\n b,2\n   ,3\n")
    assert read_table(str(tmp_path / "t.csv"), []).column("name").to_pylist() == ["a", "b", None]


VOTABLE = """<?xml version="1.0"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">
<INFO name="QUERY_STATUS" value="{status}">too deep</INFO>
<TABLE name="notes"><FIELD name="note" datatype="char" arraysize="*"/><DATA><TABLEDATA><TR><TD>x</TD></TR></TABLEDATA>
</DATA></TABLE>
<TABLE name="stars"><FIELD ID="SOURCE_ID" name="source_id" datatype="long"/>
<FIELD ID="col2" name="ra" datatype="double" unit="deg"/><FIELD name="flux" datatype="float" arraysize="*"/>
<DATA><TABLEDATA><TR><TD>5539970601632026752</TD><TD>1.5</TD><TD>1 2.5 NaN</TD></TR>
<TR><TD>7</TD><TD></TD><TD></TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""


def test_votable_fields_by_name_in_one_of_several_tables(tmp_path):
    (tmp_path / "t.vot").write_text(VOTABLE.format(status="OVERFLOW"))
    problems = []
    table = read_table(str(tmp_path / "t.vot"), problems, wanted=["source_id", "ra"])
    assert table.column_names == ["source_id", "ra", "flux"]
    assert table.column("source_id").to_pylist() == [5539970601632026752, 7]
    assert table.column("ra").to_pylist() == [1.5, None]
    assert table.column("flux")[0].as_py()[:2] == [1.0, 2.5]
    said = " ".join(problem.text for problem in problems)
    assert "2 tables: stars is read, not notes" in said
    assert "cut it off" in said
    (tmp_path / "t.vot").write_text(VOTABLE.format(status="ERROR"))
    with pytest.raises(ReleaseFileError, match="an error of its archive: too deep"):
        read_table(str(tmp_path / "t.vot"), [])


def test_a_votable_says_what_its_times_are(tmp_path):
    from lcscale.surveys.times import time_format

    text = VOTABLE.format(status="OK").replace(
        '<TABLE name="notes">', '<TIMESYS ID="ts" refposition="BARYCENTER" timeorigin="2455197.5" timescale="TCB"/>'
        '<TABLE name="notes">',
    ).replace('name="ra" datatype="double" unit="deg"', 'name="t" datatype="double" unit="d" ref="ts"')  # fmt: skip
    (tmp_path / "t.vot").write_text(text.replace("<TD>1.5</TD>", "<TD>1709.5</TD>"))
    table = read_table(str(tmp_path / "t.vot"), [], wanted=["t"])
    how = time_format(table, "t", "the file")
    assert (how.offset, how.scale) == (2455197.5, "TCB")


def test_fits_arrays_are_lists_and_the_table_with_the_columns_is_found(tmp_path):
    from astropy.io import fits

    arrays = np.arange(24.0).reshape(2, 12)
    columns = [
        fits.Column("ID", "K", array=[1, 2]),
        fits.Column("FLUX", "12D", array=arrays),
        fits.Column("MAP", "6J", dim="(3,2)", array=np.arange(12).reshape(2, 2, 3)),
        fits.Column("ANY", "PD()", array=np.array([np.array([1.5]), np.array([2.5, 3.5])], dtype=object)),
        fits.Column("N", "J", null=-99, array=[-99, 4]),
    ]
    other = fits.BinTableHDU.from_columns([fits.Column("X", "J", array=[1])], name="OTHER")
    units = [fits.PrimaryHDU(), other, fits.BinTableHDU.from_columns(columns, name="CURVES")]
    fits.HDUList(units).writeto(tmp_path / "t.fits")
    table = read_table(str(tmp_path / "t.fits"), [], wanted=["FLUX"])
    assert table.column("FLUX").to_pylist() == arrays.tolist()
    assert table.column("MAP").to_pylist() == np.arange(12).reshape(2, 2, 3).tolist()
    assert table.column("ANY").to_pylist() == [[1.5], [2.5, 3.5]]
    assert table.column("N").to_pylist() == [None, 4]


def test_parquet_with_dictionaries_and_nested_fields(tmp_path):
    inner = pa.array([{"ra": 1.5, "dec": 2.5, "in": {"id": 7}}, {"ra": 3.5, "dec": 4.5, "in": {"id": 8}}])
    columns = {"band": pa.array(["g", "r"]).dictionary_encode(), "text": pa.array(["a", "b"], pa.large_string())}
    pq.write_table(pa.table(columns | {"candidate": inner}), tmp_path / "t.parquet")
    path = str(tmp_path / "t.parquet")
    (table,) = read_batches(Part(path), [], ["candidate.in.id", "candidate.ra", "band"])
    assert table.to_pydict() == {"candidate.in.id": [7, 8], "candidate.ra": [1.5, 3.5], "band": ["g", "r"]}
    whole = read_table(path, [], wanted=["candidate.ra"])
    assert whole.column("candidate.dec").to_pylist() == [2.5, 4.5]
    assert whole.schema.field("band").type == whole.schema.field("text").type == pa.string()
    with pytest.raises(ReleaseFileError, match=r"no column 'candidate\.x'"):
        read_table(path, [], wanted=["candidate.x"])


BULK = """\
# %ECSV 1.0
# ---
# delimiter: ','
# datatype:
# -
#   name: source_id
#   datatype: int64
# -
#   name: mags
#   datatype: string
#   subtype: 'float64[null]'
#   unit: mag
# -
#   name: flags
#   datatype: string
#   subtype: 'bool[null]'
source_id,mags,flags
4295806720,"[15.5,NaN, null]","[""True"",""False"",""False""]"
4295806721,"[]","[]"
4295806722,,
"""


def test_ecsv_cells_that_hold_arrays(tmp_path):
    (tmp_path / "t.csv").write_text(BULK)
    table = read_table(str(tmp_path / "t.csv"), [])
    assert table.column("mags").to_pylist() == [[15.5, None, None], [], None]
    assert table.column("flags").to_pylist() == [[True, False, False], [], None]
    assert table.schema.field("mags").metadata == {b"unit": b"mag"}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("# - {name: ra, datatype: float64, unit: 'deg", 'line 5, "- {name: ra'),
        ("# - {name: ra, datatype: [float64}", "line 5"),
        ("# - {nome: ra, datatype: float64}", "every column under 'datatype:' needs a name"),
    ],
)
def test_a_broken_ecsv_header_is_named_with_its_line(tmp_path, header, message):
    (tmp_path / "t.ecsv").write_text(f"# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n{header}\nra\n1\n")
    with pytest.raises(ReleaseFileError) as caught:
        read_table(str(tmp_path / "t.ecsv"), [])
    assert str(tmp_path / "t.ecsv") in str(caught.value)
    assert message in str(caught.value)


def test_columns_by_their_place_where_there_is_no_line_of_names(tmp_path):
    (tmp_path / "t.dat").write_text("2455265.84145 15.398 0.004 5.03\n2455268.87687 15.400 0.004 4.79\n")
    with pytest.raises(ReleaseFileError, match=r"4 columns without a line of names .*--columns"):
        read_table(str(tmp_path / "t.dat"), [])
    table = read_table(str(tmp_path / "t.dat"), [], names=["time", "mag"])
    assert table.column_names == ["time", "mag", "col3", "col4"]
    assert table.column("mag").to_pylist() == [15.398, 15.4]


def test_large_texts_between_blanks_are_read_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("lcscale.surveys.delimited._STREAM_BYTES", (1000, 100))
    monkeypatch.setattr("lcscale.surveys.delimited._BLOCK_BYTES", 500)
    lines = [f"  {i}   star{i}  {i / 4} # " if i == 7 else f"  {i}   star{i}  {i / 4}" for i in range(400)]
    lines.insert(200, "# half of it")
    (tmp_path / "t.txt").write_text("\n".join([" id  name  x", *lines]) + "\n")
    problems = []
    tables = list(read_batches(Part(str(tmp_path / "t.txt")), problems, ids=["id"]))
    table = pa.concat_tables(tables)
    assert len(tables) > 3
    assert table.column("id").to_pylist() == [i for i in range(400) if i != 7]
    assert table.column("x")[20].as_py() == 21 / 4
    assert [problem.text.split(" (")[0] for problem in problems] == ["1 lines do not have 3 fields"]


def test_of_several_tables_of_vizier_the_first_is_read_and_that_is_said(tmp_path):
    second = "#Table\tJ_other:\n\nname\tz\n\t\n----\t---\nHD 1\t0.1\n"
    first = VIZIER.format(gap="\n", null="      ").replace("#Column\tname", "#Table\tJ_this:\n#Column\tname")
    (tmp_path / "t.tsv").write_text(first + second)
    problems = []
    assert values(read_table(str(tmp_path / "t.tsv"), problems)) == ROWS
    assert [problem.text for problem in problems] == ["it has 2 tables: the first is read"]


def test_a_header_without_a_name_for_the_rows(tmp_path):
    (tmp_path / "t.txt").write_text("  ra dec\n0 1.5 2.5\n1 3.5 4.5\n")
    assert read_table(str(tmp_path / "t.txt"), []).to_pydict() == {"index": [0, 1], "ra": [1.5, 3.5], "dec": [2.5, 4.5]}


def test_declared_floats_that_name_objects(tmp_path):
    text = ECSV.replace("name: n, datatype: int64", "name: n, datatype: float64").replace(" 3\n", " 3.0\n")
    (tmp_path / "t.ecsv").write_text(text)
    assert read_table(str(tmp_path / "t.ecsv"), [], ids=["n"]).column("n").to_pylist() == [3, 4, 5]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"<!DOCTYPE html><html><body>502</body></html>", "web page"), (b'{"a": [1, 2]}', "JSON"),
     (b"<?xml version='1.0'?><table/>", "no VOTable"), (b"\x89PNG\r\n\x1a\n\0\0\0\0", "binary")],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_what_it_is(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ReleaseFileError, match=message):
        read_table(str(tmp_path / "t.csv"), [])


SEXTRACTOR = """\
#   1 NUMBER        Running object number
#   2 ALPHA_J2000   Right ascension of barycenter (J2000)   [deg]
#   3 DELTA_J2000   Declination of barycenter (J2000)       [deg]
#   4 MAG_AUTO      Kron-like elliptical aperture magnitude [mag]
         1  10.5000 -20.2500  15.1000
         2  11.5000 -21.2500  15.2000
"""


def test_names_one_a_line_as_sextractor_writes_them(tmp_path):
    (tmp_path / "field.cat").write_text(SEXTRACTOR)
    table = read_table(str(tmp_path / "field.cat"), [], ids=["NUMBER"])
    assert table.to_pylist()[1] == {"NUMBER": 2, "ALPHA_J2000": 11.5, "DELTA_J2000": -21.25, "MAG_AUTO": 15.2}
    assert table.schema.field("MAG_AUTO").metadata[b"unit"] == b"mag"


def test_a_unit_behind_the_name_is_honoured(tmp_path):
    (tmp_path / "t.csv").write_text("id,ra [hours],dec (deg),note (old)\n1,10.5,-20,x\n2,11,-21,y\n")
    schema = read_table(str(tmp_path / "t.csv"), []).schema
    units = [(schema.field(name).metadata or {}).get(b"unit") for name in schema.names]
    assert units == [None, b"hours", b"deg", None]


def test_text_that_is_no_utf_8_is_read_and_said(tmp_path):
    (tmp_path / "t.csv").write_bytes("name,ra\nMérida,1\nCádiz,2\n".encode("latin-1"))
    problems = []
    table = read_table(str(tmp_path / "t.csv"), problems)
    assert table.column("name").to_pylist() == ["Mérida", "Cádiz"]
    assert [(one.set_aside, "Latin-1" in one.text) for one in problems] == [(False, True)]


@pytest.mark.parametrize(("magic", "what"), [(b"PK\x03\x04", "zip archive: unpack"), (b"\x89HDF\r\n", "HDF5: write")])
def test_what_is_no_table_is_called_by_its_name(tmp_path, magic, what):
    (tmp_path / "t.csv").write_bytes(magic + bytes(100))
    with pytest.raises(ReleaseFileError, match=what):
        read_table(str(tmp_path / "t.csv"), [])


def test_cells_longer_than_a_reader_of_csv_allows(tmp_path):
    long = "[" + ", ".join(["1.5"] * 40_000) + "]"
    (tmp_path / "t.csv").write_text(f'id,times\n1,"{long}"\n2,"[2.5]"\n')
    assert len(read_table(str(tmp_path / "t.csv"), []).column("times")[0].as_py()) == len(long)


def test_dictionaries_and_long_text_inside_lists_are_plain(tmp_path):
    bands = pa.array([["g", "r"], None], pa.list_(pa.dictionary(pa.int8(), pa.string())))
    inner = pa.array([{"band": ["g"]}, None], pa.struct([("band", pa.large_list(pa.large_string()))]))
    pq.write_table(pa.table({"bands": bands, "inner": inner}), tmp_path / "t.parquet")
    table = read_table(str(tmp_path / "t.parquet"), [])
    assert table.schema.field("bands").type.value_type == pa.string()
    assert table.schema.field("inner").type.field("band").type.value_type == pa.string()
    assert table.to_pylist() == [{"bands": ["g", "r"], "inner": {"band": ["g"]}}, {"bands": None, "inner": None}]
