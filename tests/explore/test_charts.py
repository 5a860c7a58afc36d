"""Charts written directly: what lies where, and numbers that are round."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcscale.explore.charts import Chart, ticks, wide

finite = st.floats(-1e6, 1e6)


@given(finite, st.floats(1e-4, 1e6), st.integers(2, 12))
def test_ticks_are_round_within_the_range_and_not_too_many(low, span, most):
    high = low + span
    found, decimals = ticks(low, high, most)
    assert 0 <= len(found) <= most + 1
    assert len({f"{value:.{decimals}f}" for value in found}) == len(found)
    if found:
        assert low - 1e-6 * span - 1e-6 <= min(found)
        assert max(found) <= high + 1e-6 * span + 1e-6
    steps = np.diff(found)
    np.testing.assert_allclose(steps, steps[0] if steps.size else 0, rtol=1e-3)


def test_dots_lie_at_their_values_and_magnitudes_grow_downward():
    chart = Chart(920, 300, "<a star>")
    panel = chart.panel((0.0, 10.0), (16.0, 15.0), top=10)
    panel.dots([0.0, 10.0, 5.0, 11.0], [16.0, 15.0, 15.5, 15.5], "#123456")
    panel.axes("time", "mag")
    text = chart.svg()
    places = [tuple(map(float, place)) for place in re.findall(r"M([\d.]+) ([\d.]+)h0", text)]
    left, right, bottom = panel.left, panel.left + panel.width, panel.top + panel.height
    assert places == [(left, bottom), (right, 10.0), ((left + right) / 2, (10.0 + bottom) / 2)]
    assert "&lt;a star&gt;" in text
    assert ">15.4<" in text
    assert text.index(">15.4<") < text.index(">15.8<")


@pytest.mark.parametrize("values", [[], [3.0], [3.0, 3.0], [0.0], [1.0, 2.0]])
def test_ranges_have_a_width(values):
    low, high = wide(np.array(values))
    assert low < high
    assert all(low <= value <= high for value in values)
