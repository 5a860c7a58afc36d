"""YSO candidates: names of columns, bad measurements, features, branches, the product on a lake, the command."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from skies import put
from typer.testing import CliRunner

from lcscale.cli import app
from lcscale.errors import InputError, ModelError
from lcscale.lake import HEALPIX_COLUMN
from lcscale.models.trees.growing import GrowthOptions
from lcscale.models.trees.native import BoostingOptions
from lcscale.models.trees.tabular import load_tabular
from lcscale.products import join_surveys, yso_candidates
from lcscale.products.yso import CLASSES, ClassifyYSO, LabelledTable, Photometry, map_classes, train_yso_model
from lcscale.products.yso.columns import find_columns, quantities
from lcscale.products.yso.counting import count_candidates
from lcscale.products.yso.features import GROUPS, LONG, SHORT, native_features, photometric_features, units_of
from lcscale.products.yso.labels import schemes
from lcscale.products.yso.photometry import count_problems
from lcscale.products.yso.training import gather
from lcscale.simulation.population import simulate_population

QUICK = {"options": GrowthOptions(folds=2), "boosting": BoostingOptions(iterations=8)}
COUNTS = {"extragalactic": 150, "main_sequence": 150, "evolved": 150, "YSO": 150}


def detections(band: str, n: int = 200) -> pa.Table:
    rng = np.random.default_rng(0)
    real = np.arange(n) % 2 == 0
    snr = np.where(real, rng.uniform(15, 60, n), rng.uniform(2, 8, n))
    columns = {f"{band}mpro": 11 - 2.5 * np.log10(snr / 5), f"{band}sigmpro": 1.086 / snr, f"{band}snr": snr}
    columns[f"{band}rchi2"] = rng.uniform(0.8, 1.2, n)
    return pa.table({**columns, "class": np.where(real, "real", "fake")})


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small model trained on simulated stars as if they were real, folder and model."""
    folder = tmp_path_factory.mktemp("yso")
    table = LabelledTable("survey", with_rchi2(simulate_population(COUNTS, seed=1)))
    return folder, train_yso_model(
        [table], {band: detections(band) for band in ("w3", "w4")}, folder, name="test", **QUICK
    )


def with_rchi2(table: pa.Table) -> pa.Table:
    for band in ("w3", "w4"):
        table = table.append_column(f"{band}_rchi2", pa.array(np.ones(len(table))))
    return table


def on_sky(table: pa.Table) -> pa.Table:
    index = np.asarray(compute_spatial_index(table.column("ra").to_numpy(), table.column("dec").to_numpy()))
    return table.add_column(0, HEALPIX_COLUMN, pa.array(index)).take(pa.array(np.argsort(index)))


def test_columns_are_found_by_the_archives_names_and_vizier_s():
    archive = [
        "source_id",
        "phot_g_mean_mag",
        "parallax",
        "designation_2mass",
        "j_m",
        "j_msigcom",
        "w1mpro",
        "w1sigmpro",
    ]
    assert find_columns(pa.schema([(name, pa.float64()) for name in archive])) == {
        "source_id": "source_id", "g": "phot_g_mean_mag", "parallax": "parallax", "twomass_id": "designation_2mass",
        "j": "j_m", "e_j": "j_msigcom", "w1": "w1mpro", "e_w1": "w1sigmpro",
    }  # fmt: skip
    schema = pa.schema([("Gmag_gaia", pa.float64()), ("Jmag_2mass", pa.float64()), ("Jmag_allwise", pa.float64())])
    assert find_columns(schema, {"w2": "Gmag_gaia"}) == {"w2": "Gmag_gaia", "j": "Jmag_2mass"}
    with pytest.raises(InputError, match="no magnitude"):
        find_columns(pa.schema([("ra", pa.float64())]))
    with pytest.raises(InputError, match="no measurement x"):
        find_columns(schema, {"x": "Gmag_gaia"})
    with pytest.raises(InputError, match="no column nowhere"):
        find_columns(schema, {"g": "nowhere"})


