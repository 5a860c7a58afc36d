"""Matches of catalogs that are tiled differently, against all pairs of their rows."""

from __future__ import annotations

from collections import Counter

import healpy
import numpy as np
import pyarrow as pa
import pytest
from hats.pixel_math.spatial_index import compute_spatial_index
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from skies import put, sky_table

from lcscale.crossmatch import ProperMotion, propagate
from lcscale.errors import InputError
from lcscale.lake import HEALPIX_COLUMN, Lake
from lcscale.lake.leaf import Leaf


def catalog_table(ra, dec, **columns):
    """Rows in the order of the sky, with ids."""
    ra, dec = np.asarray(ra, float) % 360.0, np.clip(np.asarray(dec, float), -90.0, 90.0)
    index = compute_spatial_index(ra, dec)
    order = np.argsort(index, kind="stable")
    names = {"object_id": np.arange(ra.size), "ra": ra, "dec": dec} | columns
    return pa.table({HEALPIX_COLUMN: index[order], **{k: np.asarray(v)[order] for k, v in names.items()}})


def unit(ra, dec):
    ra, dec = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def separations(left, right):
    """All separations, arcsec [n_left, n_right], from the chords, which are exact where small."""
    vectors = [unit(t["ra"].to_numpy(), t["dec"].to_numpy()) for t in (left, right)]
    chord = np.linalg.norm(vectors[0][:, None, :] - vectors[1][None, :, :], axis=2)
    return np.degrees(2 * np.arcsin(np.minimum(chord / 2, 1.0))) * 3600.0


def corners(rng):
    """Corners of pixels of several orders, the poles and the meridian of 0 degrees."""
    order = int(rng.integers(0, 6))
    nside = 1 << order
    pixels = rng.integers(0, 12 * nside**2, 6)
    z = healpy.boundaries(nside, pixels, step=1, nest=True)  # [pixel, xyz, corner]
    ra, dec = healpy.vec2ang(np.moveaxis(z, 1, 2).reshape(-1, 3), lonlat=True)
    special = [
        (0.0, 90.0),
        (0.0, -90.0),
        (0.0, 0.0),
        (359.9999999, 10.0),
        (45.0, 0.0),
        (90.0, np.degrees(np.arcsin(2 / 3))),
    ]
    return np.append(ra, [p[0] for p in special]), np.append(dec, [p[1] for p in special])


def beside(rng, ra, dec, radius_arcsec, n):
    """Positions scattered around the given ones, about `radius_arcsec` away."""
    at = rng.integers(0, ra.size, n)
    centre = unit(ra[at], dec[at])
    moved = centre + rng.normal(0, np.radians(radius_arcsec / 3600.0), (n, 3))
    out = healpy.vec2ang(moved, lonlat=True)
    return out[0], out[1]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    radius=st.sampled_from([0.01, 1.0, 60.0, 3600.0]),
    orders=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    n_neighbors=st.sampled_from([1, 3, None]),
    how=st.sampled_from(["inner", "left", "anti"]),
)
def test_any_tiling_gives_the_pairs_of_all_rows(tmp_path_factory, seed, radius, orders, n_neighbors, how):
    rng = np.random.default_rng(seed)
    where = corners(rng)
    left = catalog_table(*np.concatenate([where, beside(rng, *where, radius, 60)], axis=1))
    right = catalog_table(*np.concatenate([where, beside(rng, *where, radius, 60)], axis=1))
    lake = Lake(tmp_path_factory.mktemp("lake"))
    catalogs = put(lake, "left", left, orders[0]), put(lake, "right", right, orders[1])
    found = (
        catalogs[0]
        .crossmatch(catalogs[1], radius_arcsec=radius, n_neighbors=n_neighbors, how=how, suffix="_right")
        .to_arrow()
    )
    every = separations(left, right)
    assume((np.abs(every - radius) > 1e-6).all())  # beyond rounding, in or out is certain
    inside = every <= radius
    expected = inside.sum(axis=1) if n_neighbors is None else np.minimum(inside.sum(axis=1), n_neighbors)
    times = {"inner": expected, "left": np.maximum(expected, 1), "anti": (expected == 0).astype(int)}[how]
    ids = left["object_id"].to_numpy()
    assert found["object_id"].to_pylist() == np.repeat(ids, times).tolist()
    if how == "anti":
        return
    row = np.repeat(np.arange(ids.size), times)
    allowed = np.sort(np.where(inside, every, np.inf), axis=1)
    nearest = np.concatenate([line[:n] for line, n in zip(allowed, times, strict=True)])
    matched = np.isfinite(nearest)
    separation = found["separation_arcsec"].to_numpy(zero_copy_only=False)
    np.testing.assert_allclose(separation[matched], nearest[matched], atol=1e-6)
    assert np.isnan(separation[~matched]).all()
    place = {int(value): k for k, value in enumerate(right["object_id"].to_numpy())}
    columns = [place[i] for i in found["object_id_right"].drop_null().to_pylist()]
    np.testing.assert_allclose(every[row[matched], columns], nearest[matched], atol=1e-6)


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


