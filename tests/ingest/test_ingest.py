"""Whole ingests of small releases: what goes in comes out, damaged files are named, repeating changes nothing."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pytest

import lcscale as lc
from lcscale import surveys
from lcscale.errors import ConflictError, InputError, LcscaleError
from lcscale.ingest import Partitioning, ingest
from lcscale.lightcurves import LightCurves


def sky(n, seed, *, clustered=False):
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    if clustered:
        ra[: n // 2] = 80 + rng.normal(0, 0.01, n // 2)
        dec[: n // 2] = -69 + rng.normal(0, 0.01, n // 2)
    return pa.table({"ra": ra, "dec": dec, "id": np.arange(n) + 1000 * seed, "mag": rng.normal(15, 1, n)})


def sorted_by_id(table):
    return table.sort_by("id").combine_chunks()


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    tables = [sky(500, seed, clustered=seed == 2) for seed in (1, 2, 3)]
    pq.write_table(tables[0], folder / "a.parquet", row_group_size=100)
    pv.write_csv(tables[1], folder / "b.csv")
    pq.write_table(tables[2], folder / "c.parquet")
    return folder, pa.concat_tables(tables)


def test_rows_out_are_rows_in(release, tmp_path):
    folder, expected = release
    record = ingest("table", folder, tmp_path / "lake", "sky", id="id", partitioning=Partitioning(rows=100))
    assert (record.exit_status, record.published, record.rows) == (0, True, 1500)
    assert list(record.stages) == ["read", "spill", "gather", "write"]
    catalog = lc.Lake(tmp_path / "lake")["sky"]
    found = sorted_by_id(catalog.to_arrow().drop_columns(["_healpix_29"]))
    assert found.equals(sorted_by_id(expected))
    assert all(leaf.read().num_rows <= 100 for leaf in catalog.partitions)
    for leaf in catalog.partitions:
        index = leaf.read(["_healpix_29"]).column(0).to_numpy()
        assert (np.diff(index) >= 0).all()
        low, high = leaf.pixel.span
        assert ((index >= low) & (index < high)).all()
    assert (catalog.source.ra, catalog.source.dec) == ("ra", "dec")


def test_it_is_valid_hats_and_lsdb_reads_it(release, tmp_path):
    from hats.io.validation import is_valid_catalog

    lsdb = pytest.importorskip("lsdb")
    ingest("table", release[0], tmp_path / "lake", "sky", partitioning=Partitioning(rows=400))
    folder = lc.Lake(tmp_path / "lake")["sky"].source.folder
    assert is_valid_catalog(folder, strict=True)
    assert len(lsdb.open_catalog(tmp_path / "lake" / "sky")) == 1500


def test_the_same_again_is_a_no_op_and_another_is_a_conflict(release, tmp_path):
    folder, _ = release
    first = ingest("table", folder, tmp_path / "lake", "sky")
    again = ingest("table", folder, tmp_path / "lake", "sky")
    assert (again.version, again.published, again.done, again.rows) == (first.version, False, 0, 1500)
    with pytest.raises(ConflictError, match="--append"):
        ingest("table", folder / "a.parquet", tmp_path / "lake", "sky")
    with pytest.raises(ConflictError, match="--append"):
        ingest("table", folder, tmp_path / "lake", "sky", id="id")
    assert lc.Lake(tmp_path / "lake").versions("sky") == [first.version]


def test_spills_are_gone_when_it_is_published(release, tmp_path):
    record = ingest("table", release[0], tmp_path / "lake", "sky")
    left = [path.name for path in (tmp_path / "lake" / "sky" / record.version).iterdir()]
    assert "staging" not in left
    assert "partial" not in left


def test_damaged_files_are_named_and_the_rest_is_ingested(release, tmp_path):
    folder, expected = release
    (folder / "broken.parquet").write_bytes((folder / "a.parquet").read_bytes()[:-50])
    (folder / "empty.csv").write_bytes(b"")
    (folder / "torn.csv.gz").write_bytes(gzip.compress((folder / "b.csv").read_bytes())[:-40])
    (folder / "other.csv").write_text("x,y\n1,2\n")
    for _ in range(2):  # the second time nothing is done, and the same is said
        record = ingest("table", folder, tmp_path / "lake", "sky", id="id")
        assert record.exit_status == 3
        named = sorted(os.path.basename(item["label"]) for item in record.quarantined)
        assert named == ["broken.parquet", "empty.csv", "other.csv", "torn.csv.gz"]
        assert all(item["error"] for item in record.quarantined)
    catalog = lc.Lake(tmp_path / "lake")["sky"]
    assert sorted_by_id(catalog.to_arrow().drop_columns(["_healpix_29"])).equals(sorted_by_id(expected))


def test_nothing_but_damaged_files_publishes_nothing(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"")
    record = ingest("table", tmp_path / "a.csv", tmp_path / "lake", "sky")
    assert record.exit_status == 3
    assert not record.published
    assert lc.Lake(tmp_path / "lake").names() == []


def test_rows_without_a_position_are_counted_and_set_aside(tmp_path):
    ra = ["1.5", "nan", "inf", "", "359.999", "10", "20"]
    dec = ["2.5", "1", "1", "1", "-90", "90.5", ""]
    lines = [f"{a},{d},{i}" for i, (a, d) in enumerate(zip(ra, dec, strict=True))]
    (tmp_path / "a.csv").write_text("\n".join(["ra,dec,n", *lines]) + "\n")
    record = ingest("table", tmp_path / "a.csv", tmp_path / "lake", "sky")
    (problem,) = record.quarantined
    assert problem["error"].startswith("5 rows have no position")
    assert problem["label"].endswith("a.csv")
    assert sorted(lc.Lake(tmp_path / "lake")["sky"].to_arrow().column("n").to_pylist()) == [0, 4]


def test_duplicated_ids_are_reported(tmp_path):
    table = sky(50, 1)
    pq.write_table(pa.concat_tables([table, table.slice(0, 3)]), tmp_path / "a.parquet")
    record = ingest("table", tmp_path / "a.parquet", tmp_path / "lake", "sky", id="id")
    assert record.exit_status == 0
    assert any(note.startswith("3 rows repeat the id of another row") for note in record.notes)


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("spans", [1, 7])
def test_duplicated_ids_are_found_all_over_the_sky(tmp_path, monkeypatch, text, spans):
    """In other partitions too, and however the names are divided among tasks; rows without a name are none."""
    monkeypatch.setattr("lcscale.ingest.tasks.ROWS_OF_A_TASK", 1000 // spans)
    rng = np.random.default_rng(6)
    table = sky(900, 1)
    ids = rng.permutation(np.append(np.arange(880) - 440, np.arange(20) - 440))
    names = [None if i % 10 == 0 else f"star {one}" if text else int(one) for i, one in enumerate(ids)]
    pq.write_table(table.set_column(2, "id", pa.array(names)), tmp_path / "a.parquet")
    record = ingest(
        "table", tmp_path / "a.parquet", tmp_path / "lake", "sky", id="id", partitioning=Partitioning(rows=50)
    )
    named = [name for name in names if name is not None]
    repeated = {str(name) for name in named if named.count(name) > 1}
    (note,) = record.notes
    count, _, examples = note.partition(" rows repeat the id of another row, such as ")
    assert int(count) == len(named) - len(set(named)) > 3
    assert set(examples.split(", ")) <= repeated
    assert len(lc.Lake(tmp_path / "lake")["sky"].partitions) > 15


def test_files_that_differ_in_types_and_columns_are_brought_together(tmp_path):
    (tmp_path / "a.csv").write_text("ra,dec,n,x\n1,2,3,\n")
    (tmp_path / "b.csv").write_text("ra,dec,n,text\n4,5,6.5,hello\n")
    ingest("table", [tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "lake", "sky")
    rows = lc.Lake(tmp_path / "lake")["sky"].to_arrow().sort_by("ra").to_pylist()
    assert [row["n"] for row in rows] == [3.0, 6.5]
    assert [row["text"] for row in rows] == [None, "hello"]
    assert [row["x"] for row in rows] == [None, None]


def test_numbers_in_one_file_and_text_in_another_become_text(tmp_path):
    (tmp_path / "a.csv").write_text("ra,dec,n\n1,2,3\n")
    (tmp_path / "b.csv").write_text("ra,dec,n\n4,5,V838 Mon\n")
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for _ in range(2):
        record = ingest("table", files, tmp_path / "lake", "sky")
        (note,) = record.notes
        assert note == f"column 'n' is int64 in {files[0]}, string in {files[1]}: it was made text"
    rows = lc.Lake(tmp_path / "lake")["sky"].to_arrow().sort_by("ra").to_pylist()
    assert [row["n"] for row in rows] == ["3", "V838 Mon"]
    ingest("table", files[0], tmp_path / "lake", "numbers")
    record = ingest("table", files[1], tmp_path / "lake", "numbers", append=True)
    assert "column 'n' is text in the files, int64 in the catalog" in record.quarantined[0]["error"]


def test_columns_that_cannot_be_brought_together_name_the_files(tmp_path):
    for name, values in (("a", [[1.0]]), ("b", ["x"])):
        pq.write_table(pa.table({"ra": [1.0], "dec": [2.0], "n": values}), tmp_path / f"{name}.parquet")
    record = ingest("table", [tmp_path / "a.parquet", tmp_path / "b.parquet"], tmp_path / "lake", "sky")
    assert not record.published
    assert f"in {tmp_path}/a.parquet, string in {tmp_path}/b.parquet" in record.quarantined[0]["error"]


def test_crowded_places_get_pixels_finer_than_the_histogram(tmp_path):
    rng = np.random.default_rng(3)
    n = 3000
    table = pa.table({"ra": 80 + rng.uniform(0, 0.02, n), "dec": -69 + rng.uniform(0, 0.02, n), "id": np.arange(n)})
    pq.write_table(table, tmp_path / "a.parquet")
    ingest("table", tmp_path / "a.parquet", tmp_path / "lake", "sky", partitioning=Partitioning(rows=100))
    catalog = lc.Lake(tmp_path / "lake")["sky"]
    sizes = [leaf.read(["_healpix_29"]).num_rows for leaf in catalog.partitions]
    assert sum(sizes) == n
    assert max(sizes) <= 100
    assert max(leaf.pixel.order for leaf in catalog.partitions) > 8


def test_many_rows_at_one_place(tmp_path):
    pv.write_csv(pa.table({"ra": [10.0] * 300, "dec": [20.0] * 300}), tmp_path / "a.csv")
    record = ingest("table", tmp_path / "a.csv", tmp_path / "lake", "sky", partitioning=Partitioning(rows=10))
    assert record.rows == 300


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    return surveys.write_release(tmp_path_factory.mktemp("release"), n=120, seed=3)


def curves_of(catalog):
    table = catalog.to_arrow().sort_by("object_id").combine_chunks()
    return table, LightCurves.from_arrow(table)


def test_light_curves_from_detections_in_any_order(simulated, tmp_path):
    record = ingest(
        "simulated", simulated.survey, tmp_path / "lake", "sim", partitioning=Partitioning(rows=40), progress=False
    )
    assert record.rows == 120
    catalog = lc.Lake(tmp_path / "lake")["sim"]
    table, lcs = curves_of(catalog)
    files = [pv.read_csv(path) for path in sorted(map(str, (tmp_path_of(simulated)).glob("detections-*.csv")))]
    raw = pa.concat_tables(files).to_pandas().sort_values(["star", "mjd"], kind="stable")
    assert lcs.counts.tolist() == raw.groupby("star").size().tolist()
    np.testing.assert_array_equal(lcs.time, raw.mjd)
    np.testing.assert_array_equal(np.sort(lcs.mag), np.sort(raw.mag.astype(np.float32)))
    assert catalog.schema.field("lightcurve").metadata[b"bands"] == b"g,r"
    assert table.column("label").null_count == 0


def tmp_path_of(release):
    from pathlib import Path

    return Path(release.survey)


def test_bytes_limit_partitions_of_light_curves(simulated, tmp_path):
    ingest("simulated", simulated.survey, tmp_path / "lake", "sim", partitioning=Partitioning(bytes=150_000))
    catalog = lc.Lake(tmp_path / "lake")["sim"]
    assert len(catalog.partitions) > 3
    assert max(leaf.read().nbytes for leaf in catalog.partitions) < 400_000


def test_the_same_catalog_from_small_spills(simulated, tmp_path, monkeypatch):
    ingest("simulated", simulated.survey, tmp_path / "one", "sim")
    monkeypatch.setattr("lcscale.ingest.staging._SPILL_BYTES", 20_000)
    monkeypatch.setattr("lcscale.ingest.spills._BATCH_BYTES", 5_000)
    ingest("simulated", simulated.survey, tmp_path / "two", "sim")
    first, second = (curves_of(lc.Lake(tmp_path / name)["sim"])[0] for name in ("one", "two"))
    assert first.equals(second)


def test_interrupted_it_goes_on(release, tmp_path, monkeypatch):
    from lcscale.ingest import leaves

    calls = []

    def failing(*arguments, **options):
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return write(*arguments, **options)

    write = leaves.LeafWriter
    monkeypatch.setattr(leaves, "LeafWriter", failing)
    limits = Partitioning(rows=100)
    with pytest.raises(KeyboardInterrupt):
        ingest("table", release[0], tmp_path / "lake", "sky", partitioning=limits)
    assert lc.Lake(tmp_path / "lake").names() == []
    monkeypatch.setattr(leaves, "LeafWriter", write)
    record = ingest("table", release[0], tmp_path / "lake", "sky", partitioning=limits)
    assert record.skipped == 3
    assert lc.Lake(tmp_path / "lake")["sky"].to_arrow().num_rows == record.rows == 1500


def test_a_leaf_that_cannot_be_written_publishes_nothing(release, tmp_path, monkeypatch):
    from lcscale.ingest import leaves

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(leaves, "LeafWriter", full)
    with pytest.raises(LcscaleError, match="No space left on device; nothing was published. Make room"):
        ingest("table", release[0], tmp_path / "lake", "sky")
    assert lc.Lake(tmp_path / "lake").names() == []


KILLED = """
import sys
from lcscale.ingest import Partitioning, ingest
ingest("simulated", sys.argv[1], sys.argv[2], "sim", partitioning=Partitioning(rows=8))
"""


@pytest.mark.parametrize("wanted", ["staging/*.arrow", "ledger/*.jsonl", "dataset/**/*.parquet"])
def test_killed_at_any_moment_it_goes_on(simulated, tmp_path, wanted):
    lake = tmp_path / "lake"
    process = subprocess.Popen([sys.executable, "-c", KILLED, simulated.survey, str(lake)])
    while process.poll() is None and not list(lake.glob(f"sim/*/{wanted}")):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    ingest("simulated", simulated.survey, tmp_path / "whole", "sim", partitioning=Partitioning(rows=8))
    expected = curves_of(lc.Lake(tmp_path / "whole")["sim"])[0]
    if lc.Lake(lake).names():  # on a loaded machine it may have come to its end before; what is seen is whole
        assert curves_of(lc.Lake(lake)["sim"])[0].equals(expected)
    ingest("simulated", simulated.survey, lake, "sim", partitioning=Partitioning(rows=8))
    assert curves_of(lc.Lake(lake)["sim"])[0].equals(expected)


FULL = """
import resource, signal, sys
from lcscale.errors import LcscaleError
from lcscale.ingest import Partitioning, ingest
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    ingest("simulated", sys.argv[1], sys.argv[2], "sim", partitioning=Partitioning(rows=30))
except LcscaleError as error:
    print(error)