BAD = [
    ({"g": 99.0}, "g sentinel", ["g"]),
    ({"w3": -999.0}, "w3 sentinel", ["w3"]),
    ({"k": 0.0}, "k sentinel", ["k"]),
    ({"e_j": -0.02}, "j negative error", ["j", "e_j"]),
    ({"j": 0.03, "e_j": 14.2}, "j impossible error", ["j"]),
    ({"w4": 19.0}, "w4 impossible magnitude", ["w4"]),
    ({"bp": 14.0, "rp": 16.5}, "bp-rp impossible colour", ["bp", "rp"]),
    ({"parallax_error": 0.0}, "parallax_error not positive", ["parallax_error"]),
]
GOOD = {
    "g": 15.0,
    "bp": 15.8,
    "rp": 14.2,
    "j": 13.0,
    "h": 12.5,
    "k": 12.3,
    "w3": 11.0,
    "w4": 8.0,
    "parallax_error": 0.1,
}
GOOD |= {"e_j": 0.02, "e_h": 0.02, "e_k": 0.02, "e_w3": 0.1, "e_w4": 0.2}


@pytest.mark.parametrize(("change", "said", "nulled"), BAD)
def test_what_cannot_be_is_named_and_nulled_and_the_rest_stays(change, said, nulled):
    table = pa.Table.from_pylist([GOOD, GOOD | change, GOOD])
    step = Photometry.of(table.schema)
    result = step(table)
    assert result.schema == step.schema(table.schema)
    assert result.column("photometry_problems").to_pylist() == [None, said, None]
    assert count_problems(result.column("photometry_problems")) == {said: 1}
    row = result.to_pylist()[1]
    assert all(row[name] is None for name in nulled)
    assert all(row[name] is not None for name in GOOD if name not in (*nulled, *change))
    assert result.to_pylist()[0] == GOOD | {"photometry_problems": None}


def test_an_upper_limit_is_no_measurement_and_no_problem():
    table = pa.Table.from_pylist([GOOD | {"e_w4": None}])
    row = Photometry.of(table.schema)(table).to_pylist()[0]
    assert (row["w4"], row["w3"], row["photometry_problems"]) == (None, 11.0, None)


def test_text_that_is_no_number_is_named():
    table = pa.table({"Jmag": ["13.1", r"\N", " ", "bright", None, "1e1"], "Gmag": np.full(6, 15.0)})
    result = Photometry.of(table.schema)(table)
    assert result.column("j").to_pylist() == [13.1, None, None, None, None, 10.0]
    assert result.column("photometry_problems").to_pylist() == [None, None, None, "j no number", None, None]


def test_features_by_hand():
    numbers = {"g": 15.0, "bp": 15.8, "rp": 14.2, "k": 12.3, "parallax": 2.0, "parallax_error": 0.1}
    numbers |= {"pmra": 3.0, "pmra_error": 1.0, "pmdec": 4.0, "pmdec_error": 1.0, "g_n_obs": 350.0}
    numbers["g_flux_over_error"] = 1.0857362 / (10 * np.sqrt(3e-4 * 1e-3))  # ten times that of constant stars of G 15
    found = photometric_features({name: np.array([value]) for name, value in numbers.items()}, 1)
    assert found["bp-rp"][0] == pytest.approx(1.6)
    assert found["g-k"][0] == pytest.approx(2.7)
    absolute = 15.0 + 5 * np.log10(2.0 / 100)
    assert np.sinh(found["luminosity_g"][0]) == pytest.approx(10 ** (0.2 * absolute))
    assert found["pm_over_error"][0] == pytest.approx(np.arcsinh(5.0))
    assert found["parallax_over_error"][0] == pytest.approx(np.arcsinh(20.0))
    assert found["variability"][0] == pytest.approx(1.0, abs=1e-6)
    assert np.isnan(found["j-h"][0])
    reddened = {"bp": 1.002, "g": 0.789, "rp": 0.589, "j": 0.243, "h": 0.131, "k": 0.078, "w1": 0.039, "w2": 0.026}
    dusty = photometric_features({band: np.array([10.0, 10.0 + 5 * a]) for band, a in reddened.items()}, 2)
    assert dusty["bp-rp"][1] > 2, "dust of A_V = 5 (Wang & Chen 2019)"
    for name, values in dusty.items():
        if "|" in name:
            np.testing.assert_allclose(values, 0.0, atol=1e-9)
    assert np.isnan(photometric_features({}, 2)["g-bp"]).all()


