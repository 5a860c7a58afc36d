"""One light curve that cannot be read keeps its row and says why; the others are what they are without it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.features import Extract
from lcscale.lightcurves import LightCurves, usable
from lcscale.lightcurves.faults import numbers
from lcscale.models import Classify
from lcscale.periods import FrequencyGrid, Search

TIME = [58000.0 + 0.7 * i for i in range(24)]
MAG = [15.0 + 0.1 * (i % 7) for i in range(24)]
GOOD = {"time": TIME, "mag": MAG, "mag_err": [0.1] * 24, "band": ["V"] * 24}
NUMBERS = pa.struct(
    [(name, pa.list_(pa.float64())) for name in ("time", "mag", "mag_err")] + [("band", pa.list_(pa.string()))]
)
TEXTS = pa.struct([(name, pa.list_(pa.string())) for name in GOOD])


def as_texts(curve):
    return {name: [str(value) for value in values] for name, values in curve.items()}


BAD = {
    "23 magnitudes": (NUMBERS, GOOD | {"mag": MAG[:23]}, "differ in length: 23 mag, 24 time"),
    "25 errors": (NUMBERS, GOOD | {"mag_err": [0.1] * 25}, "differ in length: 25 mag_err, 24 time"),
    "3 bands": (NUMBERS, GOOD | {"band": ["V"] * 3}, "differ in length: 3 band, 24 time"),
    "no list of magnitudes": (NUMBERS, GOOD | {"mag": None}, "differ in length: 0 mag, 24 time"),
    "no list of times": (NUMBERS, GOOD | {"time": None}, "differ in length: 24 mag, 0 time"),
    "null": (NUMBERS, None, "0 observations usable"),
    "all lists null": (NUMBERS, dict.fromkeys(GOOD), "0 observations usable"),
    "text": (TEXTS, as_texts(GOOD) | {"mag": ["15.0"] * 23 + ["> 20"]}, "the text '> 20' for a number, in mag"),
    "a date": (TEXTS, as_texts(GOOD) | {"time": ["2019-01-01"] * 24}, "the text '2019-01-01' for a number, in time"),
}


def tables(kind, bad):
    good = as_texts(GOOD) if kind is TEXTS else GOOD
    other = good | {"mag": good["mag"][::-1]}
    mixed = pa.array([good, bad, other, bad], kind)
    return (pa.table({"lightcurve": array}) for array in (mixed, pa.array([good, other], kind)))


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("step", [Extract(("amplitude", "mean")), Search(FrequencyGrid.for_baseline(20.0, 2.0))])
def test_a_bad_row_keeps_its_place_with_a_reason(case, step):
    kind, bad, reason = BAD[case]
    mixed, alone = tables(kind, bad)
    result, expected = step(mixed), step(alone)
    reasons = result.column("reason").to_pylist()
    assert reasons[::2] == [None, None]
    assert all(reason in found for found in reasons[1::2])
    assert result.take([0, 2]).drop_columns(["lightcurve"]).equals(expected.drop_columns(["lightcurve"]))
    values = [name for name in result.column_names if name not in ("lightcurve", "reason")]
    assert all(result.column(name)[1].as_py() is None for name in values)


@pytest.mark.parametrize("case", ["23 magnitudes", "null", "text"])
def test_a_bad_row_has_no_class_and_says_why(case):
    kind, bad, reason = BAD[case]
    mixed, _ = tables(kind, bad)
    table = Search(FrequencyGrid.for_baseline(20.0, 2.0))(mixed)
    result = Classify("general")(table)
    assert [value is None for value in result.column("class").to_pylist()] == [False, True, False, True]
    assert reason in result.column("reason")[1].as_py()


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=8), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_rows_of_unequal_lists_against_a_loop(lengths, start):
    rows = [
        {"time": [float(k) for k in range(a)], "mag": [10.0 * i + k for k in range(b)], "mag_err": [0.1] * c}
        for i, (a, b, c) in enumerate(lengths)
    ]
    kind = pa.struct([(name, pa.list_(pa.float64())) for name in ("time", "mag", "mag_err")])
    lcs = LightCurves.from_arrow(pa.array(rows, kind).slice(start))
    assert len(lcs) == len(lengths[start:])
    _, reasons = usable(lcs, 0)
    for i, (row, (a, b, c)) in enumerate(zip(rows[start:], lengths[start:], strict=True)):
        own = lcs.mag[lcs.offsets[i] : lcs.offsets[i + 1]].tolist()
        assert own == (row["mag"] if a == b == c else [])
        assert (reasons[i] is not None and "differ in length" in reasons[i]) == (not a == b == c)


def test_faults_go_with_their_objects():
    kind, bad, _ = BAD["text"]
    lcs = LightCurves.from_arrow(next(iter(tables(kind, bad))))
    assert [fault is None for fault in lcs.take([3, 0]).faults] == [False, True]
    assert [fault is None for fault in lcs.between(1, 3).faults] == [False, True]
    assert [fault is None for fault in lcs.keep(lcs.time > TIME[3]).faults] == [True, False, True, False]
    joined = LightCurves.concatenate([lcs, lcs.take([0])])
    assert [fault is None for fault in joined.faults] == [True, False, True, False, True]


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False), st.integers(-(10**9), 10**9)), max_size=8))
def test_numbers_written_as_text_are_those_numbers(values):
    texts = pa.array([None if value is None else f" {value!r} " for value in values], pa.string())
    found, wrong = numbers(texts)
    assert wrong is None
    np.testing.assert_array_equal(found, np.array([np.nan if value is None else float(value) for value in values]))


def test_text_that_is_no_number_is_told_apart_from_what_is_missing():
    found, wrong = numbers(pa.array(["", None, "nan", "faint", "1,5", "0x10", "1e3", "-.5", "7."]))
    np.testing.assert_array_equal(found, [np.nan] * 6 + [1000.0, -0.5, 7.0])
    assert wrong.tolist() == [False] * 3 + [True] * 3 + [False] * 3
