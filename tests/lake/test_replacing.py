"""Nothing is replaced in silence: what counts as another result, and what as a refresh."""

from __future__ import annotations

import io
import json
import sys

import pyarrow as pa
import pytest
from skies import put, sky_table

import lcscale as lc
from lcscale import cli
from lcscale.errors import ConflictError, InputError
from lcscale.features import Extract
from lcscale.lake import Lake
from lcscale.lake.replacing import differences, properties_at
from lcscale.periods import FrequencyGrid, Search

GRID = FrequencyGrid(0.1, 1.0, 0.1)


@pytest.fixture
def stars(lake):
    put(lake, "others", sky_table(60, seed=3))
    put(lake, "reference", sky_table(60, lightcurves=False))
    return put(lake, "stars", sky_table(60))


def results(lake: Lake):
    """Results of the same kind that are not each other's refresh; all could go under one name."""
    stars, others, reference = lake["stars"], lake["others"], lake["reference"]
    mean = Extract(("mean",))
    return {
        "a list": stars.columns("mean_mag"),
        "of other rows": others.columns("mean_mag"),
        "features": stars.map(mean).without("lightcurve"),
        "other features": stars.map(Extract(("amplitude",))).without("lightcurve"),
        "periods": stars.map(Search(GRID)).without("lightcurve"),
        "periods of another grid": stars.map(Search(FrequencyGrid(0.1, 2.0, 0.1))).without("lightcurve"),
        "pairs": stars.crossmatch(reference, radius_arcsec=1.0).without("lightcurve"),
        "wider pairs": stars.crossmatch(reference, radius_arcsec=2.0).without("lightcurve"),
        "pairs with others": stars.crossmatch(others, radius_arcsec=1.0).without("lightcurve"),
        "joined": stars.map(mean).join(reference, on="object_id").without("lightcurve"),
    }


def test_every_pair_of_unlike_results_is_told_apart_and_each_is_like_itself(lake, stars):
    told = {name: {**_planned(view)} for name, view in results(lake).items()}
    wrong = [
        (one, other)
        for one, held in told.items()
        for other, planned in told.items()
        if bool(differences(held, planned)) == (one == other)
    ]
    assert wrong == []


def _planned(view):
    return view.properties_of_result(view.entries)


def test_another_result_needs_a_word_and_the_old_one_stays_without_it(lake, stars):
    made = results(lake)
    made["features"].write("x")
    before = lake.current("x")
    with pytest.raises(ConflictError, match=r"replace=True.*another name") as refused:
        made["of other rows"].write("x")
    assert all(word in str(refused.value) for word in ("stars (rows)", "others (rows)", "--replace", before))
    assert lake.current("x") == before
    assert made["features"].write("x").skipped
    assert made["of other rows"].write("x", replace=True).published
    assert lake.current("x") != before


def test_a_newer_version_of_the_same_inputs_is_a_refresh(lake, stars):
    for name, view in results(lake).items():
        view.write(name.replace(" ", "_"))
    put(lake, "stars", sky_table(61), plan="newer")
    put(lake, "others", sky_table(61, seed=3), plan="newer")
    put(lake, "reference", sky_table(61, lightcurves=False).append_column("g", pa.array([1.0] * 61)), plan="newer")
    for name, view in results(lake).items():
        assert view.write(name.replace(" ", "_")).published, name


def test_what_was_ingested_is_not_overwritten_by_what_is_made_of_it(lake, tmp_path):
    (tmp_path / "t.csv").write_text("id,ra,dec\n1,10,10\n2,20,20\n")
    lc.ingest.ingest("table", [str(tmp_path / "t.csv")], lake, "listed", id="id")
    with pytest.raises(ConflictError, match="it was ingested"):
        lake["listed"].where("id > 1").write("listed")
    assert len(lake["listed"]) == 2


def test_versions_that_tell_nothing_are_not_refused(lake, stars):
    assert differences({"hats_builder": "lcscale v0.1.0", "lcscale_survey": "crts"}, _planned(stars)) == []
    assert differences({}, _planned(stars)) == []
    assert differences({"hats_builder": "hats-import v0.6"}, _planned(stars))
    put(lake, "old", sky_table(10))
    assert stars.columns("mean_mag").write("old").published


