"""Which of a periodogram's peaks is the period: re-ranking by a Fourier series, and the rule for P against 2P.

The highest peak of a Lomb-Scargle periodogram is often an alias, or half the period of an eclipsing binary. So the
highest peaks, each at f and f/2, are compared by the F statistic of a four-harmonic series; a doubled period must beat
its peak by a factor, and is kept only if the odd harmonics of the longer period earn their parameters by the Bayesian
information criterion (a sinusoid must not become its double, an eclipsing binary must not stay at half).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.periods.harmonics import (
    MAX_HARMONICS,
    N_PARAMETERS,
    Floats,
    Integers,
    back_substitute,
    kernel,
    nested_drops,
    normal_equations,
    trig_moments,
)

ORDER = 4
"""Harmonics of the series that ranks the peaks."""

DOUBLING = 0.9
"""A candidate at half the frequency of its peak counts with this factor on its F statistic."""

EPOCH_STEPS = 400


@kernel  # type: ignore[untyped-decorator]
def series_drop(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    frequency: float,
    harmonics: Integers,
    scratch: Any,
    drops: Any,
) -> int:
    """Drop of χ² (a fraction of the whole) by every nested series, summed over segments; the order determined.

    The arguments before `frequency` are as in `Series`; `scratch` is float64 [n_scratch_rows, >= n], `drops` float64
    [>= 2 harmonics] of which the first half is written.
    """
    order = 0
    for i in range(harmonics.size):
        order = max(order, harmonics[i])
        drops[i] = 0.0
    moments = np.empty((4, N_PARAMETERS))
    matrix = np.empty((N_PARAMETERS, N_PARAMETERS))
    right = np.empty(N_PARAMETERS)
    part = np.empty(MAX_HARMONICS)
    determined = harmonics.size
    for g in range(cuts.size - 1):
        a, b = cuts[g], cuts[g + 1]
        trig_moments(time[a:b], weight[a:b], weighted[a:b], frequency, order, scratch, moments)
        normal_equations(moments, harmonics, matrix, right)
        determined = min(determined, nested_drops(matrix, right, harmonics.size, part))
        for i in range(harmonics.size):
            drops[i] += share[g] * part[i]
    return determined


@kernel  # type: ignore[untyped-decorator]
def usable_order(cuts: Integers, most: int) -> int:
    """Largest order, at most `most`, that leaves every segment at least three degrees of freedom (at least 1)."""
    order = most
    for g in range(cuts.size - 1):
        order = min(order, (cuts[g + 1] - cuts[g] - 4) // 2)
    return max(order, 1)


@kernel  # type: ignore[untyped-decorator]
def refine(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    frequency: float,
    step: float,
    harmonics: Integers,
    scratch: Any,
) -> tuple[float, float]:
    """Frequency and height of the maximum near `frequency`, by parabolas of shrinking width.

    The first parabola spans `step` to either side; the result is within about a thousandth of it.
    """
    drops = np.empty(2 * MAX_HARMONICS)
    last = harmonics.size - 1
    best = frequency
    height = -1.0
    for _ in range(4):
        series_drop(time, weight, weighted, cuts, share, best, harmonics, scratch, drops)
        height = drops[last]
        series_drop(time, weight, weighted, cuts, share, best - step, harmonics, scratch, drops)
        low = drops[last]
        series_drop(time, weight, weighted, cuts, share, best + step, harmonics, scratch, drops)
        high = drops[last]
        curvature = low - 2.0 * height + high
        if curvature < 0.0:
            best += step * min(max(0.5 * (low - high) / curvature, -1.0), 1.0)
        elif low > high:
            best -= step
        elif high > low:
            best += step
        step *= 0.2
    series_drop(time, weight, weighted, cuts, share, best, harmonics, scratch, drops)
    return best, max(drops[last], height)


@kernel  # type: ignore[untyped-decorator]
def fisher(drop: float, n: int, order: int, n_segments: int) -> float:
    """F statistic of a series of `order` harmonics that lowers χ² by the fraction `drop`."""
    fitted = 2 * order * n_segments
    free = max(n - fitted - n_segments, 1)
    return drop / max(1.0 - drop, 1e-12) * free / fitted


@kernel  # type: ignore[untyped-decorator]
def odd_harmonics_needed(
    time: Floats, weight: Floats, weighted: Floats, cuts: Integers, share: Floats, frequency: float, scratch: Any
) -> bool:
    """Whether a series at `frequency` needs its odd harmonics, by the Bayesian information criterion.

    Compared are the even harmonics alone (a series at twice the frequency) and all of them.
    """
    n_segments = cuts.size - 1
    half = usable_order(cuts, ORDER) // 2
    if half < 1:
        return False
    harmonics = np.empty(2 * half, np.int64)
    for i in range(half):
        harmonics[i] = 2 * (i + 1)
        harmonics[half + i] = 2 * i + 1
    drops = np.empty(2 * MAX_HARMONICS)
    determined = series_drop(time, weight, weighted, cuts, share, frequency, harmonics, scratch, drops)
    if determined < 2 * half:
        return False
    n = time.size
    even = max(1.0 - drops[half - 1], 1e-12)
    full = max(1.0 - drops[2 * half - 1], 1e-12)
    return bool(n * np.log(even / full) > 2 * half * n_segments * np.log(n) + EVIDENCE)


EVIDENCE = 10.0
"""By how much the criterion must favour the odd harmonics ("very strong evidence")."""


@kernel  # type: ignore[untyped-decorator]
def brightest_phase(
    time: Floats, weight: Floats, weighted: Floats, frequency: float, order: int, scratch: Any
) -> float:
    """Phase (turns, from time 0) at which a series fitted to one segment is brightest."""
    moments = np.empty((4, N_PARAMETERS))
    matrix = np.empty((N_PARAMETERS, N_PARAMETERS))
    right = np.empty(N_PARAMETERS)
    drops = np.empty(MAX_HARMONICS)
    coefficients = np.zeros(N_PARAMETERS)
    harmonics = np.arange(1, order + 1)
    trig_moments(time, weight, weighted, frequency, order, scratch, moments)
    normal_equations(moments, harmonics, matrix, right)
    determined = nested_drops(matrix, right, order, drops)
    back_substitute(matrix, right, 2 * determined + 1, coefficients)
    best = 0.0
    lowest = np.inf
    for i in range(EPOCH_STEPS):
        phase = i / EPOCH_STEPS
        value = 0.0
        for k in range(1, determined + 1):
            angle = 2.0 * np.pi * k * phase
            value += coefficients[2 * k - 1] * np.cos(angle) + coefficients[2 * k] * np.sin(angle)
        if value < lowest:
            lowest = value
            best = phase
    return best


@kernel  # type: ignore[untyped-decorator]
def choose(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    peaks: Floats,
    df: float,
    fmin: float,
    result: Any,
) -> None:
    """Rank the `peaks` (frequencies on a grid of step `df`) and write the outcome.

    `result`, float64 [6]: the frequency, the one of the other of P and 2P, the one of the best other peak (NaN where
    there is none), the Lomb-Scargle power of the peak chosen, the F statistic, the time of maximum light.
    """
    n = time.size
    n_segments = cuts.size - 1
    scratch = np.empty((4, n))
    order = usable_order(cuts, ORDER)
    series = np.arange(1, order + 1)
    sinusoid = np.arange(1, 2)
    drops = np.empty(2 * MAX_HARMONICS)
    n_peaks = peaks.size
    refined = np.empty(n_peaks)
    power = np.empty(n_peaks)
    scores = np.empty((n_peaks, 2))
    places = np.empty((n_peaks, 2))
    for i in range(n_peaks):
        refined[i], power[i] = refine(time, weight, weighted, cuts, share, peaks[i], 0.5 * df, sinusoid, scratch)
        for h in range(2):
            scores[i, h] = -1.0
            places[i, h] = np.nan
            centre = refined[i] / (h + 1)
            if centre < 0.5 * fmin:
                continue
            for s in range(-3, 4):
                trial = centre + 0.25 * s * df / (h + 1)
                series_drop(time, weight, weighted, cuts, share, trial, series, scratch, drops)
                score = fisher(drops[order - 1], n, order, n_segments)
                if h == 1:
                    score *= DOUBLING
                if score > scores[i, h]:
                    scores[i, h] = score
                    places[i, h] = trial
    best = 0
    for i in range(1, n_peaks):
        if max(scores[i, 0], scores[i, 1]) > max(scores[best, 0], scores[best, 1]):
            best = i
    longer = places[best, 1]
    doubled = False
    if np.isfinite(longer):
        doubled = odd_harmonics_needed(time, weight, weighted, cuts, share, longer, scratch)
    chosen = longer if doubled else places[best, 0]
    other = places[best, 0] if doubled else longer
    width = 0.125 * df / (2.0 if doubled else 1.0)
    frequency, _ = refine(time, weight, weighted, cuts, share, chosen, width, series, scratch)
    runner_up = -1
    for i in range(n_peaks):
        ratio = refined[i] / refined[best]
        related = abs(ratio - 1.0) * refined[best] < 2.5 * df or abs(ratio - 0.5) < 1e-3 or abs(ratio - 2.0) < 1e-3
        if not related and (runner_up < 0 or scores[i, 0] > scores[runner_up, 0]):
            runner_up = i
    result[0] = frequency
    result[1] = other
    result[2] = places[runner_up, 0] if runner_up >= 0 else np.nan
    result[3] = power[best]
    result[4] = scores[best, 1 if doubled else 0]
    largest = 0
    for g in range(1, n_segments):
        if cuts[g + 1] - cuts[g] > cuts[largest + 1] - cuts[largest]:
            largest = g
    a, b = cuts[largest], cuts[largest + 1]
    result[5] = brightest_phase(time[a:b], weight[a:b], weighted[a:b], frequency, order, scratch) / frequency
