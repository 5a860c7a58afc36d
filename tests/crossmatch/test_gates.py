"""Gates: positional errors, magnitudes, conditions on the joined row, and the chance probability."""

from __future__ import annotations

import copy

import numpy as np
import pyarrow as pa
import pytest

from lcscale.crossmatch import (
    MatchOptions,
    context_reach_arcsec,
    joined_schema,
    match_tables,
    reach_arcsec,
    v_magnitude,
)
from lcscale.errors import InputError
from lcscale.expressions import holds, names_in

RADEC = ("ra", "dec")


def join(left, right, **options):
    chosen = MatchOptions(**options)
    result = match_tables(left, right, chosen, left_columns=RADEC, right_columns=RADEC)
    assert result.schema.equals(joined_schema(left.schema, right.schema, chosen))
    return result


def sky(rng, size, **columns):
    return pa.table({"ra": rng.uniform(0, 0.05, size), "dec": rng.uniform(-0.025, 0.025, size), **columns})


@pytest.fixture
def pair():
    rng = np.random.default_rng(1)
    left = sky(rng, 300, V=rng.uniform(15, 18, 300), err=rng.uniform(0.5, 2, 300), n=np.arange(300))
    right = sky(
        rng, 400, g=rng.uniform(15, 18, 400), r=rng.uniform(15, 18, 400), err=rng.uniform(0.5, 2, 400), m=np.arange(400)
    )
    return left, right


def every_pair(left, right, radius):
    """All pairs within a radius as one table, as a reference for gates."""
    return join(left, right, radius_arcsec=radius, n_neighbors=None)


def ids(table):
    return list(zip(table.column("n").to_pylist(), table.column("m").to_pylist(), strict=True))


def firsts(pairs):
    return list({n: (n, m) for n, m in reversed(pairs)}.values())[::-1]


def test_magnitude_gate_then_nearest(pair):
    gate = {"max_mag_difference": 0.3, "left_mag": "V", "right_mag": "g - 0.59 * (g - r) - 0.01"}
    everything = every_pair(*pair, 20.0)
    v, g, r = (everything.column(name).to_numpy() for name in ("V", "g", "r"))
    passing = everything.filter(pa.array(np.abs(v - (g - 0.59 * (g - r) - 0.01)) <= 0.3))
    assert ids(join(*pair, radius_arcsec=20.0, n_neighbors=None, **gate)) == ids(passing)
    assert ids(join(*pair, radius_arcsec=20.0, **gate)) == firsts(ids(passing))
    assert len(passing) > 50


def test_published_transformations_to_v():
    right = pa.table({"ra": [1.0], "dec": [0.0], "g": [15.0], "r": [14.56]})  # g - r = 0.44 is V - g = -0.2
    for system in ("ps1", "sdss"):
        for v, found in ((14.76, 1), (14.9, 0)):
            left = pa.table({"ra": [1.0], "dec": [0.0], "V": [v]})
            gate = {"max_mag_difference": 0.05, "left_mag": "V", "right_mag": v_magnitude("g", "r", system)}
            assert join(left, right, **gate).num_rows == found
    with pytest.raises(InputError, match="system must be one of sdss, ps1"):
        v_magnitude("g", "r", "gaia")


def test_missing_magnitudes_do_not_match():
    left = pa.table({"ra": [1.0, 2.0], "dec": [0.0, 0.0], "V": [15.0, None]})
    gate = {"max_mag_difference": 1.0, "left_mag": "V", "right_mag": "V"}
    assert join(left, left, **gate).column("V").to_pylist() == [15.0]


def test_condition_on_the_joined_row(pair):
    everything = every_pair(*pair, 20.0)
    close = everything.filter(
        pa.array(
            (everything.column("err").to_numpy() < everything.column("err_2").to_numpy())
            & (everything.column("separation_arcsec").to_numpy() > 5.0)
        )
    )
    where = "err < err_2 and separation_arcsec > 5"
    assert ids(join(*pair, radius_arcsec=20.0, n_neighbors=None, where=where)) == ids(close)
    kept = join(*pair, radius_arcsec=20.0, where=where, how="left")
    assert kept.column("n").to_pylist() == list(range(300))
    assert kept.column("m").null_count == 300 - len(firsts(ids(close)))
    alone = join(*pair, radius_arcsec=20.0, where=where, how="anti")
    assert alone.num_rows == 300 - len(firsts(ids(close)))


