"""Rows of the same place and name, against a dictionary."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcscale.lake.joining import same_rows
from lcscale.lake.pixel import Pixels

NAMES = {
    "int64": (pa.int64(), st.integers(0, 5) | st.none()),
    "uint64": (pa.uint64(), st.integers(2**64 - 3, 2**64 - 1) | st.none()),
    "string": (pa.string(), st.sampled_from(["", "a", "a b", "1", "1 1"]) | st.none()),
    "large_string": (pa.large_string(), st.sampled_from(["a", "b"]) | st.none()),
}


def table(rows, kind):
    index, names = [row[0] for row in rows], [row[1] for row in rows]
    whole = pa.table({"_healpix_29": pa.array(index, pa.int64()), "name": pa.array(names, kind)})
    return pa.concat_tables([whole[: len(rows) // 2], whole[len(rows) // 2 :]])


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("ordered", [True, False])
@given(data=st.data())
def test_the_first_row_of_the_same_place_and_name_is_found(kind, ordered, data):
    arrow, names = NAMES[kind]
    rows = st.lists(st.tuples(st.integers(0, 6) | st.just(12 << 58), names), max_size=25)
    left, right = data.draw(rows), data.draw(rows)
    if ordered:
        left, right = (sorted(each, key=lambda row: row[0]) for each in (left, right))
    places = {}
    for place, row in enumerate(right):
        places.setdefault(row, place)
    expected = [None if row[1] is None else places.get(row) for row in left]
    assert same_rows(table(left, arrow), table(right, arrow), "name").to_pylist() == expected


def test_it_takes_much_less_than_looking_up_places_and_names_as_text():
    rng = np.random.default_rng(0)
    n = 300_000
    index = np.sort(rng.integers(0, 2**60, n))
    left = pa.table({"_healpix_29": index, "object_id": rng.permutation(n)})
    right = left.take(pa.array(np.sort(rng.permutation(n)[: n * 9 // 10])))

    def texts(rows):
        return pc.binary_join_element_wise(*(rows.column(name).cast(pa.string()) for name in rows.column_names), " ")

    def by_text():
        return pc.index_in(texts(left), value_set=texts(right)).combine_chunks()

    def seconds(function):
        start = time.process_time()
        function()
        return time.process_time() - start

    assert same_rows(left, right, "object_id").cast(pa.int32()).equals(by_text())
    quick = min(seconds(lambda: same_rows(left, right, "object_id")) for _ in range(3))
    assert quick < 0.5 * min(seconds(by_text) for _ in range(3))


def test_a_join_of_both_sides_is_another_job_than_one_of_the_left(sky):
    right = sky.columns("object_id", "mean_mag")
    inner, left = (sky.columns("object_id").join(right, how=how) for how in ("inner", "left"))
    pixels = Pixels.of(leaf.pixel for leaf in sky.partitions)
    assert inner.steps_fingerprint() != left.steps_fingerprint()
    assert inner.steps_fingerprint(pixels) != left.steps_fingerprint(pixels)
