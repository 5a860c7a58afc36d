"""Proper motion against astropy, and in matches."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from lcscale.crossmatch import MatchOptions, ProperMotion, match_tables, propagate, reach_arcsec
from lcscale.errors import InputError

RADEC = ("ra", "dec")


def astropy_moved(ra, dec, pmra, pmdec, years, parallax=None, radial_velocity=None):
    import astropy.units as u
    from astropy.coordinates import SkyCoord
    from astropy.time import Time

    more = {}
    if parallax is not None:
        more = {"distance": (1000.0 / parallax) * u.pc, "radial_velocity": radial_velocity * u.km / u.s}
    start = Time(2016.0, format="jyear", scale="tdb")
    end = Time(2016.0 + years, format="jyear", scale="tdb")
    proper = {"pm_ra_cosdec": pmra * u.mas / u.yr, "pm_dec": pmdec * u.mas / u.yr}
    moved = SkyCoord(ra * u.deg, dec * u.deg, **proper, **more, obstime=start).apply_space_motion(new_obstime=end)
    return moved.ra.deg, moved.dec.deg


def offsets(first, second):
    from astropy.coordinates import angular_separation

    radians = angular_separation(*(np.radians(x) for x in (*first, *second)))
    return np.degrees(radians) * 3600


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("years", [-30.0, -16.0, 0.5, 30.0])
@pytest.mark.parametrize("polar", [False, True])
@pytest.mark.parametrize("in_space", [False, True])
def test_agrees_with_astropy(years, polar, in_space):
    rng = np.random.default_rng(1)
    n = 400
    ra = rng.uniform(0, 360, n)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    if polar:
        dec = rng.choice([-1, 1], n) * (90 - rng.uniform(0.0005, 0.1, n))
    size = 10 ** rng.uniform(0, 4, n)
    angle = rng.uniform(0, 2 * np.pi, n)
    pmra, pmdec = size * np.cos(angle), size * np.sin(angle)
    outward = ()
    if in_space:  # slower than a few hundred km/s, as stars are
        parallax = np.maximum(size / 60, 0.1)
        outward = (parallax, rng.uniform(-300, 300, n))
    ours = propagate(ra, dec, pmra, pmdec, years, *outward)
    assert offsets(ours, astropy_moved(ra, dec, pmra, pmdec, years, *outward)).max() < 1e-4
    assert ((ours[0] >= 0) & (ours[0] < 360)).all()


@pytest.mark.filterwarnings("ignore")
def test_barnards_star_with_its_approach():
    star = [np.array([x]) for x in (269.448503, 4.739420, -801.551, 10362.394)]
    outward = np.array([546.9759]), np.array([-110.5])
    ours = propagate(*star, 30.0, *outward)
    assert offsets(ours, astropy_moved(*star, 30.0, *outward))[0] < 1e-4
    assert offsets(ours, star[:2])[0] == pytest.approx(30 * 10.393, rel=3e-3)


def test_unknown_motion_leaves_the_position_untouched():
    ra, dec = propagate([10.1, 20.2, 30.3], [1.1, 2.2, 3.3], [np.nan, 0.0, 5.0], [3.0, 0.0, np.nan], 15.0)
    assert ra.tolist() == [10.1, 20.2, 30.3]
    assert dec.tolist() == [1.1, 2.2, 3.3]


def test_no_time_is_no_motion():
    ra, dec = propagate([10.1], [1.1], [500.0], [3.0], 0.0, [100.0], [50.0])
    assert (ra.tolist(), dec.tolist()) == ([10.1], [1.1])


def test_moving_there_and_back_returns():
    rng = np.random.default_rng(2)
    ra, dec = rng.uniform(0, 360, 100), rng.uniform(-89, 89, 100)
    pmra, pmdec = rng.normal(0, 100, (2, 100))
    there = propagate(ra, dec, pmra, pmdec, 16.0)
    back = propagate(*there, pmra, pmdec, -16.0)
    assert offsets((ra, dec), back).max() < 1e-2


@pytest.fixture
def moving():
    """A star of 1 arcsec/yr at 2016 beside the pole, and where another survey saw it at 2000."""
    left = pa.table({"ra": [40.0, 50.0], "dec": [89.95, 0.0], "pmra": [600.0, None], "pmdec": [-800.0, None]})
    ra, dec = propagate([40.0], [89.95], [600.0], [-800.0], -16.0)
    return left, pa.table({"ra": [*ra, 50.0], "dec": [*dec, 0.0], "name": ["moved", "still"]})


def test_left_moves_to_the_epoch_of_the_right(moving):
    left, right = moving
    options = MatchOptions(radius_arcsec=0.5, left_motion=ProperMotion(epoch=2016.0), epoch=2000.0)
    result = match_tables(left, right, options, left_columns=RADEC, right_columns=RADEC)
    assert result.column("name").to_pylist() == ["moved", "still"]
    assert max(result.column("separation_arcsec").to_pylist()) < 1e-6
    assert result.column("ra").to_pylist() == [40.0, 50.0]
    still = match_tables(left, right, MatchOptions(radius_arcsec=0.5), left_columns=RADEC, right_columns=RADEC)
    assert still.column("name").to_pylist() == ["still"]
    assert reach_arcsec(options) == pytest.approx(0.5 + 16 * 10.5)


def test_right_moves_to_the_epoch_of_the_left(moving):
    right, left = moving
    options = MatchOptions(radius_arcsec=0.5, right_motion=ProperMotion(epoch=2016.0), epoch=2000.0)
    result = match_tables(left, right, options, left_columns=RADEC, right_columns=RADEC)
    assert result.column("name").to_pylist() == ["moved", "still"]


def test_both_move_to_a_common_epoch():
    left = pa.table({"ra": [40.0], "dec": [20.0], "pmra": [600.0], "pmdec": [-800.0]})
    later = propagate([40.0], [20.0], [600.0], [-800.0], 4.0)
    right = left.set_column(0, "ra", [pa.array(later[0])]).set_column(1, "dec", [pa.array(later[1])])
    sides = {"left_motion": ProperMotion(epoch=2016.0), "right_motion": ProperMotion(epoch=2020.0), "epoch": 1991.25}
    result = match_tables(left, right, MatchOptions(**sides), left_columns=RADEC, right_columns=RADEC)
    assert result.column("separation_arcsec").to_pylist()[0] < 0.01


def test_impossible_motion_is_not_followed():
    left = pa.table({"ra": [10.0], "dec": [0.0], "pmra": [99999.0], "pmdec": [0.0]})
    options = MatchOptions(left_motion=ProperMotion(epoch=2016.0), epoch=2000.0)
    assert match_tables(left, left, options, left_columns=RADEC, right_columns=RADEC).num_rows == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ProperMotion(epoch=57388.0), "Julian year"),
        (lambda: MatchOptions(epoch=2451545.0), "Julian year"),
        (lambda: ProperMotion(epoch=2016.0, parallax="plx"), "give both"),
        (lambda: ProperMotion(epoch=2016.0, max_arcsec_per_year=0.0), "max_arcsec_per_year"),
    ],
)
def test_bad_options_are_named(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_missing_motion_column_is_named():
    left = pa.table({"ra": [10.0], "dec": [0.0]})
    options = MatchOptions(left_motion=ProperMotion(epoch=2016.0, pmra="pmRA"), epoch=2000.0)
    with pytest.raises(InputError, match="gaia has no column 'pmRA'"):
        match_tables(left, left, options, left_columns=RADEC, right_columns=RADEC, left_name="gaia")


def dated(table, **metadata):
    """`table` with remarks on its column of right ascension."""
    return table.cast(pa.schema([table.schema.field("ra").with_metadata(metadata), *list(table.schema)[1:]]))


def test_epochs_come_from_the_catalogs(moving):
    left, right = dated(moving[0], epoch="2016.0"), dated(moving[1], epoch="J2000.0")
    for options in (
        MatchOptions(radius_arcsec=0.5, left_motion=ProperMotion()),
        MatchOptions(radius_arcsec=0.5, left_motion=ProperMotion(), epoch=2000.0),
    ):
        result = match_tables(left, right, options, left_columns=RADEC, right_columns=RADEC)
        assert result.column("name").to_pylist() == ["moved", "still"]
    rows = moving[0].append_column("ref_epoch", pa.array([2016.0, None]))
    result = match_tables(rows, right, options, left_columns=RADEC, right_columns=RADEC)
    assert result.column("name").to_pylist() == ["moved", "still"]


def test_unknown_epochs_are_asked_for_by_catalog_and_column(moving):
    left, right = moving
    names = {"left_columns": RADEC, "right_columns": RADEC, "left_name": "gaia", "right_name": "twomass"}
    with pytest.raises(InputError, match=r"needs epoch.*twomass does not tell.*'ra'"):
        match_tables(left, right, MatchOptions(left_motion=ProperMotion(epoch=2016.0)), **names)
    with pytest.raises(InputError, match=r"gaia does not tell the epoch of its column 'ra'"):
        match_tables(left, right, MatchOptions(left_motion=ProperMotion(), epoch=2000.0), **names)
    mixed = left.append_column("ref_epoch", pa.array([2015.5, 2016.0]))
    with pytest.raises(InputError, match=r"'ref_epoch' of gaia holds 2015.5 and 2016"):
        match_tables(mixed, right, MatchOptions(left_motion=ProperMotion(), epoch=2000.0), **names)


def test_catalogs_of_different_frames_do_not_match(moving):
    left, right = dated(moving[0], frame="ICRS"), dated(moving[1], frame="galactic")
    with pytest.raises(InputError, match=r"'ra' of gaia is in the frame ICRS, 'ra' of msx in GALACTIC"):
        match_tables(
            left, right, MatchOptions(), left_columns=RADEC, right_columns=RADEC, left_name="gaia", right_name="msx"
        )


def test_rows_without_a_position_are_counted(caplog):
    left = pa.table({"ra": [10.0, None, float("nan")], "dec": [0.0, 0.0, 0.0]})
    with caplog.at_level("INFO", "lcscale.crossmatch"):
        joined = match_tables(left, left, MatchOptions(), left_columns=RADEC, right_columns=RADEC, left_name="sky")
    assert joined.num_rows == 1
    assert "sky: 2 of 3 rows have no position" in caplog.text


def dated_skies(seed, n=60):
    """Fast stars at epochs of their own, and where another survey saw them on dates of its own; others around."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 0.05, n) % 360, rng.uniform(-0.02, 0.02, n) + rng.choice([0.0, 89.97])
    ra = np.where(dec > 1, rng.uniform(0, 360, n), ra)
    pmra, pmdec = rng.normal(0, 800, (2, n))
    own, seen = rng.uniform(2015, 2017, n), rng.uniform(1990, 2003, n)
    at = propagate(ra, dec, pmra, pmdec, seen - own)
    order = rng.permutation(n)
    stars = pa.table({"ra": ra, "dec": dec, "pmra": pmra, "pmdec": pmdec, "own": own, "id": np.arange(n)})
    return stars, pa.table({"ra": at[0], "dec": at[1], "seen": seen, "name": np.arange(n)}).take(pa.array(order))


