"""Rows out of a lake: what others read in the file is what stands in the catalog."""

from __future__ import annotations

import csv
import datetime
import os
import pathlib
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.io.votable import parse_single_table
from astropy.table import Table
from skies import put, sky_table

import lcscale as lc
from lcscale import cli
from lcscale.engine.machine import machine_memory
from lcscale.errors import InputError
from lcscale.lake import Lake, export, file_formats
from lcscale.lightcurves import Detections

FORMATS = ("csv", "parquet", "fits", "vot", "ecsv")
UNITS = {"mag": "mag", "pm": "mas / yr"}


def measured(n: int = 60) -> pa.Table:
    """A catalog of every type that surveys bring, a third of its values null."""
    sky = sky_table(n)
    rng = np.random.default_rng(7)
    gone = rng.random((7, n)) < 1 / 3
    told = {"unit": "mag", "ucd": "phot.mag;em.opt.V", "description": "mean magnitude"}
    times = [datetime.datetime(2019, 1, 1) + datetime.timedelta(hours=int(i)) for i in range(n)]
    values = {
        "name": (pa.string(), [f"V{i:03d} Tau, b" for i in range(n)], None),
        "mag": (pa.float32(), rng.uniform(12, 20, n).round(2).astype(np.float32), told),
        "pm": (pa.float64(), rng.normal(0, 10, n), {"unit": "mas/yr"}),
        "n_obs": (pa.int32(), rng.integers(-5, 900, n), None),
        "gaia": (pa.int64(), rng.integers(2**60, 2**62, n), {"ucd": "meta.id"}),
        "variable": (pa.bool_(), rng.random(n) < 0.5, None),
        "seen": (pa.timestamp("us"), times, None),
    }
    for (name, (kind, column, told)), mask in zip(values.items(), gone, strict=True):
        array = pa.array(column, kind, mask=mask)
        sky = sky.append_column(pa.field(name, kind, metadata=told), array)
    return sky


@pytest.fixture
def catalog(lake):
    return put(lake, "measured", measured())


def read(path: pathlib.Path) -> dict[str, list]:
    """Columns of a file as lists with None where a value is missing, read by others' readers."""
    if path.suffix == ".csv":
        with path.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        return {name: [row[name] or None for row in rows] for name in rows[0]}
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pydict()
    if path.suffix == ".vot":
        table = parse_single_table(path).to_table(use_names_over_ids=True)
    else:
        table = Table.read(path, format={".fits": "fits", ".ecsv": "ascii.ecsv"}[path.suffix])
    return {name: [_plain(each) for each in table[name]] for name in table.colnames}


def _plain(value):
    if value is np.ma.masked or (isinstance(value, float | np.floating) and np.isnan(value)):
        return None
    value = value.item() if isinstance(value, np.generic) else value
    return (value.decode() if isinstance(value, bytes) else value) if value != "" else None


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_values_of_the_catalog_and_its_nulls(catalog, tmp_path, suffix):
    names = ["name", "mag", "pm", "n_obs", "gaia", "ra"]
    told = export(catalog, tmp_path / f"out.{suffix}", columns=names)
    found, truth = read(tmp_path / f"out.{suffix}"), catalog.to_arrow().select(names).to_pydict()
    assert told.rows == 60
    assert list(found) == names
    for name in names:
        kind = {"name": str, "n_obs": int, "gaia": int}.get(name, float)
        wanted = truth[name] if name != "mag" else [None if v is None else float(np.float32(v)) for v in truth[name]]
        got = [None if v is None else kind(v) for v in found[name]]
        if suffix == "csv" and name == "mag":
            got = [None if v is None else float(np.float32(v)) for v in got]
        assert got == wanted, name


@pytest.mark.parametrize("suffix", ["csv", "ecsv", "vot"])
def test_float32_is_written_as_it_is(catalog, tmp_path, suffix):
    export(catalog, tmp_path / f"out.{suffix}", columns=["mag"])
    text = (tmp_path / f"out.{suffix}").read_text()
    values = [value for value in catalog.to_arrow()["mag"].to_pylist() if value is not None]
    assert all(f"{value:.2f}".rstrip("0") in text for value in values)
    assert "00000" not in text.split("<TABLEDATA>")[-1]
    assert "99999" not in text


