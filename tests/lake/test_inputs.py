"""What a version was made from: inputs with their versions and roles, the id column, steps, models."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pipelines import hasty_model, surveyed_lake
from skies import put, sky_table

from lcscale.errors import InputError
from lcscale.explore import show
from lcscale.explore.contents import contents_of
from lcscale.features import Extract
from lcscale.ingest import ingest
from lcscale.lake import Lake
from lcscale.lake.inputs import Input
from lcscale.lightcurves import LightCurves
from lcscale.products import variable_candidates


def told(catalog):
    return {(each.role, each.name, each.version) for each in catalog.inputs}


@pytest.fixture
def chain(tmp_path):
    """A lake with light curves, a reference, pairs, features and what stands on them."""
    lake = Lake(tmp_path / "lake")
    stars, reference = put(lake, "stars", sky_table(200)), put(lake, "reference", sky_table(200, lightcurves=False))
    stars.map(Extract(("mean",))).without("lightcurve").write("features")
    stars.crossmatch(reference, radius_arcsec=1.0).columns("object_id", "separation_arcsec").write("pairs")
    stars.join(lake["features"]).columns("object_id", "mean").where("mean > 15").write("bright")
    return lake


def test_versions_and_roles_of_the_inputs_are_told(chain):
    stars = chain["stars"].source.version
    curves = ("light curves", "stars", stars)
    assert chain["stars"].inputs == []
    assert told(chain["features"]) == {("rows", "stars", stars), curves}
    reference = ("crossmatch", "reference", chain["reference"].source.version)
    assert told(chain["pairs"]) == {("rows", "stars", stars), reference, curves}
    features = ("join", "features", chain["features"].source.version)
    assert told(chain["bright"]) == {("rows", "stars", stars), features, curves}
    properties = dict(chain["bright"].source.properties)
    steps = chain["stars"].join(chain["features"]).columns("object_id", "mean").where("mean > 15").steps
    assert json.loads(properties["lcscale_steps"]) == [
        {"step": "Join", "version": steps[0].version},
        {"step": "Select", "version": steps[1].version},
        {"step": "Where", "version": steps[2].version, "condition": "mean > 15"},
    ]
    assert "numpy" in json.loads(properties["lcscale_code"])


def test_what_comes_of_a_result_tells_its_own_inputs(chain):
    chain["bright"].where("mean > 15.1").write("brighter")
    stars = chain["stars"].source.version
    assert told(chain["brighter"]) == {
        ("rows", "bright", chain["bright"].source.version),
        ("light curves", "stars", stars),
    }
    assert chain["brighter"].light_curves().source.version == stars


def test_a_catalog_elsewhere_is_told_by_its_place(chain, tmp_path):
    other = Lake(tmp_path / "other")
    chain["stars"].columns("object_id").write("positions", lake=other)
    found = other["positions"].inputs
    assert found[0] == Input("rows", "stars", chain["stars"].source.version, chain["stars"].source.url)
    assert other["positions"].light_curves().source.url == chain["stars"].source.url


def test_light_curves_are_those_of_the_version_even_when_another_is_current(chain, tmp_path):
    before = chain["stars"].to_arrow()
    put(chain, "stars", sky_table(150, seed=3), plan="next release")
    assert chain["features"].light_curves().to_arrow().equals(before)
    moved = tmp_path / "moved"
    shutil.copytree(chain.root.path, moved)
    shutil.rmtree(chain.root.path)
    assert Lake(moved)["features"].light_curves().to_arrow().equals(before)
    removed = Lake(moved)["features"].light_curves().source.folder
    shutil.rmtree(removed.path)
    with pytest.raises(InputError, match=f"was made from the light curves of stars {removed.name}"):
        Lake(moved)["features"].light_curves()


def test_a_catalog_that_tells_nothing_says_so(tmp_path):
    lake = Lake(tmp_path)
    sky = put(lake, "sky", sky_table(10, lightcurves=False))
    with pytest.raises(InputError, match="does not tell from which light curves"):
        sky.light_curves()


def test_prune_keeps_what_a_current_version_names(chain):
    old = chain["stars"].source.version
    for seed in (5, 6):
        put(chain, "stars", sky_table(150, seed=seed), plan=f"release {seed}")
    unused = chain.versions("stars")[1]
    assert chain.named_by("stars") == {old: ["bright", "features", "pairs"]}
    assert chain.prune("stars", keep=0) == [unused]
    assert old in chain.versions("stars")
    assert chain["features"].light_curves().source.version == old


def test_ids_are_told_by_ingest_and_used_by_join_and_association(tmp_path):
    lake = Lake(tmp_path / "lake")
    made = sky_table(50, lightcurves=False)
    place = {name: made[name] for name in ("ra", "dec")}
    names = [f"J{i}" for i in range(50)]
    pa.parquet.write_table(pa.table({"designation": names, **place}), tmp_path / "a.parquet")
    pa.parquet.write_table(pa.table({"pts_key": range(50), **place}), tmp_path / "b.parquet")
    ingest("table", tmp_path / "a.parquet", lake, "allwise", id="designation", progress=False)
    ingest("table", tmp_path / "b.parquet", lake, "twomass", id="pts_key", progress=False)
    assert (lake["allwise"].id_column, lake["twomass"].id_column) == ("designation", "pts_key")
    pairs = lake["allwise"].crossmatch(lake["twomass"], association=True).to_arrow()
    assert [f"J{key}" for key in pairs["pts_key"].to_pylist()] == pairs["designation"].to_pylist()
    assert lake["allwise"].join(lake["allwise"]).to_arrow().num_rows == 50
    lake["allwise"].where("ra > 100").write("some")
    assert lake["some"].id_column == "designation"


def test_show_and_report_draw_the_light_curve_that_was_classified(tmp_path):
    lake = surveyed_lake(tmp_path, 40)
    model = hasty_model(tmp_path / "model")
    stars = lake["survey"]
    variable_candidates(stars, model).write("variable_candidates")
    half = stars.to_arrow()
    lists = half["lightcurve"].combine_chunks().to_pylist()
    lists = [{name: values[: len(values) // 2] for name, values in row.items()} for row in lists]
    at = half.schema.get_field_index("lightcurve")
    half = half.set_column(at, half.schema.field(at), pa.array(lists, half.schema.field(at).type))
    put(lake, "a_release_before", half, order=0)  # the same ids and places, half of the observations, an earlier name
    candidates = lake["variable_candidates"]
    (used,) = contents_of(lake).light_curves_of(candidates)
    assert (used.name, used.source.version) == ("survey", stars.source.version)
    assert dict(candidates.source.properties)["lcscale_models"] != "{}"
    row = candidates.where("is_valid(class)").to_arrow().slice(0, 1).to_pylist()[0]
    page = show(lake, row["object_id"], tmp_path / "page.html", models=[model]).read_text("utf-8")
    assert f"light curve from survey {stars.source.version}" in page
    drawn, whole = (
        LightCurves.from_arrow(each.filter(pc.equal(each["object_id"], row["object_id"])))
        for each in (used.to_arrow(), stars.to_arrow())
    )
    assert drawn.time.tolist() == whole.time.tolist()
