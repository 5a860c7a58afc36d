"""Simulated alerts: they would raise an alert, and each kind has the shape and times that give it its name."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lcscale.errors import InputError
from lcscale.lightcurves import LightCurves
from lcscale.simulation.alerts import FEWEST, KINDS, LIMIT, NEW_SOURCES, gaia_transits, simulate_alerts, triggers


def curves(made):
    for a, b in itertools.pairwise(made.lcs.offsets):
        yield made.lcs.time[a:b], made.lcs.mag[a:b].astype(float)


@pytest.fixture(scope="module")
def made():
    return simulate_alerts([kind for kind in KINDS for _ in range(12)], seed=3)


def test_all_of_them_are_alerts_in_order_of_time_and_within_the_limit(made):
    for kind, (time, mag) in zip(made.kind, curves(made), strict=True):
        assert time.size >= FEWEST
        assert (np.diff(time) > 0).all()
        assert mag.max() < LIMIT
        assert kind in NEW_SOURCES or triggers(mag)
    assert np.isnan(made.lcs.mag_err).all()
    assert made.published.sum() == 12 * sum(published for published, _ in KINDS.values())


def test_equal_seeds_give_equal_alerts():
    one, two, other = (simulate_alerts(list(KINDS), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.lcs.mag, two.lcs.mag)
    assert one.lcs.mag.size != other.lcs.mag.size or not np.array_equal(one.lcs.mag, other.lcs.mag)


def test_times_are_gaia_s_or_those_given():
    transits = gaia_transits(np.random.default_rng(0), 9.0)
    gaps = np.diff(transits)
    within = gaps[gaps < 1]
    assert set(np.round(within * 24, 2)) == {1.78, 4.23}, "hours between the fields of view (Gaia Collaboration 2016)"
    assert 10 < transits.size / 9 < 25, "transits a year"
    rng = np.random.default_rng(1)
    time = np.sort(rng.uniform(58_000, 59_000, 400))
    given = LightCurves(time, np.zeros(400), np.ones(400), [0, 150, 400])
    made = simulate_alerts(["FUOR", "LPV"] * 5, 4, given)
    assert np.isin(made.lcs.time, time).all()


def longest_event(time, mag):
    """Days from the first to the last observation brighter than the middle of the range."""
    bright = time[mag < 0.5 * (mag.min() + mag.max())]
    return np.ptp(bright)


def test_outbursts_have_the_amplitudes_and_durations_of_their_kind(made):
    by_kind = {kind: [] for kind in KINDS}
    for kind, (time, mag) in zip(made.kind, curves(made), strict=True):
        by_kind[kind].append((np.ptp(mag), longest_event(time, mag), np.ptp(time), mag, time))
    assert np.median([row[0] for row in by_kind["FUOR"]]) > 1.5, "magnitudes (Audard et al. 2014)"
    fuor = [mag[time > time[mag.argmin()]] for *_, mag, time in by_kind["FUOR"]]
    assert np.median([np.ptp(mag) for mag in fuor if mag.size > 3]) < 1.6, "stays up"
    assert np.median([row[1] for row in by_kind["SN"]]) < 200 < np.median([row[2] for row in by_kind["AGN"]])
    for _, _, _, mag, _ in by_kind["OUTLIER"]:
        far = np.abs(mag - np.median(mag)) > 0.5 * np.abs(mag - np.median(mag)).max()
        assert far.sum() <= 3
    for _, _, _, mag, _ in by_kind["BLEND"]:
        middle = 0.5 * (np.quantile(mag, 0.02) + np.quantile(mag, 0.98))
        assert np.mean(np.abs(mag - middle) < 0.1) < 0.1, "two levels, nothing between"


def test_a_lens_follows_paczynski():
    light = KINDS["ULENS"][1]
    time = np.linspace(0, 3000, 6001)
    mag = light(np.random.default_rng(5), time)
    peak = mag.argmin()
    reach = min(peak, mag.size - peak, 200)
    np.testing.assert_allclose(mag[peak - reach : peak], mag[peak + reach : peak : -1], atol=0.05)
    assert np.median(mag) - mag[:100].mean() == pytest.approx(0, abs=0.02)


def test_what_cannot_be_made_is_refused():
    with pytest.raises(InputError, match="no alerts of the kind COMET"):
        simulate_alerts(["COMET"], 0)
    few = LightCurves([1.0, 2.0], [1, 1], [1, 1], [0, 2])
    with pytest.raises(InputError, match="raised no alert"):
        simulate_alerts(["FUOR"], 0, few)
