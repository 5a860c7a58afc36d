"""Adding to a catalog gives what ingesting everything at once would have given."""

from __future__ import annotations

import itertools
import os

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lcscale as lc
from lcscale.errors import ConflictError, InputError
from lcscale.ingest import Partitioning, ingest
from lcscale.ingest.tiling import covered, overlaps, tile, within
from lcscale.lake import Pixel


def stars(n=200):
    rng = np.random.default_rng(1)
    return pa.table({"id": np.arange(n), "ra": rng.uniform(0, 40, n), "dec": rng.uniform(-20, 20, n)})


def detections(seed, among, n=3000):
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "id": rng.choice(among, n),
            "time": 58000 + rng.uniform(100 * seed, 100 * seed + 150, n),
            "mag": rng.normal(15, 1, n).astype(np.float32),
            "mag_err": np.full(n, 0.1, np.float32),
        }
    )


@pytest.fixture
def release(tmp_path):
    pq.write_table(stars(), tmp_path / "stars.parquet")
    for seed in (1, 2):
        pq.write_table(detections(seed, np.arange(200)), tmp_path / f"d{seed}.parquet")
    pq.write_table(detections(3, np.arange(5)), tmp_path / "d3.parquet")
    return tmp_path


LIMITS = Partitioning(rows=20)


def read_in(folder, lake, files, **options):
    return ingest(
        "lightcurves", [folder / file for file in files], lake, "lcs", id="id", objects=str(folder / "stars.parquet"),
        partitioning=LIMITS, **options,
    )  # fmt: skip


def content(lake, name="lcs", by="object_id"):
    return lc.Lake(lake)[name].to_arrow().sort_by(by).combine_chunks()


def leaf_files(lake, name="lcs"):
    return {leaf.pixel: os.stat(leaf.upath.path).st_ino for leaf in lc.Lake(lake)[name].partitions}


def test_observations_go_to_the_objects_they_belong_to(release):
    lake = release / "lake"
    first = read_in(release, lake, ["d1.parquet"])
    second = read_in(release, lake, ["d2.parquet"], append=True)
    assert second.published
    assert second.version != first.version
    read_in(release, release / "whole", ["d1.parquet", "d2.parquet"])
    assert content(lake).equals(content(release / "whole"))
    assert lc.Lake(lake).versions("lcs") == [first.version, second.version]


def test_the_same_file_given_twice_changes_nothing(release):
    lake = release / "lake"
    read_in(release, lake, ["d1.parquet"])
    before = read_in(release, lake, ["d2.parquet"], append=True)
    (release / "copy.parquet").write_bytes((release / "d2.parquet").read_bytes())
    for files in (["d2.parquet"], ["copy.parquet"], ["d1.parquet", "d2.parquet"]):
        again = read_in(release, lake, files, append=True)
        assert (again.version, again.published, again.rows, again.exit_status) == (before.version, False, 200, 0)


def test_a_catalog_whose_files_were_known_otherwise_is_not_appended_to(release):
    lake = release / "lake"
    read_in(release, lake, ["d1.parquet"])
    (told,) = (lake / "lcs").glob("*/sources.json")
    told.write_text(told.read_text().replace("sha256", "blake2b"))
    with pytest.raises(InputError, match="older lcscale.*ingest it anew"):
        read_in(release, lake, ["d1.parquet"], append=True)


def test_observations_that_are_there_already_are_not_doubled(release):
    lake = release / "lake"
    read_in(release, lake, ["d1.parquet"])
    both = pa.concat_tables([pq.read_table(release / name) for name in ("d1.parquet", "d2.parquet")])
    pq.write_table(both, release / "longer.parquet")
    read_in(release, lake, ["longer.parquet"], append=True)
    read_in(release, release / "whole", ["d1.parquet", "d2.parquet"])
    assert content(lake).equals(content(release / "whole"))


def test_a_newer_list_of_objects_replaces_their_columns(release):
    """Classes and positions of known objects are those of the list that came last; none appears twice."""
    lake = release / "lake"
    read_in(release, lake, ["d1.parquet"])
    table = pq.read_table(release / "stars.parquet")
    moved = np.array(table["dec"]) + np.where(np.arange(200) % 2, 0.001, -0.001)
    newer = table.set_column(2, "dec", pa.array(moved)).append_column("label", pa.array(["EB"] * 200))
    pq.write_table(table.append_column("label", pa.array(["RR"] * 200)), release / "stars.parquet")
    for name, dates in (("one", ["d1.parquet"]), ("two", ["d1.parquet", "d2.parquet"])):
        read_in(release, release / name, dates)
    pq.write_table(newer, release / "stars.parquet")
    read_in(release, release / "one", ["d2.parquet"], append=True)
    before, after = content(release / "two"), content(release / "one")
    assert set(after.column("label").to_pylist()) == {"EB"}
    assert after.column("object_id").equals(before.column("object_id"))
    np.testing.assert_array_equal(np.sort(after["dec"].to_numpy()), np.sort(moved))
    assert after.column("lightcurve").equals(before.column("lightcurve"))
    for leaf in lc.Lake(release / "one")["lcs"].partitions:
        assert (np.diff(leaf.read(["_healpix_29"]).column(0).to_numpy()) >= 0).all()