def every_date(stars, plates, radius):
    """All pairs: each star moved to the date of each plate's source, by astropy's angles."""
    rows, columns = np.meshgrid(np.arange(len(stars)), np.arange(len(plates)), indexing="ij")
    rows, columns = rows.ravel(), columns.ravel()
    s, p = (
        {name: t.column(name).to_numpy()[at] for name in t.column_names} for t, at in ((stars, rows), (plates, columns))
    )
    moved = propagate(s["ra"], s["dec"], s["pmra"], s["pmdec"], p["seen"] - s["own"])
    separation = offsets(moved, (p["ra"], p["dec"]))
    found = separation <= radius
    return {(i, j): d for i, j, d in zip(s["id"][found], p["name"][found], separation[found], strict=True)}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("turned", [False, True])
def test_each_pair_is_compared_at_its_own_date(seed, turned):
    stars, plates = dated_skies(seed)
    expected = every_date(stars, plates, 5.0)
    moving = ProperMotion(epoch="own")
    options = {"radius_arcsec": 5.0, "epoch": "seen", ("right_motion" if turned else "left_motion"): moving}
    sides = (plates, stars) if turned else (stars, plates)
    every = match_tables(*sides, MatchOptions(n_neighbors=None, **options), left_columns=RADEC, right_columns=RADEC)
    got = dict(zip(zip(every["id"].to_pylist(), every["name"].to_pylist(), strict=True),
                   every["separation_arcsec"].to_pylist(), strict=True))  # fmt: skip
    assert set(got) == set(expected)
    assert all(abs(got[pair] - expected[pair]) < 1e-6 for pair in got)
    nearest = match_tables(*sides, MatchOptions(mutual=True, **options), left_columns=RADEC, right_columns=RADEC)
    assert nearest["id"].to_pylist() == nearest["name"].to_pylist()
    assert nearest.num_rows == 60
    gated = MatchOptions(n_sigma=1.0, left_error="e", right_error="e", n_neighbors=None, **options)
    with_errors = (t.append_column("e", pa.array(np.full(60, 2.0))) for t in sides)
    within = match_tables(*with_errors, gated, left_columns=RADEC, right_columns=RADEC)
    assert within.num_rows == sum(d <= 2.0 * np.sqrt(2) for d in expected.values())


