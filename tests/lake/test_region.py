"""Regions against a test of every row: random, exact and degenerate, at poles, across RA 0, on borders of cells."""

from __future__ import annotations

from fractions import Fraction

import cdshealpix
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mocpy import MOC

import lcscale as lc
from lcscale.errors import InputError
from lcscale.ingest import Partitioning, ingest
from lcscale.ingest.staging import spatial_index
from lcscale.lake.leaf import inside
from lcscale.lake.region import Box, Cone, as_region


def corners(order, rng, n):
    """Corners of cells of an order, where borders of HEALPix cells cross."""
    pixels = rng.integers(0, 12 * 4**order, n, dtype=np.uint64)
    lon, lat = cdshealpix.vertices(pixels, order)
    return lon.deg.ravel() % 360, lat.deg.ravel()


def positions():
    """Rows anywhere, at every 15 degrees and beside, at the poles, and at corners of cells of many orders."""
    rng = np.random.default_rng(11)
    grid = np.array(np.meshgrid(np.arange(0, 360, 15.0), np.arange(-90, 91, 15.0))).reshape(2, -1)
    grids = [grid, np.nextafter(grid, 0), np.nextafter(grid, [[360.0], [90.0]])]
    uniform = np.array([rng.uniform(0, 360, 4000), np.degrees(np.arcsin(rng.uniform(-1, 1, 4000)))])
    polar = np.array([rng.uniform(0, 360, 400), rng.choice([1, -1], 400) * (90 - 10 ** rng.uniform(-9, 1, 400))])
    seam = np.array([rng.choice([1, -1], 400) * 10 ** rng.uniform(-12, 0, 400) % 360, rng.uniform(-90, 90, 400)])
    cells = [np.array(corners(order, rng, 60)) for order in (0, 1, 2, 3, 5, 8, 12)]
    ra, dec = np.concatenate([*grids, uniform, polar, seam, *cells], axis=1)
    return np.where(ra >= 360, 0.0, np.abs(ra)), np.clip(dec, -90, 90)


RA, DEC = positions()
INDEX = spatial_index(RA, DEC)
TABLE = pa.table({"_healpix_29": INDEX, "ra": RA, "dec": DEC, "id": np.arange(RA.size)})


def in_box(box):
    """Which rows the limits let in, told without rounding."""
    low, high = (Fraction(limit) for limit in box.ra)
    width = high - low if high >= low else (high - low) % 360
    pieces = [(low % 360, low % 360 + width), (low % 360 - 360, low % 360 - 360 + width)]
    if width >= 360:
        pieces = [(Fraction(0), Fraction(360))]
    across = np.zeros(RA.size, np.bool_)
    for first, last in pieces:
        across |= (float(first) <= RA) & (float(last) >= RA)
    return across & (box.dec[0] <= DEC) & (box.dec[1] >= DEC)


def check(region, expected):
    """The rows of `region` are the expected ones, and its ranges hold every one of them."""
    assert region.contains(TABLE, "ra", "dec").tolist() == expected.tolist()
    lost = expected & ~inside(INDEX, region.ranges())
    assert not lost.any(), (region, RA[lost], DEC[lost])


ON_CORNERS = np.hstack([corners(order, np.random.default_rng(order), 3) for order in (0, 1, 2, 3, 4, 6, 9)])
EXACT_RA = st.integers(-48, 48).map(lambda n: 15.0 * n) | st.sampled_from([1e-12, *ON_CORNERS[0]])
EXACT_DEC = st.integers(-6, 6).map(lambda n: 15.0 * n) | st.sampled_from([*ON_CORNERS[1]])
RADIUS = st.floats(-1, 5.8).map(lambda x: 10**x) | st.sampled_from([54000.0, 324000.0, 648000.0])
ANY_RA = EXACT_RA | st.floats(-720, 720, allow_subnormal=False).map(lambda x: round(x, 6))
ANY_DEC = EXACT_DEC | st.floats(-90, 90, allow_subnormal=False)


