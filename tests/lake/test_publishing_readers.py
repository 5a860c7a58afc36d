"""Readers of a lake while others publish in it: they see what is there now, whole, and never an error."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from skies import put, sky_table

import lcscale as lc
from lcscale.lake import Lake, source
from lcscale.lake.draft import publish_version
from lcscale.lake.source import content_digest
from lcscale.lake.storage import path_at

_HEAD = """
import json, sys, time
from lcscale.lake import Lake
from lcscale.lake.draft import publish_version
from skies import put, sky_table
lake = Lake(sys.argv[1], **json.loads(sys.argv[2]))
"""
_PUBLISHING = """
versions, number = lake.versions("sky"), 0
print("ready", flush=True)
while True:
    publish_version(lake.root / "sky", versions[number % len(versions)], lake.current("sky"))
    lake.write_table("counts", lake.table("counts")[: 40 + number % 2])
    number += 1
    time.sleep(0.03)  # the server of the bucket answers both of us
"""


@pytest.fixture(params=["local", "s3"])
def store(request, tmp_path):
    """URL and options of a lake on a disk, and of one in a bucket."""
    if request.param == "local":
        return str(tmp_path / "lake"), {}
    return f"s3://survey/{tmp_path.name}", request.getfixturevalue("s3")


def elsewhere(code: str, store) -> subprocess.Popen[str]:
    """Another process that runs `code` on the lake."""
    here = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    command = [sys.executable, "-c", _HEAD + code, store[0], json.dumps(store[1])]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@contextlib.contextmanager
def publishing(store):
    """Another process publishes the versions of `sky` in turn, and a table, again and again."""
    with elsewhere(_PUBLISHING, store) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield
            assert process.poll() is None  # it published until the end
        finally:
            process.kill()


@pytest.mark.parametrize("opens", [100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_a_reader_finds_the_old_version_or_the_new_one(store, opens):
    lake = Lake(store[0], **store[1])
    rows = {}
    for number in range(3):
        catalog = put(lake, "sky", sky_table(100 * (number + 1), number, lightcurves=False), order=0, plan=str(number))
        rows[lake.current("sky")] = catalog.source.rows
    lake.write_table("counts", catalog.columns("object_id").to_arrow())
    seen = set()
    with publishing(store):
        for number in range(opens):
            catalog = lake["sky"]
            assert catalog.source.rows == rows[catalog.source.version]
            seen.add(catalog.source.version)
            if number % 10 == 0:
                assert catalog.to_arrow().num_rows == catalog.source.rows
                assert lake.table("counts").num_rows in (40, 41, 300)
                assert lake.current("sky") in rows
                assert (lake.names(), lake.table_names()) == (["sky"], ["counts"])
    assert len(seen) > 1


def test_what_another_process_publishes_is_seen_at_once(store):
    lake = Lake(store[0], **store[1])
    first = put(lake, "sky", sky_table(50, lightcurves=False), order=0)
    lake.write_table("counts", first.columns("object_id").to_arrow())
    assert (lake.names(), lake.table_names(), "more" in lake) == (["sky"], ["counts"], False)
    assert lake.versions("sky") == [lake.current("sky")]
    assert first.fingerprint() == lake["sky"].fingerprint()
    code = """
put(lake, "more", sky_table(20, lightcurves=False), order=0)
put(lake, "sky", sky_table(60, lightcurves=False), order=0, plan="another")
lake.write_table("other", lake.table("counts"))
lake.write_table("counts", lake.table("counts")[:7])
"""
    assert elsewhere(code, store).wait() == 0
    assert (lake.names(), lake.table_names(), "more" in lake) == (["more", "sky"], ["counts", "other"], True)
    assert lake.versions("sky") == [first.source.version, lake.current("sky")]
    assert lake["sky"].source.rows == lake["sky"].to_arrow().num_rows == 60
    assert lake["sky"].fingerprint() != first.fingerprint()
    assert lake.table("counts").num_rows == 7
    assert lc.open_catalog(f"{store[0]}/more", **store[1]).source.rows == 20
    assert first.to_arrow().num_rows == 50


def test_a_file_replaced_elsewhere_has_another_identity(s3):
    path = path_at("s3://survey/a-file", s3)
    path.write_bytes(b"one")
    before = content_digest(path)
    code = "(lake.root / 'a-file').write_bytes(b'another')"
    assert elsewhere(code, ("s3://survey", s3)).wait() == 0
    assert content_digest(path) != before


def test_a_version_that_is_pruned_while_it_is_opened_gives_way_to_the_current_one(store, monkeypatch):
    lake = Lake(store[0], **store[1])
    for number in (1, 2):
        put(lake, "sky", sky_table(50 * number, lightcurves=False), order=0, plan=str(number))
    old, new = lake.versions("sky")
    publish_version(lake.root / "sky", old, new)
    opening = source._open_own

    def pruned(url, folder, *read):
        if folder.name == old:
            publish_version(lake.root / "sky", new, old)
            lake.prune("sky", keep=0)
        return opening(url, folder, *read)

    monkeypatch.setattr(source, "_open_own", pruned)
    assert lake["sky"].source.rows == 100