def test_partitions_that_get_nothing_are_linked(release):
    lake = release / "lake"
    read_in(release, lake, ["d1.parquet"])
    before = leaf_files(lake)
    read_in(release, lake, ["d3.parquet"], append=True)  # detections of five stars
    after = leaf_files(lake)
    assert set(before) == set(after)
    changed = [pixel for pixel in before if before[pixel] != after[pixel]]
    assert 1 <= len(changed) <= 5


def test_interrupted_it_goes_on_and_the_old_version_stays_readable(release, monkeypatch):
    from lcscale.ingest import leaves

    lake = release / "lake"
    read_in(release, lake, ["d1.parquet"])
    before = content(lake)
    write = leaves.LeafWriter
    calls = []

    def failing(*arguments):
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return write(*arguments)

    monkeypatch.setattr(leaves, "LeafWriter", failing)
    with pytest.raises(KeyboardInterrupt):
        read_in(release, lake, ["d2.parquet"], append=True)
    assert content(lake).equals(before)
    monkeypatch.setattr(leaves, "LeafWriter", write)
    assert read_in(release, lake, ["d2.parquet"], append=True).skipped == 2
    read_in(release, release / "whole", ["d1.parquet", "d2.parquet"])
    assert content(lake).equals(content(release / "whole"))


def moved_stars(release, degrees):
    """The list of stars with every tenth one elsewhere; returns where they are now."""
    table = pq.read_table(release / "stars.parquet")
    ra = (table["ra"].to_numpy() + np.where(np.arange(200) % 10 == 0, degrees, 0)) % 360
    pq.write_table(table.set_column(1, "ra", pa.array(ra)), release / "stars.parquet")
    return ra


@pytest.mark.parametrize("degrees", [0.5, 20.0, 120.0])
def test_an_object_that_moved_to_another_partition_is_there_once(release, degrees):
    """At its new place, which may be in a partition of its own, with all observations of both places."""
    from hats.io.validation import is_valid_catalog

    lake = release / "lake"
    read_in(release, lake, ["d1.parquet"])
    read_in(release, release / "whole", ["d1.parquet", "d2.parquet"])
    before = leaf_files(lake)
    ra = moved_stars(release, degrees)
    record = read_in(release, lake, ["d2.parquet"], append=True)
    assert (record.exit_status, record.rows) == (0, 200)
    found, expected = content(lake), content(release / "whole")
    assert found["object_id"].equals(expected["object_id"])
    np.testing.assert_array_equal(found["ra"].to_numpy(), ra)
    assert found["lightcurve"].equals(expected["lightcurve"])
    catalog = lc.Lake(lake)["lcs"]
    assert is_valid_catalog(catalog.source.folder, strict=True)
    for leaf in catalog.partitions:
        index = leaf.read(["_healpix_29"]).column(0).to_numpy()
        assert leaf.pixel.span[0] <= index[0] <= index[-1] < leaf.pixel.span[1]
    assert set(before) <= {leaf.pixel for leaf in catalog.partitions}


def test_partitions_that_objects_left_are_rewritten_and_empty_ones_go(tmp_path):
    near, far = np.arange(100) / 50 / 3600, 90 + np.arange(100) / 50 / 3600
    ids = np.arange(200)
    pq.write_table(positions(ids, np.r_[near, far], np.zeros(200), "old"), tmp_path / "one.parquet")
    lake, limits = tmp_path / "lake", Partitioning(rows=150)
    ingest("table", tmp_path / "one.parquet", lake, "sky", id="id", partitioning=limits)
    (first, second) = (leaf.pixel for leaf in lc.Lake(lake)["sky"].partitions)
    pq.write_table(positions(ids[150:160], np.full(10, 200.0), np.zeros(10), "new"), tmp_path / "two.parquet")
    before = leaf_files(lake, "sky")
    record = ingest("table", tmp_path / "two.parquet", lake, "sky", id="id", append=True)
    after = leaf_files(lake, "sky")
    assert record.rows == 200
    assert after[first] == before[first]
    assert after[second] != before[second]
    table = content(lake, "sky", "id")
    assert table["id"].to_pylist() == ids.tolist()
    assert [i for i, note in enumerate(table["note"].to_pylist()) if note == "new"] == list(range(150, 160))
    rest = np.r_[100:150, 160:200]
    pq.write_table(positions(rest, np.full(90, 200.1), np.zeros(90), "last"), tmp_path / "three.parquet")
    ingest("table", tmp_path / "three.parquet", lake, "sky", id="id", append=True)
    assert second not in leaf_files(lake, "sky")
    assert content(lake, "sky", "id")["id"].to_pylist() == ids.tolist()