def test_mutual_among_the_pairs_that_pass(pair):
    result = ids(join(*pair, radius_arcsec=20.0, mutual=True, where="V < g"))
    everything = every_pair(*pair, 20.0)
    table = everything.filter(pa.array(everything.column("V").to_numpy() < everything.column("g").to_numpy()))
    rows = list(zip(*(table.column(c).to_pylist() for c in ("n", "m", "separation_arcsec")), strict=True))
    best_left, best_right = {}, {}
    for n, m, _ in sorted(rows, key=lambda row: row[2]):
        best_left.setdefault(n, m)
        best_right.setdefault(m, n)
    assert result == [(n, m) for n, m in sorted(best_left.items()) if best_right[m] == n]


def test_neighbouring_partitions_compete_for_mutual_pairs(pair):
    left, right = pair
    whole = ids(join(left, right, radius_arcsec=20.0, mutual=True))
    options = MatchOptions(radius_arcsec=20.0, mutual=True)
    assert context_reach_arcsec(options) == 40.0
    assert context_reach_arcsec(MatchOptions()) == 0.0
    parts = []
    for own, other in ((left.slice(0, 120), left.slice(120)), (left.slice(120), left.slice(0, 120))):
        parts += ids(match_tables(own, right, options, left_columns=RADEC, right_columns=RADEC, left_context=other))
    assert parts == whole


def test_circular_errors_of_both_sides(pair):
    everything = every_pair(*pair, 20.0)
    s, e1, e2 = (everything.column(c).to_numpy() for c in ("separation_arcsec", "err", "err_2"))
    within = everything.filter(pa.array(s <= 3.0 * np.hypot(e1, e2)))
    errors = {"n_sigma": 3.0, "left_error": "err", "right_error": "err"}
    assert ids(join(*pair, radius_arcsec=20.0, n_neighbors=None, **errors)) == ids(within)
    one_sided = everything.filter(pa.array(s <= 3.0 * e1))
    result = join(*pair, radius_arcsec=20.0, n_neighbors=None, n_sigma=3.0, left_error="err")
    assert ids(result) == ids(one_sided)


@pytest.mark.parametrize("dec", [0.0, 70.0])
def test_error_ellipses_point_where_they_say(dec):
    far = 3.0 / 3600
    sites = {"north": (100.0, dec + far), "east": (100.0 + far / np.cos(np.radians(dec)), dec)}
    for name, angle in (("north", 0.0), ("east", 90.0)):
        left = pa.table({"ra": [100.0], "dec": [dec], "a": [2.0], "b": [0.1], "pa": [angle]})
        for place, (ra, d) in sites.items():
            right = pa.table({"ra": [ra], "dec": [d]})
            found = join(left, right, radius_arcsec=10.0, n_sigma=2.0, left_error=("a", "b", "pa")).num_rows
            assert found == (place == name)
    diagonal = pa.table({"ra": [100.0], "dec": [0.0], "a": [2.0], "b": [0.1], "pa": [45.0]})
    step = far / np.sqrt(2)
    for sign in (1, -1):
        right = pa.table({"ra": [100.0 + sign * step], "dec": [step]})
        found = join(diagonal, right, radius_arcsec=10.0, n_sigma=2.0, left_error=("a", "b", "pa")).num_rows
        assert found == (sign == 1)


