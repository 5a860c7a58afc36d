"""The ragged batch against Arrow's own view of it, brute force, and nested-pandas."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.errors import InputError
from lcscale.lightcurves import LIGHTCURVE_TYPE, LightCurves

OBSERVATION = st.fixed_dictionaries(
    {
        "time": st.floats(0, 1e4),
        "mag": st.one_of(st.none(), st.floats(10, 20, width=32)),
        "mag_err": st.floats(0.015625, 1, width=32),
        "band": st.sampled_from(["g", "i", "r"]),
    }
)
CURVES = st.lists(st.one_of(st.none(), st.lists(OBSERVATION, max_size=5)), max_size=6)


def as_structs_of_lists(curves):
    rows = [
        None if curve is None else {name: [point[name] for point in curve] for name in LIGHTCURVE_TYPE.names}
        for curve in curves
    ]
    return pa.array(rows, LIGHTCURVE_TYPE)


def as_lists_of_structs(curves):
    point = pa.struct([(field.name, field.type.value_type) for field in LIGHTCURVE_TYPE])
    return pa.array(curves, pa.list_(point))


def assert_same(lcs, curves):
    assert len(lcs) == len(curves)
    for i, curve in enumerate(curves):
        rows = slice(lcs.offsets[i], lcs.offsets[i + 1])
        expected = curve or []
        np.testing.assert_array_equal(lcs.time[rows], [point["time"] for point in expected])
        mags = [np.nan if point["mag"] is None else point["mag"] for point in expected]
        np.testing.assert_array_equal(lcs.mag[rows], np.array(mags, np.float32))
        assert [lcs.bands[code] for code in lcs.band[rows]] == [point["band"] for point in expected]


@given(CURVES, st.integers(0, 3), st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_both_nested_layouts_and_their_slices_are_read_alike(curves, start, length):
    for build in (as_structs_of_lists, as_lists_of_structs):
        nested = build(curves).slice(min(start, len(curves)), length)
        part = curves[start : start + length]
        assert_same(LightCurves.from_arrow(nested), part)
        table = pa.table({"lightcurve": nested})
        assert_same(LightCurves.from_arrow(table), part)
        chunks = pa.chunked_array([nested, build(curves)], nested.type)
        assert_same(LightCurves.from_arrow(chunks), part + curves)


@given(CURVES)
@settings(max_examples=40, deadline=None)
def test_arrow_round_trip(curves):
    lcs = LightCurves.from_arrow(as_structs_of_lists(curves))
    again = LightCurves.from_arrow(lcs.to_arrow())
    for name in ("time", "mag", "mag_err", "offsets", "band"):
        np.testing.assert_array_equal(getattr(again, name), getattr(lcs, name))
    assert again.bands == lcs.bands


def test_no_copy_of_numbers_without_nulls():
    nested = as_structs_of_lists([[{"time": 1.0, "mag": 15.0, "mag_err": 0.1, "band": "g"}] * 4])
    lcs = LightCurves.from_arrow(nested)
    assert np.shares_memory(lcs.time, nested.field("time").values.to_numpy())


def test_nested_pandas_sees_the_same_observations():
    nested_pandas = pytest.importorskip("nested_pandas")
    curves = [
        [{"time": float(t), "mag": 15.0 + t, "mag_err": 0.1, "band": "gr"[t % 2]} for t in range(n)] for n in (3, 0, 2)
    ]
    lcs = LightCurves.from_arrow(as_structs_of_lists(curves))
    kind = nested_pandas.NestedDtype(LIGHTCURVE_TYPE)
    frame = nested_pandas.NestedFrame({"lightcurve": pa_series(lcs.to_arrow(), kind)})
    flat = frame["lightcurve"].nest.to_flat()
    np.testing.assert_array_equal(flat["time"].to_numpy(np.float64), lcs.time)
    np.testing.assert_array_equal(flat.index.to_numpy(), lcs.object_index())


def pa_series(array, kind):
    import pandas as pd

    return pd.Series(array.to_pylist(), dtype=kind)


def test_foreign_field_names_and_missing_errors():
    kind = pa.struct([("hmjd", pa.list_(pa.float32())), ("mag", pa.list_(pa.float32()))])
    nested = pa.array([{"hmjd": [59000.0], "mag": [18.0]}], kind)
    lcs = LightCurves.from_arrow(nested, time="hmjd")
    assert np.isnan(lcs.mag_err).all()
    assert lcs.band is None
    assert lcs.time.dtype == np.float64


@pytest.mark.parametrize(
    ("nested", "message"),
    [
        (pa.array([1.0]), "no light curve"),
        (pa.array([{"time": [1.0]}]), "no field 'mag'"),
    ],
)
def test_what_is_no_light_curve_says_so(nested, message):
    with pytest.raises(InputError, match=message):
        LightCurves.from_arrow(nested)


def test_missing_column_names_those_present():
    with pytest.raises(InputError, match="there are object_id"):
        LightCurves.from_arrow(pa.table({"object_id": [1]}))


@given(CURVES)
@settings(max_examples=40, deadline=None)
def test_select_band_against_brute_force(curves):
    lcs = LightCurves.from_arrow(as_structs_of_lists(curves))
    for band in lcs.bands:
        chosen = lcs.select_band(band)
        expected = [[point for point in curve or [] if point["band"] == band] for curve in curves]
        assert chosen.bands == (band,)
        assert chosen.counts.tolist() == [len(curve) for curve in expected]
        np.testing.assert_array_equal(chosen.time, [point["time"] for curve in expected for point in curve])


def test_unknown_band_names_those_present():
    lcs = LightCurves([0.0], [1.0], [0.1], [0, 1], [0], ("V",))
    with pytest.raises(InputError, match="no band 'I'; there are V"):
        lcs.select_band("I")


@given(st.floats(0.01, 1e3), st.floats(-1e5, 1e5), st.lists(st.floats(0, 1e5), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_phase_is_the_time_since_epoch_modulo_period(period, epoch, times):
    n = len(times)
    phase = LightCurves(times, np.zeros(n), np.ones(n), [0, n]).fold(period, epoch)
    assert ((phase >= 0) & (phase < 1)).all()
    cycles = (np.array(times) - epoch) / period
    away = phase - cycles
    rounding = 4 * np.finfo(float).eps * (np.abs(cycles) + 1) * 2
    assert (np.abs(away - np.round(away)) <= rounding).all()


def test_fold_without_a_period_is_nan():
    lcs = LightCurves([0.0, 1.0, 2.0, 3.0], np.zeros(4), np.ones(4), [0, 2, 2, 4])
    phase = lcs.fold([np.nan, 1.0, 2.0])
    assert np.isnan(phase[:2]).all()
    np.testing.assert_array_equal(phase[2:], [0.0, 0.5])


@given(CURVES, CURVES)
@settings(max_examples=30, deadline=None)
def test_take_and_concatenate(first, second):
    curves = first + second
    lcs = LightCurves.from_arrow(as_structs_of_lists(curves))
    order = np.arange(len(curves))[::-1]
    assert_same(lcs.take(order), [curves[i] for i in order])
    joined = LightCurves.concatenate([lcs.take(order), lcs])
    assert_same(joined, [curves[i] for i in order] + curves)


def test_offsets_that_do_not_fit_are_refused():
    for offsets in ([0, 3], [1, 0], [], [-1, 2]):
        with pytest.raises(InputError, match="offsets"):
            LightCurves([0.0, 1.0], [1.0, 1.0], [0.1, 0.1], offsets)
    with pytest.raises(InputError, match="mag has shape"):
        LightCurves([0.0, 1.0], [1.0], [0.1, 0.1], [0, 2])