def test_only_one_branch_sees_w3_and_hiding_a_survey_hides_all_that_is_computed_from_it():
    assert not any("w3" in name or "w4" in name for name in native_features(SHORT))
    assert {"w3", "w1-w3", "w3-w4"} <= set(native_features(LONG))
    numbers = simulate_population({"YSO": 1}, seed=2).to_pydict()
    numbers = {name: np.array(values, float) for name, values in numbers.items() if name in quantities()[3:]}
    all_of_them = photometric_features(numbers, 1)
    for unit, bands in GROUPS.items():
        hidden = photometric_features({name: v for name, v in numbers.items() if name not in bands}, 1)
        for name, value in all_of_them.items():
            gone = np.isfinite(value[0]) and np.isnan(hidden[name][0])
            assert gone == (np.isfinite(value[0]) and unit in units_of(name)), name


def test_labels_are_mapped_by_the_table(tmp_path):
    assert map_classes(["YSO", "HMXB", "evolved", 3], "yang2022").tolist() == ["YSO", None, "evolved", None]
    assert {name for scheme in schemes().surveys.values() for name in scheme.values()} == set(CLASSES)
    mine = tmp_path / "mine.toml"
    mine.write_text('[mine]\nYSO = ["TTS"]\n')
    assert map_classes(["TTS"], "mine", str(mine)).tolist() == ["YSO"]
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[mine]\nstars = ["TTS"]\n')
    with pytest.raises(InputError, match="mine.stars"):
        map_classes(["TTS"], "mine", str(wrong))
    with pytest.raises(InputError, match="no survey 'nobody'"):
        map_classes(["TTS"], "nobody")


def test_a_star_of_two_catalogs_counts_once():
    stars = simulate_population({"YSO": 20}, seed=5)
    gathered = gather(
        [LabelledTable("a", stars), LabelledTable("b", stars.slice(5)), LabelledTable("c", stars, most=3)]
    )
    assert [int((gathered.origin == name).sum()) for name in "abc"] == [20, 0, 0]
    without = gather([LabelledTable("a", stars), LabelledTable("c", stars, position=None, most=3, bands=("w1", "w2"))])
    chosen = without.origin == "c"
    assert chosen.sum() == 3
    assert np.isnan(without.numbers["g"][chosen]).all()
    assert np.isnan(without.ra[chosen]).all()


def test_the_step_s_schema_is_that_of_its_result(model):
    table = with_rchi2(simulate_population({"YSO": 5}, seed=3))
    for given in (table, table.slice(0, 0)):
        step = ClassifyYSO(model=str(model[0]))
        assert step(given).schema == step.schema(given.schema)
    assert set(step(table).column("model_id").to_pylist()) == {model[1].card.id}
    with pytest.raises(ModelError, match="has changed"):
        ClassifyYSO(model=str(model[0]), model_id="other")(table)


def test_stars_of_the_training_get_what_was_said_by_trees_that_had_not_seen_them(model):
    folder, trained = model
    step = ClassifyYSO(model=str(folder))
    seen = step(with_rchi2(simulate_population(COUNTS, seed=1)))
    assert seen.column("in_training").to_pylist() == [True] * len(seen)
    np.testing.assert_array_equal(seen.column("SY").to_numpy(), trained.arrays["SY"][:, 3])
    moved = with_rchi2(simulate_population(COUNTS, seed=1))
    moved = moved.set_column(2, "dec", pa.array(moved.column("dec").to_numpy() + 1e-3))
    elsewhere = step(moved)
    assert not any(elsewhere.column("in_training").to_pylist())
    truth = np.array(seen.column("label").to_pylist())
    right = [(np.array(each.column("class").to_pylist()) == truth).mean() for each in (seen, elsewhere)]
    assert right[0] < right[1], "trees know the stars they have seen better"
    assert right[0] > 0.75


def test_the_mean_of_both_branches_counts_and_r_is_told(model):
    table = ClassifyYSO(model=str(model[0]))(with_rchi2(simulate_population(COUNTS, seed=8))).to_pandas()
    both = table.LY.notna() & table.SY.notna()
    assert ((table.branch == "both") == both)[table["class"].notna()].all()
    assert both.sum() > 20
    low, high = np.minimum(table.SY, table.LY)[both], np.maximum(table.SY, table.LY)[both]
    assert table.prob_YSO[both].between(low - 0.02, high + 0.02).mean() > 0.9
    np.testing.assert_array_equal(table.prob_YSO[table.branch == "SY"], table.SY[table.branch == "SY"])
    assert table.yso_precision[table.prob_YSO > 0.9].min() > table.yso_precision[table.prob_YSO < 0.1].max()
    np.testing.assert_array_equal(table.R, table[["R_w3", "R_w4"]].min(axis=1).astype(np.float32))
    probabilities = table[[f"prob_{name}" for name in CLASSES]].dropna()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_class_without_a_share_is_refused(model):
    with pytest.raises(InputError, match="prevalence"):
        ClassifyYSO(model=str(model[0]), prevalence=(1.0, 0.0, 0.0, 0.0))