@pytest.mark.parametrize("kind", ["jyear", "jd", "mjd", "timestamp", "date"])
def test_dates_in_every_unit(kind, caplog):
    stars, plates = dated_skies(1)
    days = (plates["seen"].to_numpy() - 2000.0) * 365.25 + 51544.5
    micros = pa.array(np.round((days - 40587.0) * 86400e6).astype(np.int64), pa.timestamp("us"))
    seen = {
        "jyear": plates["seen"], "jd": pa.array(days + 2400000.5), "mjd": pa.array(days.astype(np.float64)),
        "timestamp": micros, "date": micros.cast(pa.date32(), safe=False),
    }[kind]  # fmt: skip
    plates = plates.set_column(2, "seen", pa.chunked_array([*(seen.chunks if kind == "jyear" else [seen])]))
    text = f"seen:{kind}" if kind in ("jd", "mjd") else "seen"
    options = MatchOptions(radius_arcsec=0.01, left_motion=ProperMotion(epoch="own"), epoch=text)
    assert match_tables(stars, plates, options, left_columns=RADEC, right_columns=RADEC).num_rows == 60
    missing = plates.set_column(2, "seen", pa.array([None, *plates["seen"].to_pylist()[1:]], plates["seen"].type))
    with caplog.at_level("INFO", "lcscale.crossmatch"):
        assert match_tables(stars, missing, options, left_columns=RADEC, right_columns=RADEC).num_rows == 59
    assert "1 of 60 rows have no epoch in seen" in caplog.text