@pytest.fixture
def three(lake):
    """Three catalogs of the same stars, tiled at three orders."""
    rng = np.random.default_rng(5)
    ra, dec = rng.uniform(0, 360, 4000), np.degrees(np.arcsin(rng.uniform(-1, 1, 4000)))
    tables = [catalog_table(ra, dec, **{f"mag_{band}": rng.normal(15, 1, 4000)}) for band in "abc"]
    return [put(lake, band, table, order) for band, table, order in zip("abc", tables, (1, 2, 0), strict=True)]


def test_a_chain_reads_each_partition_of_the_left_once(three, monkeypatch):
    read = Counter()
    batches = Leaf.batches

    def counting(leaf, columns=None, ranges=None):
        if ranges is None:
            read[leaf.path] += 1
        else:
            read.update((leaf.path, name) for name in columns)
        return batches(leaf, columns, ranges)

    monkeypatch.setattr(Leaf, "batches", counting)
    a, b, c = three
    record = a.crossmatch(b, radius_arcsec=0.1).crossmatch(c, radius_arcsec=0.1).write("chain", engine="serial")
    assert (record.rows, record.done) == (4000, len(a.partitions))
    assert {read[leaf.path] for leaf in a.partitions} == {1}
    # a leaf of b lies in one of a: its rows come once (and again for strips of a's neighbours), at the radius of
    # 0.1 arcsec no counterpart is beyond a border, so columns that do not decide are read exactly once
    assert {read[leaf.path, "mag_b"] for leaf in b.partitions} == {1}
    assert {read[leaf.path, "mag_c"] for leaf in c.partitions} == {4}
    names = ["object_id", "object_id_2", "object_id_3", "mag_a", "mag_b", "mag_c", "separation_arcsec_3"]
    assert set(names) <= set(three[0].crossmatch(b).crossmatch(c).column_names)


def test_columns_that_are_dropped_in_the_end_are_not_read_anywhere(three, monkeypatch):
    read = set()
    batches = Leaf.batches

    def noting(leaf, columns=None, ranges=None):
        read.update(columns)
        return batches(leaf, columns, ranges)

    a, b, c = three
    chain = a.crossmatch(b, radius_arcsec=0.1).crossmatch(c, radius_arcsec=0.1, where="mag_a > 15")
    whole = chain.to_arrow()
    for names in (
        ("object_id_3", "mag_b"),
        ("separation_arcsec_3",),
        ("mag_a", "ra_2"),
        ("dec_3", "separation_arcsec"),
    ):
        narrow = chain.columns(*names)
        assert narrow.to_arrow().equals(whole.select(narrow.column_names))
    monkeypatch.setattr(Leaf, "batches", noting)
    chain.columns("object_id_3", "mag_b").to_arrow()
    assert {"mag_a", "mag_b", "object_id"} <= read
    assert "mag_c" not in read