def test_the_product_on_a_lake(lake, model):
    stars = on_sky(with_rchi2(simulate_population(COUNTS, seed=11)))
    tau = np.where(np.arange(len(stars)) % 4 == 0, 1e-6, 1e-4)
    source = put(lake, "joined", stars.append_column("tau", pa.array(tau)))
    young = stars.filter(pa.compute.equal(stars.column("label"), "YSO"))
    known = put(lake, "known", young.select([HEALPIX_COLUMN, "ra", "dec"]).slice(0, 60))
    candidates = yso_candidates(source, model[0], known={"known": known}, keep=("label",))
    record = candidates.write("yso_candidates", engine="serial")
    assert record.done
    assert not record.quarantined
    table = lake["yso_candidates"].to_arrow()
    assert table.schema.names == candidates.schema.names
    assert table.num_rows == (tau >= 1.3e-5).sum()
    rows = table.to_pandas()
    assert (rows["class"] == rows.label).mean() > 0.75
    assert (rows.known_yso.notna() == rows.separation_known_arcsec.notna()).all()
    assert (rows.unique_to_us == ((rows["class"] == "YSO") & rows.known_yso.isna())).all()
    assert rows.known_yso.notna().sum() > 30
    counted = count_candidates(lake["yso_candidates"])
    assert sum(counted.classes.values()) == len(rows)
    assert counted.sure == (rows.prob_YSO >= 0.9).sum()
    assert yso_candidates(source, model[0], tau=None).to_arrow().num_rows == len(stars)
    again = yso_candidates(source, model[0], known={"known": known}, keep=("label",)).write("yso_candidates")
    assert not again.done
    shares = {"extragalactic": 0.03, "main_sequence": 0.75, "evolved": 0.21, "YSO": 0.01}
    rare = yso_candidates(source, model[0], prevalence=shares).to_arrow()
    assert np.nansum(rare.column("prob_YSO").to_numpy()) < np.nansum(rows.prob_YSO)
    import healpy

    dust = np.where(healpy.pix2ang(64, np.arange(12 * 64**2), nest=True)[0] > np.radians(90), 1e-4, 1e-6)  # the south
    healpy.write_map(str(lake.root / "dust.fits"), dust, nest=True, coord="C", dtype=np.float32)
    south = yso_candidates(source.without("tau"), model[0], dust_map=lake.root / "dust.fits").to_arrow()
    dec = stars.column("dec").to_numpy()
    assert south.num_rows == pytest.approx((dec < 0).sum(), abs=5)
    assert set(south.column("tau").to_numpy().round(6)) == {1e-4}
    with pytest.raises(InputError, match="prevalence must name"):
        yso_candidates(source, model[0], prevalence={"YSO": 1.0})


@pytest.fixture
def three(lake):
    """Gaia, 2MASS and AllWISE catalogs of one sky, the stars of 2MASS 16 years before."""
    stars = on_sky(with_rchi2(simulate_population(COUNTS, seed=12)))
    ra, dec = (stars.column(name).to_numpy() for name in ("ra", "dec"))
    position = pa.schema([pa.field(name, pa.float64(), metadata={"epoch": "2016.0"}) for name in ("ra", "dec")])
    gaia = stars.select([HEALPIX_COLUMN, "source_id", "ra", "dec", "g", "bp", "rp", "g_n_obs", "g_flux_over_error",
                         *(f"{a}{b}" for a in ("parallax", "pmra", "pmdec") for b in ("", "_error"))])  # fmt: skip
    for name in ("ra", "dec"):
        gaia = gaia.set_column(gaia.column_names.index(name), position.field(name), gaia.column(name))
    motion = [np.nan_to_num(stars.column(name).to_numpy()) * 16 / 3.6e6 for name in ("pmra", "pmdec")]
    past = (ra - motion[0] / np.cos(np.radians(dec)), dec - motion[1])
    bands = [[f"{e}{band}" for band in "jhk" for e in ("", "e_")]]
    bands.append([f"{e}w{i}" for i in range(1, 5) for e in ("", "e_")] + ["w3_snr", "w4_snr", "w3_rchi2", "w4_rchi2"])
    for name, place, chosen in (("twomass", past, bands[0]), ("allwise", (ra, dec), bands[1])):
        side = pa.table({"ra": place[0], "dec": place[1], f"{name}_id": [f"J{i}" for i in range(len(ra))]})
        for column in chosen:
            side = side.append_column(column, stars.column(column))
        put(lake, name, on_sky(side))
    put(lake, "gaia", gaia)
    return stars