@pytest.mark.parametrize("suffix", ["fits", "vot", "ecsv"])
def test_truth_values_and_times_with_nulls(catalog, tmp_path, suffix):
    export(catalog, tmp_path / f"out.{suffix}", columns=["variable", "seen"])
    found, truth = read(tmp_path / f"out.{suffix}"), catalog.to_arrow().select(["variable", "seen"]).to_pydict()
    assert [None if v is None else datetime.datetime.fromisoformat(v) for v in found["seen"]] == truth["seen"]
    assert found["variable"] == truth["variable"]


def test_units_ucds_and_descriptions_reach_astropy_votable_fits_and_ecsv(catalog, tmp_path):
    table = catalog.to_astropy()
    assert {name: str(table[name].unit) for name in UNITS} == UNITS
    assert table["mag"].description == "mean magnitude"
    assert table["mag"].meta["ucd"] == "phot.mag;em.opt.V"
    for suffix in ("vot", "fits", "ecsv"):
        export(catalog, tmp_path / f"out.{suffix}")
    fields = {field.name: field for field in parse_single_table(tmp_path / "out.vot").fields}
    assert (fields["mag"].ucd, fields["gaia"].ucd) == ("phot.mag;em.opt.V", "meta.id")
    assert str(fields["pm"].unit) == "mas / yr"
    assert fields["mag"].description == "mean magnitude"
    header = fits.getheader(tmp_path / "out.fits", 1)
    number = next(key[5:] for key, value in header.items() if key.startswith("TTYPE") and value == "mag")
    assert (header[f"TUCD{number}"], header[f"TCOMM{number}"]) == ("phot.mag;em.opt.V", "mean magnitude")
    assert header[f"TUNIT{number}"] == "mag"
    ecsv = Table.read(tmp_path / "out.ecsv", format="ascii.ecsv")
    assert str(ecsv["pm"].unit) == "mas / yr"
    assert ecsv["mag"].description == "mean magnitude"


def test_to_pandas_and_to_astropy_mask_exactly_the_nulls(catalog):
    frame, table, truth = catalog.to_pandas(), catalog.to_astropy(), catalog.to_arrow()
    for name in ("name", "mag", "n_obs", "gaia", "variable", "seen"):
        nulls = truth[name].is_null().to_pylist()
        assert frame[name].isna().tolist() == nulls
        assert np.ma.getmaskarray(table[name]).tolist() == nulls
    assert frame["gaia"].dtype == pd.ArrowDtype(pa.int64())
    assert table["mag"].dtype == np.float32


def test_a_nan_is_no_null(lake):
    table = sky_table(3).append_column("x", pa.array([float("nan"), None, 1.0], pa.float32()))
    found = put(lake, "odd", table).columns("x").to_astropy()
    x = found["x"][np.argsort(found["ra"])]
    order = np.argsort(table["ra"].to_numpy())
    assert np.ma.getmaskarray(x).tolist() == np.array([False, True, False])[order].tolist()


def test_long_light_curves_are_one_row_an_observation(catalog, tmp_path):
    told = export(catalog, tmp_path / "d.csv", light_curves="long", where="dec > 0", columns=["object_id"])
    wanted = [
        (row["object_id"], *observation)
        for row in catalog.to_arrow().to_pylist()
        if row["dec"] > 0
        for observation in zip(*(row["lightcurve"][part] for part in ("time", "mag", "mag_err", "band")), strict=True)
    ]
    frame = pd.read_csv(tmp_path / "d.csv")
    assert list(frame) == ["object_id", "time", "mag", "mag_err", "band"]
    assert told.rows == len(wanted) > 0
    rows = zip(frame.object_id, frame.time, frame.mag.astype("f4"), frame.mag_err.astype("f4"), frame.band, strict=True)
    assert [(a, b, float(c), float(d), e) for a, b, c, d, e in rows] == wanted


def test_detections_bring_the_object_s_name_by_themselves(catalog, tmp_path):
    export(catalog, tmp_path / "d.parquet", light_curves="long")
    found = pq.read_table(tmp_path / "d.parquet")
    assert found.column_names == ["object_id", "name", "time", "mag", "mag_err", "band"]


