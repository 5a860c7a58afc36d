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
