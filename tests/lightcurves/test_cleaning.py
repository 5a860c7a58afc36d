"""Which observations are usable, against a plain Python twin."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.lightcurves import LightCurves, usable

VALUE = st.sampled_from([0.0, 1.0, 1.5, 2.0, -1.0, math.nan, math.inf, -math.inf])
POINT = st.tuples(VALUE, VALUE, VALUE)


def plainly(points):
    known = any(math.isfinite(e) and e > 0 for _, _, e in points)
    kept = [
        (t, m, e)
        for t, m, e in points
        if math.isfinite(t) and math.isfinite(m) and ((math.isfinite(e) and e > 0) if known else math.isnan(e))
    ]
    return sorted((t, m) for t, m, _ in kept)


@given(st.lists(st.lists(POINT, max_size=8), max_size=5))
@settings(max_examples=200, deadline=None)
def test_usable_against_plain_python(curves):
    flat = np.array([point for curve in curves for point in curve]).reshape(-1, 3)
    offsets = np.concatenate([[0], np.cumsum([len(curve) for curve in curves])]).astype(int)
    kept, reasons = usable(LightCurves(*flat.T, offsets), min_observations=2)
    assert len(kept) == len(reasons) == len(curves)
    for i, curve in enumerate(curves):
        rows = slice(kept.offsets[i], kept.offsets[i + 1])
        expected = plainly(curve)
        assert kept.time[rows].tolist() == [t for t, _ in expected]
        assert sorted(zip(kept.time[rows].tolist(), kept.mag[rows].tolist(), strict=True)) == expected
        if len(expected) < 2:
            assert "observations usable" in reasons[i]
        elif len({m for _, m in expected}) == 1:
            assert reasons[i] == "constant magnitude"
        else:
            assert reasons[i] is None


def test_part_of_a_batch():
    lcs = LightCurves(np.arange(6.0), np.arange(6.0), np.ones(6), [2, 4, 6])
    kept, reasons = usable(lcs, min_observations=2)
    assert kept.offsets.tolist() == [0, 2, 4]
    assert kept.time.tolist() == [2.0, 3.0, 4.0, 5.0]
    assert reasons.tolist() == [None, None]


def test_unsorted_times_with_duplicates_do_not_depend_on_the_order():
    rng = np.random.default_rng(1)
    time = rng.integers(0, 10, 30).astype(float)
    mag = rng.normal(15, 1, 30)
    order = rng.permutation(30)
    first, _ = usable(LightCurves(time, mag, np.full(30, 0.1), [0, 30]))
    second, _ = usable(LightCurves(time[order], mag[order], np.full(30, 0.1), [0, 30]))
    np.testing.assert_array_equal(first.time, second.time)
    np.testing.assert_array_equal(first.mag, second.mag)


@given(st.integers(0, 10**6), st.integers(2, 40), st.floats(-30, 30), st.floats(0.01, 100))
@settings(max_examples=50, deadline=None)
def test_zero_point_and_scale_do_not_reorder_simultaneous_observations(seed, n, shift, scale):
    rng = np.random.default_rng(seed)
    time = rng.integers(0, 6, n).astype(float)
    mag = rng.permutation(n) * 0.01  # no two alike
    error = rng.uniform(0.1, 0.2, n)
    order = rng.permutation(n)
    first, _ = usable(LightCurves(time, mag, error, [0, n]), min_observations=1)
    other, _ = usable(
        LightCurves(time[order] + 57000, scale * mag[order] + shift, error[order], [0, n]), min_observations=1
    )
    assert np.array_equal(first.mag_err, other.mag_err)


@pytest.mark.parametrize("together", [2, 3, 10])
def test_simultaneous_observations_follow_no_trend(together):
    """White noise has a von Neumann ratio of 2, also where several observations share each time."""
    rng = np.random.default_rng(3)
    time = np.repeat(np.arange(12000.0 / together), together)
    mag = rng.normal(15.0, 0.1, 12000)
    kept, _ = usable(LightCurves(time, mag, np.full(12000, 0.1), [0, 12000]))
    ratio = np.sum(np.diff(kept.mag) ** 2) / np.sum((kept.mag - kept.mag.mean()) ** 2)
    assert ratio == pytest.approx(2.0, abs=0.06)
    within = np.diff(kept.mag.reshape(-1, together), axis=1)
    assert np.mean(within > 0) == pytest.approx(0.5, abs=0.03)
    shuffled = rng.permutation(12000)
    other, _ = usable(LightCurves(time[shuffled], mag[shuffled], kept.mag_err, [0, 12000]))
    assert np.array_equal(other.mag, kept.mag)


def test_objects_that_were_not_observed_in_the_bands_asked_for_are_told_so():
    """The reason names the bands of the object itself, whatever else is in the batch."""
    from lcscale.features import Extract

    rng = np.random.default_rng(1)
    n = 20
    band = np.repeat(np.array([0, 1, 2], np.int8), [n, n, n])
    curves = LightCurves(
        np.tile(np.arange(n) * 1.1, 3), rng.normal(15, 0.1, 3 * n), np.full(3 * n, 0.1), [0, 2 * n, 3 * n, 3 * n],
        band, ("c", "o", "V"),
    )  # fmt: skip
    table = pa.table({"lightcurve": curves.to_arrow()})
    expected = ["no observation in V; there are some in c, o", None, "0 observations usable, 5 needed"]
    assert Extract(("amplitude",), bands=("V",))(table).column("reason").to_pylist() == expected