def test_names_are_looked_up_only_where_some_are_new(release, monkeypatch):
    """Observations of known objects read no names but those of the partitions they go to."""
    from lcscale.ingest import job

    lake = release / "lake"
    read_in(release, lake, ["d1.parquet"])
    looked = []
    monkeypatch.setattr(job, "find_moves", lambda *arguments: looked.append(arguments) or {"moves": []})
    read_in(release, lake, ["d2.parquet"], append=True)
    assert not looked
    moved_stars(release, 20.0)
    read_in(release, lake, ["d3.parquet"], append=True)
    assert looked


def test_interrupted_among_moved_objects_it_goes_on(release, monkeypatch):
    from lcscale.ingest import job, leaves

    lake = release / "lake"
    read_in(release, lake, ["d1.parquet"])
    moved_stars(release, 20.0)

    def failing(*_, **__):
        raise KeyboardInterrupt

    for module, name in ((job, "find_strangers"), (job, "find_moves"), (leaves, "LeafWriter")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, failing)
            with pytest.raises(KeyboardInterrupt):
                read_in(release, lake, ["d2.parquet"], append=True)
    read_in(release, lake, ["d2.parquet"], append=True)
    read_in(release, release / "whole", ["d1.parquet", "d2.parquet"])
    assert content(lake).equals(content(release / "whole"))


def positions(ids, ra, dec, note):
    return pa.table({"id": ids, "ra": ra, "dec": dec, "note": [note] * len(ids)})


def test_a_newer_listing_replaces_rows_and_adds_others_elsewhere(tmp_path):
    from hats.io.validation import is_valid_catalog

    rng = np.random.default_rng(2)
    ra, dec = rng.uniform(0, 360, 900), rng.uniform(-80, 80, 900)
    ra[:300], dec[:300] = 50 + rng.normal(0, 0.02, 300), rng.normal(0, 0.02, 300)
    first = rng.permutation(900)[:200]
    pq.write_table(positions(first, ra[first], dec[first], "old"), tmp_path / "one.parquet")
    pq.write_table(positions(np.arange(50, 900), ra[50:], dec[50:], "new"), tmp_path / "two.parquet")
    lake, limits = tmp_path / "lake", Partitioning(rows=30)
    ingest("table", tmp_path / "one.parquet", lake, "sky", id="id", partitioning=limits)
    before = {leaf.pixel for leaf in lc.Lake(lake)["sky"].partitions}
    record = ingest("table", tmp_path / "two.parquet", lake, "sky", id="id", partitioning=limits, append=True)
    catalog = lc.Lake(lake)["sky"]
    table = content(lake, "sky", "id")
    expected = sorted({*first.tolist(), *range(50, 900)})
    assert table.column("id").to_pylist() == expected
    assert table.column("note").to_pylist() == ["old" if number < 50 else "new" for number in expected]
    assert record.rows == len(expected)
    assert is_valid_catalog(catalog.source.folder, strict=True)
    pixels = [leaf.pixel for leaf in catalog.partitions]
    assert before < set(pixels)
    spans = sorted(pixel.span for pixel in pixels)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    new = [leaf for leaf in catalog.partitions if leaf.pixel not in before]
    assert max(leaf.read(["id"]).num_rows for leaf in new) <= 30


def test_on_an_object_store_too(tmp_path):
    """Objects that moved, and leaves that are copied, in a store without rename, links and locks."""
    lake = f"memory://{tmp_path.name}"
    pq.write_table(positions(np.arange(90), np.linspace(0, 90, 90), np.zeros(90), "old"), tmp_path / "one.parquet")
    pq.write_table(positions(np.arange(40, 50), np.full(10, 200.0), np.zeros(10), "new"), tmp_path / "two.parquet")
    for name in ("one", "two"):
        record = ingest(
            "table", tmp_path / f"{name}.parquet", lake, "sky", id="id", partitioning=Partitioning(rows=20), append=True
        )
        assert (record.exit_status, record.rows) == (0, 90)
    table = content(lake, "sky", "id")
    assert table["id"].to_pylist() == list(range(90))
    assert [i for i, note in enumerate(table["note"].to_pylist()) if note == "new"] == list(range(40, 50))


