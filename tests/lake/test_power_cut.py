"""A disk whose power may be cut at any moment: what a ledger or a collection names is on it whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from skies import sky_table

from lcscale.engine import Ledger
from lcscale.ingest import Partitioning, ingest
from lcscale.lake import Lake


class Disk:
    """What would be left of the files below `root` if the power were cut now, told from the calls of fsync.

    Of a file, its size and time of change when it was last brought to the disk; of a folder, its names then.
    """

    def __init__(self, root, monkeypatch):
        self.root = Path(root)
        self.files, self.folders, self.calls = {}, {}, 0
        whole, replace, add, listing = os.fsync, os.replace, Ledger.add, threading.Lock()
        self.lost, self.named = [], 0

        def fsync(descriptor):
            self.calls += 1
            path, about = os.readlink(f"/proc/self/fd/{descriptor}"), os.fstat(descriptor)
            if os.path.isdir(path):
                with listing:  # two tasks are under way at once: an older listing must not replace a newer one
                    self.folders[about.st_ino] = set(os.listdir(path))
            else:
                self.files[about.st_ino] = (about.st_size, about.st_mtime_ns)
            whole(descriptor)

        def note(ledger, outcome):
            folder = Path(ledger.folder.path).parent
            result = outcome.result
            names = [
                folder / "staging" / f"{name}.{end}" for name in result.get("spills") or () for end in ("arrow", "npy")
            ]
            if result.get("rows") and "pixel" in result:
                order, pixel = result["pixel"]
                names += folder.glob(f"dataset/Norder={order}/*/Npix={pixel}.parquet")
                names += folder.glob(f"staging/names-{order}-{pixel}.npy")
            self.check(names)
            add(ledger, outcome)

        def published(beside, place):
            name = os.path.basename(place)
            if name == "collection.properties":
                version = dict(line.split("=", 1) for line in Path(beside).read_text().splitlines() if "=" in line)
                folder = Path(place).parent / version["hats_primary_table_url"]
                hidden = {"staging", "partial"}
                self.check(
                    p for p in folder.rglob("*") if p.is_file() and not hidden & set(p.parts) and p.name[0] != "."
                )
            if name == "current":
                self.check((Path(place).parent / Path(beside).read_text().strip()).iterdir())
            replace(beside, place)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "replace", published)
        monkeypatch.setattr(Ledger, "add", note)

    def check(self, paths):
        """Note which of these would be lost."""
        for path in paths:
            self.named += 1
            about = path.stat()
            whole = self.files.get(about.st_ino) == (about.st_size, about.st_mtime_ns)
            around = [path, *path.parents]
            around = around[: around.index(self.root)]
            there = all(each.name in self.folders.get(each.parent.stat().st_ino, ()) for each in around)
            if not (whole and there):
                self.lost.append((str(path), whole, there))


@pytest.fixture
def release(tmp_path):
    import pyarrow.parquet as pq

    table = sky_table(600, lightcurves=False).drop_columns(["_healpix_29"])
    pq.write_table(table, tmp_path / "release.parquet")
    return tmp_path / "release.parquet"


def test_nothing_that_is_named_is_lost(release, tmp_path, monkeypatch):
    """Ingest, append, write, complete, coalesce and plain tables."""
    disk = Disk(tmp_path, monkeypatch)
    lake = Lake(tmp_path / "deep" / "lake")
    ingest("table", release, lake, "sky", id="object_id", partitioning=Partitioning(rows=100), engine="serial")
    named = disk.named
    assert named > 40
    assert disk.lost == []
    lake["sky"].columns("mean_mag").write("result", engine="serial")
    lake["sky"].where("mean_mag < 13").write("few", engine="serial")
    assert (disk.named > named + 40, disk.lost) == (True, [])
    lake.write_table("counts", pa.table({"a": [1]}))
    lake.write_table("counts", pa.table({"a": [2]}))
    assert disk.lost == []


def test_the_cost_is_a_few_calls_a_leaf(release, tmp_path, monkeypatch):
    disk = Disk(tmp_path, monkeypatch)
    lake = Lake(tmp_path / "lake")
    ingest("table", release, lake, "sky", partitioning=Partitioning(rows=20), engine="serial")
    leaves = len(lake["sky"].source.leaves)
    before = disk.calls
    lake["sky"].columns("mean_mag").write("result", engine="serial")
    assert leaves >= 40
    assert disk.calls - before < 3 * leaves + 60
