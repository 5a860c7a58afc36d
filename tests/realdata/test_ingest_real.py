"""Real releases ingested: numbers of rows and observations are those of the surveys, values those of the files."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

import lcscale as lc
from lcscale.ingest import Partitioning, ingest
from lcscale.lightcurves import LightCurves

pytestmark = pytest.mark.realdata


def valid(catalog):
    from hats.io.validation import is_valid_catalog

    return is_valid_catalog(catalog.source.folder, strict=True)


def nested_in_lsdb(folder):
    lsdb = pytest.importorskip("lsdb")
    catalog = lsdb.open_catalog(folder)
    assert str(catalog.dtypes["lightcurve"]).startswith("nested<")
    return catalog


def test_ogle_cepheids_as_one_catalog(real_data, tmp_path):
    source = real_data / "ogle_lmc_cepheids"
    record = ingest("ogle", source, tmp_path, "ogle", partitioning=Partitioning(rows=1000))
    assert record.exit_status == 0
    catalog = lc.Lake(tmp_path)["ogle"]
    assert valid(catalog)
    nested_in_lsdb(tmp_path / "ogle")
    table = catalog.to_arrow()
    lcs = LightCurves.from_arrow(table)
    assert table.num_rows == len((source / "ident.dat").read_text().splitlines())
    assert (lcs.select_band("I").counts > 0).sum() == 4_647
    assert catalog.schema.field("lightcurve").metadata[b"bands"] == b"I,V"
    assert lcs.select_band("I").counts.sum() == 2_579_048
    assert lcs.select_band("V").counts.sum() == 526_063
    row = table.column("object_id").to_pylist().index("OGLE-LMC-CEP-0100")
    raw = pq.read_table(source / "photometry_V.parquet", filters=[("cep", "==", 100)]).sort_by("hjd")
    mine = lcs.select_band("V").take([row])
    np.testing.assert_allclose(mine.time, raw.column("hjd").to_numpy() + 49_999.5, rtol=0, atol=1e-8)
    np.testing.assert_array_equal(mine.mag, raw.column("mag").to_numpy())


def test_ogle_positions_are_those_published(real_data, tmp_path):
    ingest("ogle", real_data / "ogle_lmc_cepheids", tmp_path, "ogle")
    table = lc.Lake(tmp_path)["ogle"].columns("object_id", "ra", "dec").to_arrow()
    mine = dict(zip(table.column("object_id").to_pylist(), table.select(["ra", "dec"]).to_pylist(), strict=True))
    with gzip.open(real_data / "ogle_lmc_cepheids" / "parameters.txt.gz", "rt") as lines:
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
    away = [abs(mine[row[0]]["dec"] - float(row[3])) for row in rows if row[0] in mine]
    assert len(away) > 4_600
    assert np.percentile(away, 99) < 0.05 / 3600


def test_crts_north(real_data, tmp_path):
    record = ingest("crts", real_data / "crts_north", tmp_path, "crts")
    catalog = lc.Lake(tmp_path)["crts"]
    assert (record.exit_status, record.rows) == (0, 5_757)
    assert valid(catalog)
    nested_in_lsdb(tmp_path / "crts")
    table = catalog.to_arrow()
    assert LightCurves.from_arrow(table).counts.sum() == 1_654_339
    assert LightCurves.from_arrow(table).counts.tolist() == table.column("nobs").to_pylist()
    assert pc.count_distinct(table.column("label")).as_py() == 16


def test_crts_south(real_data, tmp_path):
    record = ingest("crts", real_data / "crts_south", tmp_path, "crts")
    catalog = lc.Lake(tmp_path)["crts"]
    lcs = LightCurves.from_arrow(catalog.columns("lightcurve").to_arrow())
    assert valid(catalog)
    assert record.rows == len(nested_in_lsdb(tmp_path / "crts")) == 37_745
    assert ((lcs.counts > 0).sum(), lcs.counts.sum()) == (2_234, 498_817)


@pytest.mark.parametrize(
    ("survey", "path", "options", "rows"),
    [
        ("gaia_alerts", "gaia_alerts/alerts.csv.gz", {}, 24_770),
        ("table", "yso/spicy.parquet", {"ra": "RAdeg", "dec": "DEdeg"}, 117_446),
        ("table", "yso/gcvs.parquet", {}, 59_099),
        ("table", "yso/neowise_yso.csv.gz", {"ra": "RA", "dec": "Dec", "id": "Name"}, 20_654),
        ("allwise", "yso/allwise_w5.tbl.gz", {}, 6_387),
        ("table", "gaia_2mass_allwise/gaia.parquet", {"ra": "RA_ICRS_gaia", "dec": "DE_ICRS_gaia"}, 2_508),
        ("table", "gaia_2mass_allwise/2mass.parquet", {"ra": "RAJ2000_2mass", "dec": "DEJ2000_2mass"}, 2_060),
        ("table", "gaia_2mass_allwise/allwise.parquet", {"ra": "RAJ2000_allwise", "dec": "DEJ2000_allwise"}, 2_342),
        ("table", "gaia_2mass_allwise/classified.parquet", {"id": "name"}, 1_756),
        ("table", "ogle_gaia_pairs", {"ra": "RA", "dec": "Dec", "id": "OGLE-ID"}, 3_833),
        ("table", "gaia_lmc_rrlyrae", {"ra": "RA", "dec": "DEC", "id": "source_id"}, 13_728),
        ("table", "ztf_chen2020/variables.csv.gz", {"ra": "RAdeg", "dec": "DEdeg", "id": "ID"}, 12_000),
        ("table", "ngc2264_area/gaia.parquet", {"ra": "ra_deg", "dec": "dec_deg", "id": "id"}, 19_435),
        ("table", "ngc2264_area/2mass.parquet", {"ra": "ra_deg", "dec": "dec_deg", "id": "id"}, 11_798),
        ("table", "ngc2264_area/allwise.parquet", {"ra": "ra_deg", "dec": "dec_deg", "id": "id"}, 14_689),
        ("table", "yso/infrared_excess_candidates.csv.gz", {"id": "designation"}, 1_622),
        ("table", "ztf_dr5/field000202_zg.parquet", {"ra": "objra", "dec": "objdec", "id": "objectid"}, 3_003),
        ("table", "ogle_lmc_rrlyrae/parameters.txt.gz", {"ra": "RA", "dec": "Decl", "id": "ID"}, 29_151),
        ("table", "linear/attributes.dat.gz", {"id": "LINEARobjectID"}, 6_146),
        ("table", "gaia_dr3_variables/features.parquet", {"gaia_id": "source_id", "id": "source_id"}, 17_915),
        ("table", "gaia_dr3_variables/labels.parquet", {"gaia_id": "sourceid", "id": "sourceid"}, 42_443),
        ("table", "rrlyrae_metallicity/gaia_dr2_feh.csv", {"gaia_id": "source_id", "id": "source_id"}, 3_543),
        ("table", "rrlyrae_metallicity/spectroscopic_feh.csv", {"ra": "ra_gaia", "dec": "dec_gaia"}, 522),
        ("table", "ztf_yso/objects.csv", {"ra": "RA", "dec": "DEC", "id": "name"}, 695),
        ("table", "ztf_gaia_binaries/objects.csv", {"id": "nick"}, 164),
    ],
)
def test_catalogs_of_positions(real_data, tmp_path, survey, path, options, rows):
    record = ingest(survey, real_data / path, tmp_path, "it", **options)
    catalog = lc.Lake(tmp_path)["it"]
    assert (record.exit_status, record.rows, catalog.source.rows) == (0, rows, rows)
    assert valid(catalog)
    lsdb = pytest.importorskip("lsdb")
    assert len(lsdb.open_catalog(tmp_path / "it")) == rows


@pytest.mark.parametrize(
    ("survey", "path", "options", "objects", "observed", "observations", "bands"),
    [
        ("eros2", "eros2_lmc", {}, 2_912, 2_912, 688_513, b"b,r"),
        ("gaia_epochs", "gaia_dr3_epochs", {}, 1_520, 1_520, 81_411, b"G"),
        ("ztf", "ztf_dr5", {"max_catflags": 65_535}, 3_003, 3_003, None, b"g,r,i"),
        ("ztf", "ztf_gaia_binaries/ztf_dr_lc.parquet", {"max_catflags": 65_535}, 50, 50, 70_807, b"g,r,i"),
        ("ztf", "ztf_irsa_csv", {"max_catflags": 65_535}, 4, 4, None, b"g,r,i"),
        ("ztf", "ztf_yso/photometry.parquet", {"max_catflags": 65_535}, 654, 654, 447_025, b"g,r,i"),
    ],
)
def test_light_curve_releases(real_data, tmp_path, survey, path, options, objects, observed, observations, bands):
    record = ingest(survey, real_data / path, tmp_path, "it", **options)
    catalog = lc.Lake(tmp_path)["it"]
    assert (record.exit_status, record.rows) == (0, objects)
    assert valid(catalog)
    assert len(nested_in_lsdb(tmp_path / "it")) == objects
    lcs = LightCurves.from_arrow(catalog.to_arrow())
    assert (lcs.counts > 0).sum() == observed
    assert observations is None or lcs.counts.sum() == observations
    assert catalog.schema.field("lightcurve").metadata[b"bands"] == bands


@pytest.mark.parametrize(
    ("objects", "id", "detections", "key", "options", "expected"),
    [
        (
            *("ztf_gaia_binaries/objects.csv", "nick", "ztf_gaia_binaries/gaia_dr3_G_lc.parquet"),
            *("nick", {"time_format": "bjd-2455197.5/tcb"}, 164),
        ),
        (
            *("rrlyrae_metallicity/spectroscopic_feh.csv", "ID_ASAS", "rrlyrae_metallicity/asas_photometry_I.parquet"),
            *("asas_id", {"ra": "ra_gaia", "dec": "dec_gaia", "time": "hjd_2450000", "time_offset": "49999.5"}, 102),
        ),
    ],
)
def test_detections_with_a_list_of_stars(real_data, tmp_path, objects, id, detections, key, options, expected):
    """Gaia's epochs of binaries, ASAS' of RR Lyrae: stars may stand in the list more than once, or without a curve."""
    raw, stars = pq.read_table(real_data / detections), pv.read_csv(real_data / objects)
    pq.write_table(raw.rename_columns({key: id}), tmp_path / "detections.parquet")
    pq.write_table(stars.filter(pc.greater(pc.utf8_length(stars[id]), 0)), tmp_path / "stars.parquet")
    options = {"objects": str(tmp_path / "stars.parquet"), "id": id, "mag_err": "none", "bands": "G", **options}
    record = ingest("lightcurves", tmp_path / "detections.parquet", tmp_path, "it", **options)
    catalog = lc.Lake(tmp_path)["it"]
    table = catalog.to_arrow()
    listed = pc.is_in(raw[key], table["object_id"].combine_chunks())
    assert record.rows == expected
    assert LightCurves.from_arrow(table).counts.sum() == pc.sum(listed).as_py() > 4_000
    assert valid(catalog)
    assert len(nested_in_lsdb(tmp_path / "it")) == expected


def test_stars_without_a_position_are_counted(real_data, tmp_path):
    """54 of the 4,630 late-type stars have none: they are not in Gaia."""
    record = ingest("table", real_data / "late_type_stars", tmp_path, "it", id="source_id")
    assert record.rows == 4_630 - 54
    (problem,) = record.quarantined
    assert problem["error"].startswith("54 rows have no position")


def test_ztf_bulk_keeps_every_epoch(real_data, tmp_path):
    ingest("ztf", real_data / "ztf_dr5", tmp_path, "it", max_catflags=65_535)
    table = lc.Lake(tmp_path)["it"].to_arrow().sort_by("object_id")
    (file,) = (real_data / "ztf_dr5").glob("*.parquet")
    raw = pq.read_table(file).sort_by("objectid")
    assert LightCurves.from_arrow(table).counts.tolist() == raw.column("nepochs").to_pylist()


def test_ztf_oids_are_joined_as_the_stars_are_named(real_data, tmp_path):
    """658 names, 4 of them twice in the list for the same oids."""
    path = real_data / "ztf_yso" / "photometry.parquet"
    ingest("ztf", path, tmp_path, "it", max_catflags=65_535)
    table = lc.Lake(tmp_path)["it"].columns("object_id", "members").to_arrow()
    object_of = {oid: row["object_id"] for row in table.to_pylist() for oid in row["members"]["oid"]}
    pairs = pq.read_table(path, columns=["name", "oid"]).group_by(["name", "oid"]).aggregate([]).to_pylist()
    found: dict[str, set[int]] = {}
    for pair in pairs:
        found.setdefault(pair["name"], set()).add(object_of[pair["oid"]])
    assert sum(len(objects) == 1 for objects in found.values()) >= 655
    assert table.num_rows == 654


@pytest.mark.parametrize(
    ("path", "objects"),
    [pytest.param("ztf_yso/photometry", 654, marks=pytest.mark.slow), ("ztf_gaia_binaries/ztf_dr_lc", 50)],
)
def test_ztf_files_of_a_field_and_band_give_the_same_objects(real_data, tmp_path, path, objects):
    """As a bulk release comes: g and r of a star, and its fields, in files of their own, read in any order."""
    table = pq.read_table(real_data / f"{path}.parquet")
    catalogue = pc.divide(table["oid"], 10**8)  # field, band and readout channel
    (tmp_path / "files").mkdir()
    for number in pc.unique(catalogue).to_pylist():
        pq.write_table(table.filter(pc.equal(catalogue, number)), tmp_path / "files" / f"{number}.parquet")
    files = np.random.default_rng(1).permutation(sorted(map(str, (tmp_path / "files").iterdir()))).tolist()
    assert len(files) > 10
    ingest("ztf", real_data / f"{path}.parquet", tmp_path, "whole")
    ingest("ztf", files, tmp_path, "files", partitioning=Partitioning(rows=40))
    ingest("ztf", files[::2], tmp_path, "added", partitioning=Partitioning(rows=40))
    ingest("ztf", files[1::2], tmp_path, "added", append=True)
    whole, apart, added = (lc.Lake(tmp_path)[name].to_arrow() for name in ("whole", "files", "added"))
    assert whole.num_rows == objects
    assert apart.equals(whole)
    assert added.equals(whole)


def test_a_folder_with_a_damaged_copy(real_data, tmp_path):
    whole = (real_data / "gaia_alerts" / "alerts.csv.gz").read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.csv.gz").write_bytes(whole)
    (tmp_path / "in" / "torn.csv.gz").write_bytes(whole[:-1000])
    record = ingest("gaia_alerts", tmp_path / "in", tmp_path / "lake", "alerts")
    assert record.exit_status == 3
    assert [item["label"] for item in record.quarantined] == [str(tmp_path / "in" / "torn.csv.gz")]
    assert record.rows == 24_770
