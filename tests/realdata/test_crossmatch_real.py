"""Matches of real surveys against what was published about them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lcscale.crossmatch import MatchOptions, ProperMotion, match, match_tables

pytestmark = pytest.mark.realdata

GAIA = ("RA_ICRS_gaia", "DE_ICRS_gaia")
TWOMASS = ("RAJ2000_2mass", "DEJ2000_2mass")
ALLWISE = ("RAJ2000_allwise", "DEJ2000_allwise")
MOTION = ProperMotion(epoch=2016.0, pmra="pmRA_gaia", pmdec="pmDE_gaia")


def read(folder, name, columns):
    return pq.read_table(folder / "gaia_2mass_allwise" / f"{name}.parquet", columns=columns)


@pytest.fixture(scope="module")
def chain(real_data):
    """Gaia, and what 2MASS and AllWISE rows the chain of two matches finds for it, by Gaia source."""
    gaia = read(real_data, "gaia", ["Source_gaia", *GAIA, "pmRA_gaia", "pmDE_gaia"])
    twomass = read(real_data, "2mass", ["_2MASS_2mass", *TWOMASS])
    allwise = read(real_data, "allwise", ["AllWISE_allwise", *ALLWISE])
    first = MatchOptions(radius_arcsec=5.0, how="left", left_motion=MOTION, epoch=2000.0)
    second = MatchOptions(radius_arcsec=5.0, how="left", left_motion=MOTION, epoch=2010.5, suffix="_wise")
    joined = match_tables(gaia, twomass, first, left_columns=GAIA, right_columns=TWOMASS)
    joined = match_tables(joined, allwise, second, left_columns=GAIA, right_columns=ALLWISE)
    assert joined.num_rows == gaia.num_rows
    return joined.to_pandas().drop_duplicates("Source_gaia").set_index("Source_gaia")


@pytest.mark.parametrize(
    ("published", "distance", "found", "separation", "share"),
    [
        ("GAIA__2MASS", "GAIA_d2MASS", "_2MASS_2mass", "separation_arcsec", 0.995),
        ("GAIA_AllWISE", "GAIA_dAllWISE", "AllWISE_allwise", "separation_arcsec_wise", 0.98),
    ],
)
def test_gaias_own_best_neighbours_come_out(real_data, chain, published, distance, found, separation, share):
    pairs = read(real_data, "classified", ["Gaia", published, distance]).to_pandas()
    pairs["source"] = pairs.Gaia.str.extract(r"(\d+)$")[0].astype("Int64")
    other = {"GAIA__2MASS": ("2mass", "_2MASS_2mass"), "GAIA_AllWISE": ("allwise", "AllWISE_allwise")}[published]
    there = set(read(real_data, other[0], [other[1]]).column(0).to_pylist())
    pairs = pairs.dropna(subset=["source", published]).drop_duplicates("source")
    pairs = pairs[pairs[published].isin(there) & pairs.source.isin(chain.index)]
    ours = chain.loc[pairs.source.astype("int64")]
    same = ours[found].to_numpy() == pairs[published].to_numpy()
    print(f"{published}: {len(pairs)} pairs, {same.mean():.4f} the same")
    assert len(pairs) > 700
    assert same.mean() >= share
    difference = np.abs(ours[separation].to_numpy() - pairs[distance].to_numpy())[same]
    assert np.median(difference) <= 0.001


def test_dates_of_2mass_give_gaias_own_separations(real_data):
    """Each 2MASS source has its date (``_tab1_36`` is 2MASS' jdate): Gaia published separations at these."""
    gaia = read(real_data, "gaia", ["Source_gaia", *GAIA, "pmRA_gaia", "pmDE_gaia"])
    twomass = read(real_data, "2mass", ["_2MASS_2mass", *TWOMASS, "_tab1_36_2mass"])
    published = read(real_data, "classified", ["Gaia", "GAIA__2MASS", "GAIA_d2MASS"]).to_pandas()
    published["Source_gaia"] = published.Gaia.str.extract(r"(\d+)$")[0].astype("Int64")
    published = published.dropna(subset=["Source_gaia", "GAIA__2MASS"]).drop_duplicates("Source_gaia")
    off = {}
    for epoch in (2000.0, "_tab1_36_2mass:jd"):
        options = MatchOptions(radius_arcsec=5.0, left_motion=MOTION, epoch=epoch)
        found = match_tables(gaia, twomass, options, left_columns=GAIA, right_columns=TWOMASS).to_pandas()
        both = found.drop_duplicates("Source_gaia").merge(published, on="Source_gaia")
        same = both[both._2MASS_2mass == both.GAIA__2MASS]
        off[epoch] = np.percentile(np.abs(same.separation_arcsec - same.GAIA_d2MASS), [50, 95])
        print(f"epoch {epoch}: {len(same)} pairs, off by {off[epoch][0]:.6f} (median), {off[epoch][1]:.6f} (95 %)")
        assert len(same) >= 754
    assert off[2000.0][1] > 0.01
    assert off["_tab1_36_2mass:jd"][1] < 5e-5


@pytest.mark.parametrize(("name", "share", "median"), [("2mass", 0.917, 0.127), ("allwise", 0.610, 0.20)])
def test_ngc2264_share_with_a_gaia_source(real_data, name, share, median):
    columns = ("ra_deg", "dec_deg")
    left, right = (pq.read_table(real_data / "ngc2264_area" / f"{n}.parquet") for n in (name, "gaia"))
    result = match_tables(left, right, MatchOptions(1.0), left_columns=columns, right_columns=columns)
    assert result.num_rows / left.num_rows == pytest.approx(share, abs=0.0005)
    assert np.median(result.column("separation_arcsec")) == pytest.approx(median, abs=0.002)


def twomass_position(name):
    """Position that a 2MASS name such as J21582921-6912362 holds."""
    h, m, s, sign, d, dm, ds = re.fullmatch(r"J(\d\d)(\d\d)(\d{4})([+-])(\d\d)(\d\d)(\d{3})", name).groups()
    dec = int(d) + int(dm) / 60 + int(ds) / 36000
    return 15 * (int(h) + int(m) / 60 + int(s) / 360000), -dec if sign == "-" else dec


def test_late_type_stars_and_their_2mass_names(real_data):
    stars = pd.read_csv(real_data / "late_type_stars" / "gaia_2mass.csv.gz")
    known = stars.dropna(subset=["2mass_id", "ra"])
    ra, dec = zip(*(twomass_position(name) for name in known["2mass_id"]), strict=True)
    right = pa.table({"name": known["2mass_id"].to_list(), "ra_name": ra, "dec_name": dec})
    left = pa.Table.from_pandas(known[["ra", "dec", "pmra", "pmdec", "2mass_id"]], preserve_index=False)
    options = MatchOptions(radius_arcsec=2.0, left_motion=ProperMotion(epoch=2016.0), epoch=2000.0)
    names = ("ra", "dec"), ("ra_name", "dec_name")
    result = match_tables(left, right, options, left_columns=names[0], right_columns=names[1]).to_pandas()
    assert (result["2mass_id"] == result.name).sum() / len(stars) >= 0.987


def test_gaia_and_ogle_rr_lyrae_of_the_lmc(real_data):
    gaia = pd.read_csv(real_data / "gaia_lmc_rrlyrae" / "gaia_dr3.csv.gz")
    ogle = pd.read_csv(
        real_data / "ogle_lmc_rrlyrae" / "parameters.txt.gz", sep="\t", skiprows=7, header=None, usecols=[0, 2, 3, 7]
    )
    left, right, separation = match(gaia.RA, gaia.DEC, ogle[2], ogle[3], 1.0)
    assert (len(gaia), len(ogle), left.size) == (13_728, 29_151, 12_836)
    assert np.median(separation) == pytest.approx(0.091, abs=0.001)
    periods = gaia.Period.to_numpy()[left], ogle[7].to_numpy()[right]
    assert np.mean(np.abs(periods[0] / periods[1] - 1) < 1e-4) == pytest.approx(0.983, abs=0.002)


def test_alerts_that_are_young_stars_or_known_variables(real_data):
    alerts = pd.read_csv(real_data / "gaia_alerts" / "alerts.csv.gz", skipinitialspace=True)
    spicy = pq.read_table(real_data / "yso" / "spicy.parquet").to_pandas()
    gcvs = pq.read_table(real_data / "yso" / "gcvs.parquet").to_pandas()
    neowise = pd.read_csv(real_data / "yso" / "neowise_yso.csv.gz")
    sides = {331: (spicy.RAdeg, spicy.DEdeg), 334: (gcvs.ra, gcvs.dec), 142: (neowise.RA, neowise.Dec)}
    for count, right in sides.items():
        assert match(alerts.RaDeg, alerts.DecDeg, *right, 2.0)[0].size == count


def test_ogle_gaia_pairs_and_their_distances(real_data):
    pairs = pd.read_csv(real_data / "ogle_gaia_pairs" / "matches.csv.gz")
    left, right, separation = match(pairs.RA, pairs.Dec, pairs.ra_epoch2000, pairs.dec_epoch2000, 5.0, None)
    same = left == right
    assert same.sum() == len(pairs)
    np.testing.assert_allclose(separation[same], pairs.angDist, atol=1e-6)


def test_ogle_gaia_pairs_found_again_with_a_magnitude_gate(real_data):
    pairs = pd.read_csv(real_data / "ogle_gaia_pairs" / "matches.csv.gz").reset_index(names="row")
    ogle = pa.Table.from_pandas(pairs[["row", "RA", "Dec", "I", "V_I"]], preserve_index=False)
    gaia = pa.Table.from_pandas(
        pairs[["row", "ra_x", "dec_x", "pmra", "pmdec", "phot_g_mean_mag"]], preserve_index=False
    )
    options = MatchOptions(
        radius_arcsec=2.0,
        right_motion=ProperMotion(epoch=2015.5),
        epoch=2000.0,
        max_mag_difference=2.0,
        left_mag="I",
        right_mag="phot_g_mean_mag",
    )
    result = match_tables(ogle, gaia, options, left_columns=("RA", "Dec"), right_columns=("ra_x", "dec_x")).to_pandas()
    assert (result.row == result.row_2).sum() / len(pairs) > 0.97
    assert (np.abs(result.I - result.phot_g_mean_mag) <= 2.0).all()


def test_ztf_variables_against_catalina_periods(real_data):
    """131 stars in both; all but long-period and multiperiodic ones have the same period, its half or its double."""
    ztf = pd.read_csv(real_data / "ztf_chen2020" / "variables.csv.gz")
    crts = pd.read_csv(real_data / "crts_north" / "objects.csv")
    left, right, separation = match(ztf.RAdeg, ztf.DEdeg, crts.ra, crts.dec, 3.0, mutual=True)
    ratio = ztf.Per.to_numpy()[left] / crts.cat_period.to_numpy()[right]
    agreeing = [int((np.abs(ratio / factor - 1) < 1e-3).sum()) for factor in (1.0, 0.5, 2.0)]
    print(f"{left.size} stars: same {agreeing[0]}, half {agreeing[1]}, double {agreeing[2]}")
    assert left.size == 131
    assert np.median(separation) == pytest.approx(0.254, abs=0.001)
    assert agreeing == [112, 2, 1]
    short = crts.cls.to_numpy()[right] != "LPV"
    assert (np.abs(ratio - 1) < 1e-3)[short].mean() > 0.88


def test_the_chain_of_lake_catalogs_gives_the_pairs_of_the_tables(real_data, chain, tmp_path):
    """Ingested, tiled and chained as one job, the same 2MASS and AllWISE ids come out."""
    from lcscale.ingest import Partitioning, ingest
    from lcscale.lake import Lake

    lake = Lake(tmp_path)
    for name, position, key in (("gaia", GAIA, "Source_gaia"), ("2mass", TWOMASS, "_2MASS_2mass"),
                                ("allwise", ALLWISE, "AllWISE_allwise")):  # fmt: skip
        options = {"ra": position[0], "dec": position[1], "id": key, "partitioning": Partitioning(rows=300)}
        path = real_data / "gaia_2mass_allwise" / f"{name}.parquet"
        ingest("table", path, lake, name, progress=False, **options)
    gaia = lake["gaia"]
    options = {"radius_arcsec": 5.0, "how": "left", "left_motion": MOTION}
    joined = gaia.crossmatch(lake["2mass"], epoch=2000.0, **options)
    joined = joined.crossmatch(lake["allwise"], epoch=2010.5, **options)
    assert joined.write("chained").done == len(gaia.partitions) > 3
    found = lake["chained"].to_arrow().to_pandas().drop_duplicates("Source_gaia").set_index("Source_gaia")
    found = found.loc[chain.index]
    for name in ("_2MASS_2mass", "AllWISE_allwise"):
        assert found[name].fillna("").tolist() == chain[name].fillna("").tolist()