@given(st.tuples(ANY_RA, ANY_RA), st.tuples(ANY_DEC, ANY_DEC).map(sorted).map(tuple))
@example((0.0, 360.0), (60.0, 70.0))
@example((180.0, 190.0), (-10.0, 10.0))
@example((90.0, 91.0), (50.0, 90.0))
@example((350.0, 10.0), (-90.0, 90.0))
@example((45.0, 45.0), (-90.0, 90.0))
@example((0.0, 359.0), (0.0, 0.0))
@settings(max_examples=400, deadline=None)
def test_a_box_has_exactly_its_rows(ra, dec):
    check(Box(ra, dec), in_box(Box(ra, dec)))


@given(st.integers(0, RA.size - 1), st.floats(0, 1e-3), st.floats(0, 1e-3))
@settings(max_examples=150, deadline=None)
def test_a_box_around_a_row_has_it(row, width, height):
    """Down to a box of one point."""
    box = Box((RA[row], RA[row] + width), (DEC[row], min(DEC[row] + height, 90.0)))
    check(box, in_box(box))
    assert box.contains(TABLE, "ra", "dec")[row]


@given(ANY_RA, ANY_DEC, RADIUS)
@example(0.0, 90.0, 54000.0)
@example(45.0, 0.0, 162000.0)
@example(30.0, -15.0, 648000.0)
@settings(max_examples=200, deadline=None)
def test_a_cone_has_exactly_its_rows(ra, dec, radius):
    cone = Cone(ra, dec, radius)
    found = cone.contains(TABLE, "ra", "dec")
    separation = SkyCoord(RA * u.deg, DEC * u.deg).separation(SkyCoord(ra * u.deg, dec * u.deg)).arcsec
    rounding = 1e-6 if radius < 600_000 else 0.01  # haversines near the antipode
    sure = np.abs(separation - radius) > rounding
    check(cone, np.where(sure, separation <= radius, found))


@pytest.mark.parametrize("degrees", [15.0, 30.0, 45.0, 75.0])
@pytest.mark.parametrize("dec", [-90.0, -45.0, 0.0, 15.0])
def test_a_cone_includes_its_border(dec, degrees):
    row = np.flatnonzero((RA == 45.0) & (dec + degrees == DEC))[0]
    assert Cone(45.0, dec, degrees * 3600).contains(TABLE, "ra", "dec")[row]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2**40)), max_size=30))
@settings(max_examples=100, deadline=None)
def test_a_moc_has_exactly_its_rows(cells):
    orders = np.array([order for order, _ in cells], np.uint8)
    pixels = np.array([number % (12 * 4**order) for order, number in cells], np.uint64)
    moc = MOC.from_healpix_cells(pixels, orders, max_depth=10)
    check(as_region(moc), moc.contains_lonlat(RA * u.deg, DEC * u.deg) if cells else np.zeros(RA.size, np.bool_))


@pytest.mark.parametrize("order", [0, 1, 2, 3, 6, 10, 18])
def test_the_circle_around_a_cell_holds_it(order):
    from lcscale.lake.region import _CELL_RADIUS

    rng = np.random.default_rng(order)
    pixels = rng.integers(0, 12 * 4**order, 3000, dtype=np.uint64)
    centre, corner = cdshealpix.healpix_to_lonlat(pixels, order), cdshealpix.vertices(pixels, order)
    far = SkyCoord(*centre)[:, None].separation(SkyCoord(*corner)).deg.max()
    assert far < 0.98 * _CELL_RADIUS / 2**order


@pytest.mark.parametrize(
    ("region", "most"),
    [(Cone(10, 20, 3600), 1.3), (Cone(10, 89.9, 3600), 1.3), (Box((0, 1), (0, 1)), 1.3), (Box((0, 360), (60, 70)), 1.3),
     (Cone(10, 20, 5), 2.0)],
)  # fmt: skip
def test_the_ranges_are_not_much_larger_than_the_region(region, most):
    area = np.diff(region.ranges().astype(float)).sum() / (12 * 4.0**29) * 4 * np.pi
    if isinstance(region, Cone):
        true = 2 * np.pi * (1 - np.cos(np.radians(region.radius_arcsec / 3600)))
    else:
        true = np.radians(region.ra[1] - region.ra[0]) * np.diff(np.sin(np.radians(region.dec)))[0]
    assert 1.0 <= area / true < most
    assert len(region.ranges()) < 4000


