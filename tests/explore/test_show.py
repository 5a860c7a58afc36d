"""The page of one candidate: found by name or place, true to the table, and whole whatever the object lacks."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from pipelines import hasty_model, surveyed_lake

from lcscale.errors import InputError
from lcscale.explore import closeup, show
from lcscale.models import Preparation, load
from lcscale.models.inputs.inputs import Inputs
from lcscale.models.keeping.registry import save
from lcscale.models.labels.roles import Role
from lcscale.periods import FrequencyGrid
from lcscale.products import variable_candidates


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A lake with candidates, and the model that classified them."""
    folder = tmp_path_factory.mktemp("shown")
    model = hasty_model(folder / "hasty")
    lake = surveyed_lake(folder, n=40)
    variable_candidates(lake["survey"], model, grid=FrequencyGrid(0.05, 3.0, 0.001)).write("variable_candidates")
    return lake, model


def row_with(lake, classified: bool):
    table = lake["variable_candidates"].to_arrow().to_pylist()
    return next(row for row in table if (row["class"] is not None) == classified)


def test_the_page_is_complete_and_the_images_give_the_table_s_probabilities(place, tmp_path):
    lake, model = place
    row = row_with(lake, True)
    path = show(lake, row["object_id"], tmp_path / "deep" / "page.html", models=[model])
    text = path.read_text("utf-8")
    for title in ("Light curve", "Probabilities", "What the network saw", "Periodogram", "The row"):
        assert f"<h2>{title}</h2>" in text
    assert text.count("<svg") == 8
    assert "<script" not in text
    assert not re.search(r'(src|href)="(?!#|data:image/png)', text)
    difference = float(re.search(r"from those of the table by at most ([\d.e-]+)\.", text)[1])
    assert difference < 1e-5
    for name in load(model).classes:
        assert f"{row[f'prob_{name}']:.3f}" in text
    assert row["model_id"] in text