def test_an_association_holds_ids_and_separation(three, lake):
    a, b, _ = three
    linked = a.crossmatch(b, radius_arcsec=0.1, association=True, where="mag_b < 15")
    assert linked.column_names[-3:] == ["object_id", "object_id_2", "separation_arcsec"]
    assert set(linked.column_names[:-3]) == {HEALPIX_COLUMN, "ra", "dec"}
    whole = a.crossmatch(b, radius_arcsec=0.1, where="mag_b < 15").to_arrow()
    assert linked.to_arrow().equals(whole.select(linked.column_names))
    assert linked.write("linked").rows == whole.num_rows == lake["linked"].to_arrow().num_rows
    with pytest.raises(InputError, match="b has no column 'name' for its ids"):
        a.crossmatch(b, association=True, right_id="name")
    with pytest.raises(InputError, match="'anti'"):
        a.crossmatch(b, association=True, how="anti")
    with pytest.raises(InputError, match="association=True"):
        a.crossmatch(b, right_id="object_id")


def test_names_do_not_depend_on_the_columns_kept(lake):
    rows = sky_table(200, 1, lightcurves=False)
    left, right = put(lake, "left", rows), put(lake, "right", rows)
    joined = left.crossmatch(right, radius_arcsec=1.0, where="mean_mag_2 < 15")
    some = joined.columns("object_id", "mean_mag_2").to_arrow()
    assert some["mean_mag_2"].to_pylist() == joined.to_arrow()["mean_mag_2"].to_pylist()
    assert 0 < some.num_rows < 200


def test_epochs_and_frames_of_catalogs(lake):
    rows = sky_table(50, 1, lightcurves=False)
    moving = rows.append_column("pmra", pa.array(np.full(50, 500.0))).append_column("pmdec", pa.array(np.zeros(50)))
    gaia = put(lake, "gaia", moving.append_column("ref_epoch", pa.array(np.full(50, 2016.0))))
    plain = put(lake, "plain", rows)

    def remarked(name, **remarks):
        at = rows.schema.get_field_index("ra")
        return put(lake, name, rows.cast(rows.schema.set(at, rows.schema.field(at).with_metadata(remarks))))

    j2000 = remarked("j2000", epoch="2000.0", frame="ICRS")
    with pytest.raises(InputError, match=r"needs epoch.*plain does not tell that of its column 'ra'"):
        gaia.crossmatch(plain, left_motion=ProperMotion())
    with pytest.raises(InputError, match="plain has no column pmra"):
        plain.crossmatch(gaia, left_motion=ProperMotion(), epoch=2000.0)
    with pytest.raises(InputError, match=r"frame ICRS, 'ra' of other in FK5"):
        j2000.crossmatch(remarked("other", frame="FK5"))
    joined = gaia.crossmatch(j2000, left_motion=ProperMotion(), radius_arcsec=10.0)
    assert "ref_epoch of left" in repr(joined)
    separation = joined.to_arrow()["separation_arcsec"].to_numpy()
    assert separation.size == 50
    np.testing.assert_allclose(separation, 8.0, rtol=1e-4)


def test_dates_of_rows_count_across_partitions(lake):
    """Fast stars in small partitions, each compared at the date of its partner, wherever that is stored."""
    rng = np.random.default_rng(7)
    n = 400
    ra, dec = corners(rng)
    ra, dec = beside(rng, ra, dec, 120.0, n)
    pmra, pmdec, seen = *rng.normal(0, 3000, (2, n)), rng.uniform(1990, 2003, n)
    at = propagate(ra, dec, pmra, pmdec, seen - 2016.0)
    put(lake, "stars", catalog_table(ra, dec, pmra=pmra, pmdec=pmdec), order=5)
    put(lake, "plates", catalog_table(*at, seen=seen).rename_columns({"object_id": "name"}), order=7)
    options = {"left_motion": ProperMotion(epoch=2016.0), "epoch": "seen", "radius_arcsec": 0.05}
    found = lake["stars"].crossmatch(lake["plates"], **options).to_arrow()
    assert found["object_id"].to_pylist() == found["name"].to_pylist()
    assert sorted(found["name"].to_pylist()) == list(range(n))
    mutual = lake["stars"].crossmatch(lake["plates"], mutual=True, **options).columns("object_id", "name")
    assert mutual.to_arrow().num_rows == n
