"""`match` against all pairs compared one by one: everywhere on the sphere, any radius, any number of neighbours."""

from __future__ import annotations

from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.crossmatch import MatchOptions, match
from lcscale.crossmatch.options import MatchFields
from lcscale.errors import InputError


def separations(left, right):
    """Vincenty's formula for all pairs, arcsec, in long double."""
    ra1, dec1 = (np.radians(np.asarray(x, np.longdouble))[:, None] for x in left)
    ra2, dec2 = (np.radians(np.asarray(x, np.longdouble))[None, :] for x in right)
    d = ra2 - ra1
    a = np.cos(dec2) * np.sin(d)
    b = np.cos(dec1) * np.sin(dec2) - np.sin(dec1) * np.cos(dec2) * np.cos(d)
    c = np.sin(dec1) * np.sin(dec2) + np.cos(dec1) * np.cos(dec2) * np.cos(d)
    return (np.degrees(np.arctan2(np.hypot(a, b), c)) * 3600).astype(float)


def all_pairs(left, right, radius, n_neighbors):
    """Sorted pairs by brute force, and whether rounding can decide about any (then nothing is to be compared)."""
    distance = separations(left, right)
    radius = np.broadcast_to(np.asarray(radius, float), distance.shape[:1])
    order = np.argsort(distance, axis=1, kind="stable")[:, : n_neighbors or distance.shape[1]]
    pairs = [(i, j) for i in range(len(order)) for j in order[i] if distance[i, j] <= radius[i]]
    ranked = np.sort(distance, axis=1)
    close = np.abs(np.diff(ranked, axis=1)) < 1e-8
    at_edge = np.abs(distance - radius[:, None]) < 1e-8
    return pairs, distance, bool(close.any() or at_edge.any())


def around(rng, center, size_deg, n):
    """Positions scattered about a centre on the sphere."""
    ra, dec = np.radians(center)
    middle = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    vector = middle + np.radians(size_deg) * rng.normal(size=(n, 3))
    vector /= np.linalg.norm(vector, axis=1)[:, None]
    return np.degrees(np.arctan2(vector[:, 1], vector[:, 0])) % 360, np.degrees(np.arcsin(vector[:, 2]))


def check(left, right, radius, n_neighbors):
    pairs, distance, undecided = all_pairs(left, right, radius, n_neighbors)
    left_index, right_index, separation = match(*left, *right, radius, n_neighbors)
    np.testing.assert_allclose(separation, distance[left_index, right_index], rtol=1e-12, atol=1e-9)
    if not undecided:
        assert list(zip(left_index.tolist(), right_index.tolist(), strict=True)) == pairs
    return len(pairs)


CENTERS = [(0, 0), (359.99999, 45), (123, -60), (0, 90), (77, -90), (200, 89.9), (10, -89.99), (45, 41.81031489577862)]


@settings(max_examples=150, deadline=None)
@given(
    center=st.sampled_from(CENTERS),
    log_radius=st.floats(-2, np.log10(36000)),
    crowding=st.floats(-1.5, 1.5),
    n_neighbors=st.sampled_from([1, 2, 7, None]),
    counts=st.tuples(st.integers(0, 120), st.integers(0, 120)),
    seed=st.integers(0, 2**32 - 1),
)
def test_agrees_with_all_pairs(center, log_radius, crowding, n_neighbors, counts, seed):
    rng = np.random.default_rng(seed)
    radius = min(10.0**log_radius, 36000.0)
    size = min(radius / 3600 * 10.0**crowding, 40.0)
    left, right = (around(rng, center, size, n) for n in counts)
    check(left, right, radius, n_neighbors)


@pytest.mark.parametrize("n_neighbors", [1, 3, None])
@pytest.mark.parametrize("radius", [1.0, 3600.0, 36000.0])
def test_agrees_over_the_whole_sphere(radius, n_neighbors):
    rng = np.random.default_rng(5)
    ra, sin_dec = rng.uniform(0, 360, (2, 700)), rng.uniform(-1, 1, (2, 700))
    dec = np.degrees(np.arcsin(sin_dec))
    near = (ra[0] + rng.normal(0, 1e-4, 700)) % 360, np.clip(dec[0] + rng.normal(0, 1e-4, 700), -90, 90)
    assert check((ra[0], dec[0]), (np.append(ra[1], near[0]), np.append(dec[1], near[1])), radius, n_neighbors) > 300


