"""Expressions against SQL (SQLite) and numpy in double precision, over all types of columns."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.crossmatch import MatchOptions, match_tables
from lcscale.errors import InputError
from lcscale.expressions import holds, names_in, values
from lcscale.steps import Where

INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64]
TYPES = [*(pa.from_numpy_dtype(kind) for kind in INTEGERS), pa.float32(), pa.float64()]
NAMES = ("a", "b", "c")


def extremes(type_):
    """Values of a type: its limits, zero and what lies between; doubles of all of them are exact."""
    if pa.types.is_floating(type_):
        return st.sampled_from([0.0, -0.0, 0.5, -1.25, 3.0, 1e10, -7.0])
    info = np.iinfo(type_.to_pandas_dtype())
    low, high = max(info.min, -(2**53)), min(info.max, 2**53)
    return st.sampled_from(sorted({low, low + 1, max(low, -3), 0, 1, 2, 3, high - 1, high})) | st.integers(low, high)


@st.composite
def tables(draw):
    """Six rows of three columns of any numeric types, with nulls."""
    columns = {}
    for name in NAMES:
        type_ = draw(st.sampled_from(TYPES))
        columns[name] = pa.array(draw(st.lists(st.none() | extremes(type_), min_size=6, max_size=6)), type_)
    return pa.table(columns)


numbers = st.deferred(
    lambda: (
        st.sampled_from(NAMES)
        | st.integers(-300, 300).map(lambda n: f"({n})")
        | st.tuples(numbers, st.sampled_from("+-*/"), numbers).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
        | numbers.map(lambda t: f"(-{t})")
        | numbers.map(lambda t: f"abs({t})")
    )
)
words = st.sampled_from(["AND", "and", "And", "OR", "or"])
conditions = st.deferred(
    lambda: (
        st.tuples(numbers, st.sampled_from(["=", "==", "<>", "!=", "<", "<=", ">", ">="]), numbers).map(" ".join)
        | st.tuples(numbers, numbers, numbers).map(lambda t: f"{t[0]} BETWEEN {t[1]} AND {t[2]}")
        | st.tuples(numbers, numbers, numbers).map(lambda t: f"{t[0]} not between {t[1]} and {t[2]}")
        | st.tuples(numbers, st.lists(st.integers(-5, 300), min_size=1, max_size=4)).map(
            lambda t: f"{t[0]} in ({', '.join(map(str, t[1]))})"
        )
        | st.tuples(numbers, st.integers(-5, 300), numbers).map(lambda t: f"{t[0]} NOT IN ({t[1]}, {t[2]})")
        | numbers.map(lambda t: f"{t} IS NULL")
        | numbers.map(lambda t: f"{t} is not null")
        | conditions.map(lambda t: f"not ({t})")
        | st.tuples(conditions, words, conditions).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
    )
)


def in_sqlite(text, table, names=NAMES):
    """What SQLite gives for `text` in each row, of columns that hold doubles (it divides integers otherwise)."""
    database = sqlite3.connect(":memory:")
    database.execute(f"create table t ({', '.join(f'{name} real' for name in names)})")
    rows = zip(*(table.column(name).cast(pa.float64(), safe=False).to_pylist() for name in names), strict=True)
    database.executemany(f"insert into t values ({', '.join('?' * len(names))})", rows)
    return [row[0] for row in database.execute(f"select {text} from t")]


@settings(max_examples=400, deadline=None)
@given(table=tables(), text=conditions)
def test_conditions_hold_where_sql_says_so(table, text):
    literal = text.replace("==", "=")
    for n in range(301):
        literal = literal.replace(f"({n})", f"({n}.0)").replace(f"(-{n})", f"(-{n}.0)")
    expected = in_sqlite(literal, table)
    got = values(text, table).to_pylist()
    # SQLite turns NaN into null; overflow of doubles apart, none of these expressions makes one
    assert got == [None if each is None else bool(each) for each in expected]
    assert Where(text)(table).num_rows == sum(bool(each) for each in expected)


def unary(sign, function):
    return lambda one: (f"{sign}{one[0]})", lambda row: None if (x := one[1](row)) is None else function(x))


def binary(sign, function):
    def made(two):
        def of(row):
            x, y = two[0][1](row), two[1][1](row)
            return None if x is None or y is None or (sign == "/" and y == 0) else function(x, y)

        return f"({two[0][0]} {sign} {two[1][0]})", of

    return made


arithmetic = st.recursive(
    st.sampled_from(NAMES).map(lambda name: (name, lambda row: row[name]))
    | st.integers(-300, 300).map(lambda n: (f"({n})", lambda _: np.float64(n))),
    lambda inner: (
        st.tuples(inner, inner).map(binary("+", np.add))
        | st.tuples(inner, inner).map(binary("-", np.subtract))
        | st.tuples(inner, inner).map(binary("*", np.multiply))
        | st.tuples(inner, inner).map(binary("/", np.divide))
        | inner.map(unary("(-", np.negative))
        | inner.map(unary("abs(", np.abs))
        | inner.map(unary("sqrt(", np.sqrt))
    ),
)


@settings(max_examples=300, deadline=None)
@given(table=tables(), made=arithmetic)
def test_arithmetic_is_that_of_doubles(table, made):
    text, function = made
    doubles = table.cast(pa.schema({name: pa.float64() for name in NAMES}), safe=False).to_pylist()
    for row, got in zip(doubles, values(text, table).cast(pa.float64()).to_pylist(), strict=True):
        with np.errstate(all="ignore"):
            expected = function({name: None if x is None else np.float64(x) for name, x in row.items()})
        assert got == expected or (got != got and expected != expected), text


@pytest.mark.parametrize("kind", [*INTEGERS, np.uint64])
def test_no_integer_wraps(kind):
    info = np.iinfo(kind)
    table = pa.table({"x": pa.array([info.max, info.min, 3], pa.from_numpy_dtype(kind))})
    low, high, three = float(info.min), float(info.max), 3.0
    for text, right in {
        "x * x": [high * high, low * low, 9.0],
        "x + x": [2 * high, 2 * low, 6.0],
        "x - 1 - x": [high - 1 - high, low - 1 - low, -1.0],
        "-x": [-high, -low, -three],
        "abs(-x)": [high, abs(low), three],
        "abs(x)": [high, abs(low), three],
        "multiply(x, x)": [high * high, low * low, 9.0],
        "add_checked(x, x)": [2 * high, 2 * low, 6.0],
        "x ** 3": [high**3, low**3, 27.0],
        "x / 2": [high / 2, low / 2, 1.5],
        "divide(x, 2)": [high / 2, low / 2, 1.5],
        "round(x, -1)": [pytest.approx(high, abs=5), pytest.approx(low, abs=5), 0.0],
    }.items():
        assert values(text, table).to_pylist() == right, text
    assert values("x > 1 and x == x", table).to_pylist() == [True, False, True]


def test_whole_numbers_compare_exactly():
    big = 2**53
    table = pa.table(
        {
            "id": pa.array([big, big + 1, -big - 1, None]),
            "huge": pa.array([2**64 - 1, 5, 0, big + 1], pa.uint64()),
        }
    )
    assert values(f"id == {big + 1}", table).to_pylist() == [False, True, False, None]
    assert values(f"id == -{big + 1}", table).to_pylist() == [False, False, True, None]
    assert values(f"id in ({big + 1}, 7)", table).to_pylist() == [False, True, False, None]
    assert values("huge == 18446744073709551615", table).to_pylist() == [True, False, False, False]
    assert values("huge in (18446744073709551615, 5)", table).to_pylist() == [True, True, False, False]
    assert values("huge > id", table).to_pylist() == [True, False, True, None]
    assert values("huge > -1", table).to_pylist() == [True] * 4
    assert values("id > 0.5", table).to_pylist() == [True, True, False, None]
    assert values("huge < 100000000000000000000000", table).to_pylist() == [True] * 4


def test_a_zero_denominator_gives_null_and_costs_its_row_only():
    for kind in (np.int16, np.int64, np.float32, np.float64):
        table = pa.table({"a": pa.array([1, 0, 6], pa.from_numpy_dtype(kind)), "n": np.array([0, 0, 4], kind)})
        assert values("a / n", table).to_pylist() == [None, None, 1.5]
        assert values("modulo(a, n)", table).to_pylist() == [None, None, 2.0]
        assert Where("a / n > 0.5")(table).column("a").to_pylist() == [6]
        assert Where("not a / n > 0.5")(table).num_rows == 0
    assert values("1 / 0 > 2 or true", pa.table({"a": [1]})).to_pylist() == [True]


def test_nan_is_a_value_that_equals_nothing():
    table = pa.table({"x": [1.0, np.nan, None]})
    assert values("x == x", table).to_pylist() == [True, False, None]
    assert values("x != 1", table).to_pylist() == [False, True, None]
    assert values("x is null", table).to_pylist() == [False, False, True]
    assert values("is_nan(x)", table).to_pylist() == [False, True, None]
    assert values("x between 0 and 2", table).to_pylist() == [True, False, None]
    assert values("x in (1, 2)", table).to_pylist() == [True, False, None]


def test_null_is_unknown():
    table = pa.table({"x": [1, 2, None], "t": [True, False, None]})
    assert values("x not in (1, 3)", table).to_pylist() == [False, True, None]
    assert values("x <> 1", table).to_pylist() == [False, True, None]
    assert values("t or x == 1", table).to_pylist() == [True, False, None]
    assert values("if_else(x == 1, 5, null)", table).to_pylist() == [5, None, None]
    for text in ("x == null", "null != x", "x in (1, null)"):
        with pytest.raises(InputError, match="is null"):
            values(text, table)


def test_texts_of_all_kinds():
    names = ["IN;UX", "INSA", "EW", None, "in"]
    plain = pa.array(names)
    for column in (plain, plain.cast(pa.large_string()), plain.dictionary_encode(), plain.cast(pa.string_view())):
        table = pa.table({"VarType": column})
        for text, right in {
            "starts_with(VarType, 'IN')": [True, True, False, None, False],
            "match_substring_regex(VarType, '^E.$')": [False, False, True, None, False],
            "utf8_slice_codeunits(VarType, 0, 2) == 'IN'": [True, True, False, None, False],
            "replace_substring(VarType, 'IN', 'X') = 'XSA'": [False, True, False, None, False],
            "VarType like 'IN%'": [True, True, False, None, False],
            "VarType not like 'IN%'": [False, False, True, None, True],
            "VarType ilike 'in%'": [True, True, False, None, True],
            "VarType in ('EW', 'IN;UX')": [True, False, True, None, False],
            "VarType = 'EW'": [False, False, True, None, False],
            "count_substring(VarType, 'N') + 0.5 > 1": [True, True, False, None, False],
            "utf8_length(VarType) between 2 and 3": [False, False, True, None, True],
        }.items():
            assert values(text, table).to_pylist() == right, text
    quotes = pa.table({"name": ["Barnard's", 'a "b"']})
    assert values("name == 'Barnard''s'", quotes).to_pylist() == [True, False]
    assert values('name == "Barnard\'s"', quotes).to_pylist() == [True, False]


def test_truth_values_decimals_and_times_compare():
    times = pa.array([0, 10**9], pa.timestamp("ns"))
    table = pa.table({"t": [True, False], "d": [Decimal("1.5"), Decimal("2.0")], "when": times, "n": [1, 1]})
    assert values("t == 1", table).to_pylist() == [True, False]
    assert values("t == n", table).to_pylist() == [True, False]
    assert values("t in (true)", table).to_pylist() == [True, False]
    assert values("when between '1970-01-01' and '1971-01-01'", table).to_pylist() == [True, True]
    assert values("bit_wise_and(n, 3) = 1 and list_value_length(l) < 2", table.append_column("l", [[[1], [1, 2]]]))[
        :
    ].to_pylist() == [True, False]
    assert values("t + t", table).to_pylist() == [2.0, 0.0]
    assert values("d * 2 > 3.5", table).to_pylist() == [False, True]
    assert values("d == 1.5", table).to_pylist() == [True, False]
    empty = pa.table({"nothing": pa.nulls(2)})
    for text in ("nothing in (1, 2)", "nothing not in ('a')", "nothing > 1", "nothing + 1 > 0"):
        assert values(text, empty).to_pylist() == [None, None]
    assert values("when > '1970-01-01'", table).to_pylist() == [False, True]
    assert values("true", table).to_pylist() == [True, True]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("2 + 3 * 4 == 14", True),
        ("-2 ** 2 == -4", True),
        ("2 ** -1 == 0.5", True),
        ("2 ** 3 ** 2 == 512", True),
        ("10 - 4 - 3 == 3", True),
        ("1 < 2 < 3 <= 3", True),
        ("not 1 > 2 and 1 = 1", True),
        ("x > 0 or x > 0 and x < 0", True),
        ("NOT (x = 1) OR x <> 2", True),
        ("x between 0 and 2 and x in (1,)", True),
        ("(x > 0) & ~(x > 5) | (x == 9)", True),
        ("x in (2, x)", True),
        ("1_000 = 1e3", True),
        (".5 + 1. == 1.5", True),
    ],
)
def test_operators_bind_as_in_python_and_sql(text, right):
    assert values(text, pa.table({"x": [1]})).to_pylist() == [right]


def test_words_of_the_grammar_are_names_where_a_name_stands():
    table = pa.table({"in": [1], "like": ["a"], "is": [2], "class": ["x"], "B-V": [0.5], "between": [3], "δ": [4]})
    text = "in in (1, 2) and like like 'a' and is is not null and class = 'x' and `B-V` < 1 and between between 1 and δ"
    assert holds(text, table).to_pylist() == [True]
    assert names_in(text) == ("in", "like", "is", "class", "B-V", "between", "δ")


@pytest.mark.parametrize(
    "text",
    ["x >", "x > 1 and", "x y", "x in", "x in 3", "x between 1", "x not 3", "x is 3", "f(x", "(x", "x..y", "5x > 1",
     "x === 1", "", "x in @", "not", "sum(x) > 1", "random() > 0.5", "x @ids", "(" * 5000 + "x" + ")" * 5000,
     "starts_with(x, x)", "starts_with(x)", "x + 'a' > 1", "x and x > 1", "x == 'a'"],
)  # fmt: skip
def test_what_is_no_condition_is_an_error_in_words(text):
    with pytest.raises(InputError):
        holds(text, pa.table({"x": [1, 2]}))


def test_thousands_of_alternatives():
    table = pa.table({"id": np.arange(5000)})
    assert Where(" or ".join(f"id == {n}" for n in range(3000)))(table).num_rows == 3000


@pytest.mark.parametrize("where", ["n / m > 0.5", "N_ratio > 0.5"])
def test_gates_compute_alike(where):
    left = pa.table({"ra": [10.0], "dec": [0.0], "n": pa.array([3], pa.int8()), "N_ratio": pa.array([0.75])})
    right = pa.table({"ra2": [10.0], "dec2": [0.0], "m": pa.array([4], pa.int8())})
    sides = {"left_columns": ("ra", "dec"), "right_columns": ("ra2", "dec2")}
    assert match_tables(left, right, MatchOptions(where=where), **sides).num_rows == 1
    magnitudes = {"max_mag_difference": 0.1, "left_mag": "n * 100", "right_mag": "m * 75"}
    assert match_tables(left, right, MatchOptions(**magnitudes), **sides).num_rows == 1
    unknown = {"max_mag_difference": 1e9, "left_mag": "n / 0", "right_mag": "m"}
    assert match_tables(left, right, MatchOptions(**unknown), **sides).num_rows == 0
