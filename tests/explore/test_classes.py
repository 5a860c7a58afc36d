"""The pages of the classes of a judged model: their figures are the card's, confusions go both ways, links lead on."""

from __future__ import annotations

import json
import re
import shutil
import sys

import pytest
from documents import ROOT

from lcscale import cli
from lcscale.errors import InputError
from lcscale.explore import write_classes
from lcscale.explore.class_curves import simulated_pictures, write_sheet
from lcscale.explore.class_figures import Counts, judged_model
from lcscale.explore.classes import classes_as_markdown
from lcscale.explore.how_good import how_good
from lcscale.explore.judging import as_markdown, table_as_markdown
from lcscale.models.keeping.registry import CARD, JUDGED, find_folder
from lcscale.models.labels.taxonomy import classes
from lcscale.models.trees import tabular

SURVEY = {
    "n": 30,
    "in_training": True,
    "per_class": {
        "RRab": {"n": 10, "recall": 0.8, "false_positive_rate": 0.05},
        "EW": {"n": 20, "recall": 0.95, "false_positive_rate": 0.2},
    },
    "taken_for": {"RRab": {"EW": 2}, "EW": {"RRab": 1}},
}
LABELLED = {"RR": {"n": 7, "period": [0.3, 0.4, 0.6]}, "RRab": {"n": 40, "n_observations": [20.0, 50.0, 90.0]}}


@pytest.fixture
def judged(tmp_path):
    """A folder of the demonstration's model whose card says what `SURVEY` has, of two surveys."""
    folder = tmp_path / "small"
    shutil.copytree(find_folder("demo"), folder)
    card = json.loads((folder / CARD).read_text("utf-8"))
    card[JUDGED] = {"as_shipped": {"north": SURVEY, "south": SURVEY}, "left_out": {}, "labelled": LABELLED}
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    return folder


def test_counts_are_those_of_all_surveys_and_confusions_go_both_ways(judged):
    told = judged_model(judged)
    assert told.counts("RRab") == Counts(20, 16, 40, 2)
    assert told.taken_for()["RRab"] == {"EW": 4}
    assert told.taken_for()["EW"] == {"RRab": 2}
    text = (write_classes(judged, judged.parent / "pages").parent / "RRab.html").read_text("utf-8")
    assert "<strong>80 %</strong>" in text
    for part in ("What RRab is taken for", "What is taken for RRab", "49 to 94.3 %", "0.3</td>", "20</td>"):
        assert part in text, part
    assert re.search(r"EW</td>\s*<td class=\"number\">4</td>\s*<td>20 %", text)
    assert "uncertain" in text, "twenty stars are few"


@pytest.mark.parametrize("name", ["general", "ztf", "alerts", "demo", "yso"])
def test_every_shipped_model_has_a_page_for_each_class_and_no_link_leads_nowhere(name, tmp_path):
    index = write_classes(name, tmp_path)
    told = judged_model(name)
    pages = {path.name for path in tmp_path.iterdir()}
    assert pages == {"index.html", *(f"{each}.html" for each in told.classes)}
    for path in tmp_path.iterdir():
        assert set(re.findall(r'href="([^"#]+)"', path.read_text("utf-8"))) <= pages
    shown, table = index.read_text("utf-8"), classes_as_markdown(name)
    for each in told.classes:
        counts = told.counts(each)
        assert f"| {each} |" in table
        if counts.n:
            assert f"{100 * counts.right / counts.n:.3g} %" in shown
            assert sum(told.taken_for()[each].values()) == counts.n - counts.right
    assert ("<svg" in shown) == (name != "yso")


@pytest.mark.parametrize("name", ["general", "ztf", "alerts", "demo", "yso"])
def test_the_documents_have_the_tables_of_the_cards(name):
    """Where a card was judged again: jobs/model_pages.py FOLDER --docs docs/classes.md --readme README.md."""
    assert classes_as_markdown(name) in (ROOT / "docs" / "classes.md").read_text("utf-8")
    rows = table_as_markdown(how_good([judged_model(name)])).splitlines()[4:]
    assert rows
    readme = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert [row for row in rows if row not in readme] == []