def test_a_page_waits_for_no_compiler_and_no_network(place, tmp_path):
    """The command is to take less than two seconds; of these numba took one, torch and matplotlib more."""
    lake, _ = place
    row = row_with(lake, True)
    code = f"""if True:
        import sys
        from lcscale import cli
        sys.argv = ["lcscale", "show", {row["object_id"]!r}, "--lake", {str(lake.root)!r}, "--output", "page.html"]
        try:
            cli.main()
        except SystemExit as end:
            assert not end.code
        heavy = {{"numba", "scipy", "torch", "matplotlib", "astropy", "healpy", "hats", "duckdb", "distributed"}}
        print(sorted(heavy & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines() == ["page.html", "[]"], done.stderr
    assert "<h2>Periodogram</h2>" in (tmp_path / "page.html").read_text("utf-8")


def test_the_place_leads_to_the_same_page_and_another_class_may_be_asked_about(place, tmp_path):
    lake, model = place
    row = row_with(lake, True)
    whole = show(lake, row["object_id"], tmp_path / "a.html", models=[model]).read_text("utf-8")
    near = (row["ra"], row["dec"])
    assert show(lake, row["object_id"], tmp_path / "b.html", at=near, models=[model]).read_text("utf-8") == whole
    other = show(lake, row["object_id"], tmp_path / "c.html", class_name="LPV", models=[model])
    assert "evidence for LPV" in other.read_text("utf-8")
    with pytest.raises(InputError, match="no class 'NOVA'"):
        show(lake, row["object_id"], tmp_path / "d.html", class_name="NOVA", models=[model])


def test_probabilities_summed_over_periods_come_out_again_too(place, tmp_path):
    lake, model = place
    card = replace(load(model).card, period_weights=(0.6, 0.4), name="two")
    save(card, load(model).network, tmp_path / "two")
    variable_candidates(lake["survey"], tmp_path / "two", grid=FrequencyGrid(0.05, 3.0, 0.001)).write("over_two")
    rows = [row for row in lake["over_two"].to_arrow().to_pylist() if row["class"] is not None and row["period_2"]]
    path = show(lake, rows[0]["object_id"], tmp_path / "page.html", name="over_two", models=[tmp_path / "two"])
    assert float(re.search(r"table by at most ([\d.e-]+)\.", path.read_text("utf-8"))[1]) < 1e-5
    one = load(model).card
    stored = {
        row["object_id"]: row[f"prob_{one.classes[0]}"] for row in lake["variable_candidates"].to_arrow().to_pylist()
    }
    assert any(abs(stored[row["object_id"]] - row[f"prob_{one.classes[0]}"]) > 1e-4 for row in rows)


def test_numbers_that_the_model_was_told_stand_in_the_table(tmp_path):
    """One is extracted on the way, one searched for; without them the page would compute other probabilities."""
    preparation = Preparation(columns=("amplitude", "power"))
    hasty = load(hasty_model(tmp_path / "hasty", preparation))
    card = replace(hasty.card, period_weights=(0.6, 0.4), name="told")
    save(card, hasty.network, tmp_path / "told")
    lake = surveyed_lake(tmp_path, n=40)
    candidates = variable_candidates(lake["survey"], tmp_path / "told", grid=FrequencyGrid(0.05, 3.0, 0.001))
    candidates.write("variable_candidates")
    row = next(row for row in lake["variable_candidates"].to_arrow().to_pylist() if row["class"] and row["period_2"])
    assert row["amplitude"] > 0
    path = show(lake, row["object_id"], tmp_path / "page.html", models=[tmp_path / "told"])
    assert float(re.search(r"table by at most ([\d.e-]+)\.", path.read_text("utf-8"))[1]) < 1e-5


@pytest.mark.filterwarnings("error")
def test_a_model_of_light_curves_over_time_has_a_page_too(place, tmp_path):
    lake, _ = place
    variable_candidates(lake["survey"], "alerts").write("seen_raw")
    row = next(row for row in lake["seen_raw"].to_arrow().to_pylist() if row["class"] is not None)
    text = show(lake, row["object_id"], tmp_path / "page.html", name="seen_raw", network=True).read_text("utf-8")
    assert "<h2>What the network saw</h2>" in text
    assert float(re.search(r"table by at most ([\d.e-]+)\.", text)[1]) < 1e-5


def test_images_over_time_are_labelled_so_and_do_not_wrap(monkeypatch):
    from matplotlib.figure import Figure

    figures: list[Figure] = []
    monkeypatch.setattr(closeup, "as_svg", lambda figure, *_: figures.append(figure) or "")
    for view, titles, axis in (("folded", ["red, period", "red, period × 2"], "phase"), ("raw", ["red"], "time")):
        preparation = Preparation(view=view, roles=(Role("red", ("r",)),), size=16)
        images = np.ones((1, preparation.n_channels, 16, 16), np.uint8)
        inputs = Inputs(images, np.zeros((1, len(preparation.names)), np.float32), np.array([None], object))
        closeup.network_view(inputs, preparation, np.eye(4, dtype=np.float32), "network")
        axes = figures[-1].axes
        assert [each.get_title("left") for each in axes if each.get_title("left")] == titles
        assert figures[-1].get_supxlabel().startswith(axis)
        assert axes[-1].images[0].get_array().shape == ((4, 6) if view == "folded" else (4, 4))


def test_without_its_model_the_rest_is_shown(place, tmp_path):
    lake, _ = place
    text = show(lake, row_with(lake, True)["object_id"], tmp_path / "page.html", network=True).read_text("utf-8")
    assert "was not found" in text
    assert "<h2>Periodogram</h2>" in text


@pytest.mark.filterwarnings("error")
def test_an_object_without_a_class_has_a_page_too(place, tmp_path):
    lake, model = place
    table = lake["survey"].to_arrow()
    short = table["lightcurve"].to_pylist()
    short[0] = {name: values[:3] for name, values in short[0].items()}
    short[1] = None
    field = table.schema.field("lightcurve")
    table = table.set_column(table.schema.get_field_index("lightcurve"), field, pa.array(short, field.type))
    from skies import put

    put(lake, "cut", table, order=0, plan="cut")
    variable_candidates(lake["cut"], model).write("cut_candidates")
    for i in (0, 1):
        text = show(lake, table["object_id"][i].as_py(), tmp_path / f"{i}.html", name="cut_candidates").read_text()
        assert "No class:" in text
        assert "What the network saw" not in text


def test_what_is_not_there_is_refused(place, tmp_path):
    lake, _ = place
    with pytest.raises(InputError, match="has no object nobody"):
        show(lake, "nobody", tmp_path / "page.html")
    row = row_with(lake, True)
    with pytest.raises(InputError, match="within 5 arcsec of"):
        show(lake, row["object_id"], tmp_path / "page.html", at=((row["ra"] + 10) % 360, row["dec"]))
    assert not (tmp_path / "page.html").exists()
    assert np.isfinite(row["ra"])
