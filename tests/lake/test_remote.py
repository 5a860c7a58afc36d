"""Catalogs behind HTTP and in an S3 bucket: real servers on the loopback address."""

from __future__ import annotations

import functools
import http.server
import threading

import pytest
from skies import put, sky_table

import lcscale as lc
from lcscale.errors import ConflictError
from lcscale.lake import Lake
from lcscale.lake.draft import publish_version
from lcscale.lake.storage import replace_file, stamp


@pytest.fixture
def http_root(lake, sky):
    """Base URL of a web server that shows the lake's folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(lake.root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_catalog_on_the_web_opens(http_root, sky):
    catalog = lc.open_catalog(f"{http_root}/sky")
    assert catalog.to_arrow().equals(sky.to_arrow())
    cone = lc.Cone(100.0, 20.0, 20 * 3600)
    assert catalog.region(cone).columns("mean_mag").to_arrow().equals(sky.region(cone).columns("mean_mag").to_arrow())


def test_a_lake_in_a_bucket_is_written_read_and_versioned(s3, sky):
    lake = Lake("s3://survey/lake", **s3)
    first = put(lake, "sky", sky_table(300))
    record = first.columns("mean_mag").write("short")
    assert (record.done, record.rows, record.published) == (len(first.partitions), 300, True)
    assert lake.names() == ["short", "sky"]
    assert lake["short"].to_arrow().equals(first.columns("mean_mag").to_arrow())
    again = first.columns("mean_mag").write("short")
    assert (again.done, again.skipped, again.published) == (0, record.done, False)
    opened = lc.open_catalog("s3://survey/lake/short", **s3)
    assert opened.to_dask().mean_mag.count().compute(scheduler="synchronous") == 300
    assert sky.columns("object_id").write("pulled", lake=lake).rows == 2000
    assert lake.write_table("counts", sky.columns("object_id").to_arrow()) == lake.write_table(
        "counts", lake.table("counts")
    )


def test_a_bucket_refuses_the_second_of_two_writers(s3):
    lake = Lake("s3://survey/two-writers", **s3)
    put(lake, "sky", sky_table(50), order=0)
    slow = lake.draft("sky", "slow plan")
    put(lake, "sky", sky_table(60, seed=1), order=0, plan="quick plan")
    quick = lake.current("sky")
    with pytest.raises(ConflictError, match="was published while"):
        publish_version(lake.root / "sky", slow.version, slow.base)
    assert lake.current("sky") == quick
    seen = stamp(lake.root / "sky" / "collection.properties")
    assert replace_file(lake.root / "sky" / "collection.properties", b"x", seen)
    assert not replace_file(lake.root / "sky" / "collection.properties", b"y", seen)
    assert not replace_file(lake.root / "sky" / "collection.properties", b"y", None)