def test_sets_of_simulated_kinds_are_one_row_with_means_over_their_stars(judged):
    card = json.loads((judged / CARD).read_text("utf-8"))
    sets = {"simulated A": (10, 0.5), "simulated B": (30, 0.9), "north": (20, 0.7)}
    row = SURVEY | {"log_loss": 0.5}
    card[JUDGED]["as_shipped"] = {name: row | {"n": n, "accuracy": right} for name, (n, right) in sets.items()}
    part = {name: {"accuracy": right} for name, right in (("left_out", 0.25), ("by_sky", 0.75))}
    card[JUDGED]["left_out"] = {"north": {"n": 15, **part}}
    (judged / CARD).write_text(json.dumps(card), "utf-8")
    rows = {row[1]: row[2:] for row in how_good([judged_model(judged)]).rows}
    assert rows["simulated, 2 kinds"] == ["yes", 40, "0.800", "0.500", "", ""]
    assert rows["north"] == ["yes", 20, "0.700", "0.500", "0.250 of 15", "0.750 of 15"]
    assert len(rows) == 2


def test_the_most_frequent_mistakes_of_a_survey_that_is_left_out_are_told():
    part = {"n": 30, "accuracy": 0.5, "wide_accuracy": 0.5, "macro_f1": 0.5, "log_loss": 1.0, "ece_excess": 0.0}
    part |= {"per_class": {}, "taken_for": {"EW": {"RRc": 4, "EA": 1}, "RRab": {"EW": 9}, "EA": {"EB": 2}}}
    known = {"n": 0, "left_out": None, "by_sky": None}
    row = {"n": 30, "removed": 0, "left_out": part, "by_sky": part, "known": known}
    text = as_markdown({"left_out": {"north": row}, "folds": 3, "order": 6})
    assert "| north | 30 | 16 | RRab as EW (9), EW as RRc (4), EA as EB (2) |" in text


def test_every_class_has_simulated_light_curves_or_says_that_it_has_none():
    for name in classes():
        drawn = simulated_pictures(name, ("g", "r"))
        assert len(drawn) >= 6 or not drawn
        assert drawn == simulated_pictures(name, ("g", "r")), "the same each time"
    assert not simulated_pictures("MISC")
    assert len(simulated_pictures("PUBLISHED")) == len(simulated_pictures("UNPUBLISHED")) == 7


def test_the_sheet_of_the_documents_is_a_picture(tmp_path):
    from PIL import Image

    with Image.open(write_sheet(tmp_path / "new" / "sheet.png")) as picture:
        assert picture.size == (990, 900)
        assert len(picture.convert("RGB").getcolors(1 << 16)) > 10


def test_the_command_writes_them_and_says_what_is_missing(judged, monkeypatch, capsys, tmp_path):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["lcscale", "classes", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return int(stop.value.code or 0), capsys.readouterr()

    monkeypatch.chdir(tmp_path)
    assert call(judged)[0] == 0
    assert (tmp_path / "small_classes" / "RRab.html").is_file()
    status, said = call("demo", "yso", "--output", "both")
    assert (status, said.out.split()) == (0, ["both/demo/index.html", "both/yso/index.html"])
    card = json.loads((judged / CARD).read_text("utf-8"))
    del card[JUDGED]
    (judged / CARD).write_text(json.dumps(card), "utf-8")
    status, said = call(judged)
    assert (status, said.err.count("\n"), "lcscale judge" in said.err) == (2, 1, True)
    status, said = call("nowhere")
    assert (status, said.err.count("\n")) == (2, 1)
    assert all(name in said.err for name in ("general", "yso")), "every model that has pages is named"


def test_pages_of_young_stars_tell_where_they_are_confused_and_draw_no_light_curve(tmp_path):
    text = (write_classes("yso", tmp_path).parent / "YSO.html").read_text("utf-8")
    assert "Contamination by galactic latitude" in text
    assert "Contamination by reddening" in text
    assert "<svg" not in text
    assert judged_model("yso").labels["YSO"] == judged_model("yso").judged["labelled"]["YSO"]["n"], "real ones alone"


def test_a_folder_of_a_model_of_young_stars_is_one_too(tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(tabular.SHIPPED / "yso", folder)
    assert judged_model(folder).classes == judged_model("yso").classes
    card = json.loads((folder / CARD).read_text("utf-8"))
    del card[JUDGED]
    (folder / CARD).write_text(json.dumps(card), "utf-8")
    with pytest.raises(InputError, match="judge_yso"):  # lcscale judge takes no such model
        judged_model(folder)
