"""What an ingest would do, said without doing it."""

from __future__ import annotations

import pytest

from lcscale.errors import InputError
from lcscale.ingest import preview

DETECTIONS = (
    "HJD,mag,mag_err,Filter,id\n2457420.5,13.5,0.02,V,7\n2457421.5,>13.610,99.99,V,7\n2457422.5,13.25,0.1,g,7\n"
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "objects.csv").write_text("id,ra,dec\n7,10.5,-5.5\n8,nowhere,1\n")
    (tmp_path / "d.csv").write_text(DETECTIONS)
    return tmp_path


def test_light_curves(folder):
    options = {"objects": str(folder / "objects.csv"), "id": "id", "time": "HJD", "band": "Filter"}
    seen = preview("lightcurves", folder / "d.csv", **options)
    text = str(seen)
    for said in (
        f"{folder / 'd.csv'}: text, 5 columns between commas, names in line 1",
        "name: column 'id', int64",
        "time: column 'HJD' holds hjd/UTC; becomes HJD - 2400000.5",
        "magnitude: column 'mag', its error 'mag_err'",
        "band: column 'Filter'",
        "upper limits: 1 observations",
        "1 rows have no position",
        "time_origin: HJD - 2400000.5",
    ):
        assert said in text
    (row,) = seen.rows
    assert row["lightcurve"]["observations"] == 2
    assert row["lightcurve"]["first"]["time"] == 57420.0


def test_tables_and_files_that_cannot_be_read(folder):
    (folder / "web.csv").write_text("<html>gone</html>")
    seen = preview("table", [folder / "objects.csv", folder / "web.csv"], id="id")
    assert "ra: double (unit: deg, frame: ICRS)" in seen.columns
    assert any("web page" in entry for entry in seen.left_out)
    assert [row["id"] for row in seen.rows] == [7]


def test_large_releases_are_looked_at_in_part(folder):
    for i in range(30):
        (folder / f"s{i}.csv").write_text("id,ra,dec\n1,2,3\n".replace("1,2", f"{i},2"))
    seen = preview("table", [folder / f"s{i}.csv" for i in range(30)], id="id")
    assert (seen.parts, seen.read) == (30, 20)
    assert "and 10 more" in seen.files
    with pytest.raises(InputError, match="no file or folder"):
        preview("table", folder / "nothing.csv")


def test_the_command_writes_nothing(folder, monkeypatch, capsys):
    from lcscale.cli import app

    arguments = [
        "ingest",
        "table",
        str(folder / "objects.csv"),
        "--lake",
        str(folder / "lake"),
        "--name",
        "x",
        "--dry-run",
    ]
    with pytest.raises(SystemExit) as ended:
        app([*arguments, "--dry-run"])
    assert ended.value.code == 0
    assert "would be left out:" in capsys.readouterr().out
    assert not (folder / "lake").exists()
