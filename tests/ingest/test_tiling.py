"""The tiling against the one of hats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.ingest.tiling import tile
from lcscale.lake import Pixel


@given(
    st.dictionaries(st.integers(0, 12 * 4**3 - 1), st.integers(1, 9), min_size=1, max_size=60),
    st.integers(9, 60),
)
@settings(max_examples=60, deadline=None)
def test_the_same_pixels_as_hats(counts, threshold):
    from hats.pixel_math import generate_alignment

    cells = np.array(sorted(counts))
    weights = np.array([counts[cell] for cell in cells])
    histogram = np.zeros(12 * 4**3, np.int64)
    histogram[cells] = weights
    expected = generate_alignment(histogram, 3, 0, threshold, drop_empty_siblings=True)
    expected = {(int(one[0]), int(one[1])) for one in expected if one is not None}
    assert {tuple(pixel) for pixel in tile(cells, weights, 3, threshold)} == expected


@given(
    st.lists(st.integers(0, 12 * 4**8 - 1), min_size=1, max_size=200, unique=True),
    st.floats(1, 50),
)
@settings(max_examples=60, deadline=None)
def test_pixels_are_disjoint_hold_everything_and_keep_the_limit(cells, threshold):
    cells = np.array(sorted(cells))
    pixels = tile(cells, np.ones(cells.size), 8, threshold)
    spans = np.array([pixel.span for pixel in pixels])
    assert (spans[1:, 0] >= spans[:-1, 1]).all()
    at = np.searchsorted(spans[:, 0], cells << 2 * 21, side="right") - 1
    assert (cells << 2 * 21 < spans[at, 1]).all()
    assert np.bincount(at, minlength=len(pixels)).max() <= max(threshold, 1)
    assert np.bincount(at, minlength=len(pixels)).min() >= 1


def test_a_cell_above_the_limit_stands_alone():
    assert tile(np.array([4, 5]), np.array([100, 1]), 2, 10) == [Pixel(2, 4), Pixel(2, 5)]


@pytest.mark.parametrize(("cells", "expected"), [([17], Pixel(5, 17)), ([0, 12 * 4**5 - 1], None)])
def test_few_cells(cells, expected):
    pixels = tile(np.array(cells), np.ones(len(cells)), 5, 10)
    assert pixels == ([expected] if expected else [Pixel(5, 0), Pixel(5, 12 * 4**5 - 1)])