@settings(max_examples=60, deadline=None)
@given(
    clumps=st.integers(1, 4),
    log_size=st.floats(-5, -1),
    n_neighbors=st.sampled_from([1, 4, None]),
    seed=st.integers(0, 2**32 - 1),
)
def test_agrees_in_dense_clumps_on_an_empty_sky(clumps, log_size, n_neighbors, seed):
    rng = np.random.default_rng(seed)
    centers = around(rng, (0, 0), 60, clumps)
    left, right = (
        [
            np.concatenate(parts)
            for parts in zip(*(around(rng, c, 10**log_size, 60) for c in zip(*centers, strict=True)), strict=True)
        ]
        for _ in range(2)
    )
    check(left, right, 3600 * 10**log_size * 0.3, n_neighbors)


def test_agrees_at_the_corners_of_healpix_pixels():
    healpy = pytest.importorskip("healpy")
    rng = np.random.default_rng(2)
    corners = np.concatenate([healpy.boundaries(8, p, nest=True).T for p in rng.integers(0, 768, 100)])
    ra, dec = healpy.vec2ang(corners, lonlat=True)
    ra, dec = np.asarray(ra) % 360, np.clip(dec, -90, 90)
    left_index, right_index, separation = match(ra, dec, ra, dec, 0.01)
    assert left_index.tolist() == list(range(ra.size))
    assert (separation < 1e-6).all()
    assert check((ra, dec), (ra + 1e-7, dec), 1800.0, None) > ra.size


def unit_vectors(ra, dec):
    ra, dec = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


@pytest.mark.parametrize("radius", [1.0, 30.0, 1000.0])
@pytest.mark.parametrize("n_neighbors", [1, 5, 200])
@pytest.mark.parametrize("sorted_left", [False, True])
def test_agrees_with_a_k_d_tree_on_many(radius, n_neighbors, sorted_left):
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(11)
    ra, dec = rng.uniform(-1, 1, (2, 20_000)) % 360, rng.uniform(58, 59, (2, 20_000))
    dec[:, :4000] = 58.5 + rng.normal(0, 0.003, (2, 4000))  # a cluster in the field
    ra[:, :4000] = (0.1 + rng.normal(0, 0.006, (2, 4000))) % 360
    if sorted_left:
        order = np.lexsort((ra[0], np.floor(dec[0] * 50)))
        ra[0], dec[0] = ra[0][order], dec[0][order]
    bound = 2 * np.sin(np.radians(radius / 3600) / 2)
    tree = cKDTree(unit_vectors(ra[1], dec[1]))
    chord, found = tree.query(unit_vectors(ra[0], dec[0]), k=[*range(1, n_neighbors + 1)], distance_upper_bound=bound)
    near = np.isfinite(chord)
    left_index, right_index, _ = match(ra[0], dec[0], ra[1], dec[1], radius, n_neighbors)
    np.testing.assert_array_equal(left_index, np.nonzero(near)[0])
    np.testing.assert_array_equal(right_index, found[near])


def test_exact_duplicates_and_ties_go_to_the_first_row():
    left_index, right_index, separation = match([10.0], [5.0], [10.0, 10.0, 10.0], [5.0, 5.0, 5.0], 1.0)
    assert (left_index.tolist(), right_index.tolist(), separation.tolist()) == ([0], [0], [0.0])
    assert match([10.0], [5.0], [10.0] * 3, [5.0] * 3, 1.0, 2)[1].tolist() == [0, 1]
    assert match([10.0], [5.0], [10.0] * 300, [5.0] * 300, 1.0, None)[1].tolist() == list(range(300))


def test_positions_in_a_line_of_one_declination_or_one_right_ascension():
    ra = np.linspace(0, 359, 500)
    assert match(ra, np.zeros(500), ra[::-1], np.zeros(500), 1.0)[1].tolist() == list(range(499, -1, -1))
    dec = np.linspace(-90, 90, 500)
    assert match(np.zeros(500), dec, np.full(500, 360.0), dec[::-1], 1.0)[1].tolist() == list(range(499, -1, -1))


