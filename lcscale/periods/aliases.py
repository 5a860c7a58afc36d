"""Frequencies that come from how a survey observes: named, and flagged where the window function confirms them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.periods.harmonics import Floats, Integers, kernel
from lcscale.periods.turns import cos_sin_turns

SIDEREAL_DAY = 1.002737909350795

NAMED_FREQUENCIES: tuple[tuple[str, float], ...] = (
    *((f"{n}/day", float(n)) for n in range(1, 13)),
    *((f"{n}/sidereal day", n * SIDEREAL_DAY) for n in range(1, 5)),
    ("1/2 day", 0.5),
    ("1/synodic month", 1.0 / 29.530589),
    ("1/sidereal month", 1.0 / 27.321662),
    ("1/year", 1.0 / 365.25),
    ("2/year", 2.0 / 365.25),
    ("Gaia precession", 1.0 / 62.97),
)
"""Name and frequency (cycles per day); 4 a day is also the spin of Gaia."""

STRONG = 0.25
"""Share of the window function's power at which a named frequency counts as present in the sampling."""


def flag_aliases(
    frequency: Floats, time: Floats, segments: Integers, objects: Integers, baseline: Floats
) -> list[str | None]:
    """Name of the sampling frequency that each period stands at, or None.

    A frequency is flagged when it lies within 1/T of a named frequency at which the sampling itself is periodic
    (power of the window function at least `STRONG`); nothing is cut.

    Parameters
    ----------
    frequency
        Cycles per day, float64 [n_objects]; NaN is never flagged.
    time, segments, objects, baseline
        As in `Series`.
    """
    named = np.array([value for _, value in NAMED_FREQUENCIES])
    found = np.full(frequency.size, -1)
    _flag(frequency, named, time, segments, objects, baseline, found)
    return [NAMED_FREQUENCIES[i][0] if i >= 0 else None for i in found]


@kernel  # type: ignore[untyped-decorator]
def _flag(
    frequency: Floats, named: Floats, time: Floats, segments: Integers, objects: Integers, baseline: Floats, found: Any
) -> None:
    for i in range(frequency.size):
        if not (frequency[i] > 0.0 and baseline[i] > 0.0):
            continue
        a, b = segments[objects[i]], segments[objects[i + 1]]
        closest = 1.0 / baseline[i]
        for k in range(named.size):
            distance = abs(frequency[i] - named[k])
            if distance < closest and _window_power(time[a:b], named[k]) >= STRONG:
                closest = distance
                found[i] = k


@kernel  # type: ignore[untyped-decorator]
def _window_power(time: Floats, frequency: float) -> float:
    """Power of the window function, 0 to 1: 1 when all observations fall on one phase."""
    c = 0.0
    s = 0.0
    for j in range(time.size):
        cosine, sine = cos_sin_turns(time[j] * frequency)
        c += cosine
        s += sine
    return (c * c + s * s) / (time.size * time.size)
