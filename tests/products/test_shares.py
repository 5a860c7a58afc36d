"""Shares of alerts: the published table, an independent implementation, and what must hold for any counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from lcscale.errors import InputError
from lcscale.products import yso_share

HISTORICAL = {2014: (104, 0), 2015: (169, 1), 2016: (1523, 17), 2017: (2323, 17), 2018: (2730, 57), 2019: (3553, 95)}
PERCENT = [0.00, 0.59, 1.12, 0.73, 2.09, 2.67]


def test_the_historical_table():
    alerts, yso = np.array(list(HISTORICAL.values())).T
    percentage, low, high = yso_share(alerts, yso)
    assert [round(value, 2) for value in percentage.tolist()] == PERCENT
    assert np.all((low <= percentage) & (percentage <= high))
    assert low[0] == 0.0
    assert high[0] == pytest.approx(3.562, abs=5e-4)  # 0 of 104: z²/(n + z²)


@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_the_interval_is_wilsons(counts):
    n, k = counts
    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
    percentage, low, high = yso_share(n, k)
    assert percentage == pytest.approx(100 * k / n, abs=1e-12)
    assert low == pytest.approx(100 * expected.low, abs=1e-9)
    assert high == pytest.approx(100 * expected.high, abs=1e-9)
    assert 0 <= low <= percentage <= high <= 100


def test_scalars_give_floats_and_arrays_arrays():
    assert all(type(value) is float for value in yso_share(10, 1))
    assert all(value.shape == (2,) for value in yso_share([10, 20], [1, 2]))
    assert all(value.shape == (1,) for value in yso_share([10], [1]))


def test_no_alerts_give_nan():
    assert all(math.isnan(value) for value in yso_share(0, 0))
    assert np.isnan(yso_share([0, 5], [0, 1])[0]).tolist() == [True, False]


@pytest.mark.parametrize(("n", "k"), [(5, 6), (5, -1), (-2, -2), ([5, 5], [1, 9])])
def test_impossible_counts_are_refused(n, k):
    with pytest.raises(InputError, match="from 0 to n_alerts"):
        yso_share(n, k)
