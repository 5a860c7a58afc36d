import warnings

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcscale.lightcurves import LIGHTCURVE_TYPE
from lcscale.models import Classify, load

NASTY = st.one_of(
    st.floats(-1e4, 1e4),
    st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e30, -1e30, 1e-30, 15.0]),
)
POINT = st.tuples(NASTY, NASTY, NASTY, st.sampled_from(["g", "r", "z", None]))
TAME = st.tuples(st.floats(0, 100), st.one_of(st.floats(14, 16), NASTY), st.floats(0.01, 0.1), st.just("g"))
CURVE = st.one_of(st.lists(POINT, max_size=30), st.lists(TAME, min_size=12, max_size=30))
FIELD = pa.field("lightcurve", LIGHTCURVE_TYPE, metadata={"bands": "g,r"})


@pytest.mark.parametrize("model", ["demo", "general"])
@given(curves=st.lists(CURVE, min_size=1, max_size=4), period=st.one_of(NASTY, st.sampled_from([0.5, 1e-6, 1e6])))
@settings(max_examples=60, deadline=None)
def test_nothing_crashes_or_warns(model, curves, period):
    names = ("time", "mag", "mag_err", "band")
    rows = [{name: [point[k] for point in curve] for k, name in enumerate(names)} for curve in curves]
    nested = pa.array(rows, LIGHTCURVE_TYPE)
    schema = pa.schema([FIELD, pa.field("period", pa.float64())])
    table = pa.Table.from_arrays([nested, pa.array([period] * len(rows), pa.float64())], schema=schema)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = Classify(model)(table)
    for row in result.to_pylist():
        probabilities = [row[f"prob_{name}"] for name in load(model).classes]
        if row["reason"] is None:
            assert row["class"] in load(model).classes
            assert sum(probabilities) == pytest.approx(1.0, abs=1e-5)
        else:
            assert row["class"] is None
            assert probabilities == [None] * len(probabilities)


def test_flat_stars_with_one_bright_point_and_repeated_times():
    time = [1.0] * 30
    rows = [
        {"time": time, "mag": [15.0] * 29 + [14.0], "mag_err": [0.1] * 30, "band": ["g"] * 30},
        {"time": time, "mag": list(np.linspace(15, 16, 30)), "mag_err": [0.0] * 30, "band": ["g"] * 30},
    ]
    schema = pa.schema([FIELD, pa.field("period", pa.float64())])
    table = pa.Table.from_arrays([pa.array(rows, LIGHTCURVE_TYPE), pa.array([0.7, 0.7])], schema=schema)
    first, second = Classify("demo")(table).to_pylist()
    assert first["reason"] is None
    assert second["reason"] == "0 of 30 observations usable, 5 needed"
