"""What a job asks of the content of catalogs of others: of the leaves in its reach, and nothing is read for it."""

from __future__ import annotations

import os

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from others import copied, leaves_of
from skies import put, sky_table

import lcscale as lc
from lcscale.lake import Pixel, source, spatial_index
from lcscale.lake.borders import ranges_around_pixels
from lcscale.lake.leaf import inside
from lcscale.lake.pixel import Pixels

CONE = lc.Cone(100.0, 20.0, 7200.0)


@pytest.fixture
def asked(monkeypatch):
    """Paths of the files whose identity was asked for; none may be read for it."""
    paths = []
    plain = source._file_digest
    monkeypatch.setattr(source, "_file_digest", lambda path: (paths.append(path.path), plain(path))[1])
    monkeypatch.setattr(source, "content_digest", lambda path: pytest.fail(f"{path} is read"))
    return paths


@pytest.fixture
def two(lake, tmp_path):
    """A catalog of the lake, which knows its leaves, and one of others on the same sky."""
    table = sky_table(2000, lightcurves=False)
    ours = put(lake, "plain", table, order=2).map(lc.steps.Where("mean_mag > -99"))
    ours.write("ours")
    folder = copied(put(lake, "more", table, order=3), tmp_path / "theirs")
    return lake["ours"], lc.open_catalog(str(folder)), folder


def test_a_cone_asks_for_its_own_leaves_only(two, lake, asked):
    _, theirs, folder = two
    for again in range(2):
        asked.clear()
        cone = lc.open_catalog(str(folder)).region(CONE)
        record = cone.write("cone", lake=lake)
        assert record.done == (0 if again else len(cone.partitions))
        assert set(asked) == {leaf.path for leaf in cone.partitions}
    assert len(cone.partitions) < len(theirs.partitions) / 50


def test_a_crossmatch_asks_for_the_leaves_in_reach_only(two, lake, asked):
    ours, theirs, folder = two
    pairs = ours.region(CONE).crossmatch(theirs, radius_arcsec=5.0)
    pairs.write("pairs", lake=lake)
    around, leaves = ranges_around_pixels(ours.region(CONE).partitions.pixels, 5.0), theirs.source.leaves
    needed = {leaf.path for leaf in leaves[leaves.within(around)]}
    assert set(asked) == needed
    assert len(needed) < len(theirs.partitions) / 10
    asked.clear()
    ours.crossmatch(lc.open_catalog(str(folder)), radius_arcsec=5.0).region(CONE).write("later", lake=lake)
    assert set(asked) == needed
    assert lake["later"].to_arrow().equals(lake["pairs"].to_arrow())


def test_a_changed_leaf_in_reach_is_computed_anew_and_one_out_of_reach_is_not_asked(two, lake):
    _, theirs, folder = two
    cone = theirs.region(CONE)
    cone.write("cone", lake=lake)
    inside_cone = cone.partitions[0].path
    outside = next(str(leaf) for leaf in leaves_of(folder) if str(leaf) not in {leaf.path for leaf in cone.partitions})
    table = pq.read_table(outside, partitioning=None)
    pq.write_table(table.slice(1), outside)
    assert lc.open_catalog(str(folder)).region(CONE).write("cone", lake=lake).done == 0
    before = os.stat(inside_cone)
    table = pq.read_table(inside_cone, partitioning=None)
    pq.write_table(table, inside_cone)
    os.utime(inside_cone, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000))
    assert lc.open_catalog(str(folder)).region(CONE).write("cone", lake=lake).done >= 1


def test_our_own_catalogs_are_known_by_their_digests(two, lake, asked):
    ours, _, _ = two
    ours.region(CONE).crossmatch(lake["ours"]).write("own", lake=lake)
    assert asked == []


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12 * 4**5 - 1)), min_size=1, max_size=6),
    st.floats(0.0, 20_000.0),
    st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_ranges_around_pixels_hold_all_that_is_near(cells, reach, seed):
    rng = np.random.default_rng(seed)
    pixels = [Pixel(order, number % (12 * 4**order)) for order, number in cells]
    ranges = ranges_around_pixels(Pixels.of(pixels), reach)
    assert (ranges[:, 0] < ranges[:, 1]).all()
    assert (ranges[1:, 0] > ranges[:-1, 1]).all()
    from cdshealpix.nested import healpix_to_lonlat

    for pixel in pixels:
        low, high = pixel.span
        index = rng.integers(low, high, 50)
        assert inside(index, ranges).all()
        lon, lat = (angle.rad for angle in healpix_to_lonlat(index.astype(np.uint64), 29))
        away, turn = np.radians(reach / 3600) * 0.999 * rng.random(50) ** 0.5, rng.uniform(0, 2 * np.pi, 50)
        sin_dec = np.sin(lat) * np.cos(away) + np.cos(lat) * np.sin(away) * np.cos(turn)
        dec = np.arcsin(np.clip(sin_dec, -1, 1))
        shift = np.arctan2(np.sin(turn) * np.sin(away) * np.cos(lat), np.cos(away) - np.sin(lat) * np.sin(dec))
        assert inside(spatial_index(np.degrees(lon + shift), np.degrees(dec)), ranges).all()
