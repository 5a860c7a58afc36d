"""Pieces that lie together become one object, in whatever files, order and partitions they come."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ztf_bulk import corner_stars, expected_objects, write_bulk

import lcscale as lc
from lcscale.errors import InputError
from lcscale.ingest import Partitioning, ingest
from lcscale.ingest.grouping import heads

LIMITS = Partitioning(rows=40)


def separation_arcsec(ra, dec, i, j):
    """By the haversine formula."""
    ra, dec = np.radians(ra), np.radians(dec)
    half = np.sin((dec[i] - dec[j]) / 2) ** 2 + np.cos(dec[i]) * np.cos(dec[j]) * np.sin((ra[i] - ra[j]) / 2) ** 2
    return np.degrees(2 * np.arcsin(np.sqrt(half))) * 3600


def heads_one_by_one(ra, dec, radius):
    """The rule as it is told, in plain Python."""
    n = len(ra)
    near = {i: {j for j in range(n) if j != i and separation_arcsec(ra, dec, i, j) <= radius} for i in range(n)}
    found: dict[int, int] = {}
    for _ in range(3):
        left = [i for i in range(n) if i not in found]
        leading = [i for i in left if not any(j < i and j in left for j in near[i])]
        joining = {}
        for i in set(left) - set(leading):
            if around := near[i] & set(leading):
                joining[i] = min(around, key=lambda j, i=i: (separation_arcsec(ra, dec, i, j), j))
        found |= joining | {i: i for i in leading}
    return [found.get(i, i) for i in range(n)]


SKY = st.tuples(st.sampled_from([(0.0, 0.0), (359.9999, 60.0), (33.0, 89.9995), (200.0, -45.0)]), st.integers(0, 2**32))


@given(SKY, st.integers(1, 40), st.floats(1.0, 8.0))
@settings(max_examples=60, deadline=None)
def test_heads_are_those_of_plain_python(sky, n, size):
    """Crowded so that chains of any length come about."""
    (ra, dec), seed = sky
    rng = np.random.default_rng(seed)
    lon = (ra + rng.uniform(-size, size, n) / 3600 / np.cos(np.radians(dec))) % 360
    lat = dec + rng.uniform(-size, size, n) / 3600
    assert heads(lon, lat, 1.5).tolist() == heads_one_by_one(lon, lat, 1.5)


@given(st.integers(0, 2**32), st.floats(0.1, 1.5))
@settings(max_examples=40, deadline=None)
def test_heads_hang_on_what_is_near_alone(seed, spacing):
    """What is decided from a window is what is decided from all, six radii within the window's edge."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(0, 60 * spacing / 3600, (2, 600))
    whole = heads(lon, lat, 1.0)
    seen = np.flatnonzero(lon < 40 * spacing / 3600)
    inner = lon[seen] < (40 * spacing - 6.001) / 3600
    assert (seen[heads(lon[seen], lat[seen], 1.0)][inner] == whole[seen][inner]).all()


@pytest.fixture(scope="module")
def bulk(tmp_path_factory):
    rng = np.random.default_rng(11)
    paths, star_of = write_bulk(tmp_path_factory.mktemp("bulk"), rng, *corner_stars(rng, radius_deg=0.35))
    return paths, expected_objects(paths, star_of)


def read_in(paths, lake, **options):
    return ingest("ztf", paths, lake, "ztf", partitioning=LIMITS, **options)


def objects_in(lake):
    """As `expected_objects` has them, from the catalog's rows."""
    found = {}
    for row in lc.Lake(lake)["ztf"].to_arrow().to_pylist():
        curve = row["lightcurve"]
        assert row["object_id"] not in found
        found[row["object_id"]] = (
            row["members"]["oid"],
            sorted(zip(curve["time"], curve["oid"], curve["mag"], strict=True)),
        )
        at = row["members"]["oid"].index(row["object_id"])
        assert (row["members"]["ra"][at], row["members"]["dec"][at]) == (row["ra"], row["dec"])
        assert curve["time"] == sorted(curve["time"])
        for oid, mag in zip(row["members"]["oid"], row["members"]["mag"], strict=True):
            own = [value for value, of in zip(curve["mag"], curve["oid"], strict=True) if of == oid]
            assert mag == (np.median(own) if own else None)
    return found


def digests(lake):
    source = lc.Lake(lake)["ztf"].source
    return dict(zip(source.leaves.pixels, source.digests(), strict=True))


