"""A full disk and a clock that runs backwards: the lake stays whole, and the same command finishes the work."""

from __future__ import annotations

import subprocess
import time

import numpy as np
import pytest
from growing import add, content, survey

from lcscale.engine import Ledger
from lcscale.engine.task import Outcome
from lcscale.lake import Lake
from lcscale.refresh import Pipeline

QUIET = {"engine": "serial", "progress": False}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own; the function given with it sets its size in kB."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*options):
        return subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(place)], capture_output=True, text=True)

    made = mount("-o", "size=1m")
    if made.returncode:
        pytest.skip(f"no right to mount a small file system: {made.stderr.strip()}")
    yield place, lambda kilobytes: mount("-o", f"remount,size={kilobytes}k").check_returncode()
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_full_in_the_middle(tmp_path, small_disk):
    place, resize = small_disk
    path = survey(tmp_path, 100)
    path.write_text(path.read_text().replace('lake = "lake"', f'lake = "{place}/lake"'))
    failed = 0
    for kilobytes in (100, 200, 400, 800, 1600):
        resize(kilobytes)
        record = Pipeline.read(path).refresh(**QUIET)
        assert record.exit_status in (0, 1)
        assert Pipeline.read(path).lake.readable()[1] == {}
        for step in record.steps:
            if step.outcome == "failed":
                failed += 1
                assert "cannot write to the lake" in step.text
                assert "No space left on device" in step.text
    assert failed >= 2
    resize(64_000)
    assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
    again = Pipeline.read(path, lake=Lake(tmp_path / "fresh"))
    again.refresh(**QUIET)
    fresh, found = content(again), content(Pipeline.read(path))
    for name, table in fresh.items():
        assert found[name].equals(table), name


def test_a_clock_that_runs_backwards(tmp_path, monkeypatch):
    path, rng, began = survey(tmp_path, 60), np.random.default_rng(0), time.time()
    path.write_text("keep_days = 0\n" + path.read_text())
    seen = []
    for number in range(3):
        earlier = began - 86_400.0 * number
        with monkeypatch.context() as clock:
            clock.setattr(time, "time", lambda now=earlier: now)
            clock.setattr(time, "time_ns", lambda now=earlier: int(now * 1e9))
            if number:
                add(tmp_path, "left", number, 3, rng)
            assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
            assert Pipeline.read(path).refresh(**QUIET).did_nothing
        lake = Pipeline.read(path).lake
        seen.append(lake.current("left"))
        assert [each.version for each in lake.publications("left")] == seen
    told = lake.publications("left")
    assert [lake.at(each.at).version("left") for each in told] == seen
    again = Pipeline.read(path, lake=Lake(tmp_path / "fresh"))
    again.refresh(**QUIET)
    assert content(again) == content(Pipeline.read(path))


def test_what_succeeded_is_not_set_aside_because_the_clock_ran_backwards(tmp_path, monkeypatch):
    for now, error in ((2e18, "OSError: no"), (1e18, None)):  # it failed first, by a clock that was ahead
        monkeypatch.setattr(time, "time_ns", lambda now=now: int(now))
        ledger = Ledger(tmp_path)
        ledger.add(Outcome("key", "label", {"rows": 1}, error))
        ledger.close()
    assert Ledger(tmp_path).quarantined() == []
    assert Ledger(tmp_path).done() == {"key": {"rows": 1}}
