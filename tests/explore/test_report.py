"""The report of a lake: complete, self-contained, escaped, and with the figures that are in the lake."""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pipelines import hasty_model, surveyed_lake
from skies import put, sky_table

from lcscale.explore import write_report
from lcscale.explore.page import Link
from lcscale.explore.young import _name
from lcscale.lake import HEALPIX_COLUMN, Lake, write_leaf
from lcscale.models import load
from lcscale.periods import FrequencyGrid
from lcscale.products import OfClass, alert_statistics, match_alerts, variable_candidates

VOID = {"meta", "br", "hr", "img", "link", "input"}
NASTY = '<script>alert("x")</script> & $y_1$'


class Page(HTMLParser):
    """Tags in balance, links, text and what would be fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.anchors, self.links, self.fetched, self.text = set(), [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags[tag] += 1
        for name, value in attributes:
            if name == "id":
                self.anchors.add(value)
            if name in ("src", "srcset", "data", "action") or (name in ("href", "xlink:href") and tag != "a"):
                self.fetched.append(value)
            if name == "href" and tag == "a":
                self.links.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    def says(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def lake(tmp_path_factory) -> Lake:
    folder = tmp_path_factory.mktemp("report")
    lake = surveyed_lake(folder, 150)
    model = hasty_model(folder / "hasty")
    variable_candidates(lake["survey"], model, grid=FrequencyGrid(0.02, 5.0, 0.001)).write("variable_candidates")
    lake["survey"].columns("object_id").crossmatch(lake["reference"], radius_arcsec=1.0).write("pairs")
    definitions = {"yso": lake["yso"], NASTY: OfClass(("QSO",))}
    tables = [alert_statistics(lake["alerts"], definitions, by=by) for by in ("year", "night", "class")]
    lake.write_table("alert_statistics", pa.concat_tables(tables))
    match_alerts(lake["alerts"], definitions).write("alerts_yso")
    lake.write_table("another", pa.table({"a": [1]}))
    return lake


@pytest.fixture(scope="module")
def report(lake, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("out") / "deep" / "report.html"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        written = write_report(lake, path, title=NASTY, models=[lake.root.parent / "hasty"])
    assert written == path
    assert [child.name for child in path.parent.iterdir()] == ["report.html"]
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def page(report) -> Page:
    return Page(report)


def test_every_part_is_there_and_in_the_table_of_contents(page):
    expected = {
        "classes", "best-candidates", "ranked-lists", "periods", "agreement-with-labels", "alert-statistics",
        "alerts-at-young-stellar-objects", "crossmatches", "models", "sky", "what-ran",
    }  # fmt: skip
    assert expected <= page.anchors
    assert {f"#{anchor}" for anchor in expected} == {link for link in page.links if link.startswith("#")}
    assert [link for link in page.links if link.startswith("#")][-1] == "#what-ran"
    assert page.tags["svg"] >= 8
    assert page.tags["figcaption"] == page.tags["figure"]


def test_nothing_is_loaded_from_elsewhere(page, report):
    assert page.tags["script"] == page.tags["link"] == page.tags["iframe"] == 0
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in page.fetched)
    assert "@import" not in report
    assert all(target.startswith("#") for target in re.findall(r"url\(\s*['\"]?([^)'\"]*)", report))


def test_no_picture_brings_a_style_for_the_whole_page(page):
    assert page.tags["style"] == 1  # matplotlib's made the dots of all other pictures vanish


def test_text_is_escaped(page, report):
    assert "<script" not in report
    assert NASTY in page.says()


def test_ids_referred_to_within_pictures_are_unique(report):
    used = set(re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', report))
    found = Counter(re.findall(r'\sid="([^"]+)"', report))
    assert used
    assert {name: found[name] for name in used if found[name] != 1} == {}


def test_the_figures_are_those_of_the_lake(page, lake):
    says = page.says()
    table = lake["variable_candidates"].to_arrow()
    assert f"{table.num_rows - table['class'].null_count} of 150 objects have a class" in says
    for name in lake.names():
        assert f"{name} {lake.current(name)}" in says
    pairs = lake["pairs"].to_arrow()["separation_arcsec"].to_numpy()
    assert f"Separations of {pairs.size} pairs; median {np.median(pairs):.3f}″" in says
    for row in lake.table("alert_statistics").to_pylist():
        if row["by"] == "year":
            assert f"{row['percentage']:.2f} ({row['low']:.2f}–{row['high']:.2f})" in says
    labels, given = table["label"].to_pylist(), table["class"].to_pylist()
    right = sum(a == b for a, b in zip(labels, given, strict=True))
    assert f"of {sum(g is not None for g in given)} objects with a label were given its class" in says
    assert right <= int(re.search(r"(\d+) of \d+ objects with a label", says)[1])


def test_the_most_probable_of_each_class_are_listed_with_links(report, lake):
    start = report.index('<section id="ranked-lists">')
    ranked = Page(report[start : report.index("</section>", start) + len("</section>")])
    frame = lake["variable_candidates"].to_pandas().dropna(subset="class")
    says = ranked.says()
    for name, group in frame.groupby("class"):
        assert f"{name}: " in says
        listed = group.nlargest(10, f"prob_{name}")
        assert f"{listed[f'prob_{name}'].iloc[0]:.3f}" in says
    assert sum("simbad" in link for link in ranked.links) == frame.groupby("class").size().clip(upper=10).sum()


def test_precision_and_recall_stand_with_their_numbers(report, lake):
    frame = lake["variable_candidates"].to_pandas().dropna(subset=["class", "label"])
    given = frame["class"].value_counts().index[0]
    called = frame[frame["class"] == given]
    start = report.index('<section id="agreement-with-labels">')
    says = Page(report[start : report.index("</section>", start) + len("</section>")]).says()
    right = (called["label"] == given).sum()
    assert f"{given} {len(called)} {right / len(called):.3f} (" in says
    assert "expected calibration error" in says


def test_alerts_at_young_stars_are_listed_with_links(report, lake):
    start = report.index('<section id="alerts-at-young-stellar-objects">')
    page = Page(report[start : report.index("</section>", start) + len("</section>")])
    found = lake["alerts_yso"].to_arrow()
    near = found.filter(pc.is_valid(found["separation_yso_arcsec"])).to_pylist()
    assert near
    assert (
        f"{len(near)} of {found.num_rows} alerts lie at a source of one of 1 lists: {len(near)} at yso." in page.says()
    )
    links = [link for link in page.links if not link.startswith("#")]
    assert len(links) == len(near)
    for row in near:
        coordinates = quote(f"{row['ra']:.6f} {row['dec']:+.6f}")
        assert sum(link.startswith("https://simbad.cds.unistra.fr/") and coordinates in link for link in links) == 1
        assert f"{row['separation_yso_arcsec']:.2f}" in page.says()


def test_gaia_alerts_lead_to_their_pages():
    assert _name("Gaia24aom") == Link("Gaia24aom", "https://gsaweb.ast.cam.ac.uk/alerts/alert/Gaia24aom/")
    assert _name('Gaia24a"><b>') == 'Gaia24a"><b>'


def test_captions_name_catalog_version_model_and_training_data(page, lake):
    version = lake.current("variable_candidates")
    model = load(lake.root.parent / "hasty").card.id
    assert f"From variable_candidates {version}; model hasty ({model}), trained on simulated data." in page.says()
    assert "model trained on simulated data" in page.says() or "simulated light curves" in page.says()


def test_an_empty_lake_has_a_report_too(tmp_path):
    page = Page(write_report(tmp_path / "nowhere", tmp_path / "report.html").read_text("utf-8"))
    assert "no catalog in this lake yet" in page.says()
    assert not (tmp_path / "nowhere").exists()


def test_catalogs_without_candidates_or_rows(lake, tmp_path):
    small = Lake(tmp_path / "lake")
    sky = put(small, "sky", sky_table(300, lightcurves=False))
    far = put(small, "far", sky_table(3, seed=9, lightcurves=False))
    sky.crossmatch(far, radius_arcsec=0.01).write("nothing")
    page = Page(write_report(small.root, tmp_path / "report.html").read_text("utf-8"))
    assert page.anchors >= {"what-ran", "sky"}
    assert "classes" not in page.anchors


def test_candidates_of_others_need_no_model_labels_or_light_curves(tmp_path):
    """Whatever has a class and probabilities is a catalog of candidates: here with nulls, and names full of markup."""
    lake = Lake(tmp_path / "lake")
    made = sky_table(40, lightcurves=False)
    names = pa.array([f"{NASTY}{i}" for i in range(40)])
    made = made.set_column(made.column_names.index("object_id"), "object_id", names)
    made = made.append_column("class", pa.array((["A<b>", "B", None, "A<b>"]) * 10))
    made = made.append_column("prob_A<b>", pa.array([0.9, 0.2, None, 0.95] * 10))
    made = made.append_column("prob_B", pa.array([0.1, 0.8, None, 0.05] * 10))
    put(lake, "theirs", made, order=0)
    page = Page(write_report(lake, tmp_path / "report.html").read_text("utf-8"))
    assert "30 of 40 objects have a class" in page.says()
    assert "A<b>" in page.says()


def test_tasks_set_aside_are_shown(tmp_path):
    lake = Lake(tmp_path / "lake")
    sky = put(lake, "sky", sky_table(50, lightcurves=False), order=0)
    with lake.draft("broken", "plan") as draft:
        leaf = sky.partitions[0]
        written = write_leaf(draft.folder, leaf.pixel, leaf.read())
        ledger = draft.folder / "ledger"
        ledger.mkdir()
        entry = {"key": "k", "label": "p", "result": {}, "error": "ValueError: x", "traceback": "", "seconds": 1.0}
        (ledger / "1.jsonl").write_text(json.dumps(entry | {"attempts": 3}) + "\n")
        draft.publish([written], sky.schema, ra="ra", dec="dec")
    page = Page(write_report(lake, tmp_path / "report.html").read_text("utf-8"))
    assert "broken: 1 task set aside" in page.says()
    assert HEALPIX_COLUMN in lake["broken"].column_names
