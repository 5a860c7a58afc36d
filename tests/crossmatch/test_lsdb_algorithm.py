"""lcscale's match inside LSDB gives the rows that LSDB's own gives, and more kinds of match."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lcscale.crossmatch import MatchOptions, ProperMotion, match
from lcscale.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def catalogs():
    lsdb = pytest.importorskip("lsdb")
    rng = np.random.default_rng(1)
    frames = []
    for n in (3000, 4000):
        ra, dec = rng.uniform(44, 46, n), rng.uniform(-1, 1, n)
        frames.append(
            pd.DataFrame(
                {"n": np.arange(n), "ra": ra, "dec": dec, "mag": rng.uniform(15, 18, n), "pmra": 1000.0, "pmdec": 0.0}
            )
        )
    opened = [
        lsdb.from_dataframe(
            frame, ra_column="ra", dec_column="dec", lowest_order=4, highest_order=6, margin_threshold=60.0
        )
        for frame in frames
    ]
    return frames, opened


def pairs(result):
    return sorted(zip(result["n_a"].tolist(), result["n_b"].tolist(), strict=True))


def crossmatch(left, right, **options):
    from lcscale.crossmatch import LSDBCrossmatch

    result = left.crossmatch(
        right, algorithm=LSDBCrossmatch(**options), suffixes=("_a", "_b"), suffix_method="all_columns"
    )
    return result.compute()


def test_same_rows_as_lsdb_and_as_a_match_of_the_whole_sky(catalogs):
    (a, b), (left, right) = catalogs
    ours = crossmatch(left, right, radius_arcsec=40.0)
    theirs = left.crossmatch(
        right, radius_arcsec=40.0, n_neighbors=1, suffixes=("_a", "_b"), suffix_method="all_columns"
    ).compute()
    assert pairs(ours) == pairs(theirs)
    i, j, separation = match(a.ra, a.dec, b.ra, b.dec, 40.0)
    assert pairs(ours) == sorted(zip(i.tolist(), j.tolist(), strict=True))
    np.testing.assert_allclose(np.sort(ours["separation_arcsec"].to_numpy(float)), np.sort(separation), atol=1e-9)


def test_all_neighbours_with_a_gate(catalogs):
    (a, b), (left, right) = catalogs
    ours = crossmatch(
        left, right, radius_arcsec=60.0, n_neighbors=None, max_mag_difference=0.5, left_mag="mag", right_mag="mag"
    )
    i, j, _ = match(a.ra, a.dec, b.ra, b.dec, 60.0, None)
    close = np.abs(a.mag.to_numpy()[i] - b.mag.to_numpy()[j]) <= 0.5
    assert pairs(ours) == sorted(zip(i[close].tolist(), j[close].tolist(), strict=True))
    condition = crossmatch(left, right, radius_arcsec=60.0, n_neighbors=None, where="abs(mag - mag_2) <= 0.5")
    assert pairs(condition) == pairs(ours)


def test_proper_motion_needs_a_margin_as_wide(catalogs):
    _, (left, right) = catalogs
    moving = {"radius_arcsec": 1.0, "left_motion": ProperMotion(epoch=2016.0), "epoch": 2000.0}
    with pytest.raises(InputError, match="needs 169"):
        crossmatch(left, right, **moving)
    slow = ProperMotion(epoch=2016.0, max_arcsec_per_year=2.0)
    assert len(crossmatch(left, right, **{**moving, "left_motion": slow, "radius_arcsec": 20.0})) > 10


def test_what_lsdb_decides_is_refused():
    pytest.importorskip("lsdb")
    from lcscale.crossmatch import LSDBCrossmatch

    for change in ({"how": "left"}, {"mutual": True}, {"chance_probability": True}, {"suffix": "_b"}):
        with pytest.raises(InputError, match=next(iter(change))):
            LSDBCrossmatch(**change)
    with pytest.raises(InputError, match="not both"):
        LSDBCrossmatch(MatchOptions(), radius_arcsec=1.0)
