"""A job counts as running as long as its writer lives, however long its partitions take, and not a moment longer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from skies import put, sky_table

from lcscale.errors import ConflictError
from lcscale.lake import Lake, writer

ENVIRONMENT = os.environ | {"PYTHONPATH": f"{Path(__file__).parents[1]}:{os.environ.get('PYTHONPATH', '')}"}


def states(lake, name="result"):
    return [job.state for job in lake.jobs() if job.name == name]


def test_on_a_disk_the_lock_tells(lake, sky):
    """The ledger has been silent for hours."""
    with lake.draft("result", "plan") as draft:
        draft.ledger.begin("result", 12, "serial")
        for path in Path(draft.ledger.folder.path).glob("*"):
            os.utime(path, (time.time() - 1e4, time.time() - 1e4))
        assert states(lake) == ["running"]
    assert states(lake) == ["unfinished"]


def test_a_killed_writer_is_not_running(lake, sky):
    script = (
        "import sys; from lcscale.lake import Lake; from slowly import Slowly\n"
        "Lake(sys.argv[1])['sky'].map(Slowly(60.0)).write('result')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(lake.root)], env=ENVIRONMENT)
    try:
        deadline = time.monotonic() + 60
        while not states(lake) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert states(lake) == ["running"]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert states(lake) == ["unfinished"]


def test_who_asks_does_not_keep_a_writer_from_beginning(lake, sky):
    with lake.draft("result", "plan") as draft:
        draft.ledger.begin("result", 12, "serial")
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            writer.is_written(draft.folder)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(100):
            with lake.draft("result", "plan"):
                pass
    finally:
        stop.set()
        asking.join()
    with (
        lake.draft("result", "plan"),
        pytest.raises(ConflictError, match="another process"),
        lake.draft("result", "plan"),
    ):
        pass


def test_on_an_object_store_a_heartbeat_tells(s3, monkeypatch):
    lake = Lake("s3://survey/heartbeat", **s3)
    monkeypatch.setattr(writer, "HEARTBEAT_SECONDS", 1.0)
    with lake.draft("result", "plan") as draft:
        draft.ledger.begin("result", 12, "serial")
        draft.ledger.flush()
        for _ in range(2):
            time.sleep(1.6)
            assert states(lake) == ["running"]
        monkeypatch.setattr(writer.Writer, "_beat", lambda self: None)  # it died
        time.sleep(4.5)
        assert states(lake) == ["unfinished"]
    assert states(lake) == ["unfinished"]
    put(lake, "sky", sky_table(20, lightcurves=False), order=0)
    assert [path.name for path in draft.folder.iterdir()] == ["ledger"]