@pytest.mark.parametrize(
    ("left_error", "right_error", "near", "far"),
    [
        (0.1, 0.1, True, False),
        (0.0, 0.1, True, False),
        (0.0, 0.0, False, False),
        (1e-6, 0.0, False, False),
        (1e-200, 1e-200, False, False),
        (-0.1, 0.1, False, False),
        (-999.0, -999.0, False, False),
        (0.1, -999.0, False, False),
        (np.nan, 0.1, True, True),
        (np.nan, -999.0, False, False),
        (None, None, True, True),
    ],
)
def test_no_error_is_infinitely_tolerant(left_error, right_error, near, far, caplog):
    """A circle, and an ellipse of which either axis is what is said."""
    for east, north in ((1, 0), (0, 1), (0.6, 0.8)):
        for distance, found in ((0.2, near), (4.0, far)):
            left = pa.table({"ra": [10.0], "dec": [0.0], "e": pa.array([left_error], pa.float64()), "pa": [0.0]})
            right = pa.table({
                "ra": [10.0 + east * distance / 3600], "dec": [north * distance / 3600],
                "e": pa.array([right_error], pa.float64()), "pa": [0.0],
            })  # fmt: skip
            circle = {"radius_arcsec": 5.0, "n_sigma": 3.0, "left_error": "e", "right_error": "e"}
            with caplog.at_level("INFO", "lcscale.crossmatch"):
                assert join(left, right, **circle).num_rows == found
            ellipse = circle | {"left_error": ("e", "e", "pa"), "right_error": ("e", "e", "pa")}
            assert join(left, right, **ellipse).num_rows == found
    assert ("negative error in e" in caplog.text) == any(e is not None and e < 0 for e in (left_error, right_error))


def test_exact_positions_match_where_they_are_equal():
    table = pa.table({"ra": [10.0], "dec": [0.0], "e": [0.0]})
    assert join(table, table, n_sigma=3.0, left_error="e", right_error="e").num_rows == 1


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0])
def test_an_ellipse_without_breadth_ends_where_its_axis_does(angle):
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    left = pa.table({"ra": [10.0], "dec": [0.0], "a": [1.0], "b": [1e-9], "pa": [angle]})
    for flat in (left, left.set_column(3, "b", pa.array([0.0]))):
        for distance, most in ((2.9, 1), (3.1, 0), (40.0, 0)):
            right = pa.table({"ra": [10.0 + sine * distance / 3600], "dec": [cosine * distance / 3600]})
            found = join(flat, right, radius_arcsec=60.0, n_sigma=3.0, left_error=("a", "b", "pa")).num_rows
            assert found <= most
            assert found == most or angle != 90.0


def test_unknown_errors_match_within_the_radius():
    left = pa.table({"ra": [1.0, 2.0], "dec": [0.0, 0.0], "err": [0.01, None]})
    right = pa.table({"ra": [1.0002, 2.0002], "dec": [0.0, 0.0]})
    assert join(left, right, n_sigma=3.0, left_error="err").column("ra").to_pylist() == [2.0]


def test_chance_probability_is_that_of_a_poisson_field():
    rng = np.random.default_rng(4)
    density = 20_000 / 0.25  # per square degree
    right = pa.table({"ra": rng.uniform(0, 0.5, 20_000), "dec": rng.uniform(-0.25, 0.25, 20_000)})
    left = pa.table({"ra": rng.uniform(0.02, 0.48, 4000), "dec": rng.uniform(-0.23, 0.23, 4000)})
    options = {"radius_arcsec": 3.0, "chance_probability": True}
    matched = join(left, right, **options)
    s = matched.column("separation_arcsec").to_numpy() / 3600
    p = matched.column("chance_probability").to_numpy()
    expected = 1 - np.exp(-np.pi * density * s**2)
    assert np.median(np.abs(p / expected - 1)) < 0.15
    # unrelated positions: the probability of so near a neighbour is uniform up to that of the radius
    top = 1 - np.exp(-np.pi * density * (3 / 3600) ** 2)
    assert len(p) / left.num_rows == pytest.approx(top, rel=0.1)
    assert np.mean(p < top / 2) == pytest.approx(0.5, abs=0.05)
    assert reach_arcsec(MatchOptions(**options)) == 60.0
    assert join(left, right, how="left", **options).column("chance_probability").null_count > 0