def test_separation_of_a_pair_depends_on_nothing_else():
    rng = np.random.default_rng(3)
    left, right = around(rng, (0, 20), 0.01, 200), around(rng, (0, 20), 0.01, 200)
    left_index, right_index, separation = match(*left, *right, 30.0, None)
    for i, j, s in list(zip(left_index, right_index, separation, strict=True))[::7]:
        assert match(left[0][[i]], left[1][[i]], right[0][[j]], right[1][[j]], 30.0)[2].tolist() == [s]
        assert match(right[0][[j]], right[1][[j]], left[0][[i]], left[1][[i]], 30.0)[2].tolist() == [s]


def test_nan_positions_match_nothing():
    nan = float("nan")
    left_index, right_index, _ = match([nan, 1.0, 2.0], [0.0, nan, 0.0], [2.0, nan, 1.0], [0.0, 0.0, nan], 5.0, None)
    assert (left_index.tolist(), right_index.tolist()) == ([2], [0])
    assert match([1.0], [1.0], [nan], [nan], 5.0)[0].size == 0


def test_empty_sides_give_no_pairs_of_the_right_types():
    for sides in (([], [], [1.0], [1.0]), ([1.0], [1.0], [], []), ([], [], [], [])):
        left_index, right_index, separation = match(*sides, 1.0)
        assert left_index.dtype == right_index.dtype == np.int64
        assert separation.dtype == np.float64
        assert left_index.size == right_index.size == separation.size == 0


def test_negative_right_ascension_is_understood():
    assert match([-0.0001], [0.0], [359.9999], [0.0], 0.001)[0].size == 1


def test_one_radius_a_row():
    rng = np.random.default_rng(7)
    left, right = around(rng, (0, 80), 0.1, 200), around(rng, (0, 80), 0.1, 200)
    radius = rng.uniform(1, 2000, 200)
    for n_neighbors in (1, 3, None):
        check(left, right, radius, n_neighbors)
    radius[:100] = np.nan
    assert match(*left, *right, radius)[0].min() >= 100


def test_mutual_pairs_are_each_others_nearest():
    rng = np.random.default_rng(8)
    left, right = around(rng, (0, -30), 0.01, 400), around(rng, (0, -30), 0.01, 300)
    distance = separations(left, right)
    expected = [
        (i, j) for i, j in enumerate(distance.argmin(axis=1)) if distance[:, j].argmin() == i and distance[i, j] <= 20.0
    ]
    left_index, right_index, separation = match(*left, *right, 20.0, mutual=True)
    assert list(zip(left_index, right_index, strict=True)) == expected
    assert len(set(right_index)) == len(right_index) > 50


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"radius_arcsec": 0.0}, "radius_arcsec must be above 0"),
        ({"radius_arcsec": -1.0}, "radius_arcsec must be above 0"),
        ({"radius_arcsec": float("nan")}, "radius_arcsec must be above 0"),
        ({"radius_arcsec": 36001.0}, "at most 36000"),
        ({"radius_arcsec": [1.0, 2.0]}, "radius_arcsec has shape"),
        ({"n_neighbors": 0}, "n_neighbors must be"),
        ({"n_neighbors": 1.5}, "n_neighbors must be"),
        ({"n_neighbors": 2, "mutual": True}, "one-to-one"),
        ({"left_ra": [float("-inf")]}, "left_ra -inf in row 0"),
        ({"right_dec": [-91.0]}, "right_dec -91 in row 0"),
        ({"right_ra": [1.0, 2.0]}, "right_ra has shape"),
        ({"left_ra": [float("inf")]}, "left_ra inf in row 0"),
    ],
)
def test_bad_parameters_are_named(change, words):
    good = {"left_ra": [1.0], "left_dec": [1.0], "right_ra": [1.0], "right_dec": [1.0], "radius_arcsec": 1.0}
    with pytest.raises(InputError, match=words):
        match(**{**good, **change})


def test_the_fields_by_name_are_those_of_the_options():
    assert get_type_hints(MatchFields) == get_type_hints(MatchOptions)
