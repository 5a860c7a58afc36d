"""A row an observation: what light curves hold is kept, whatever lists they have."""

from __future__ import annotations

import pyarrow as pa

from lcscale.lightcurves import Detections


def test_lists_of_unequal_length_cost_no_observation_and_no_other_row():
    curves = [
        {"time": [1.0, 2.0], "mag": [15.0, 15.1]},
        {"time": [3.0, 4.0, 5.0], "mag": [16.0]},
        None,
        {"time": None, "mag": [17.0]},
        {"time": [6.0], "mag": [18.0]},
    ]
    found = Detections()(pa.table({"name": list("abcde"), "lightcurve": curves}))
    assert found.to_pydict() == {
        "name": ["a", "a", "b", "b", "b", "d", "e"],
        "time": [1.0, 2.0, 3.0, 4.0, 5.0, None, 6.0],
        "mag": [15.0, 15.1, 16.0, None, None, 17.0, 18.0],
    }


def test_the_columns_say_where_the_times_begin_and_what_else_is_known_of_them():
    told = {"time_origin": "HJD - 2400000.5", "time_scale": "UTC", "mag_system": "AB", "oid": "ZTF object id"}
    parts = pa.struct([(name, pa.list_(pa.float64())) for name in ("time", "mag", "mag_err", "oid")])
    found = Detections().schema(pa.schema([pa.field("lightcurve", parts, metadata=told)]))
    assert {field.name: field.metadata[b"description"].decode() for field in found} == {
        "time": "Times of the observations, HJD - 2400000.5 UTC.",
        "mag": "Magnitudes, AB.",
        "mag_err": "Standard errors of the magnitudes.",
        "oid": "ZTF object id",
    }
