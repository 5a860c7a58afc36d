"""A page of the browser, opened in a headless Chromium and watched: no errors, no request that leaves the machine."""

from __future__ import annotations

import contextlib
import re

WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 420, "height": 860}
ROW = "#grid .grid-body .grid-row[aria-rowindex='{}']"


@contextlib.contextmanager
def opened(chromium, served, viewport=None, **options):
    from playwright.sync_api import expect

    context = chromium.new_context(viewport=viewport or WIDE, **options)
    name, value = next(iter(served.prepared.guard.cookie_of(served.prepared.guard.new_session()).items()))
    context.add_cookies([{"name": name, "value": value, "url": served.url}])
    page = context.new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if _is_error(message) else None)
    page.goto(served.url)
    page.served, page.errors = served, errors
    expect(page.locator(ROW.format(2))).to_contain_text(re.compile(r"\w"))
    yield page
    assert errors == []
    assert asked
    assert {url for url in asked if not url.startswith((served.url, "data:", "blob:"))} == set()
    context.close()


def _is_error(message) -> bool:
    return message.type == "error" and "status of 400" not in message.text  # a condition that is none
