"""An ingest on a cluster whose workers or driver are killed: it goes on, and the leaves are the same, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from killing import killing_workers

import lcscale as lc
from lcscale.engine import resolve
from lcscale.ingest import Partitioning, ingest
from lcscale.lake.source import content_digest

LIMITS = Partitioning(rows=300)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """30,000 detections of 2,000 objects in 20 files; and what comes of them undisturbed."""
    folder = tmp_path_factory.mktemp("release")
    rng = np.random.default_rng(7)
    n, m = 2000, 1500
    objects = {"object_id": np.arange(n), "ra": rng.uniform(0, 40, n), "dec": rng.uniform(-20, 20, n)}
    pq.write_table(pa.table(objects), folder / "objects.parquet")
    (folder / "files").mkdir()
    for number in range(20):
        columns = {
            "object_id": rng.integers(0, n, m),
            "time": 58000 + rng.uniform(0, 1000, m),
            "mag": rng.normal(15, 1, m),
        }
        pq.write_table(pa.table(columns), folder / "files" / f"{number}.parquet")
    read_in(folder, folder / "undisturbed", "serial")
    return folder


def read_in(folder, lake, engine):
    options = {"objects": str(folder / "objects.parquet"), "mag_err": "none"}
    return ingest("lightcurves", folder / "files", lake, "lcs", partitioning=LIMITS, engine=engine, **options)


def leaves(lake):
    """Checksums of all leaves, which hold the rows in one order, as they lie there."""
    checksums = {leaf.pixel: content_digest(leaf.upath) for leaf in lc.Lake(lake)["lcs"].partitions}
    assert len(checksums) > 50
    return checksums


def test_workers_killed_twice_a_second(release, tmp_path):
    engine = resolve("local:2")
    with killing_workers(engine, 0.5, seed=3) as killed:
        record = read_in(release, tmp_path, engine)
    assert killed
    assert (record.exit_status, record.rows) == (0, 2000)
    assert leaves(tmp_path) == leaves(release / "undisturbed")


DRIVER = """
import sys
from pathlib import Path
from test_killed_on_dask import read_in
if __name__ == "__main__":
    read_in(Path(sys.argv[1]), sys.argv[2], "local:2")
"""


@pytest.mark.parametrize("wanted", [pytest.param("staging/*.arrow", marks=pytest.mark.slow), "dataset/**/*.parquet"])
def test_a_killed_driver(release, tmp_path, wanted):
    """Whatever was begun, the next run finishes it; until then there is no catalog."""
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    lake = tmp_path / "lake"
    process = subprocess.Popen([sys.executable, str(script), str(release), str(lake)], env=environment)
    deadline = time.monotonic() + 100
    while process.poll() is None and time.monotonic() < deadline and len(list(lake.glob(f"lcs/*/{wanted}"))) < 5:
        time.sleep(0.002)
    assert process.poll() is None
    process.kill()
    process.wait()
    assert lc.Lake(lake).names() == []
    record = read_in(release, lake, "local:2")
    assert (record.exit_status, record.rows) == (0, 2000)
    assert leaves(lake) == leaves(release / "undisturbed")
