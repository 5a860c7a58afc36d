"""Speed of the match against a k-d tree, astropy and STILTS, in one run; and how it grows."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pytest

from lcscale.crossmatch import MatchOptions, match, match_tables

pytestmark = pytest.mark.slow

N_LEFT, N_RIGHT, N_COMMON = 2_000_000, 1_500_000, 900_000
DENSITY = 50_000  # per square degree, a strip of the Galactic plane


def strip(scale=1.0, seed=2):
    """Two catalogs of one strip of sky in random order, with sources in common, at a constant density."""
    rng = np.random.default_rng(seed)
    n_left, n_right, n_common = (int(n * scale) for n in (N_LEFT, N_RIGHT, N_COMMON))
    width = n_left / DENSITY / 4.0
    ra, dec = rng.uniform(266, 266 + width, n_left), rng.uniform(-31, -27, n_left)
    again = rng.permutation(n_left)[:n_common]
    offset = rng.normal(0, 0.1 / 3600, (2, n_common))
    ra2 = np.append(ra[again] + offset[0], rng.uniform(266, 266 + width, n_right - n_common))
    dec2 = np.append(dec[again] + offset[1], rng.uniform(-31, -27, n_right - n_common))
    order = rng.permutation(n_right)
    return ra, dec, ra2[order], dec2[order]


@pytest.fixture(scope="module")
def sky():
    points = strip()
    match(*(x[:1000] for x in points), 1.0)
    return points


def unit_vectors(ra, dec):
    ra, dec = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def kd_tree(ra, dec, ra2, dec2):
    from scipy.spatial import cKDTree

    tree = cKDTree(unit_vectors(ra2, dec2))
    bound = 2 * np.sin(np.radians(1 / 3600) / 2)
    return int(np.isfinite(tree.query(unit_vectors(ra, dec), distance_upper_bound=bound)[0]).sum())


def astropy_nearest(ra, dec, ra2, dec2):
    import astropy.units as u
    from astropy.coordinates import SkyCoord

    left, right = SkyCoord(ra * u.deg, dec * u.deg), SkyCoord(ra2 * u.deg, dec2 * u.deg)
    return int((left.match_to_catalog_sky(right)[1] <= 1 * u.arcsec).sum())


def astropy_around(ra, dec, ra2, dec2):
    import astropy.units as u
    from astropy.coordinates import SkyCoord, search_around_sky

    left, right = SkyCoord(ra * u.deg, dec * u.deg), SkyCoord(ra2 * u.deg, dec2 * u.deg)
    return np.unique(search_around_sky(left, right, 1 * u.arcsec)[0]).size


def ours(ra, dec, ra2, dec2):
    return match(ra, dec, ra2, dec2, 1.0)[0].size


@pytest.mark.parametrize("how", [ours, kd_tree, astropy_nearest, astropy_around])
@pytest.mark.benchmark(group="match 2.0 M x 1.5 M within 1 arcsec, random order")
def test_match_in_memory(benchmark, sky, how):
    found = benchmark.pedantic(how, sky, rounds=3 if how is ours else 1)
    assert found == ours(*sky)


@pytest.mark.skipif(shutil.which("stilts") is None, reason="STILTS is not installed (Debian package stilts)")
@pytest.mark.benchmark(group="match 2.0 M x 1.5 M within 1 arcsec, random order")
def test_match_by_stilts(benchmark, sky, tmp_path):
    from astropy.table import Table

    for name, ra, dec in (("a", *sky[:2]), ("b", *sky[2:])):
        Table({"ra": ra, "dec": dec}).write(tmp_path / f"{name}.fits")
    command = ["stilts", "tskymatch2", "in1=a.fits", "in2=b.fits", "out=o.fits", "error=1", "ra1=ra", "ra2=ra"]
    command += ["dec1=dec", "dec2=dec", "find=best1", "join=1and2"]
    benchmark.pedantic(subprocess.run, (command,), {"cwd": tmp_path, "check": True}, rounds=1)


def seconds(work):
    """Least CPU time of three runs."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def test_ratios_to_the_peers(sky):
    own = seconds(lambda: ours(*sky))
    for peer, ratio in ((kd_tree, 4), (astropy_nearest, 5), (astropy_around, 5)):
        start = time.process_time()
        peer(*sky)
        taken = time.process_time() - start
        print(f"{peer.__name__}: {taken:.2f} s, ours {own:.2f} s, {taken / own:.1f} times")
        assert taken >= ratio * own


def test_time_is_linear_in_the_number_of_sources():
    rates = []
    for scale in (0.5, 1.0, 2.0, 4.0):
        points = strip(scale)
        taken = seconds(lambda points=points: ours(*points))
        rates.append(taken / scale)
        print(f"{scale * N_LEFT / 1e6:g} M: {taken:.2f} s")
    assert max(rates[1:]) < 1.6 * rates[0]


def test_ten_times_the_radius_costs_less_than_five_times(sky):
    near, far = (seconds(lambda radius=radius: match(*sky, radius)) for radius in (1.0, 10.0))
    print(f"1 arcsec {near:.2f} s, 10 arcsec {far:.2f} s")
    assert far < 5 * near


def test_join_of_all_columns(sky):
    rng = np.random.default_rng(3)
    tables = []
    for ra, dec in (sky[:2], sky[2:]):
        columns = {f"column_{k}": rng.random(ra.size) for k in range(15)}
        tables.append(pa.table({"ra": ra, "dec": dec, **columns}))
    names = ("ra", "dec")
    taken = seconds(lambda: match_tables(*tables, MatchOptions(), left_columns=names, right_columns=names))
    print(f"2.0 M x 17 with 1.5 M x 17 columns: {taken:.2f} s")
    assert taken < 2.5


def in_its_own_process(*arguments):
    """What `lake_match.py` prints about one match: the best of its rounds."""
    script = pathlib.Path(__file__).parent / "lake_match.py"
    done = subprocess.run([sys.executable, script, *map(str, arguments)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}


@pytest.fixture(scope="module")
def two_catalogs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    in_its_own_process("make", folder)
    return folder


@pytest.mark.parametrize(("action", "ratio"), [("write", 2.0), ("memory", 2.5)])
def test_lake_to_lake_against_lsdb(two_catalogs, action, ratio):
    own, peer = (in_its_own_process(who, two_catalogs, action, 3) for who in ("ours", "lsdb"))
    for name, found in (("ours", own), ("lsdb", peer)):
        print(f"{action} {name}: {found['seconds']:.2f} s, CPU {found['cpu']:.2f} s, peak {found['peak_mb']:.0f} MB")
    assert own["rows"] >= 914_000
    if action == "write":
        assert own["peak_mb"] <= peer["peak_mb"]
    reached = peer["seconds"] / own["seconds"]
    if reached < ratio:
        pytest.xfail(f"{action}: {reached:.2f} times LSDB, {ratio} wanted; docs/crossmatch.md says where the time goes")