def test_detections_of_null_and_empty_light_curves_have_no_row():
    kind = pa.struct([("time", pa.list_(pa.float64())), ("mag", pa.list_(pa.float32()))])
    curves = [{"time": [1.0, 2.0], "mag": [15.0, None]}, None, {"time": [], "mag": []}, {"time": [3.0], "mag": [14.0]}]
    field = pa.field("lightcurve", kind, metadata={"unit": "time: d, mag: mag"})
    table = pa.table([pa.array("abcd"), pa.array(curves, kind)], schema=pa.schema([("mag", pa.string()), field]))
    found = Detections()(table.slice(0, 4))
    assert found.to_pydict() == {
        "mag": ["a", "a", "d"],
        "time": [1.0, 2.0, 3.0],
        "lightcurve_mag": [15.0, None, 14.0],
    }
    assert found.schema.equals(Detections().schema(table.schema), check_metadata=True)
    assert found.schema.field("time").metadata[b"unit"] == b"d"
    assert Detections()(table.slice(1, 3))["time"].to_pylist() == [3.0]


def test_light_curves_are_left_out_of_flat_files_and_named(catalog, tmp_path):
    told = export(catalog, tmp_path / "o.csv")
    assert told.left_out == ("lightcurve",)
    assert "lightcurve" in str(told)
    assert "lightcurve" not in pd.read_csv(tmp_path / "o.csv").columns
    export(catalog, tmp_path / "o.parquet")
    assert pq.read_table(tmp_path / "o.parquet").equals(catalog.to_arrow().replace_schema_metadata(None))


def test_a_table_without_positions_is_exported_too(lake, tmp_path):
    lake.write_table("statistics", pa.table({"period": ["2019", "2020"], "n": [3, None]}))
    export(lake.table("statistics"), tmp_path / "s.csv", where="period = '2020'")
    assert (tmp_path / "s.csv").read_text() == '"period","n"\n"2020",\n'


def test_csv_and_parquet_are_written_batch_by_batch(lake, tmp_path, monkeypatch):
    catalog = put(lake, "sky", sky_table(4000))
    monkeypatch.setattr(file_formats, "SHARE_IN_MEMORY", 20_000 / machine_memory())
    for suffix in ("csv", "parquet"):
        assert export(catalog, tmp_path / f"o.{suffix}").rows == 4000
    with pytest.raises(InputError, match="choose columns or rows"):
        export(catalog, tmp_path / "o.fits")
    assert sorted(os.listdir(tmp_path)) == ["lake", "o.csv", "o.parquet"]


def test_what_cannot_be_written_is_said(catalog, tmp_path):
    for path, options, said in (
        ("o.xlsx", {}, "cannot tell the format"),
        ("o.csv", {"light_curves": "nested"}, "nested in .parquet only"),
        ("o.csv", {"light_curves": "wide"}, "long or nested"),
        ("o.csv", {"columns": ["lightcurve"]}, "holds no lists"),
        ("nowhere/o.csv", {}, "cannot write"),
    ):
        with pytest.raises(InputError, match=said):
            export(catalog, tmp_path / path, **options)
    catalog.export(tmp_path / "o.csv")
    with pytest.raises(InputError, match="is there already.*--overwrite"):
        catalog.export(tmp_path / "o.csv")
    assert catalog.export(tmp_path / "o.csv", overwrite=True).rows == 60


def test_the_command_writes_a_selection_and_lists_columns(catalog, tmp_path, monkeypatch, capsys):
    out = tmp_path / "o.csv"
    lake = Lake(tmp_path / "lake")
    arguments = ["export", "measured", out, "--lake", lake.root, "--columns", "name, mag", "--where", "mag > 15"]
    monkeypatch.setattr(sys, "argv", ["lcscale", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    frame = pd.read_csv(out)
    truth = lc.open_catalog(lake["measured"].source.url).where("mag > 15").to_pandas()
    assert frame["mag"].astype("f4").tolist() == truth["mag"].tolist()
    assert f"{len(truth)} rows" in capsys.readouterr().out


def test_what_a_votable_says_of_its_columns_survives_the_way_in_and_out(catalog, lake, tmp_path):
    catalog.export(tmp_path / "in.vot", columns=["object_id", "ra", "dec", "mag"])
    lc.ingest.ingest("table", [str(tmp_path / "in.vot")], lake, "again")
    lake["again"].export(tmp_path / "out.vot")
    field = next(one for one in parse_single_table(tmp_path / "out.vot").fields if one.name == "mag")
    assert (field.ucd, field.description, str(field.unit)) == ("phot.mag;em.opt.V", "mean magnitude", "mag")
