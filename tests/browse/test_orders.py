"""Orders of columns against numpy's stable sort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lcscale.browse.orders import ascending, first

SPECIAL = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 1.0 + 2**-52, 5e-324, -5e-324, 2.0**53])
COLUMNS = arrays(np.float64, st.integers(0, 60), elements=st.one_of(SPECIAL, st.floats()))


def by_numpy(values):
    there = np.flatnonzero(~np.isnan(values))
    return np.concatenate([there[np.argsort(values[there], kind="stable")], np.flatnonzero(np.isnan(values))])


@given(values=COLUMNS)
def test_ascending_is_the_stable_sort(values):
    order, valid = ascending(values)
    assert order.tolist() == by_numpy(values).tolist()
    assert valid == np.count_nonzero(~np.isnan(values))


@given(values=COLUMNS, seed=st.integers(0, 99), n=st.integers(0, 70), descending=st.booleans())
def test_the_first_rows_are_those_of_the_whole_order(values, seed, n, descending):
    wanted = np.flatnonzero(np.random.default_rng(seed).random(values.size) < 0.7)
    order, valid = ascending(values)
    whole = order[:valid][::-1] if descending else order[:valid]
    whole = whole[np.isin(whole, wanted)]
    found = first(values, wanted, n, descending)
    assert found is None if not 0 < n <= whole.size else found.tolist() == whole[:n].tolist()


@pytest.mark.parametrize("values", [np.round(np.random.default_rng(1).normal(size=50_000), 2), np.arange(50_000) % 7.0])
def test_long_columns_with_many_equal_values(values):
    np.testing.assert_array_equal(ascending(values)[0], by_numpy(values))