def test_append_to_nothing_is_an_ingest(release):
    assert read_in(release, release / "lake", ["d1.parquet"], append=True).published


def test_what_does_not_fit_is_refused(tmp_path):
    pq.write_table(positions([1], [2.0], [3.0], "x"), tmp_path / "one.parquet")
    lake = tmp_path / "lake"
    version = ingest("table", tmp_path / "one.parquet", lake, "sky").version
    other = positions([4], [5.0], [6.0], "y").append_column("colour", pa.array([1.0]))
    pq.write_table(other, tmp_path / "two.parquet")
    record = ingest("table", tmp_path / "two.parquet", lake, "sky", append=True)
    assert "the catalog has no column colour" in record.quarantined[0]["error"]
    pq.write_table(other.rename_columns(["id", "RA", "DE", "note", "colour"]), tmp_path / "three.parquet")
    with pytest.raises(ConflictError, match="its coordinates are ra, dec"):
        ingest("table", tmp_path / "three.parquet", lake, "sky", ra="RA", dec="DE", append=True)
    assert lc.Lake(lake).current("sky") == version


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12 * 4**5 - 1)), max_size=8),
    st.lists(st.integers(0, 12 * 4**4 - 1), min_size=1, max_size=60, unique=True),
)
@settings(max_examples=80, deadline=None)
def test_new_pixels_keep_off_those_taken(existing, cells):
    pixels = [Pixel(order, number % (12 * 4**order)) for order, number in existing]
    disjoint: list[Pixel] = []
    for pixel in sorted(pixels):
        if not any(overlaps(pixel, np.array([other.span])) for other in disjoint):
            disjoint.append(pixel)
    taken = np.array(sorted(pixel.span for pixel in disjoint), np.int64).reshape(-1, 2)
    cells = np.array(sorted(cells))
    free = cells[~within(cells << 2 * 25, taken)]
    found = tile(free, np.ones(free.size), 4, 5, taken)
    assert not any(overlaps(pixel, taken) for pixel in found)
    spans = np.array([pixel.span for pixel in found], np.int64).reshape(-1, 2)
    assert within(free << 2 * 25, spans).all()


@given(st.sets(st.integers(0, 4**3 - 1), max_size=64), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_cells_with_a_hole_are_not_covered(finer, order):
    """Pixels three orders finer, in one pixel of order 5: a cell is covered if all its parts are."""
    taken = np.array([Pixel(8, 64 * 1000 + number).span for number in sorted(finer)], np.int64).reshape(-1, 2)
    parts = 4 ** (3 - order)
    cells = 1000 * 4**order + np.arange(-2, 4**order + 2)
    expected = [set(range(parts * cell - 64_000, parts * (cell + 1) - 64_000)) <= finer for cell in cells.tolist()]
    assert covered(cells, 5 + order, taken).tolist() == expected


def test_rows_between_existing_partitions_are_not_lost(tmp_path):
    """A cell of the histogram whose first and last part are taken, and not what lies between."""
    rng = np.random.default_rng(4)
    n = 600
    ra, dec = 10 + rng.uniform(0, 0.6, n), rng.uniform(0, 0.6, n)
    some = np.flatnonzero((ra * 50 % 3 < 1.5) & (dec * 50 % 3 < 1.5))
    lake = tmp_path / "lake"
    pq.write_table(positions(some, ra[some], dec[some], "old"), tmp_path / "one.parquet")
    pq.write_table(positions(np.arange(n), ra, dec, "new"), tmp_path / "two.parquet")
    for name in ("one", "two"):
        record = ingest(
            "table", tmp_path / f"{name}.parquet", lake, "sky", id="id", partitioning=Partitioning(rows=4), append=True
        )
    assert record.rows == n
    assert content(lake, "sky", "id")["id"].to_pylist() == list(range(n))


def test_observations_with_other_magnitudes_replace_those_of_the_same_time(release):
    read_in(release, release / "lake", ["d1.parquet", "d2.parquet"])
    again = pq.read_table(release / "d1.parquet")
    again = again.set_column(2, "mag", pc.add(again["mag"], np.float32(0.5)))
    pq.write_table(again, release / "again.parquet")
    read_in(release, release / "lake", ["again.parquet"], append=True)
    read_in(release, release / "fresh", ["again.parquet", "d2.parquet"])
    assert content(release / "lake").equals(content(release / "fresh"))
