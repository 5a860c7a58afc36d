"""Jobs whose workers and drivers are killed: they end, or go on, with the same catalog."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from killing import killing_workers
from skies import put, sky_table
from slowly import Slowly

from lcscale.engine import Ledger, resolve
from lcscale.lake import Lake
from lcscale.lake.draft import publish_version

SECONDS = 0.03


def checksum(catalog):
    """What has to be equal: every column of every row, in order."""
    return catalog.to_arrow().combine_chunks()


def test_workers_killed_every_second_change_nothing(lake, monkeypatch):
    """SIGKILL of a random worker every second during a job of 192 partitions."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    sky = put(lake, "sky", sky_table(3000, lightcurves=False), order=2)
    assert len(sky.partitions) == 192
    work = sky.map(Slowly(SECONDS))
    engine = resolve("local:2")
    with killing_workers(engine, 1.0, seed=1) as killed:
        record = work.write("killed", engine=engine)
    assert len(killed) >= 3
    assert record.exit_status == 0
    undisturbed = work.write("undisturbed", engine="serial")
    assert (record.rows, record.bytes, record.done) == (undisturbed.rows, undisturbed.bytes, 192)
    assert checksum(lake["killed"]).equals(checksum(lake["undisturbed"]))


@pytest.mark.parametrize(
    ("engine", "kills"),
    [("serial", 8), *(pytest.param(*each, marks=pytest.mark.slow) for each in (("serial", 20), ("local:2", 10)))],
)
def test_a_driver_killed_again_and_again_goes_on(lake, tmp_path, engine, kills):
    """SIGKILL of the driver at random moments: no finished partition is run again, the catalog is the same."""
    put(lake, "sky", sky_table(2000, lightcurves=False), order=1)
    ran = tmp_path / "ran"
    ran.mkdir()
    script = (
        "import sys; from lcscale.lake import Lake; from slowly import Slowly\n"
        "lake = Lake(sys.argv[1]); lake['sky'].map(Slowly(0.02, sys.argv[2])).write('stepped', engine=sys.argv[3])\n"
    )
    command = [sys.executable, "-c", script, str(lake.root), str(ran), engine]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    rng = random.Random(2)
    for _ in range(kills):
        process = subprocess.Popen(command, env=environment)
        deadline = time.monotonic() + 60
        before = len(list(ran.iterdir()))
        while len(list(ran.iterdir())) == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(rng.uniform(0.0, 0.15))
        process.kill()
        process.wait()
        if "stepped" in lake:
            break
    subprocess.run(command, env=environment, check=True, timeout=120)
    entries = [entry["key"] for entry in Ledger(next((lake.root / "stepped").glob("v*")) / "ledger").entries()]
    assert len(entries) == len(set(entries)) == 48
    assert checksum(lake["stepped"].without("slow")).equals(checksum(lake["sky"]))


@pytest.mark.parametrize("opens", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_readers_see_the_old_version_or_the_new_one(tmp_path, opens):
    """Opens while versions are published in a loop: never a mixture, never a missing file."""
    lake = Lake(tmp_path / "lake")
    versions = []
    for number in range(4):
        put(lake, "sky", sky_table(100 * (number + 1), seed=number, lightcurves=False), order=0, plan=str(number))
        versions.append(lake.current("sky"))
    sizes = {100, 200, 300, 400}
    stop = threading.Event()

    def publish():
        number = 0
        while not stop.is_set():
            publish_version(lake.root / "sky", versions[number % 4], lake.current("sky"))
            number += 1

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        for number in range(opens):
            catalog = lake["sky"]
            assert catalog.source.rows in sizes
            if opens < 1000 or number % 10 == 0:
                assert sum(table.num_rows for table in catalog.columns().to_batches()) == catalog.source.rows
    finally:
        stop.set()
        publisher.join()


@pytest.mark.parametrize("content", [b"", b"not parquet"])
def test_a_damaged_leaf_is_named_and_the_rest_goes_on(lake, content):
    sky = put(lake, "sky", sky_table(500, lightcurves=False))
    leaf = sky.partitions[5]
    Path(leaf.path).write_bytes(content)
    record = sky.write("copy", retries=0)
    assert record.exit_status == 3
    assert record.done == 47
    assert str(leaf.pixel) in record.quarantined[0]["label"]
    assert leaf.path in record.quarantined[0]["error"]
