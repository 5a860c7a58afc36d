"""Speed of ingest against hats-import, each as whole processes with two workers, and how nesting grows."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

THRESHOLD = 250_000

OURS = """
import sys
from lcscale.ingest import Partitioning, ingest
if __name__ == "__main__":
    limits = Partitioning(rows=int(sys.argv[3]))
    record = ingest("table", sys.argv[1], sys.argv[2], "sky", id="id", partitioning=limits, engine="local:2")
    assert record.exit_status == 0, record.quarantined
"""
THEIRS = """
import sys
from dask.distributed import Client
from hats_import import CollectionArguments, pipeline_with_client
if __name__ == "__main__":
    zstd = {"compression": "zstd", "compression_level": 3}
    args = CollectionArguments(
        output_artifact_name="sky", output_path=sys.argv[2], progress_bar=False, write_table_kwargs=zstd
    ).catalog(
        input_path=sys.argv[1], file_reader="parquet", ra_column="ra", dec_column="dec", output_artifact_name="sky",
        pixel_threshold=int(sys.argv[3]), highest_healpix_order=7,
    )
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        pipeline_with_client(args, client)
"""
NESTED = """
import sys
from lcscale.ingest import ingest
folder, lake = sys.argv[1:3]
options = {"objects": folder + "/objects.parquet", "band": "band", "bands": "g,r", "time_offset": 50000.0}
record = ingest("lightcurves", folder + "/detections", lake, "lcs", **options)
assert record.exit_status == 0, record.quarantined
with open("/proc/self/status") as status:  # of this program alone: ru_maxrss comes down from the process before it
    print(next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")))
"""


def run(script, *arguments):
    """Output and CPU seconds of a process and all its workers, sampled: not every worker is waited for."""
    import psutil

    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    seconds: dict[int, float] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        main = psutil.Process(process.pid)
        while process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                for one in [main, *main.children(recursive=True)]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        spent = one.cpu_times()
                        seconds[one.pid] = spent.user + spent.system
            time.sleep(0.05)
        out = process.stdout.read()
    assert process.returncode == 0
    return out, sum(seconds.values())


@pytest.fixture(scope="module", params=[2, 10])
def strip(request, tmp_path_factory):
    """A strip of the Galactic plane, so many million rows of 17 columns, in 8 files."""
    rows = request.param * 1_000_000
    folder = tmp_path_factory.mktemp("strip") / "in"
    folder.mkdir()
    rng = np.random.default_rng(20260726)
    ra, dec = rng.uniform(275, 285, rows), -10 + rng.laplace(0, 1, rows).clip(-4, 4)
    columns = {"id": np.arange(rows), "ra": ra, "dec": dec, "mag": rng.uniform(12, 21, rows)}
    columns |= {f"f{i}": rng.normal(0, 1, rows) for i in range(13)}
    table = pa.table(columns)
    for i in range(8):
        pq.write_table(table.slice(i * rows // 8, rows // 8), folder / f"part{i}.parquet")
    return folder, rows


@pytest.mark.parametrize("who", ["lcscale", "hats-import"])
def test_a_catalog_of_positions(benchmark, strip, tmp_path, who):
    if who == "hats-import":
        pytest.importorskip("hats_import")
    folder, rows = strip
    benchmark.group = f"ingest {rows:,} rows x 17 columns, 2 processes, zstd 3"
    script, lake = (OURS if who == "lcscale" else THEIRS), tmp_path / "lake"
    _, cpu = benchmark.pedantic(run, args=(script, folder, lake, THRESHOLD), rounds=1)
    benchmark.extra_info["cpu_seconds"] = round(cpu, 2)
    print(f"\n{who}: {cpu:.1f} s of CPU")
    files = [os.path.join(at, name) for at, _, names in os.walk(lake) for name in names if "Npix" in name]
    assert sum(pq.read_metadata(path).num_rows for path in files) == rows


@pytest.mark.benchmark(group="nest detections of 100 observations a star, one process")
@pytest.mark.parametrize("millions", [3, 10, 30])
def test_detections_into_light_curves(benchmark, tmp_path, millions):
    """Unsorted detections, each file of all objects: the cost grows with their number, memory stays."""
    rng = np.random.default_rng(1)
    n = millions * 10_000
    (tmp_path / "detections").mkdir()
    objects = {"object_id": np.arange(n), "ra": rng.uniform(0, 30, n), "dec": rng.uniform(-15, 15, n)}
    pq.write_table(pa.table(objects), tmp_path / "objects.parquet")
    for i in range(millions):
        m = 1_000_000
        columns = {
            "object_id": rng.integers(0, n, m),
            "time": rng.uniform(100 * i, 100 * i + 100, m),
            "mag": rng.normal(15, 1, m).astype(np.float32),
            "mag_err": np.full(m, 0.1, np.float32),
            "band": np.array(["g", "r"])[rng.integers(0, 2, m)],
        }
        pq.write_table(pa.table(columns), tmp_path / "detections" / f"{i:03d}.parquet")
    out, cpu = benchmark.pedantic(run, args=(NESTED, tmp_path, tmp_path / "lake"), rounds=1)
    benchmark.extra_info |= {"cpu_seconds": round(cpu, 2), "peak_mb": int(out)}
    print(f"\n{millions} million detections: {cpu:.1f} s of CPU, {int(out)} MB at most")
    assert int(out) < 4096