def test_three_surveys_are_joined_with_proper_motion(lake, three, model):
    joined = join_surveys(lake["gaia"], lake["twomass"], lake["allwise"])
    candidates = yso_candidates(joined, model[0]).to_arrow().to_pandas().set_index("source_id")
    assert len(candidates) == len(three)
    assert (candidates.twomass_id.notna()).all()
    assert (candidates.allwise_id.notna()).all()
    whole = yso_candidates(put(lake, "whole", three), model[0]).to_arrow().to_pandas().set_index("source_id")
    np.testing.assert_allclose(candidates.prob_YSO, whole.prob_YSO.loc[candidates.index], atol=1e-6)
    with pytest.raises(InputError, match="no proper motion"):
        join_surveys(lake["allwise"], lake["twomass"])


def test_nothing_of_allwise_passes_for_gaias(lake, three, model):
    vizier = {"source_id": "Source", "pmra": "pmRA", "pmdec": "pmDE"}
    gaia, allwise = lake["gaia"].to_arrow(), lake["allwise"].to_arrow()
    renamed = put(lake, "vizier", gaia.rename_columns([vizier.get(name, name) for name in gaia.column_names]))
    more = allwise.append_column("pmra", pa.array(np.full(len(allwise), 9e4)))
    more = more.append_column("source_id", pa.array(["coadd"] * len(allwise)))
    joined = join_surveys(renamed, lake["twomass"], put(lake, "archive", more))
    found = yso_candidates(joined, model[0]).to_arrow()
    expected = yso_candidates(join_surveys(lake["gaia"], lake["twomass"], lake["allwise"]), model[0]).to_arrow()
    assert found.column("source_id").to_pylist() == expected.column("source_id").to_pylist()
    assert found.column("prob_YSO").equals(expected.column("prob_YSO"))


def test_the_command(lake, three, model):
    options = ["--lake", str(lake.root), "--twomass", "twomass", "--allwise", "allwise", "--model", str(model[0])]
    result = CliRunner().invoke(app, ["yso", "gaia", *options, "--known", "twomass"])
    assert result.exit_code == 0, result.output
    assert "yso_candidates: 600 rows" in result.output
    assert "YSO at P >= 0.9" in result.output
    assert {"SY", "LY", "R", "class", "known_yso", "unique_to_us"} <= set(lake["yso_candidates"].column_names)


def test_objects_without_measurements_keep_their_row(model):
    table = pa.table(
        {"ra": [1.0, 2.0], "dec": [0.0, 0.0], "g": [15.0, None], "bp": pa.array([None, None], pa.float64())}
    )
    result = ClassifyYSO(model=str(model[0]))(table)
    assert result.column("reason").to_pylist() == ["too few measurements"] * 2
    assert result.column("class").null_count == result.column("SY").null_count == 2


def test_further_features_are_used_where_they_are_known(lake, tmp_path):
    """A light-curve feature that gives the class away: where the lake has it, candidates are better."""
    stars = simulate_population(COUNTS, seed=1)
    told = np.array([CLASSES.index(name) for name in stars.column("label").to_pylist()], np.float32)
    told[::3] = np.nan
    stars = stars.append_column("amplitude", pa.array(told, mask=np.isnan(told)))
    spurious = {band: detections(band) for band in ("w3", "w4")}
    train_yso_model(
        [LabelledTable("survey", stars)],
        spurious,
        tmp_path,
        extra=("amplitude",),
        **QUICK,
    )
    assert all("amplitude" in pattern.features for pattern in load_tabular(tmp_path).card.parts["SY"].patterns)
    moved = stars.set_column(2, "dec", pa.array(stars.column("dec").to_numpy() + 1e-3))
    source = put(lake, "with_features", on_sky(moved))
    right = {}
    for name, catalog in (("with", source), ("without", source.without("amplitude"))):
        found = yso_candidates(catalog, tmp_path, keep=("label",)).to_arrow().to_pandas()
        right[name] = (found["class"] == found.label).mean()
    assert right["with"] > right["without"]
