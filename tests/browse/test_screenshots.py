"""The pictures of the documentation, taken by the tests: with LCSCALE_SCREENSHOTS=docs/images they are renewed.

LCSCALE_SCREENSHOT_LAKE names the lake to show, such as that of `make demo`; without, the small one of the tests.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from opened_page import PHONE, WIDE, opened

from lcscale.lake import Lake

PEAK = "[aria-label='Peaks of the periodogram'] button"
VIEWS = ("table", "star", "plots", "star-dark", "phone")


def open_star(page, row: int) -> None:
    """Open the star of a row, and wait for its curves and its periodogram."""
    page.locator(f"#grid .grid-body .grid-row[aria-rowindex='{row}']").click()
    page.locator(PEAK).first.wait_for(timeout=60_000)
    page.set_viewport_size({"width": 1280, "height": 1250})  # down to the peaks


@pytest.mark.slow
def test_screenshots(chromium, serve_lake, browse_lake, tmp_path):
    lake = Lake(os.environ["LCSCALE_SCREENSHOT_LAKE"]) if "LCSCALE_SCREENSHOT_LAKE" in os.environ else browse_lake
    folder = Path(os.environ.get("LCSCALE_SCREENSHOTS", tmp_path))
    folder.mkdir(exist_ok=True)
    served = serve_lake(lake)
    served.get("api/thumbnails", catalog="variable_candidates", rows="0,1,2")  # compiles what folds

    def take(page, name):
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(500)
        page.screenshot(path=folder / f"browser-{name}.png")

    with opened(chromium, served, WIDE) as page:
        take(page, "table")
        page.locator("#classes [data-class=RRab]").click()
        page.locator("#open-plots").click()
        take(page, "plots")
        page.locator("#open-plots").click()
        open_star(page, 3)
        take(page, "star")
    with opened(chromium, served, WIDE, color_scheme="dark") as page:
        open_star(page, 4)
        take(page, "star-dark")
    with opened(chromium, served, PHONE) as page:
        take(page, "phone")
    for name in VIEWS:
        assert 5_000 < (folder / f"browser-{name}.png").stat().st_size < 300_000
