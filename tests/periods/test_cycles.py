"""The cycle that a kind of star goes by, on light curves made by formulae."""

import numpy as np
import pytest

from lcscale.lightcurves import LightCurves
from lcscale.periods.cycles import fitted_cycles

ORBIT = 1.234
RNG = np.random.default_rng(8)
TIME = np.sort(RNG.uniform(0, 900, 250))


def eclipsing(width, second, n_bands=1):
    """Gaussian eclipses at phases 0 and 1/2, the second `second` times as deep, from time 0.3 on."""
    phase = (TIME - 0.3) / ORBIT % 1
    dip = sum(
        depth * np.exp(-0.5 * (((phase - at + 0.5) % 1 - 0.5) / width) ** 2) for at, depth in ((0, 1.0), (0.5, second))
    )
    mag = 15 + 0.6 * dip + RNG.normal(0, 0.02, TIME.size)
    band = (np.arange(TIME.size) % n_bands).astype(np.int8)
    return LightCurves(TIME, mag, np.full(TIME.size, 0.02), [0, TIME.size], band, tuple("gri"[:n_bands]))


def cycle(lcs, period, second, kind):
    return fitted_cycles(lcs, np.array([period]), np.array([second]), [kind])[0]


@pytest.mark.parametrize("n_bands", [1, 3])
@pytest.mark.parametrize("kind", ["orbit", "eclipses"])
@pytest.mark.parametrize(("period", "second"), [(0.5, 1.0), (1.0, 0.5)])
def test_half_of_an_orbit_becomes_an_orbit(period, second, kind, n_bands):
    lcs = eclipsing(0.07, 0.7, n_bands)
    found = cycle(lcs, period * ORBIT, second * ORBIT, kind)
    assert found[0] == pytest.approx(ORBIT)
    assert found[3] > 0.95
    if period == 0.5:  # where the period moves, so do its epochs
        assert (found[2] - 0.3) % ORBIT == pytest.approx(0.0, abs=0.05) or (0.3 - found[2]) % ORBIT < 0.05
    else:
        assert np.isnan(found[1:3]).all()


def test_a_quarter_of_an_orbit_with_narrow_eclipses_becomes_an_orbit():
    lcs = eclipsing(0.02, 0.95)
    assert cycle(lcs, 0.25 * ORBIT, 0.5 * ORBIT, "eclipses")[0] == pytest.approx(ORBIT)
    assert cycle(lcs, 0.25 * ORBIT, 0.5 * ORBIT, "orbit")[0] == pytest.approx(0.5 * ORBIT)


def test_pulsation_is_the_shorter_of_a_pair_and_others_stay():
    lcs = eclipsing(0.1, 1.0)
    assert cycle(lcs, 1.0, 0.5, "pulsation")[0] == 0.5
    assert cycle(lcs, 1.0, 2.0, "pulsation")[0] == 1.0
    assert cycle(lcs, 1.0, 0.7, "pulsation")[0] == 1.0, "an unrelated second-best period is no half"
    assert cycle(lcs, 1.0, 0.5, None)[0] == 1.0


def test_stars_without_a_period_or_observations_have_nothing():
    lcs = eclipsing(0.1, 1.0)
    assert np.isnan(cycle(lcs, np.nan, np.nan, "orbit")).all()
    few = lcs.take([0]).keep(np.arange(TIME.size) < 3)
    found = cycle(few, 0.7, np.nan, "orbit")
    assert found[0] == 0.7
    assert np.isnan(found[1:]).all()
