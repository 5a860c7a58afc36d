"""A process that writes, publishes and prunes, killed at random moments: readers always find a whole version."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

from skies import put, sky_table

from lcscale.lake import Lake

CUTS = (14.0, 15.0, 16.0)


def _write_and_prune(root):
    """Publish three plans in turn for ever, and remove the old versions."""
    lake = Lake(root)
    while True:
        for cut in CUTS:
            lake["sky"].where(f"mean_mag < {cut}").write("result", engine="serial")
            lake.prune("result", keep=0)


def test_no_reader_finds_less_than_a_whole_version(lake):
    sky = put(lake, "sky", sky_table(400, lightcurves=False), order=0)
    wanted = {sky.where(f"mean_mag < {cut}").to_arrow().num_rows: cut for cut in CUTS}
    sky.where(f"mean_mag < {CUTS[0]}").write("result", engine="serial")
    rng, context, seen = random.Random(5), multiprocessing.get_context("fork"), set()
    for _ in range(12):
        process = context.Process(target=_write_and_prune, args=(str(lake.root),))
        process.start()
        time.sleep(rng.uniform(0.05, 1.2))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        catalog = lake["result"]
        rows = catalog.to_arrow()
        cut = wanted[rows.num_rows]
        assert rows.num_rows == catalog.source.rows
        assert rows.equals(sky.where(f"mean_mag < {cut}").to_arrow())
        assert catalog.source.lost_leaves() == []
        seen.add(catalog.source.version)
        assert lake.readable()[1] == {}
        assert all(job.state != "running" for job in lake.jobs())
    assert len(seen) > 2
    for cut in CUTS:
        sky.where(f"mean_mag < {cut}").write("result", engine="serial")
        assert lake["result"].to_arrow().equals(sky.where(f"mean_mag < {cut}").to_arrow())
    lake.prune("result", keep=0)
    folders = [child.name for child in (lake.root / "result").iterdir() if child.is_dir()]
    assert [name for name in folders if name.startswith(".removed-")] == []


def as_0_1_wrote_it(version):
    """Take away what versions of this package before manifests did not write."""
    (version / "leaves.parquet").unlink(missing_ok=True)
    for path in version.glob("ledger/*.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            for name in ("cells", "cell_rows"):
                line.get("result", {}).pop(name, None)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for path in version.glob("*properties"):
        kept = [line for line in path.read_text().splitlines() if not line.startswith("lcscale_")]
        path.write_text("\n".join(kept) + "\n")


def test_unfinished_and_incomplete_versions_of_0_1_go_on(lake, sky):
    """It published what lacked partitions, and said so in the ledger alone."""
    whole = sky.columns("object_id")
    record = whole.write("result")
    version = Path((lake.root / "result" / record.version).path)
    as_0_1_wrote_it(version)
    (ledger,) = version.glob("ledger/*.jsonl")
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    number, lost = next((number, line) for number, line in enumerate(lines) if "key" in line)
    lines[number] = lost | {"error": "OSError: gone", "result": {}}
    ledger.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert lake["result"].to_arrow().num_rows == 2000
    again = whole.write("result")
    assert (again.done, again.skipped, again.published, again.version != record.version) == (1, 47, True, True)
    assert lake["result"].to_arrow().equals(whole.to_arrow())
    assert lake.prune("result", keep=0) == [record.version]
    as_0_1_wrote_it(Path((lake.root / "result" / again.version).path))
    (lake.root / "result" / "collection.properties").unlink()  # never published
    (lake.root / "result" / again.version / "hats.properties").unlink()
    assert [job.state for job in lake.jobs() if job.name == "result"] == ["unfinished"]
    resumed = whole.write("result")
    assert (resumed.done, resumed.skipped, resumed.published) == (0, 48, True)
    assert lake["result"].to_arrow().equals(whole.to_arrow())
