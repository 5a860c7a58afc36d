"""Positions as files state them: any turn of right ascension, and units of angle."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.table import Column, Table

import lcscale as lc
from lcscale.ingest import ingest


def test_right_ascension_is_taken_modulo_360(tmp_path):
    given = ["-10", "360.0", "10", "-1e-18", "370", "-350", "719.5", "-0.0"]
    right = [350.0, 0.0, 10.0, 0.0, 10.0, 10.0, 359.5, 0.0]
    lines = [f"{i},{ra},{i - 3}" for i, ra in enumerate(given)]
    (tmp_path / "a.csv").write_text("\n".join(["id,ra,dec", *lines]) + "\n")
    record = ingest("table", tmp_path / "a.csv", tmp_path / "lake", "sky", id="id")
    sky = lc.Lake(tmp_path / "lake")["sky"]
    assert (record.rows, record.exit_status) == (8, 0)
    assert sky.to_arrow().sort_by("id").column("ra").to_pylist() == right


@pytest.mark.parametrize("form", ["fits", "votable", "ecsv", "parquet"])
@pytest.mark.parametrize(("unit", "hours"), [("rad", False), ("hourangle", True), ("arcmin", False)])
def test_units_of_the_file_are_honoured(tmp_path, form, unit, hours):
    ra, dec = np.array([10.0, 200.0]), np.array([-30.0, 60.0])
    table = Table({"id": [1, 2], "ra": (ra * u.deg).to(unit), "dec": (dec * u.deg).to("deg" if hours else unit)})
    ending = {"fits": ".fits", "votable": ".vot", "ecsv": ".ecsv", "parquet": ".parquet"}[form]
    path = tmp_path / f"a{ending}"
    if form == "fits" and hours:
        table["ra"] = Column(table["ra"].value, unit="h")  # FITS knows no hour angle
    if form == "parquet":
        fields = [pa.field(name, pa.float64(), metadata={"unit": str(table[name].unit)}) for name in ("ra", "dec")]
        arrays = [pa.array(np.asarray(table[name].value)) for name in ("ra", "dec")]
        pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)).append_column("id", [[1, 2]]), path)
    else:
        table.write(path, format={"ecsv": "ascii.ecsv"}.get(form, form))
    ingest("table", path, tmp_path / "lake", "sky", id="id")
    found = lc.Lake(tmp_path / "lake")["sky"].to_arrow().sort_by("id")
    np.testing.assert_allclose(found.column("ra"), ra, rtol=1e-13)
    np.testing.assert_allclose(found.column("dec"), dec, rtol=1e-13)
    assert found.schema.field("ra").metadata[b"unit"] == b"deg"


def test_units_of_something_else_set_the_file_aside(tmp_path):
    Table({"ra": Column([1.0], unit="m"), "dec": Column([1.0], unit="deg")}).write(tmp_path / "a.fits")
    record = ingest("table", tmp_path / "a.fits", tmp_path / "lake", "sky")
    assert not record.published
    assert "'ra' is stated in 'm'" in record.quarantined[0]["error"]


@pytest.mark.parametrize(("unit", "by"), [("mag", 1.0), ("mmag", 1000.0), (None, 1.0)])
def test_units_of_magnitudes_are_honoured(tmp_path, unit, by):
    Table({"object_id": [1], "ra": [10.0], "dec": [20.0]}).write(tmp_path / "objects.fits")
    mag, error = np.array([15.0, 15.5]), np.array([0.1, 0.2])
    columns = {"mag": Column(by * mag, unit=unit), "mag_err": Column(by * error, unit=unit)}
    Table({"object_id": [1, 1], "time": [58000.0, 58001.0], **columns}).write(tmp_path / "detections.fits")
    options = {"objects": str(tmp_path / "objects.fits")}
    record = ingest("lightcurves", tmp_path / "detections.fits", tmp_path / "lake", "sky", **options)
    assert record.exit_status == 0
    (curve,) = lc.Lake(tmp_path / "lake")["sky"].to_arrow().column("lightcurve").to_pylist()
    np.testing.assert_allclose(curve["mag"], mag, rtol=1e-6)
    np.testing.assert_allclose(curve["mag_err"], error, rtol=1e-6)


def test_magnitudes_in_another_unit_set_the_file_aside(tmp_path):
    Table({"object_id": [1], "ra": [10.0], "dec": [20.0]}).write(tmp_path / "objects.fits")
    flux = Column([1.0], unit="Jy")
    Table({"object_id": [1], "time": [58000.0], "mag": flux, "mag_err": [0.1]}).write(tmp_path / "detections.fits")
    options = {"objects": str(tmp_path / "objects.fits")}
    record = ingest("lightcurves", tmp_path / "detections.fits", tmp_path / "lake", "sky", **options)
    assert "'mag' is stated in 'Jy'" in " ".join(entry["error"] for entry in record.quarantined)
