"""Tables in memory become catalogs, and all light curves of a place one file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as csv
import pytest
from typer.testing import CliRunner

from lcscale.cli import app
from lcscale.errors import InputError
from lcscale.ingest import convert
from lcscale.lake import Lake, light_curves_at

QUIET = {"engine": "serial", "progress": False}


def observations(shift=0.0, **values):
    columns = {"star": ["a", "a", "b"], "RAJ2000": [10.0, 10.0, 20.0], "DEJ2000": [5.0, 5.0, -5.0 + shift]}
    return {**columns, "mjd": [58000.5, 58001.5, 58002.5], "filter": ["g", "r", "g"], **values}


@pytest.fixture
def lake(tmp_path):
    """A lake with the same two stars in magnitudes and in fluxes, 0.5 arcseconds apart."""
    table = pd.DataFrame(observations(mag=[15.5, 15.25, 16.0]))
    options = {"id": "star", "time": "mjd", "band": "filter", "mag_err": "none", **QUIET}
    convert(table, tmp_path / "lake", "mags", **options)
    fluxes = observations(flux=[100.0, -5.0, 50.0])
    fluxes["RAJ2000"] = [10.0 + 0.5 / 3600 / np.cos(np.radians(5.0))] * 2 + [20.0]
    convert(pd.DataFrame(fluxes), tmp_path / "lake", "fluxes", flux="flux", zero_point=31.4, flux_err="none", **options)
    return Lake(tmp_path / "lake")


def test_a_table_of_astropy_keeps_its_units(tmp_path):
    import astropy.units as u
    from astropy.table import QTable

    stars = QTable({"id": [1, 2], "ra": [1.0, 2.0] * u.hourangle, "dec": [5.0, -5.0] * u.deg, "pm": [1.5, 2.5] * u.mas})
    assert convert(stars, tmp_path / "lake", "stars", id="id", **QUIET).rows == 2
    found = Lake(tmp_path / "lake")["stars"]
    assert sorted(found.to_arrow()["ra"].to_pylist()) == [15.0, 30.0]
    assert found.schema.field("pm").metadata[b"unit"] == b"mas"
    assert stars.colnames == ["id", "ra", "dec", "pm"]


def test_a_named_index_is_a_column_and_a_second_table_replaces_the_first(tmp_path):
    for names in (["a", "b"], ["c"]):
        n = len(names)
        stars = pd.DataFrame({"ra": np.arange(n) + 1.0, "dec": np.zeros(n)}, index=pd.Index(names, name="star"))
        convert(stars, tmp_path / "lake", "stars", id="star", **QUIET)
    assert Lake(tmp_path / "lake")["stars"].to_arrow()["star"].to_pylist() == ["c"]


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot convert a list"):
        convert([1, 2], tmp_path / "lake", "stars", **QUIET)
    with pytest.raises(InputError, match="ra"):
        convert(pa.table({"a": [1]}), tmp_path / "lake", "stars", **QUIET)


def test_light_curves_of_a_place_from_all_catalogs(lake):
    found = light_curves_at(lake, 10.0, 5.0)
    rows = found.select(["catalog", "object_id", "time", "band", "mag", "flux"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("fluxes", "a", 58000.5, "g", None, 100.0), ("fluxes", "a", 58001.5, "r", None, -5.0),
        ("mags", "a", 58000.5, "g", 15.5, None), ("mags", "a", 58001.5, "r", 15.25, None),
    ]  # fmt: skip
    assert found["separation_arcsec"].to_pylist() == pytest.approx([0.5, 0.5, 0.0, 0.0], abs=1e-4)
    assert set(found["time_origin"].to_pylist()) == {"MJD"}
    assert light_curves_at(lake, 10.0, 5.0, 0.1).num_rows == 2
    assert light_curves_at(lake, 10.0, 5.0, catalogs=["mags"]).num_rows == 2
    assert light_curves_at(lake, 50.0, 5.0).num_rows == 0


def test_a_catalog_made_from_another_does_not_repeat_its_observations(lake):
    lake["mags"].where("object_id == 'a'" if "object_id" in lake["mags"].column_names else "star == 'a'").write(
        "chosen", lake=lake, **QUIET
    )
    assert set(light_curves_at(lake, 10.0, 5.0)["catalog"].to_pylist()) == {"fluxes", "mags"}


def test_commands(tmp_path, lake):
    (tmp_path / "stars.csv").write_text("star,RA,Dec\n007,10.5,-5.25\n")
    told = CliRunner().invoke(
        app, ["convert", str(tmp_path / "stars.csv"), "--lake", str(lake.root), "--name", "stars", "--id", "star"]
    )
    assert told.exit_code == 0, told.output
    assert Lake(lake.root.path)["stars"].to_arrow()["star"].to_pylist() == ["007"]
    out = tmp_path / "curves.csv"
    told = CliRunner().invoke(app, ["curves", "10.0,5.0", str(out), "--lake", str(lake.root)])
    assert told.exit_code == 0, told.output
    assert "mags: 2 observations" in told.output
    assert csv.read_csv(out).num_rows == 4
