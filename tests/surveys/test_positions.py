"""Positions against astropy's own reading of them."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import Angle
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.ingest.staging import spatial_index
from lcscale.surveys.positions import degrees, gaia_positions, placed

ANGLE = st.tuples(
    st.sampled_from(["", "+", "-"]), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 9999)
)


@given(st.lists(ANGLE, min_size=1, max_size=5), st.sampled_from([":", " "]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_sexagesimal_against_astropy(angles, separator, hours):
    text = [f"{sign}{separator.join([f'{a:02d}', f'{b:02d}', f'{c:02d}.{d:04d}'])}" for sign, a, b, c, d in angles]
    expected = [Angle(one, unit=u.hourangle if hours else u.deg).deg for one in text]
    np.testing.assert_allclose(degrees(pa.array(text), hours=hours), expected, rtol=0, atol=1e-12)


def test_numbers_in_any_form():
    np.testing.assert_array_equal(degrees(pa.array([1, 2, None]), hours=True), [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(
        degrees(pa.array([" 1.5", "-2e1", "x", None]), hours=True), [1.5, -20, np.nan, np.nan]
    )
    np.testing.assert_array_equal(degrees(pa.chunked_array([[1.5], [2.5]]), hours=False), [1.5, 2.5])


@pytest.mark.parametrize(
    ("ra", "dec", "good"),
    [(0.0, -90.0, True), (359.9, 90.0, True), (360.0, 0.0, False), (-0.1, 0.0, False), (1.0, 90.1, False),
     (np.nan, 0.0, False), (0.0, np.inf, False)],
)  # fmt: skip
def test_rows_with_a_position(ra, dec, good):
    problems = []
    table = pa.table({"a": [ra, 10.0], "d": [dec, 10.0]})
    assert placed(table, "a", "d", "file", problems).num_rows == 1 + good
    assert len(problems) == (not good)


@given(st.lists(st.tuples(st.floats(0, 359.999), st.floats(-90, 90)), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_the_index_is_that_of_hats(positions):
    from hats.pixel_math.spatial_index import compute_spatial_index

    ra, dec = np.array(positions).T
    np.testing.assert_array_equal(spatial_index(ra, dec), compute_spatial_index(ra, dec))


@given(st.lists(st.integers(0, 12 * 4**12 * 2**35 - 1), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_positions_of_gaia_ids_lie_in_the_pixels_they_name(ids):
    ra, dec = gaia_positions(np.array(ids))
    assert (spatial_index(ra, dec) >> 2 * 17).tolist() == [one // 34359738368 for one in ids]