def test_another_model_is_another_result_wherever_it_lies():
    held = {"lcscale_inputs": "[]", "lcscale_models": '{"general": "aa"}', "lcscale_steps": "[]"}
    for models, same in (({"general": "aa"}, True), ({"general": "bb"}, False), ({"mine": "cc"}, False), ({}, False)):
        assert bool(differences(held, held | {"lcscale_models": json.dumps(models)})) != same
    assert "general aa" in differences(held, held | {"lcscale_models": "{}"})[0]


def test_a_condition_and_steps_of_one_s_own_make_a_new_version_of_the_same_list(lake, stars):
    stars.where("mean_mag > 15").write("x")
    assert stars.where("mean_mag > 14").write("x").published
    assert stars.columns("mean_mag").write("x").published
    assert len(lake.versions("x")) == 3


def test_steps_that_a_release_without_settings_wrote_are_the_same():
    held = {"lcscale_inputs": "[]", "lcscale_steps": '[{"step": "Extract", "version": 1}]'}
    planned = held | {"lcscale_steps": '[{"step": "Extract", "version": 2, "settings": {"names": "(\'mean\',)"}}]'}
    assert not differences(held, planned)
    assert differences(held | {"lcscale_steps": "[]"}, planned)


def test_an_earlier_version_is_used_again_and_the_later_one_after_it(lake, stars):
    made = results(lake)
    made["a list"].write("x")
    first = lake.current("x")
    stars.where("mean_mag > 15").write("x")
    second = lake.current("x")
    lake.use("x", first)
    assert len(lake["x"]) == 60
    assert properties_at(lake.root / "x" / first)
    lake.use("x", second)
    assert lake.current("x") == second
    with pytest.raises(InputError, match=f"there are: {first}, {second}"):
        lake.use("x", "v9-000000000000")


def test_an_unfinished_version_cannot_be_used(lake, stars):
    with lake.draft("stars", "begun") as draft:
        pass
    with pytest.raises(InputError, match="no finished version"):
        lake.use("stars", draft.version)


def test_an_entry_is_removed_unless_others_name_it(lake, stars):
    stars.columns("mean_mag").write("x")
    with pytest.raises(ConflictError, match="x was made from it"):
        lake.drop("stars")
    assert "stars" in lake
    for name in ("x", "stars"):
        lake.drop(name)
        assert not (lake.root / name).exists()
    lake.write_table("t", pa.table({"a": [1]}))
    lake.drop("t")
    assert lake.table_names() == []
    assert lake.names() == ["others", "reference"]
    with pytest.raises(InputError, match="there is no 'x'"):
        lake.drop("x")


def test_an_entry_that_is_being_written_is_not_removed(lake, stars):
    with lake.draft("x", "plan"), pytest.raises(ConflictError, match="being written"):
        lake.drop("x")
    lake.drop("x")  # begun and left: nobody lists it, and it goes
    assert not (lake.root / "x").exists()


@pytest.fixture
def command(lake, monkeypatch, capsys):
    def call(*arguments: str):
        monkeypatch.setattr(sys, "argv", ["lcscale", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        return status, capsys.readouterr()

    return call


def test_the_commands_go_back_and_remove(command, lake, stars):
    stars.columns("mean_mag").write("x")
    first = lake.current("x")
    stars.where("mean_mag > 15").write("x")
    at = ("--lake", str(lake.root))
    assert command("use", "x", first, *at)[1].out.startswith(f"x: {first} is current, was ")
    assert lake.current("x") == first
    unanswered = command("drop", "x", *at)  # answered with no: nothing is removed
    assert unanswered[0] == 1
    assert "x" in lake
    assert command("drop", "x", "--yes", *at)[1].out == "x: removed\n"
    assert "x" not in lake
    status, captured = command("crossmatch", "stars", "reference", "--name", "others", *at)
    assert status == 0  # written without a word of what it was made from
    status, captured = command("crossmatch", "others", "reference", "--name", "others", *at)
    assert (status, len(captured.err.strip().splitlines())) == (1, 1)
    assert "--replace" in captured.err


def test_info_shows_types_whole_and_the_version_is_printed(command, stars, lake):
    status, captured = command("info", "stars", "--lake", str(lake.root))
    assert status == 0
    assert "struct<time, mag, mag_err, band>" in captured.out
    status, captured = command("--version")
    assert (status, captured.out) == (0, f"lcscale {lc.__version__}\n")
