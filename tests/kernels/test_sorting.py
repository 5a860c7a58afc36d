"""Sorting segments, and the median deviation of sorted values, against NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.features.robust import median_deviation
from lcscale.kernels.sorting import argsort_segments, sort_segments


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_segments_of_any_length(dtype):
    rng = np.random.default_rng(0)
    counts = [0, 1, 15, 16, 17, 255, 256, 257, 1000, 0, 3]
    offsets = np.r_[0, np.cumsum(counts)]
    values = rng.normal(size=offsets[-1]).astype(dtype)
    zero = rng.normal(size=len(counts))
    expected = [np.sort(values[a:b]).astype(float) - z for a, b, z in zip(offsets[:-1], offsets[1:], zero, strict=True)]
    np.testing.assert_array_equal(sort_segments(values, offsets, zero), np.concatenate(expected))


def test_places_of_segments_of_any_length():
    rng = np.random.default_rng(1)
    counts = [0, 1, 15, 16, 17, 255, 256, 257, 1000, 0, 3]
    offsets = np.r_[0, np.cumsum(counts)]
    values, rows = rng.normal(size=offsets[-1]), np.arange(offsets[-1])
    wanted = np.arange(len(counts)) % 3 > 0
    argsort_segments(values, offsets, wanted, rows)
    for a, b, chosen in zip(offsets[:-1], offsets[1:], wanted, strict=True):
        expected = np.argsort(values[a:b]) if chosen else np.arange(b - a)
        np.testing.assert_array_equal(rows[a:b], a + expected)


@settings(deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=40))
def test_median_deviation(values):
    values = np.sort(values)
    median = np.median(values)
    expected = np.median(np.abs(values - median))
    assert median_deviation(values, median) == pytest.approx(expected, rel=1e-12, abs=1e-12)
