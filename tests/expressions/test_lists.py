"""Conditions that look rows up in lists of any length."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from skies import put, sky_table

from lcscale.crossmatch import MatchOptions, match_tables
from lcscale.errors import InputError
from lcscale.expressions import Condition, ValueList, condition, holds, names_in, values
from lcscale.lake.draft import Draft
from lcscale.lake.job import Plan
from lcscale.steps import Where

TYPES = [pa.int8(), pa.uint16(), pa.int32(), pa.int64(), pa.uint64(), pa.float32(), pa.float64(), pa.string()]
whole = st.integers(-130, 130) | st.sampled_from([2**62 + 1, 2**63, -(2**63), 2**64 - 1])


def held(numbers, type_):
    """The numbers that a type can hold, as an array of it."""
    found = []
    for number in numbers:
        try:
            found.append(None if number is None else pa.scalar(str(number) if type_ == pa.string() else number, type_))
        except (pa.ArrowInvalid, OverflowError):
            continue
    return pa.array([each and each.as_py() for each in found], type_)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.none() | whole, max_size=20), st.lists(whole, max_size=20), st.tuples(*2 * [st.sampled_from(TYPES)]))
def test_rows_are_found_as_sets_find_them(rows, listed, types):
    assume(not (pa.string() in types and any(map(pa.types.is_floating, types))))  # how is a float written?
    if any(map(pa.types.is_floating, types)):
        rows, listed = ([n for n in some if n is None or abs(n) < 1000] for some in (rows, listed))
    column, wanted = held(rows, types[0]), held(listed, types[1])
    if types[1] == pa.string() != types[0]:  # texts that are no number of the column's kind are refused
        wanted = held(held(listed, pa.uint64() if types[0] == pa.uint64() else pa.int64()).to_pylist(), pa.string())
    numbers = {int(each) for each in wanted.to_pylist()}
    expected = [None if each is None else int(each) in numbers for each in column.to_pylist()]
    table = pa.table({"id": column})
    assert values(condition("id in @ids", ids=wanted), table).to_pylist() == expected
    opposite = [None if each is None else not each for each in expected]
    assert values(condition("id not in @ids", ids=wanted), table).to_pylist() == opposite


@pytest.mark.parametrize(
    "ids",
    [
        [5, 3, 3],
        (3, 5),
        {3, 5},
        np.array([3, 5], np.int16),
        np.ma.array([3, 5, 7], mask=[False, False, True]),
        pd.Series([3, 5]),
        pd.Index([3, 5]),
        pd.Series([3, 5, None], dtype="Int64"),
        pa.array([3, None, 5]),
        pa.chunked_array([[3], [5]]),
        pa.table({"any": [3, 5]}),
        pa.array([3, 5]).dictionary_encode(),
        ["3", " 5"],
        [3.0, 5.0, float("nan"), 0.5],
    ],
)
def test_lists_of_any_kind(ids):
    table = pa.table({"id": np.arange(10)})
    assert Where(condition("id in @mine", mine=ids))(table).column("id").to_pylist() == [3, 5]


def test_files_are_lists_too(tmp_path):
    big = [2**62 + 1, 2**62 + 2, 17]
    table = pa.table({"source_id": [2**62 + 1, 17, 2**62 + 3], "mag": [1.0, 2.0, 3.0]})
    pq.write_table(pa.table({"source_id": big, "other": [1.5, 2.5, 3.5]}), tmp_path / "ids.parquet")
    (tmp_path / "ids.csv").write_text("source_id,name\n" + "\n".join(f"{n},x" for n in big))
    (tmp_path / "ids.txt").write_text("\n".join(map(str, big)) + "\n\n")
    (tmp_path / "one column.csv").write_text("whatever\n" + "\n".join(map(str, big)))
    for name in ("ids.parquet", "ids.csv", "ids.txt", "one column.csv"):
        for made in (
            condition(f"source_id in @'{tmp_path / name}' and mag < 9"),
            condition("source_id in @mine and mag < 9", mine=tmp_path / name),
        ):
            assert holds(made, table).to_pylist() == [True, True, False]
            assert names_in(made) == ("source_id", "mag")
    assert holds(condition(f"source_id not in @{tmp_path}/ids.txt"), table).to_pylist() == [False, False, True]


def test_a_condition_is_a_small_value():
    rng = np.random.default_rng(1)
    ids = rng.choice(2**60, 100_000)
    made = condition("id in @ids", ids=ids)
    again = condition("id in @ids", ids=rng.permutation(np.append(ids, ids[:50])))
    assert made == again
    assert hash(made) == hash(again)
    assert made != condition("id in @ids", ids=ids[1:])
    assert len(repr(made)) < 200
    assert len(pickle.dumps(made)) < 8 * ids.size + 2000
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301
    assert Where(made).fingerprint() == Where(again).fingerprint()
    assert Where(made).fingerprint() != Where(condition("id in @ids", ids=ids[1:])).fingerprint()
    texts = condition("id in @ids", ids=ids.astype(str))
    assert pickle.loads(pickle.dumps(texts)) == texts  # noqa: S301
    assert condition(made) == made
    assert condition("id > 3") == "id > 3"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: condition("id in @ids"), "@ids was not given"),
        (lambda: condition("id > 3", ids=[3]), "names no list @ids"),
        (lambda: condition("id in @no_such.csv"), "cannot read the list 'no_such.csv'"),
        (lambda: condition("id in @ids", ids=[[3], [4]]), "@ids: no list of numbers or texts"),
        (lambda: condition("id in @ids", ids=[3, "a"]), "@ids: no list of numbers or texts"),
        (lambda: condition("id in @ids", ids=pa.table({"a": [1], "b": [2]})), "2 columns: a, b"),
        (lambda: holds(condition("id in @ids", ids=[float(2**60)]), pa.table({"id": [2**60]})), "rounded"),
        (lambda: holds(condition("id in @ids", ids=["M31"]), pa.table({"id": [2**60]})), "M31"),
        (lambda: holds("id in @ids", pa.table({"id": [1]})), "a list that is not given"),
        (lambda: holds(condition("id in @ids", ids=[1]), pa.table({"id": [[1]]})), "looked up in a list"),
    ],
)
def test_what_is_no_list_is_named(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_a_catalog_keeps_the_rows_of_a_list(lake):
    sky = put(lake, "sky", sky_table(600, lightcurves=False), order=1)
    rows = sky.to_arrow()
    wanted = rows.column("object_id").to_pylist()[::7]
    found = sky.where("object_id in @ids and mean_mag < 99", ids=wanted)
    assert found.to_arrow().column("object_id").to_pylist() == wanted
    assert found.write("some").rows == len(wanted)
    assert found.write("some").done == 0
    assert sky.where("object_id in @ids and mean_mag < 99", ids=wanted[::-1]).write("some").done == 0
    assert sky.where("object_id in @ids and mean_mag < 99", ids=wanted[1:]).write("some").rows == len(wanted) - 1
    assert found.to_dask().compute()["object_id"].to_list() == wanted


def test_a_list_travels_once_for_a_job(lake):
    """Tasks stay as small as they are; the list goes with the plan that they share."""
    sky = put(lake, "sky", sky_table(300, lightcurves=False), order=1)
    found = Plan(sky.where("object_id in @ids", ids=np.arange(100_000)))
    tasks = list(found.tasks(Draft(lake.root / "some", found.text)))
    assert len(tasks) == len(sky.partitions)
    assert max(len(pickle.dumps(task)) for task in tasks) < 2000
    assert 8 * 100_000 < len(pickle.dumps(found.plan)) < 8 * 100_000 + 20_000
    assert len(found.view.steps_fingerprint()) < 1000


def test_a_list_is_one_more_gate_of_a_match():
    left = pa.table({"ra": [10.0, 20.0], "dec": [0.0, 0.0], "id": [1, 2]})
    sides = {"left_columns": ("ra", "dec"), "right_columns": ("ra", "dec")}
    options = MatchOptions(where=condition("id_2 in @ids", ids=[2]))
    assert match_tables(left, left, options, **sides).column("id").to_pylist() == [2]
    assert isinstance(options.where, Condition)
    assert repr(ValueList.of([2], "")) in repr(options)