def test_a_lone_counterpart_may_be_one_of_chance():
    """In a sparse field, a pair is called about as probable as such pairs are."""
    rng = np.random.default_rng(5)
    lone = pa.table({"ra": [1.0], "dec": [1.0 + 1 / 3600]})
    chance = join(lone, pa.table({"ra": [1.0], "dec": [1.0]}), radius_arcsec=2.0, chance_probability=True)
    assert 0 < chance.column("chance_probability")[0].as_py() < 1e-3
    n = 40_000  # 0.5 others within 60 arcsec: most counterparts have none beside them
    right = pa.table({"ra": rng.uniform(0, 10, n // 7), "dec": rng.uniform(-0.5, 0.5, n // 7)})
    left = pa.table({"ra": rng.uniform(0.1, 9.9, n), "dec": rng.uniform(-0.4, 0.4, n)})
    matched = join(left, right, radius_arcsec=60.0, chance_probability=True)
    p = matched.column("chance_probability").to_numpy()
    assert (p > 0).all()
    found = [np.count_nonzero(p <= limit) / n for limit in (0.02, 0.05, 0.1)]
    assert all(0.5 * limit < share < 2 * limit for share, limit in zip(found, (0.02, 0.05, 0.1), strict=True)), found


def test_a_lone_counterpart_is_no_chance():
    table = pa.table({"ra": [1.0], "dec": [1.0]})
    assert join(table, table, chance_probability=True).column("chance_probability").to_pylist() == [0.0]


def test_expressions_of_arrow():
    table = pa.table({"x": [1.0, -2.0, None, 4.0], "name": ["a", "b", "c", "a"]})
    for text, expected in {
        "x > 0": [1.0, 4.0],
        "-3 < x <= 1 and name != 'b'": [1.0],
        "not (x > 0) or name == 'c'": [-2.0, None],
        "abs(x) ** 2 >= 4.0": [-2.0, 4.0],
        "is_null(x)": [None],
        "coalesce(x, 9.0) * 2 - 1 > 10": [None],
        "(x > 0) & starts_with_a": None,
    }.items():
        if expected is None:
            with pytest.raises(InputError, match="starts_with_a"):
                holds(text, table)
        else:
            assert table.filter(holds(text, table)).column("x").to_pylist() == expected


@pytest.mark.parametrize(
    "text", ["__import__('os').system('x')", "x.y", "lambda: 1", "[x]", "no_such(x)", "x if y else z"]
)
def test_expressions_are_no_code(text):
    with pytest.raises(InputError):
        holds(text, pa.table({"x": [1], "y": [1], "z": [1]}))
    with pytest.raises(InputError, match="is no expression"):
        names_in("x >")


def test_options_are_values():
    options = MatchOptions(
        where="V < 3", max_mag_difference=1.0, left_mag="V", right_mag="g", n_sigma=3, left_error="e"
    )
    assert copy.deepcopy(options) == options
    assert hash(options) == hash(copy.deepcopy(options))
    assert "V < 3" in repr(options)
    assert options.columns_needed("left") == ("V", "e")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"where": "nothing > 1"}, "reads a column 'nothing'"),
        ({"where": "V + g"}, "not true or false"),
        ({"where": "1 > 0"}, "names no column"),
        ({"where": "V <"}, "is no expression"),
        ({"max_mag_difference": 1.0}, "give all three or none"),
        ({"max_mag_difference": 1.0, "left_mag": "V", "right_mag": "V"}, "'V'"),
        ({"max_mag_difference": -1.0, "left_mag": "V", "right_mag": "g"}, "max_mag_difference"),
        ({"n_sigma": 3.0}, "n_sigma needs"),
        ({"left_error": "err"}, "n_sigma needs"),
        ({"n_sigma": 0.0, "left_error": "err"}, "n_sigma must be above 0"),
        ({"n_sigma": float("inf"), "left_error": "err"}, "n_sigma must be above 0 and finite"),
        ({"n_sigma": 1.0, "left_error": "missing"}, "has no column 'missing'"),
        ({"chance_probability": True, "density_radius_arcsec": 0.0}, "density_radius_arcsec"),
    ],
)
def test_bad_gates_are_named(pair, change, words):
    with pytest.raises(InputError, match=words):
        join(*pair, **change)