def test_one_epoch_for_rows_of_several():
    stars, _ = dated_skies(3)
    columns = (stars[name].to_numpy() for name in ("ra", "dec", "pmra", "pmdec"))
    ra, dec = propagate(*columns, 2000.0 - stars["own"].to_numpy())
    plate = pa.table({"ra": ra, "dec": dec, "name": stars["id"]})
    options = MatchOptions(radius_arcsec=0.01, left_motion=ProperMotion(epoch="own"), epoch=2000.0)
    matched = match_tables(stars, plate, options, left_columns=RADEC, right_columns=RADEC)
    assert matched["name"].to_pylist() == stars["id"].to_pylist()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epoch": "seen"}, "nothing moves"),
        ({"epoch": "no_such", "left_motion": ProperMotion(epoch=2016.0)}, "plates has no column 'no_such'"),
        ({"epoch": "days", "left_motion": ProperMotion(epoch=2016.0)}, "say days:jd or days:mjd"),
        ({"epoch": "short", "left_motion": ProperMotion(epoch=2016.0)}, "is in d: say short:jd or short:mjd"),
        ({"epoch": "text", "left_motion": ProperMotion(epoch=2016.0)}, "holds string, no epochs"),
        ({"epoch": 2000.0, "left_motion": ProperMotion(epoch="when")}, "stars has no column 'when'"),
    ],
)
def test_epochs_that_are_none_are_named(options, words):
    stars, plates = dated_skies(1)
    plates = plates.append_column("days", pa.array(np.full(60, 2451545.0))).append_column("text", pa.array(["x"] * 60))
    short = pa.field("short", pa.float64(), metadata={"unit": "d"})
    plates = plates.append_column(short, pa.array(np.full(60, 1999.0)))
    names = {"left_columns": RADEC, "right_columns": RADEC, "left_name": "stars", "right_name": "plates"}
    with pytest.raises(InputError, match=words):
        match_tables(stars, plates, MatchOptions(**options), **names)


@pytest.mark.parametrize(("epoch", "found"), [("2016.0", [1, 2]), ("own", [2])])
def test_columns_bound_how_far_back_dates_reach(epoch, found):
    """A stated epoch is believed whatever it is; a date 116 years ago in a column would reach across the sky."""
    plates = pa.table({"ra": [10.0, 20.0], "dec": [0.0, 0.0], "seen": [1900.0, 1950.0], "name": [1, 2]})
    stars = pa.table({"ra": [10.0, 20.0], "dec": [0.0, 0.0], "pmra": [0.1, 0.1], "pmdec": [0.0, 0.0]})
    options = MatchOptions(left_motion=ProperMotion(epoch=2016.0), epoch="seen" if epoch == "own" else 1900.0)
    matched = match_tables(stars, plates, options, left_columns=RADEC, right_columns=RADEC)
    assert matched["name"].to_pylist() == found
    assert reach_arcsec(options) == pytest.approx(1.0 + 10.5 * (70 if epoch == "own" else 116))
