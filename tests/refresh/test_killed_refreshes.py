"""A refresh killed at random moments, run again, gives what one that nobody killed gives."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import numpy as np
import pytest
from growing import add, content, survey

from lcscale.lake import Lake
from lcscale.refresh import Pipeline

QUIET = {"engine": "serial", "progress": False}
REFRESH = """
import sys
from lcscale.refresh import Pipeline
pipeline = Pipeline.read(sys.argv[1])
print("ready", flush=True)
pipeline.refresh(engine="serial", progress=False)
"""


def start(path):
    """A process that refreshes, at the moment at which it begins to."""
    process = subprocess.Popen([sys.executable, "-c", REFRESH, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_any_moment(tmp_path, kills):
    path, rng, moments = survey(tmp_path, 60), np.random.default_rng(0), random.Random(0)
    began = time.monotonic()
    assert start(path).wait() == 0
    whole = time.monotonic() - began
    killed = 0
    for number in range(1, kills + 1):
        add(tmp_path, moments.choice(["left", "right"]), number, 3, rng)
        process = start(path)
        time.sleep(moments.uniform(0, whole))
        process.kill()
        killed += process.wait() != 0
        process.stdout.close()
        known = Pipeline.read(path).lake.readable()
        assert known[1] == {}  # each version that is current is whole
    assert killed
    assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
    assert Pipeline.read(path).refresh(**QUIET).did_nothing
    again = Pipeline.read(path, lake=Lake(tmp_path / "fresh"))
    again.refresh(**QUIET)
    fresh, found = content(again), content(Pipeline.read(path))
    for name, table in fresh.items():
        assert found[name].equals(table), name
