"""Positions against astropy's own reading of them."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pyarrow as pa
import pytest
from astropy.coordinates import Angle
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.errors import InputError
from lcscale.ingest.staging import spatial_index
from lcscale.surveys import get
from lcscale.surveys.positions import angles, degrees, gaia_positions, placed
from lcscale.surveys.release import Part

ANGLE = st.tuples(
    st.sampled_from(["", "+", "-"]), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 9999)
)


@given(st.lists(ANGLE, min_size=1, max_size=5), st.sampled_from([":", " "]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_sexagesimal_against_astropy(angles, separator, hours):
    text = [f"{sign}{separator.join([f'{a:02d}', f'{b:02d}', f'{c:02d}.{d:04d}'])}" for sign, a, b, c, d in angles]
    expected = [Angle(one, unit=u.hourangle if hours else u.deg).deg for one in text]
    np.testing.assert_allclose(degrees(pa.array(text), hours=hours), expected, rtol=0, atol=1e-12)


@given(
    st.lists(ANGLE, min_size=1, max_size=5), st.sampled_from(["hms", "::", "  ", "colon, no fraction"]), st.booleans()
)
@settings(max_examples=60, deadline=None)
def test_sexagesimal_with_letters_or_without_fractions_against_astropy(angles, form, hours):
    letters = {"hms": "hms" if hours else "dms", "::": ":: ", "  ": "   "}.get(form, ":: ")
    fraction = "" if form == "colon, no fraction" else ".5"
    text = [f"{sign}{a:02d}{letters[0]}{b:02d}{letters[1]}{c:02d}{fraction}{letters[2]}" for sign, a, b, c, _ in angles]
    expected = [Angle(one.strip(), unit=u.hourangle if hours else u.deg).deg for one in text]
    np.testing.assert_allclose(degrees(pa.array(text), hours=hours), expected, rtol=0, atol=1e-12)


def test_whole_seconds_that_a_reader_takes_for_times_of_day(tmp_path):
    (tmp_path / "t.csv").write_text("ra,dec\n04:30:57,05:10:11\n23:59:59,-69:03:37\n")
    (tmp_path / "u.csv").write_text("ra,dec\n04:30:57,05:10:11\n23:59:59,69:03:37\n")
    for name, south in (("t.csv", -1), ("u.csv", 1)):
        (table,) = get("table").batches(Part(str(tmp_path / name)), [])
        np.testing.assert_allclose(table["ra"].to_numpy(), Angle(["04:30:57", "23:59:59"], unit="hourangle").deg)
        expected = Angle(["05:10:11", f"{69 * south}:03:37"], unit="deg").deg
        np.testing.assert_allclose(table["dec"].to_numpy(), expected)


def test_decimal_and_sexagesimal_text_in_one_column():
    text = pa.array(["10.5", "01 00 00", "1:30", "nowhere", None])
    np.testing.assert_allclose(degrees(text, hours=True), [10.5, 15.0, 22.5, np.nan, np.nan])


def test_numbers_in_any_form():
    np.testing.assert_array_equal(degrees(pa.array([1, 2, None]), hours=True), [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(
        degrees(pa.array([" 1.5", "-2e1", "x", None]), hours=True), [1.5, -20, np.nan, np.nan]
    )
    np.testing.assert_array_equal(degrees(pa.chunked_array([[1.5], [2.5]]), hours=False), [1.5, 2.5])


@pytest.mark.parametrize(
    ("ra", "dec", "good"),
    [(0.0, -90.0, True), (359.9, 90.0, True), (360.0, 0.0, True), (-0.1, 0.0, True), (1.0, 90.1, False),
     (np.nan, 0.0, False), (np.inf, 0.0, False), (-np.inf, 0.0, False), (0.0, np.inf, False), (0.0, np.nan, False)],
)  # fmt: skip
def test_rows_with_a_position(ra, dec, good):
    problems = []
    table = pa.table({"a": [ra, 10.0], "d": [dec, 10.0]})
    assert placed(table, "a", "d", "file", problems).num_rows == 1 + good
    assert len(problems) == (not good)


@given(
    st.floats(-1e6, 1e6) | st.sampled_from([-1e-18, -1e-300, -1e-14, 360.0, 720.0, -360.0, -0.0, np.nextafter(360, 0)])
)
@settings(max_examples=200, deadline=None)
def test_right_ascension_is_stored_modulo_360(ra):
    table = pa.table([[ra], [10.0]], schema=pa.schema([pa.field("a", pa.float64(), metadata={"k": "v"}), ("d", "f8")]))
    kept = placed(table, "a", "d", "file", [])
    stored = kept.column("a")[0].as_py()
    assert 0.0 <= stored < 360.0
    assert stored == (ra if 0 <= ra < 360 else stored)
    assert Angle(stored - ra, u.deg).wrap_at(180 * u.deg).deg == pytest.approx(0.0, abs=1e-9)
    assert kept.schema.equals(table.schema, check_metadata=True)
    assert spatial_index(np.array([ra]), np.array([10.0]))[0] == spatial_index(np.array([stored]), np.array([10.0]))[0]


UNITS = ["deg", "rad", "arcmin", "arcsec", "mas", "hourangle", "h", "min", "s"]


@given(st.floats(0.0, 6.0), st.sampled_from(UNITS), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_stated_units_against_astropy(value, unit, as_text, masked):
    field = pa.field("ra", pa.string() if as_text else pa.float64(), metadata={"unit": unit})
    values = [None if masked else str(value) if as_text else value]
    expected = {"h": 15 * value, "min": value / 4, "s": value / 240}
    right = np.nan if masked else expected[unit] if unit in expected else (value * u.Unit(unit)).to_value("deg")
    found = angles(pa.table([values], schema=pa.schema([field])), "ra", hours=True)
    np.testing.assert_allclose(found, [right], rtol=1e-14, atol=0)


@pytest.mark.parametrize(
    ("unit", "text", "hours", "right"),
    [("h:m:s", "12:00:36", True, 180.15), ('"h:m:s"', "12 00 36", True, 180.15), ("deg", "12:00:36", True, 12.01),
     (None, "12:00:36", True, 180.15), ("d:m:s", "-12:00:36", False, -12.01), (None, "-12:00:36", False, -12.01),
     ("hourangle", "12:00:36", True, 180.15), ("degrees", "12.5", True, 12.5), ("DEG", "12.5", False, 12.5)],
)  # fmt: skip
def test_units_of_text(unit, text, hours, right):
    field = pa.field("x", pa.string(), metadata={"unit": unit} if unit else None)
    found = angles(pa.table([[text]], schema=pa.schema([field])), "x", hours=hours)
    np.testing.assert_allclose(found, [right], rtol=1e-14)


@pytest.mark.parametrize(("unit", "hours"), [("m", True), ("Jy", True), ("h", False), ("pixel", False), ("what", True)])
def test_units_that_are_none_of_an_angle_are_refused(unit, hours):
    table = pa.table([[1.0]], schema=pa.schema([pa.field("pos", pa.float64(), metadata={"unit": unit})]))
    with pytest.raises(InputError, match=rf"'pos'.*'{unit}'.*accepted are deg"):
        angles(table, "pos", hours=hours)


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


@pytest.mark.parametrize(
    ("name", "hours", "by"),
    [("ra_hours", True, 15.0), ("RA (h)", True, 15.0), ("ra_rad", True, 180 / np.pi),
     ("dec_radians", False, 180 / np.pi), ("ra_deg", True, 1.0), ("ra", True, 1.0), ("monarch", True, 1.0)],
)  # fmt: skip
def test_a_unit_in_the_name_of_the_column(name, hours, by):
    assert angles(pa.table({name: [0.5]}), name, hours=hours).tolist() == [pytest.approx(0.5 * by, rel=1e-15)]


def test_positions_as_they_are_printed():
    assert degrees(pa.array(["00ʰ42ᵐ44.4ˢ"]), hours=True).tolist() == [pytest.approx(10.685, rel=1e-14)]
    assert degrees(pa.array(["−00°30′00″", "−41.25"]), hours=False).tolist() == [-0.5, -41.25]