"""


@pytest.mark.parametrize("limit", [20_000, 120_000])
def test_a_full_disk_publishes_nothing_and_loses_nothing(simulated, tmp_path, limit):
    """Files above a limit cannot be written, be they spills (the smaller limit) or leaves; then they can."""
    lake = tmp_path / "lake"
    done = subprocess.run(
        [sys.executable, "-c", FULL, simulated.survey, str(lake), str(limit)], capture_output=True, text=True
    )
    assert "File too large; nothing was published. Make room" in done.stdout, done.stdout + done.stderr
    assert lc.Lake(lake).names() == []
    limits = Partitioning(rows=30)
    assert ingest("simulated", simulated.survey, lake, "sim", partitioning=limits).exit_status == 0
    ingest("simulated", simulated.survey, tmp_path / "whole", "sim", partitioning=limits)
    found, expected = (curves_of(lc.Lake(path)["sim"])[0] for path in (lake, tmp_path / "whole"))
    assert found.equals(expected)


def sized_disk(folder, size):
    """Mount an own file system of so many bytes at `folder`, where that is allowed."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"cannot mount a small file system here: {done.stderr.strip()}")


@pytest.mark.parametrize("size", [80_000, 400_000])
def test_a_disk_that_is_really_full(simulated, tmp_path, size):
    """Too small for the spills, or for the leaves beside them; made larger, the same call goes on."""
    disk, limits = tmp_path / "disk", Partitioning(rows=30)
    if shutil.which("mount") is None:
        pytest.skip("there is no mount here")
    sized_disk(disk, size)
    try:
        with pytest.raises(LcscaleError, match="No space left on device; nothing was published. Make room"):
            ingest("simulated", simulated.survey, disk / "lake", "sim", partitioning=limits)
        assert lc.Lake(disk / "lake").names() == []
        subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
        assert ingest("simulated", simulated.survey, disk / "lake", "sim", partitioning=limits).exit_status == 0
        ingest("simulated", simulated.survey, tmp_path / "whole", "sim", partitioning=limits)
        found, expected = (curves_of(lc.Lake(path)["sim"])[0] for path in (disk / "lake", tmp_path / "whole"))
        assert found.equals(expected)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_dask_gives_the_same_leaves(simulated, tmp_path):
    from distributed import Client, LocalCluster

    limits = Partitioning(rows=30)
    serial = ingest("simulated", simulated.survey, tmp_path / "serial", "sim", partitioning=limits)
    with (
        LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        dask = ingest("simulated", simulated.survey, tmp_path / "dask", "sim", partitioning=limits, engine=client)
    assert dask.engine.startswith("dask")
    assert (dask.version, dask.rows, dask.bytes) == (serial.version, serial.rows, serial.bytes)
    first, second = (lc.Lake(tmp_path / name)["sim"].source.digests() for name in ("serial", "dask"))
    assert first == second


def test_wrong_arguments(tmp_path):
    with pytest.raises(InputError, match="unknown survey"):
        ingest("sdss", tmp_path, tmp_path / "lake", "x")
    with pytest.raises(InputError, match="no file or folder"):
        ingest("table", tmp_path / "none.csv", tmp_path / "lake", "x")
    with pytest.raises(InputError, match="no release files of table"):
        ingest("table", tmp_path, tmp_path / "lake", "x")
    with pytest.raises(InputError, match="positive limits"):
        Partitioning(rows=0)
    (tmp_path / "a.csv").write_text("ra,dec\n1,2\n")
    with pytest.raises(InputError, match="cannot be a name"):
        ingest("table", tmp_path / "a.csv", tmp_path / "lake", "../x")


def test_two_ingests_into_one_name_at_once(release, tmp_path, monkeypatch):
    """One wins, the other stops with a clear error: the second starts while the first is in the middle."""
    from lcscale.ingest import job

    errors = []
    publish = job._Job._publish

    def meanwhile(self, *arguments):
        monkeypatch.setattr(job._Job, "_publish", publish)
        with pytest.raises(ConflictError) as caught:
            ingest("table", release[0], tmp_path / "lake", "sky")
        errors.append(str(caught.value))
        ingest("table", release[0] / "a.parquet", tmp_path / "lake", "sky")  # another plan: faster than the first
        publish(self, *arguments)

    monkeypatch.setattr(job._Job, "_publish", meanwhile)
    with pytest.raises(ConflictError, match="was published while"):
        ingest("table", release[0], tmp_path / "lake", "sky")
    assert "another process is writing" in errors[0]
    assert lc.Lake(tmp_path / "lake")["sky"].to_arrow().num_rows == 500
