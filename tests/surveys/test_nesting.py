"""Nesting against plain Python."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.surveys.nesting import band_array, empty_light_curves, nest

DETECTION = st.tuples(
    st.integers(-1, 4),
    st.integers(0, 6).map(float),
    st.one_of(st.none(), st.floats(10, 20, width=32)),
    st.sampled_from("gr"),
)


@given(st.lists(DETECTION, max_size=25))
@settings(max_examples=150, deadline=None)
def test_every_detection_goes_to_its_owner_in_order_of_time(rows):
    owner = np.array([row[0] for row in rows], np.int64)
    values = {
        "time": pa.array([row[1] for row in rows], pa.float64()),
        "mag": pa.array([row[2] for row in rows], pa.float64()),
        "mag_err": pa.nulls(len(rows), pa.float32()),
        "band": pa.array([row[3] for row in rows], pa.string()).dictionary_encode(),
    }
    index, curves = nest(owner, values)
    assert curves.type == LIGHTCURVE_TYPE
    assert index.tolist() == sorted({row[0] for row in rows if row[0] >= 0})
    for number, curve in zip(index.tolist(), curves.to_pylist(), strict=True):
        expected = sorted((row for row in rows if row[0] == number), key=lambda row: row[1])
        assert curve["time"] == [row[1] for row in expected]
        assert curve["band"] == [row[3] for row in expected]
        for found, row in zip(curve["mag"], expected, strict=True):
            assert math.isnan(found) if row[2] is None else found == row[2]
        assert all(map(math.isnan, curve["mag_err"]))


def test_detections_already_in_order_are_not_copied():
    time = pa.array([1.0, 2.0, 1.5])
    mag = pa.array([1.0, 2.0, 3.0], pa.float32())
    _, curves = nest(np.array([0, 0, 3]), {"time": time, "mag": mag, "mag_err": mag, "band": band_array("V", 3)})
    assert curves.field("time").values.buffers()[1].address == time.buffers()[1].address


def test_empty_light_curves():
    curves = empty_light_curves(3)
    assert curves.type == LIGHTCURVE_TYPE
    assert curves.to_pylist() == [{"time": [], "mag": [], "mag_err": [], "band": []}] * 3
    assert len(empty_light_curves(0)) == 0
