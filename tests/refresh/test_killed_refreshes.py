"""A refresh killed at random moments, run again, gives what one that nobody killed gives."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from growing import NAMES, PIPELINE, add, content, survey

from lcscale.lake import Lake
from lcscale.refresh import Pipeline

QUIET = {"engine": "serial", "progress": False}
SIX = (
    PIPELINE
    + """
[catalogs.named]
join = ["left", "pairs"]
on = "object_id"
how = "inner"
"""
)
REFRESH = """
import sys
from lcscale.refresh import Pipeline
if __name__ == "__main__":
    pipeline = Pipeline.read(sys.argv[1])
    print("ready", flush=True)
    sys.exit(pipeline.refresh(engine=sys.argv[2], progress=False).exit_status)
"""
VICTIMS = (("driver", "serial"), ("driver", "local:2"), ("worker", "local:2"), ("driver", "serial"))
"""Who is killed, and the engine of the refresh."""


def start(path, engine):
    """A process that refreshes, at the moment at which it begins to."""
    script = path.parent / "refresh.py"
    script.write_text(REFRESH)
    process = subprocess.Popen([sys.executable, str(script), str(path), engine], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process, who, rng):
    """SIGKILL the driver, or one of its workers where it has any; whether somebody was killed."""
    try:
        workers = [each for each in psutil.Process(process.pid).children() if "spawn_main" in " ".join(each.cmdline())]
        if who == "worker" and workers:
            os.kill(rng.choice(workers).pid, signal.SIGKILL)
            return True
        process.kill()
        left = process.wait() != 0
    except (psutil.NoSuchProcess, ProcessLookupError):
        return False
    for each in workers:  # which end by themselves when their driver is gone
        each.wait(60)
    return left


@pytest.mark.parametrize("kills", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_at_any_moment(tmp_path, kills):
    path, rng, moments = survey(tmp_path, 60), np.random.default_rng(0), random.Random(0)
    path.write_text(SIX)
    whole = {}
    for number, engine in enumerate(("serial", "local:2"), 1001):
        began = time.monotonic()
        assert start(path, engine).wait() == 0
        whole[engine] = time.monotonic() - began
        add(tmp_path, "left", number, 3, rng)
    killed = dict.fromkeys(VICTIMS, 0)
    for number in range(1, kills + 1):
        add(tmp_path, moments.choice(["left", "right"]), number, 3, rng)
        who, engine = VICTIMS[number % len(VICTIMS)]
        process = start(path, engine)
        time.sleep(moments.uniform(0, whole[engine]))
        killed[who, engine] += kill(process, who, moments)
        process.wait(300)
        process.stdout.close()
        assert Pipeline.read(path).lake.readable()[1] == {}  # each version that is current is whole
    print(f"killed: {killed}")
    assert sum(killed.values()) > kills / 4
    assert Pipeline.read(path).refresh(**QUIET).exit_status == 0
    assert Pipeline.read(path).refresh(**QUIET).did_nothing
    again = Pipeline.read(path, lake=Lake(tmp_path / "fresh"))
    again.refresh(**QUIET)
    fresh, found = content(again, (*NAMES, "named")), content(Pipeline.read(path), (*NAMES, "named"))
    for name, table in fresh.items():
        assert found[name].equals(table), name
