"""Phases and phasors against NumPy's complex exponentials."""

from __future__ import annotations

import cmath
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lcscale.kernels.compiling import exact_kernel, kernel
from lcscale.kernels.devices import require_device
from lcscale.kernels.turns import cos_sin_turns, fraction, nearest_angle, phase_of, turned

TURNS = st.floats(-1e6, 1e6)


@settings(deadline=None)
@given(TURNS)
@example(-1e-20)
def test_a_fraction_is_what_is_left_of_whole_turns(turns):
    part = fraction(turns)
    assert 0.0 <= part < 1.0
    assert cmath.exp(2j * math.pi * part) == pytest.approx(cmath.exp(2j * math.pi * math.fmod(turns, 1.0)), abs=1e-9)


@settings(deadline=None)
@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(1e-3, 50))
def test_the_epoch_has_phase_zero(time, epoch, frequency):
    assert phase_of(epoch, epoch, frequency) == 0.0
    assert 0.0 <= phase_of(time, epoch, frequency) < 1.0


@settings(deadline=None)
@given(TURNS)
def test_the_nearest_angle_is_of_the_same_point(turns):
    angle = nearest_angle(turns)
    assert -math.pi <= angle <= math.pi
    assert cmath.exp(1j * angle) == pytest.approx(cmath.exp(2j * math.pi * math.fmod(turns, 1.0)), abs=1e-8)


@settings(deadline=None)
@given(st.floats(-2, 2), st.floats(-2, 2))
def test_turning_is_the_product_of_phasors(first, second):
    c, s = turned(*cos_sin_turns(first), *cos_sin_turns(second))
    assert complex(c, s) == pytest.approx(cmath.exp(2j * math.pi * (first + second)), abs=1e-14)


@pytest.mark.parametrize("decorator", [kernel, exact_kernel])
def test_decorators_keep_what_a_function_is(decorator):
    def halved(x: float) -> float:
        """Half of it."""
        return 0.5 * x

    assert decorator(halved).__doc__ == "Half of it."
    assert decorator(halved).py_func is halved


def test_the_cpu_is_always_there():
    require_device("cpu")