@pytest.fixture(scope="module")
def sky(tmp_path_factory):
    folder = tmp_path_factory.mktemp("regions")
    pq.write_table(TABLE.select(["id", "ra", "dec"]), folder / "sky.parquet")
    ingest("table", folder / "sky.parquet", folder / "lake", "sky", id="id", partitioning=Partitioning(rows=800))
    return lc.Lake(folder / "lake")["sky"]


@pytest.mark.parametrize("edge", [-45.0, 0.0, 45.0, 60.0, 90.0, 180.0, 270.0, 315.0, 345.0, 360.0])
@pytest.mark.parametrize("dec", [(-10.0, 10.0), (30.0, 75.0), (75.0, 90.0), (-90.0, -41.8)])
def test_the_catalog_gives_the_rows_of_a_box(sky, edge, dec):
    for ra in ((edge, edge + 10), (edge - 10, edge), (edge, edge + 90)):
        box = lc.Box(ra, dec)
        found = sky.region(box).columns("id").to_arrow().column("id").to_numpy()
        assert np.sort(found).tolist() == np.flatnonzero(in_box(box)).tolist()


@pytest.mark.parametrize("turn", [-360.0, 0.0, 360.0, 720.0])
def test_turns_of_right_ascension_name_the_same_region(sky, turn):
    assert lc.Cone(10 + turn, 0, 36000) == lc.Cone(10, 0, 36000)
    boxes = [lc.Box((350 + turn, 370 + turn), (-5, 5)), lc.Box((-10, 10), (-5, 5)), lc.Box((350, 10), (-5, 5))]
    rows = [sky.region(box).to_arrow() for box in boxes]
    assert rows[0].num_rows > 10
    assert all(each.equals(rows[0]) for each in rows)


@pytest.mark.parametrize(
    ("ra", "same"),
    [((-1e-18, 10.0), (0.0, 10.0)), ((350.0, -1e-18), (350.0, 360.0)), ((0.0, -1e-18), (0.0, 360.0)),
     ((-1e-18, -1e-18), (0.0, 0.0)), ((-180.0, 180.0), (0.0, 360.0)), ((5.0, 1000.0), (0.0, 360.0))],
)  # fmt: skip
def test_limits_that_round_to_0_or_go_around(ra, same):
    check(Box(ra, (-90.0, 90.0)), Box(same, (-90.0, 90.0)).contains(TABLE, "ra", "dec"))


def test_regions_take_quantities():
    assert Cone(np.pi / 2 * u.rad, 0.5 * u.deg, 2 * u.arcmin) == Cone(90.0, 0.5, 120.0)
    assert Cone(6 * u.hourangle, 0 * u.deg, 1 * u.deg) == Cone(90.0, 0.0, 3600.0)
    assert Box([0, 1] * u.hourangle, [600, 1200] * u.arcmin) == Box((0.0, 15.0), (10.0, 20.0))
    assert Box((0 * u.deg, 1 * u.rad), (0, 1)).ra == (0.0, np.degrees(1.0))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Cone(1.0, 90.1, 1.0), "no position"),
        (lambda: Cone(np.nan, 0.0, 1.0), "no position"),
        (lambda: Cone(np.inf, 0.0, 1.0), "no position"),
        (lambda: Cone(1.0, np.nan, 1.0), "no position"),
        (lambda: Cone(1.0, 1.0, 0.0), "radius_arcsec"),
        (lambda: Cone(1.0, 1.0, np.nan), "radius_arcsec"),
        (lambda: Cone(1.0, 1.0, 1.0 * u.m), "radius_arcsec is stated in 'm'"),
        (lambda: Cone(np.ma.masked, 1.0, 1.0), "missing or masked"),
        (lambda: Box((0, 1), (80, 95)), "no position"),
        (lambda: Box((0, np.inf), (80, 85)), "no position"),
        (lambda: Box((0, 1), (5, 4)), "wrong way round"),
        (lambda: Box((0, 1, 2), (4, 5)), "two limits"),
        (lambda: Box(np.ma.array([0, 1], mask=[0, 1]), (4, 5)), "no position"),
        (lambda: as_region("all"), "expected a Cone"),
    ],
)
def test_what_is_no_region_is_refused(make, text):
    with pytest.raises(InputError, match=text):
        make()
