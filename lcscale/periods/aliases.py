"""Frequencies that come from how a survey observes: named, and flagged where the window function confirms them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.turns import cos_sin_turns

SIDEREAL_DAY = 1.002737909350795

NAMED_FREQUENCIES: tuple[tuple[str, float], ...] = (
    *((f"{n}/day", float(n)) for n in range(1, 25)),
    *((f"{n}/sidereal day", n * SIDEREAL_DAY) for n in range(1, 5)),
    ("1/2 day", 0.5),
    ("1/synodic month", 1.0 / 29.530589),
    ("1/sidereal month", 1.0 / 27.321662),
    ("1/year", 1.0 / 365.25),
    ("2/year", 2.0 / 365.25),
    ("1/Gaia precession", 1.0 / 62.97),
    ("2/Gaia precession", 2.0 / 62.97),
)
"""Name and frequency (cycles per day).

Gaia spins four times a day and looks in two directions: its sampling is periodic at 4, 12 and 16 a day, and twice in
each precession of its axis.
"""

STRONG = 0.15
"""Share of the window function's power at which a named frequency counts as present in the sampling, if besides
no random times would reach it: the power must be `SURE` times the 1/n of those."""

SURE = 9.0

NEIGHBOURHOOD = 0.0025
"""How far from a named frequency its rhythm may lie, relative, beyond 1/T: the scanning of Gaia drifts."""

_STEPS = np.linspace(-1.0, 1.0, 9)


def flag_aliases(
    frequency: Floats, time: Floats, segments: Integers, objects: Integers, baseline: Floats
) -> list[str | None]:
    """Name of the sampling frequency that each period stands at, or None.

    A frequency is flagged when it stands near a named frequency (1/T and `NEIGHBOURHOOD`) and the sampling itself is
    periodic there: power of the window function, within 1/T, at least `STRONG` and `SURE` / n. Nothing is cut.

    Parameters
    ----------
    frequency
        Cycles per day, float64 [n_objects]; NaN is never flagged.
    time, segments, objects, baseline
        As in `Series`.
    """
    named = np.array([value for _, value in NAMED_FREQUENCIES])
    found = np.full(frequency.size, -1)
    _flag(frequency, named, _STEPS, time, segments, objects, baseline, found)
    return [NAMED_FREQUENCIES[i][0] if i >= 0 else None for i in found]


@kernel
def _flag(
    frequency: Floats,
    named: Floats,
    steps: Floats,
    time: Floats,
    segments: Integers,
    objects: Integers,
    baseline: Floats,
    found: Any,
) -> None:
    for i in range(frequency.size):
        if not (frequency[i] > 0.0 and baseline[i] > 0.0):
            continue
        width = 1.0 / baseline[i]
        nearest = np.argmin(np.abs(named - frequency[i]))
        if abs(named[nearest] - frequency[i]) > width + NEIGHBOURHOOD * named[nearest]:
            continue
        a, b = segments[objects[i]], segments[objects[i + 1]]
        strong = max(STRONG, SURE / (b - a))
        for s in range(steps.size):
            if window_power(time[a:b], frequency[i] + steps[s] * width) >= strong:
                found[i] = nearest


@kernel
def window_power(time: Floats, frequency: float) -> float:
    """Power of the window function, 0 to 1: 1 when all observations fall on one phase."""
    c = 0.0
    s = 0.0
    for j in range(time.size):
        cosine, sine = cos_sin_turns(time[j] * frequency)
        c += cosine
        s += sine
    return (c * c + s * s) / (time.size * time.size)
