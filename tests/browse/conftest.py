"""A small lake of simulated stars, a server of its browser, and a real browser to look with."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from candidates import stars
from skies import put

from lcscale.browse.options import ServerOptions
from lcscale.browse.serving import Prepared, prepare
from lcscale.lake import Lake

CHROMIUM = os.environ.get("LCSCALE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browse_lake(tmp_path_factory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("browse") / "lake")
    curves, candidates = stars()
    put(lake, "stars", curves)
    put(lake, "variable_candidates", candidates)
    return lake


@dataclass(frozen=True)
class Served:
    """A server that runs, and a session in it."""

    prepared: Prepared
    url: str
    lake: Lake
    session: requests.Session

    def get(self, path: str, **params):
        return self.session.get(self.url + path, params=params, timeout=60)

    def post(self, path: str, **options):
        return self.session.post(self.url + path, timeout=60, **options)


@pytest.fixture(scope="session")
def serve_lake(tmp_path_factory):
    """Serves lakes, each from a thread, until the tests end."""
    running = []

    def start(lake: Lake, **options) -> Served:
        cache = options.pop("cache", None) or tmp_path_factory.mktemp("cache")
        prepared = prepare(lake, ServerOptions(cache=Path(cache), **options))
        thread = threading.Thread(target=prepared.server.run, kwargs={"sockets": [prepared.socket]}, daemon=True)
        thread.start()
        running.append((prepared, thread))
        session = requests.Session()
        session.cookies.update(prepared.guard.cookie_of(prepared.guard.new_session()))
        return Served(prepared, f"http://127.0.0.1:{prepared.socket.getsockname()[1]}/", lake, session)

    yield start
    for prepared, thread in running:
        prepared.server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def served(browse_lake, serve_lake) -> Served:
    return serve_lake(browse_lake)


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium that asks nobody anything."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("there is no chromium on this machine (apt-get install chromium, or set LCSCALE_CHROMIUM)")
    playwright.expect.set_options(timeout=20_000)  # the machine may be busy
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                f"--{name}"
                for name in (
                    "no-sandbox",
                    "disable-gpu",
                    "disable-quic",
                    "no-first-run",
                    "disable-background-networking",
                )
            ],
        )
        yield browser
        browser.close()
