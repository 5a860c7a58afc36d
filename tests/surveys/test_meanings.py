"""What survey columns mean reaches the files of a catalog and the VOTable of HATS' metadata."""

from __future__ import annotations

import os
import pathlib

import astropy.units as u
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io.votable import parse
from astropy.io.votable.ucd import check_ucd
from astropy.table import Table as AstropyTable

from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.surveys import ADAPTERS, allwise, gaia_alerts, get, twomass
from lcscale.surveys.meanings import OF_SURVEYS, with_meanings

DATA = pathlib.Path(os.environ.get("LCSCALE_REAL_DATA", "../shared/data"))
BULK = {"twomass": set(twomass.COLUMNS), "allwise": set(allwise.COLUMNS), "gaia_alerts": set(gaia_alerts._TYPES)}
DECLARED = [(name, column) for name, columns in OF_SURVEYS.items() for column in columns]


@pytest.mark.parametrize(("survey", "column"), DECLARED, ids=lambda each: getattr(each, "name", each))
def test_what_is_declared_has_a_unit_a_ucd_and_a_meaning(survey, column):
    assert survey in ADAPTERS
    assert survey not in BULK or column.name in BULK[survey]
    assert check_ucd(column.ucd, check_controlled_vocabulary=True), column.ucd
    assert u.Unit(column.unit) is not None
    assert column.about.endswith((".", "…"))
    assert not column.maker


ALERTS = """#Name, Date, RaDeg, DecDeg, AlertMag, HistoricMag, HistoricStdDev, Class, Published, Comment, TNSid
Gaia20aaa,2020-01-01 00:00:00,10.5,-5.25,17.5,18.25,0.25,YSO,2020-01-03 00:00:00,"rises",AT2020aa
"""


def test_meanings_reach_parquet_and_votable(tmp_path):
    (tmp_path / "alerts.csv").write_text(ALERTS)
    lake = Lake(tmp_path / "lake")
    ingest("gaia_alerts", tmp_path / "alerts.csv", lake, "alerts")
    catalog = lake["alerts"]
    leaf = next((tmp_path / "lake" / "alerts").glob("*/dataset/Norder=*/Dir=*/*.parquet"))
    for schema in (pq.read_schema(leaf), catalog.schema):
        assert schema.field("AlertMag").metadata[b"unit"] == b"mag"
        assert schema.field("AlertMag").metadata[b"ucd"] == b"phot.mag;em.opt"
        assert schema.field("object_id").metadata[b"ucd"] == b"meta.id;meta.main"
        assert schema.field("ra").metadata[b"frame"] == b"ICRS"
        assert all((field.metadata or {}).get(b"ucd") for field in schema)
    catalog.export(tmp_path / "alerts.vot")
    fields = {field.name: field for field in parse(tmp_path / "alerts.vot").get_first_table().fields}
    assert (fields["HistoricMag"].unit, fields["HistoricMag"].ucd) == ("mag", "phot.mag;em.opt;stat.mean")
    assert "G before" in fields["HistoricMag"].description


@pytest.mark.realdata
@pytest.mark.skipif(not DATA.is_dir(), reason="no real survey files: see LCSCALE_REAL_DATA")
@pytest.mark.parametrize(
    ("survey", "files", "without"),
    [
        ("crts", "crts_north", set()),
        ("crts", "crts_south", {"has_lc"}),
        ("eros2", "eros2_lmc", {"asym_b", "asym_r", "sigma_flux_b", "sigma_flux_r"}),
        ("ztf", "ztf_irsa_csv", set()),
    ],
)
def test_columns_of_real_lists_have_meanings(survey, files, without):
    adapter = get(survey)
    part = adapter.parts([str(DATA / files)], [])[0]
    schema = with_meanings(next(iter(adapter.batches(part, []))).schema, adapter)
    assert {field.name for field in schema if b"ucd" not in (field.metadata or {})} == without


def test_what_a_file_says_itself_stays(tmp_path):
    table = AstropyTable({"source_id": [1], "ra": [10.0] * u.deg, "dec": [1.0] * u.deg, "parallax": [2.0] * u.arcsec})
    table["parallax"].info.description = "as the file has it"
    table.write(tmp_path / "GaiaSource.ecsv", format="ascii.ecsv")
    lake = Lake(tmp_path / "lake")
    ingest("gaia", tmp_path / "GaiaSource.ecsv", lake, "gaia")
    said = lake["gaia"].schema.field("parallax").metadata
    assert said == {b"unit": b"arcsec", b"description": b"as the file has it", b"ucd": b"pos.parallax.trig"}


def test_a_catalog_from_before_is_appended_to(tmp_path):
    """Fields that say more than those of the catalog they join are the same columns."""
    stars = pa.table({"id": [1], "ra": [10.0], "dec": [1.0]})
    pq.write_table(stars, tmp_path / "one.parquet")
    pq.write_table(stars.set_column(0, "id", pa.array([2])), tmp_path / "two.parquet")
    lake = Lake(tmp_path / "lake")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lcscale.ingest.staging.with_meanings", lambda schema, survey: schema)
        ingest("table", tmp_path / "one.parquet", lake, "stars", id="id")
    ingest("table", tmp_path / "two.parquet", lake, "stars", id="id", append=True)
    assert sorted(lake["stars"].to_arrow()["id"].to_pylist()) == [1, 2]
