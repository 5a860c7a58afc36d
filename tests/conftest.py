"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from skies import put, sky_table

from lcscale.lake import Lake

REAL_DATA = Path(os.environ.get("LCSCALE_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


def pytest_collection_modifyitems(items):
    """Skip tests marked `realdata` where the real survey data are absent."""
    if REAL_DATA.is_dir():
        return
    for item in items:
        if item.get_closest_marker("realdata"):
            item.add_marker(pytest.mark.skip(reason=f"no real survey data at {REAL_DATA} (set LCSCALE_REAL_DATA)"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real survey data (see LCSCALE_REAL_DATA)."""
    return REAL_DATA


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def sky(lake):
    """The catalog `sky`: 2,000 rows in 48 leaves."""
    return put(lake, "sky", sky_table(2000))


@pytest.fixture(scope="session")
def s3():
    """Storage options for a moto server with the bucket `survey`."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    options = {"key": "test", "secret": "test", "endpoint_url": f"http://{host}:{port}"}
    import s3fs

    s3fs.S3FileSystem(**options).mkdir("survey")
    yield options
    server.stop()
