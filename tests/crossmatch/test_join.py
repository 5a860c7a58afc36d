"""`match_tables`: columns, order, kinds of join, and the schema that was promised."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lcscale.crossmatch import MatchOptions, joined_schema, match, match_tables, reach_arcsec
from lcscale.errors import InputError
from lcscale.periods import PERIOD

RADEC = ("ra", "dec")


def join(left, right, left_columns=RADEC, right_columns=RADEC, **options):
    chosen = MatchOptions(**options)
    result = match_tables(left, right, chosen, left_columns=left_columns, right_columns=right_columns)
    assert result.schema.equals(joined_schema(left.schema, right.schema, chosen), check_metadata=True)
    result.validate(full=True)
    return result


@pytest.fixture
def left():
    table = pa.table(
        {
            "_healpix_29": pa.array([5, 6, 7, 8], pa.int64()),
            "id": ["a", "b", "c", "d"],
            "ra": [10.0, 20.0, 30.0, None],
            "dec": [0.0, 0.0, 0.0, 1.0],
        }
    )
    return table.replace_schema_metadata({"catalog": "left"})


@pytest.fixture
def right():
    lightcurve = pa.array([{"time": [1.0, 2.0]}, {"time": []}, None, {"time": [3.0]}])
    schema = pa.schema(
        [
            pa.field("_healpix_29", pa.int64()),
            pa.field("ra", pa.float32(), metadata={"unit": "deg"}),
            pa.field("DEJ", pa.float64(), nullable=False),
            pa.field("lightcurve", lightcurve.type),
            pa.field("kind", pa.dictionary(pa.int8(), pa.string())),
        ]
    )
    kind = pa.array(["x", "y", "x", None]).dictionary_encode().cast(schema.field("kind").type)
    columns = [pa.array([1, 2, 3, 4]), [30.0, 10.0, 10.0, 50.0], [1e-5, 2e-5, 1e-5, 0.0], lightcurve, kind]
    return pa.table(
        [pa.array(c, f.type) if isinstance(c, list) else c for c, f in zip(columns, schema, strict=True)], schema=schema
    )


def test_inner_join_keeps_left_order_and_suffixes_only_clashes(left, right):
    result = join(left, right, right_columns=("ra", "DEJ"))
    assert result.column_names == [*left.column_names, "ra_2", "DEJ", "lightcurve", "kind", "separation_arcsec"]
    assert result.column("id").to_pylist() == ["a", "c"]
    assert result.column("lightcurve").to_pylist() == [None, {"time": [1.0, 2.0]}]
    np.testing.assert_allclose(result.column("separation_arcsec"), [0.036, 0.036])
    assert result.schema.metadata == {b"catalog": b"left"}
    assert result.schema.field("ra_2").metadata == {b"unit": b"deg"}


def test_left_join_keeps_every_row_in_place_with_nulls(left, right):
    result = join(left, right, right_columns=("ra", "DEJ"), how="left", n_neighbors=None)
    assert result.column("id").to_pylist() == ["a", "a", "b", "c", "d"]
    assert result.column("kind").to_pylist() == ["x", "y", None, "x", None]
    assert result.column("separation_arcsec").null_count == 2
    assert result.schema.field("DEJ").nullable


def test_anti_join_gives_left_rows_without_counterpart(left, right):
    result = join(left, right, right_columns=("ra", "DEJ"), how="anti")
    assert result.equals(left.take([1, 3]))


def test_empty_sides(left, right):
    names = ("ra", "DEJ")
    assert join(left, right.slice(0, 0), right_columns=names).num_rows == 0
    assert join(left.slice(0, 0), right, right_columns=names, how="left").num_rows == 0
    everything = join(left, right.slice(0, 0), right_columns=names, how="left")
    assert everything.num_rows == 4
    assert everything.column("lightcurve").null_count == 4
    assert join(left, right.slice(0, 0), right_columns=names, how="anti").equals(left)


def test_a_chain_of_matches_finds_free_names(left):
    once = join(left, left)
    assert once.column_names[-4:] == ["id_2", "ra_2", "dec_2", "separation_arcsec"]
    twice = join(once, left)
    assert twice.column_names[-4:] == ["id_3", "ra_3", "dec_3", "separation_arcsec_3"]
    named = join(once, left, suffix="_wise")
    assert named.column_names[-4:] == ["id_wise", "ra_wise", "dec_wise", "separation_arcsec_wise"]
    with pytest.raises(InputError, match="ra_2.*another suffix"):
        join(once, left, suffix="_2")


def test_chunked_tables_give_the_same_rows():
    rng = np.random.default_rng(1)
    ra, dec = rng.uniform(0, 0.1, (2, 500)), rng.uniform(0, 0.1, (2, 500))
    tables = [pa.table({"ra": ra[k], "dec": dec[k], "n": np.arange(500)}) for k in range(2)]
    pieces = [pa.concat_tables([t.slice(0, 100), t.slice(100, 7), t.slice(107)]) for t in tables]
    whole = join(*tables, radius_arcsec=20.0, n_neighbors=None)
    assert whole.equals(join(*pieces, radius_arcsec=20.0, n_neighbors=None))
    left_index, right_index, separation = match(ra[0], dec[0], ra[1], dec[1], 20.0, None)
    assert whole.column("n").to_numpy().tolist() == left_index.tolist()
    assert whole.column("n_2").to_numpy().tolist() == right_index.tolist()
    assert whole.column("separation_arcsec").to_numpy().tolist() == separation.tolist()


def test_mutual_join_is_one_to_one():
    left = pa.table({"ra": [10.0, 10.0001], "dec": [0.0, 0.0]})
    right = pa.table({"ra": [10.00011], "dec": [0.0]})
    assert join(left, right, radius_arcsec=2.0).num_rows == 2
    assert join(left, right, radius_arcsec=2.0, mutual=True).column("ra").to_pylist() == [10.0001]


def test_reach_is_the_radius():
    assert reach_arcsec(MatchOptions(radius_arcsec=2.5)) == 2.5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"left_columns": ("RAJ2000", "dec")}, "the left catalog has no column 'RAJ2000'; there are _healpix_29, id"),
        ({"left_columns": ("id", "dec")}, "column 'id' of the left catalog holds string, not numbers"),
        ({"right_columns": ("ra", "_healpix_29")}, None),
        ({"radius_arcsec": 0.0}, "radius_arcsec"),
        ({"radius_arcsec": 36000.1}, "radius_arcsec"),
        ({"how": "outer"}, "how must be one of inner, left, anti"),
        ({"n_neighbors": 0}, "n_neighbors"),
        ({"n_neighbors": None, "mutual": True}, "one-to-one"),
        ({"suffix": ""}, "suffix"),
    ],
)
def test_bad_input_is_named(left, right, change, words):
    if words is None:
        right = right.set_column(0, "_healpix_29", pa.array([1, 2, 3, 10**6]))
        words = "'_healpix_29' of the right catalog 1e\\+06 in row 3"
    with pytest.raises(InputError, match=words):
        join(left, right, **{"right_columns": ("ra", "DEJ"), **change})


def test_what_was_made_of_other_light_curves_does_not_pass_for_ours():
    left = pa.schema([("ra", pa.float64()), ("dec", pa.float64())])
    right = pa.schema([*left, PERIOD.field])
    joined = joined_schema(left, right, MatchOptions())
    assert "period" in joined.names
    assert not PERIOD.is_in(joined)
    assert b"made_by" not in joined.field("period").metadata
    assert joined.field("period").metadata[b"unit"] == b"d"


@pytest.mark.parametrize("suffix", [None, "x"])
@pytest.mark.parametrize("chance_probability", [False, True])
def test_matches_of_matches_keep_every_separation(suffix, chance_probability):
    """Catalogs that are results of matches, of any depth, are matched with each other; no column stands twice."""
    rows = pa.table({"id": [1, 2], "ra": [10.0, 20.0], "dec": [0.0, 0.0]})
    made = join(
        rows, rows.set_column(2, "dec", pa.array([0.2 / 3600, 0.1 / 3600])), chance_probability=chance_probability
    )
    for depth in range(3):
        chosen = suffix and f"_{suffix}{depth}"
        made = join(made, made, suffix=chosen, chance_probability=chance_probability)
        assert len(set(made.column_names)) == len(made.column_names)
        names = [name for name in made.column_names if name.startswith("separation_arcsec")]
        assert len(names) == 2 ** (depth + 2) - 1
        assert made.column("separation_arcsec").to_pylist() == pytest.approx([0.2, 0.1])
        assert made.column(names[-1]).to_pylist() == [0.0, 0.0]