def test_stars_on_the_borders_of_partitions_are_whole(bulk, tmp_path):
    from hats.io.validation import is_valid_catalog

    paths, expected = bulk
    record = read_in(paths, tmp_path)
    assert (record.exit_status, record.rows) == (0, len(expected))
    assert objects_in(tmp_path) == expected
    catalog = lc.Lake(tmp_path)["ztf"]
    assert is_valid_catalog(catalog.source.folder, strict=True)
    assert len(catalog.partitions) > 25
    for leaf in catalog.partitions:
        index = leaf.read(["_healpix_29"]).column(0).to_numpy()
        assert (np.diff(index) >= 0).all()
        assert leaf.pixel.span[0] <= index[0] <= index[-1] < leaf.pixel.span[1]


def test_the_order_of_the_files_means_nothing(bulk, tmp_path, monkeypatch):
    paths, _ = bulk
    read_in(paths, tmp_path / "one")
    monkeypatch.setattr("lcscale.ingest.staging._SPILL_BYTES", 20_000)
    monkeypatch.setattr("lcscale.ingest.leaves._PORTION_BYTES", 3_000)
    read_in(paths[::-1], tmp_path / "other")
    one, other = (lc.Lake(tmp_path / name)["ztf"].to_arrow() for name in ("one", "other"))
    assert one.equals(other)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0]])
def test_files_added_one_by_one_give_the_same(bulk, tmp_path, order):
    paths, expected = bulk
    for number in order:
        record = read_in([paths[number]], tmp_path / "steps", append=True)
        assert record.exit_status == 0
    assert objects_in(tmp_path / "steps") == expected
    spans = sorted(leaf.pixel.span for leaf in lc.Lake(tmp_path / "steps")["ztf"].partitions)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    before = lc.Lake(tmp_path / "steps").current("ztf")
    assert read_in(paths, tmp_path / "steps", append=True).version == before


def test_what_is_far_from_new_rows_is_linked(bulk, tmp_path):
    paths, _ = bulk
    read_in(paths, tmp_path / "lake")
    before = digests(tmp_path / "lake")
    rng = np.random.default_rng(1)
    more, _ = write_bulk(tmp_path / "more", rng, np.array([0.0]), np.array([0.0]))
    record = read_in(more[:1], tmp_path / "lake", append=True)
    assert record.published
    after = digests(tmp_path / "lake")
    assert sum(before[pixel] != after.get(pixel) for pixel in before) <= 4


def test_oids_stay_alone_where_that_is_asked_for(bulk, tmp_path):
    (path, *_), _ = bulk
    record = read_in(path, tmp_path, join_arcsec=0)
    assert record.rows == pq.read_metadata(path).num_rows
    with pytest.raises(InputError, match="join_arcsec is -1"):
        read_in(path, tmp_path, join_arcsec=-1)


def different(lake):
    """The objects, with each of their observations that differ from one another."""
    return {name: (members, sorted(set(seen))) for name, (members, seen) in objects_in(lake).items()}


def test_a_reprocessed_file_replaces_its_observations(bulk, tmp_path):
    paths, _ = bulk
    read_in(paths, tmp_path / "lake")
    table = pq.read_table(paths[0])
    mag = table.column("mag").combine_chunks()
    brighter = pa.ListArray.from_arrays(mag.offsets, pc.subtract(mag.values, np.float32(0.25)))
    pq.write_table(table.set_column(table.column_names.index("mag"), "mag", brighter), tmp_path / "again.parquet")
    assert read_in([tmp_path / "again.parquet"], tmp_path / "lake", append=True).published
    read_in([tmp_path / "again.parquet", *paths[1:]], tmp_path / "fresh")
    assert different(tmp_path / "lake") == different(tmp_path / "fresh")


def test_a_longer_file_leaves_each_oid_one_member(bulk, tmp_path):
    paths, _ = bulk
    table = pq.read_table(paths[0])
    for name in ("hmjd", "mag", "magerr", "catflags"):
        short = pc.list_slice(table.column(name).combine_chunks(), 0, 2)
        table = table.set_column(table.column_names.index(name), name, short)
    pq.write_table(table, tmp_path / "half.parquet")
    read_in([tmp_path / "half.parquet", *paths[1:]], tmp_path / "lake")
    assert read_in(paths[:1], tmp_path / "lake", append=True).published
    read_in(paths, tmp_path / "fresh")
    assert different(tmp_path / "lake") == different(tmp_path / "fresh")
    members = [lc.Lake(tmp_path / name)["ztf"].to_arrow().sort_by("object_id")["members"] for name in ("lake", "fresh")]
    assert members[0].to_pylist() == members[1].to_pylist()
