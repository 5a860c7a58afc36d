"""Keys of rows: equal for equal values in every kind of column, and different for any other value."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.lake import Lake, Pixel
from lcscale.lake.row_keys import read_keys, row_keys, write_keys

KINDS = {
    "int": (pa.int64(), st.integers(-5, 5)),
    "float": (pa.float32(), st.sampled_from([0.0, 1.5, -2.0])),
    "bool": (pa.bool_(), st.booleans()),
    "text": (pa.string(), st.sampled_from(["", "a", "ab", "b"])),
    "list": (pa.list_(pa.int32()), st.lists(st.one_of(st.none(), st.integers(0, 2)), max_size=3)),
    "texts": (pa.list_(pa.string()), st.lists(st.sampled_from(["", "a", "ab", "b"]), max_size=3)),
    "nested": (
        pa.struct([("time", pa.list_(pa.float64())), ("band", pa.list_(pa.string()))]),
        st.fixed_dictionaries(
            {
                "time": st.lists(st.sampled_from([1.0, 2.0]), max_size=2),
                "band": st.lists(st.sampled_from(["g", "r"]), max_size=2),
            }
        ),
    ),
    "coded": (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["g", "r"])),
    "date": (pa.timestamp("us"), st.sampled_from([datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 2)])),
    "decimal": (pa.decimal128(5, 2), st.sampled_from([decimal.Decimal("1.50"), decimal.Decimal("2.00")])),
    "three": (pa.list_(pa.int8(), 3), st.lists(st.integers(0, 1), min_size=3, max_size=3)),
}


@settings(max_examples=200, deadline=None)
@given(st.data(), st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4, unique=True))
def test_two_rows_have_one_key_where_all_values_are_the_same(data, names):
    rows = data.draw(
        st.lists(st.tuples(*(st.one_of(st.none(), KINDS[name][1]) for name in names)), min_size=0, max_size=8)
    )
    columns = {n: pa.array([row[i] for row in rows], KINDS[n][0]) for i, n in enumerate(names)}
    table = pa.table(columns)
    start = data.draw(st.integers(0, len(rows)))
    pieces = pa.concat_tables([table.slice(start), table.slice(0, start)])  # in two chunks, and with an offset
    for whole in (table, table.slice(start), pieces):
        keys, values = [bytes(key) for key in row_keys(whole, "about")], list(map(repr, whole.to_pylist()))
        assert len(keys) == len(values)
        assert len(set(zip(keys, values, strict=True))) == len(set(keys)) == len(set(values))
    assert row_keys(table.slice(start), "about").tolist() == row_keys(table, "about")[start:].tolist()
    order = [*range(start, len(rows)), *range(start)]
    assert row_keys(pieces, "about").tolist() == row_keys(table, "about")[order].tolist()


def test_what_the_rows_are_is_part_of_the_key():
    table = pa.table({"mag": [15.0]})
    assert row_keys(table, "AB") != row_keys(table, "Vega")


@pytest.mark.parametrize("on", ["disk", "store"])
def test_kept_and_read_again(on, tmp_path, request):
    lake = Lake(tmp_path) if on == "disk" else Lake("s3://survey/keys", **request.getfixturevalue("s3"))
    folder, pixel = lake.root / "c" / "v1-00", Pixel(3, 17)
    assert read_keys(folder, pixel) is None
    keys = row_keys(pa.table({"x": np.arange(10)}), "")
    for _ in range(2):  # by a run that was killed, and by the next
        write_keys(folder, pixel, keys)
    assert read_keys(folder, pixel).tolist() == keys.tolist()
