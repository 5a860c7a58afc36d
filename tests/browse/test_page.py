"""The page in a real browser: sort, filter, fold, judge, undo, export; by keys alone, on a phone, dark, offline."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from astropy import units
from candidates import HOSTILE, stars
from opened_page import PHONE, ROW, WIDE, opened
from skies import put

from lcscale.lake import Lake
from lcscale.lightcurves import FLUX_TYPE, LightCurves

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Page, expect


@pytest.fixture
def page(chromium, served):
    """A page of the served lake; no request may leave the machine, and no error may be told."""
    with opened(chromium, served) as page:
        yield page


def expect_column(page: Page, number: int, texts: list[str]) -> None:
    """Wait until a column's first rows have these texts; rows are empty, or the last order's, until theirs come."""
    for row, text in enumerate(texts, start=2):
        expect(page.locator(ROW.format(row)).locator(".cell").nth(number)).to_have_text(text)


def header(page: Page, name: str):
    return page.locator(".grid-head button", has_text=re.compile(f"^{name}"))


def place_of(page: Page, name: str) -> int:
    return [text.split()[0] for text in page.locator(".grid-head .cell").all_inner_texts()].index(name)


def open_first(page: Page) -> str:
    row = page.locator(ROW.format(2))
    expect(row.locator(".cell").nth(1)).not_to_have_text("")
    row.click()
    expect(page.locator("#star h1")).to_be_visible()
    expect(page.locator("#period")).not_to_have_value("")
    return page.locator("#star h1").inner_text()


def test_the_table_sorts_and_filters_and_its_count_is_right(page, browse_lake):
    frame = browse_lake["variable_candidates"].to_pandas()
    expect(page.locator("#count")).to_have_text("160 rows")
    header(page, "amplitude").click()
    expect(page.locator("#active")).to_contain_text("amplitude ▼")
    top = frame.sort_values("amplitude", ascending=False)["object_id"].tolist()
    expect_column(page, 1, top[:8])
    page.locator("#where").fill("amplitude > 0.3 and class != 'EA'")
    page.keyboard.press("Enter")
    kept = int(((frame["amplitude"] > 0.3) & (frame["class"] != "EA")).sum())
    expect(page.locator("#count")).to_have_text(f"{kept} of 160 rows")
    page.locator("#classes [data-class=RRab]").click()
    of_class = int(((frame["amplitude"] > 0.3) & (frame["class"] == "RRab")).sum())
    expect(page.locator("#count")).to_have_text(f"{of_class} of 160 rows")
    expect(page.locator("#grid")).to_have_attribute("aria-rowcount", str(of_class + 1))
    page.locator("#where").fill("nonsense >")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("is no expression")


def test_thumbnails_are_drawn_in_the_rows(page):
    canvas = page.locator(ROW.format(3)).locator("canvas")
    ink = "c => c.getContext('2d').getImageData(0, 0, 240, 76).data.filter((v, i) => i % 4 === 3 && v > 0).length"
    for _ in range(100):
        if canvas.evaluate(ink) > 200:
            return
        page.wait_for_timeout(100)
    raise AssertionError("no thumbnail was drawn")


def test_reload_keeps_the_state_and_a_link_shows_the_same(page, chromium, served, browse_lake):
    frame = browse_lake["variable_candidates"].to_pandas()
    page.locator("#where").fill("g_mag < 16")
    page.keyboard.press("Enter")
    header(page, "g_mag").click()
    expect(page.locator("#active")).to_contain_text("g_mag ▼")
    kept = frame[frame["g_mag"] < 16]
    count, top = f"{len(kept)} of 160 rows", kept.sort_values("g_mag", ascending=False)["object_id"].tolist()[:8]
    expect(page.locator("#count")).to_have_text(count)
    expect_column(page, 1, top)
    name = open_first(page)
    page.locator("[data-step='×2']").click()
    period = page.locator("#period").input_value()
    page.reload()
    expect(page.locator("#star h1")).to_have_text(name)
    expect(page.locator("#period")).to_have_value(period)
    page.locator("#star button", has_text="Table").click()
    expect(page.locator("#count")).to_have_text(count)
    expect_column(page, 1, top)
    with opened(chromium, served) as other:
        other.goto(page.url)
        expect(other.locator("#count")).to_have_text(count)
        expect_column(other, 1, top)


def test_alias_buttons_and_keys_fold_at_other_periods(page):
    open_first(page)
    start = float(page.locator("#period").input_value())

    def now(expected):
        expect(page.locator("#period")).to_have_value(re.compile(rf"^{re.escape(f'{expected:.6g}'[:5])}"))

    page.locator("[data-step='×2']").click()
    now(2 * start)
    page.locator("[data-step='×½']").click()
    page.keyboard.press("h")
    now(start / 2)
    page.keyboard.press("d")
    page.keyboard.press("t")
    now(3 * start)
    page.locator("[data-step='×⅓']").click()
    page.locator("[data-step='+1/d']").click()
    now(1 / (1 / start + 1))
    page.locator("[data-period=period_2]").click()
    now(2 * start)
    expect(page.locator("[data-period=period_2]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("p")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("1/2.5")
    page.keyboard.press("Enter")
    assert float(page.locator("#period").input_value()) == pytest.approx(0.4)
    about = page.locator("[aria-label^='Folded light curve: folded']")
    expect(about).to_have_attribute("aria-label", re.compile("0.4"))


def test_dragging_and_peaks_set_the_period(page):
    open_first(page)
    start = float(page.locator("#period").input_value())
    box = page.locator("canvas[aria-label^='Folded']").bounding_box()
    page.mouse.move(box["x"] + 400, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 600, box["y"] + 150, steps=5)
    page.mouse.up()
    dragged = float(page.locator("#period").input_value())
    assert dragged != start
    assert dragged == pytest.approx(start, rel=0.2)
    peaks = page.locator("[aria-label='Peaks of the periodogram'] button")
    expect(peaks.first).to_be_visible()
    peaks.first.click()
    told = float(peaks.first.locator("strong").inner_text().split()[0])
    assert float(page.locator("#period").input_value()) == pytest.approx(told, rel=1e-5)
    page.locator("button", has_text="Prewhiten").click()
    expect(page.locator("button", has_text="As observed")).to_be_visible()


def use_labels(page: Page, name: str, hide: bool = False) -> None:
    page.locator("#open-labels").click()
    page.locator("#label-name").fill(name)
    page.locator("#label-person").fill("A. Stronomer")
    page.locator("#label-hide").set_checked(hide)
    page.locator("dialog button.primary").click()


def test_judge_undo_and_hide_what_is_judged(page, served):
    use_labels(page, "page")
    header(page, "g_mag").click()
    expect(page.locator("#active")).to_contain_text("g_mag")
    first = open_first(page)
    page.locator("[data-step='×2']").click()
    page.keyboard.press("s")
    page.keyboard.press("1")
    expect(page.locator("#star h1")).not_to_have_text(first)
    (label,) = served.get("api/labels/page").json()["labels"]
    key = page.locator(".class").first.get_attribute("data-class")
    assert (label["object_id"], label["class"], label["sure"], label["person"]) == (first, key, False, "A. Stronomer")
    assert label["period"] > 0
    page.keyboard.press("u")
    expect(page.locator("#toast")).to_contain_text("taken back")
    assert served.get("api/labels/page").json()["count"] == 0
    second, other = page.locator("#star h1").inner_text(), page.locator(".class").nth(1).get_attribute("data-class")
    page.keyboard.press("2")
    expect(page.locator("#toast")).to_contain_text(f"{second}: {other}")
    page.keyboard.press("Escape")
    use_labels(page, "page", hide=True)
    expect(page.locator("#count")).to_have_text("159 of 160 rows, 1 judged ones hidden")
    page.keyboard.press("u")
    expect(page.locator("#count")).to_have_text("160 rows")


def test_keys_that_come_before_a_label_is_saved_do_what_they_say(page, served):
    slowly = "**/api/labels/*"
    page.route(slowly, lambda route: (page.wait_for_timeout(700), route.continue_()))
    use_labels(page, "hasty", hide=True)
    expect(page.locator("#count")).to_have_text("160 rows")
    first = open_first(page)
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    expect(page.locator("#toast")).to_contain_text(f"{first}: ")
    expect(page.locator("#count")).to_have_text("159 of 160 rows, 1 judged ones hidden")
    expect(page.locator("#star")).to_be_hidden()
    second = open_first(page)
    page.keyboard.press("2")
    page.keyboard.press("u")  # takes back what is still on its way, not the label before
    expect(page.locator("#toast")).to_contain_text(f"{second}: taken back")
    assert [label["object_id"] for label in served.get("api/labels/hasty").json()["labels"]] == [first]


def test_export_downloads_what_is_shown(page, browse_lake):
    page.locator("#where").fill("class = 'EW'")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("of 160")
    page.locator("#open-export").click()
    with page.expect_download() as waiting:
        page.locator("[data-export=export-csv]").first.click()
    with open(waiting.value.path()) as stream:
        lines = stream.read().splitlines()
    frame = browse_lake["variable_candidates"].to_pandas()
    assert len(lines) - 1 == (frame["class"] == "EW").sum()
    page.keyboard.press("Escape")
    open_first(page)
    for format in ("PNG", "SVG"):
        with page.expect_download() as waiting:
            page.locator("[aria-label='Folded light curve'] button", has_text=format).click()
        with open(waiting.value.path(), "rb") as stream:
            assert stream.read(4) == {"PNG": b"\x89PNG", "SVG": b"<svg"}[format]


def test_a_brushed_histogram_filters_the_table_and_the_other_plots(page):
    page.locator("#open-plots").click()
    canvas = page.locator("canvas[aria-label^='amplitude']")
    canvas.scroll_into_view_if_needed()
    expect(canvas).to_be_visible()
    page.wait_for_timeout(800)
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 130, box["y"] + 80, steps=4)
    page.mouse.up()
    expect(page.locator("#active")).to_contain_text("histogram amplitude")
    expect(page.locator("#count")).to_contain_text("of 160 rows")
    page.locator("#active .active", has_text="histogram amplitude").click()
    expect(page.locator("#count")).to_have_text("160 rows")
    sky = page.locator("canvas[aria-label^='Sky']")
    sky.scroll_into_view_if_needed()
    box = sky.bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 110, steps=4)
    page.mouse.up()
    expect(page.locator("#active")).to_contain_text("sky")
    expect(page.locator("#count")).to_contain_text("of 160 rows")


def test_everything_by_keys_alone(page, served):
    page.locator("#grid").focus()
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#star h1")).to_be_visible()
    expect(page.locator("#period")).not_to_have_value("")
    first = page.locator("#star h1").inner_text()
    assert first == served.get("api/rows", catalog="variable_candidates", at=1, limit=1).json()["rows"][0]["object_id"]
    page.keyboard.press("j")
    expect(page.locator("#star h1")).not_to_have_text(first)
    page.keyboard.press("k")
    expect(page.locator("#star h1")).to_have_text(first)
    page.keyboard.press("Escape")
    expect(page.locator("#grid")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("class = 'LPV'")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("of 160 rows")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("judge: ")
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    last = int(page.locator("#grid").get_attribute("aria-rowcount"))
    expect(page.locator(ROW.format(last))).to_have_attribute("aria-selected", "true")
    for _ in range(12):  # whatever Tab reaches shows that it has the focus
        page.keyboard.press("Tab")
        if page.locator(":focus").count():  # else it has left the page
            assert page.locator(":focus").evaluate("e => getComputedStyle(e).outlineStyle") != "none"


def test_names_that_are_markup_are_shown_as_they_are(page, served):
    page.on("dialog", lambda dialog: page.errors.append(dialog.message))
    for name in HOSTILE:
        page.goto(f"{served.url}?catalog=variable_candidates&star={requests_quoted(name)}")
        expect(page.locator("#star h1")).to_have_text(name)
        expect(page.locator("#period")).not_to_have_value("")
    assert page.locator("#star script").count() == 0


def test_fluxes_that_were_not_seen_are_upper_limits_as_magnitudes(chromium, serve_lake, tmp_path):
    curves, candidates = stars(8)
    lcs = LightCurves.from_arrow(curves).in_fluxes("nJy")
    rng = np.random.default_rng(3)
    error = np.full(lcs.value.size, np.median(lcs.value) / 4)
    lcs = replace(
        lcs, value=(lcs.value + error * rng.standard_normal(error.size)).astype("f4"), error=error.astype("f4")
    )
    field = pa.field("lightcurve", FLUX_TYPE, metadata={"bands": "g,r", "unit": "nJy"})
    lake = Lake(tmp_path / "lake")
    put(lake, "stars", curves.drop_columns(["lightcurve"]).append_column(field, lcs.to_arrow()))
    put(lake, "variable_candidates", candidates)
    served = serve_lake(lake)
    curve = served.get("api/light-curve", catalog="variable_candidates", row=1).json()
    flux, err = np.array(curve["flux"]), np.array(curve["flux_err"])
    limits = np.array(curve["limit"], float)
    assert 0 < np.isfinite(limits).sum() < limits.size
    np.testing.assert_array_equal(np.isfinite(limits), flux < 3 * err)
    np.testing.assert_allclose(
        limits[flux < 3 * err], (3 * err[flux < 3 * err] * units.nJy).to_value(units.ABmag), atol=1e-4
    )
    with opened(chromium, served) as page:
        page.locator(ROW.format(3)).click()
        expect(page.locator("[data-option=inFlux]")).to_be_checked()  # fluxes are shown as such at first
        page.locator("[data-option=inFlux]").uncheck()
        raw = page.locator(f"[aria-label='Light curve over time: {np.isfinite(limits).sum()} upper limits']")
        expect(raw).to_be_visible()
        expect(page.locator("section[aria-label='Light curve'] .note")).to_contain_text("below three errors")


def requests_quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


@pytest.mark.slow
def test_two_thousand_points_are_folded_and_drawn_within_a_frame(chromium, serve_lake, tmp_path, capsys):
    lake = Lake(tmp_path / "lake")
    curves, candidates = stars(8, n_observations=(1000, 1000))
    put(lake, "stars", curves)
    put(lake, "variable_candidates", candidates)
    with opened(chromium, serve_lake(lake)) as page:
        open_first(page)
        points, took = page.evaluate(REFOLD)
    with capsys.disabled():
        print(
            f"\n{points} points: {np.median(took):.1f} ms in the median of 240, {np.quantile(took, 0.95):.1f} at 95 %"
        )
    assert points >= 1900
    assert np.median(took) < 1000 / 60


REFOLD = """
async () => {
  const star = lcscale.star(), period = star.period, took = [];
  for (let k = 0; k < 240; k++) {
    const begun = performance.now();
    star.setPeriod(period * (1 + k * 1e-5), false);
    star.fold.draw();
    took.push(performance.now() - begun);
    await new Promise(requestAnimationFrame);
  }
  return [star.curve.time.length, took];
}
"""


def test_a_phone_scrolls_down_only(chromium, served):
    with opened(chromium, served, PHONE, color_scheme="dark") as page:
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) <= 0
        open_first(page)
        expect(page.locator("[aria-label='Peaks of the periodogram'] button").first).to_be_visible()
        assert page.evaluate(overflow) <= 0
        inside = "document.getElementById('star').scrollWidth - document.getElementById('star').clientWidth"
        assert page.evaluate(inside) <= 0


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
def test_axe_finds_nothing(chromium, served, viewport, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    options = {"color_scheme": scheme, "reduced_motion": "reduce"}  # no colours on their way
    with opened(chromium, served, viewport, **options) as page:

        def look():
            found = axe.run(page).response["violations"]
            assert [(fault["id"], node["html"]) for fault in found for node in fault["nodes"]] == []

        look()
        page.keyboard.press("g")
        expect(page.locator("#plots canvas").first).to_be_visible()
        look()
        page.keyboard.press("g")
        for dialog in ("region", "columns", "labels", "export", "help"):
            page.locator(f"#open-{dialog}").click()
            expect(page.locator("#dialog")).to_be_visible()
            look()
            page.keyboard.press("Escape")
        open_first(page)
        expect(page.locator("[aria-label='Peaks of the periodogram'] button").first).to_be_visible()
        look()
