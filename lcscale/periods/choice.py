"""Which of a periodogram's peaks is the period: re-ranking by Fourier series, and the rule for P against 2P.

The highest peak of a Lomb-Scargle periodogram is often an alias, or half the period of an eclipsing binary. So the
highest peaks, each at f and f/2, are ranked by the evidence for a Fourier series (`evidence`): to order 4 at f, to
order 8 at f/2, which describes the same detail. Whether the winner's period is then P or 2P is decided by an explicit
rule: the longer one needs `DOUBLING_EVIDENCE` and `DOUBLING_CYCLES`, so that a sinusoid does not become its double and
an eclipsing binary with unequal minima does not stay at half.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.periods.evidence import log_evidence
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
"""Highest order of a series at the frequency of a peak; twice that at half the frequency."""

RANKING_PRIOR = 3.0
"""Narrowness of the prior of amplitudes when peaks are ranked (see `log_evidence`)."""

HARMONIC_PRICE = 3.0
"""What each further harmonic costs in log evidence when peaks are ranked: real light curves are not white noise."""

FREQUENCY_PRICE = 0.5
"""Times ln(1 + f), what a peak costs in log evidence when it is ranked.

Half-way between a prior flat in frequency, by which a few observations find noise near the end of the grid, and one
flat in the logarithm of frequency."""

RANKED_DOUBLE_PRICE = 3.0
"""What a peak costs in log evidence when it is ranked at half its frequency."""

DOUBLING_PRIOR = 0.3
"""Narrowness of the prior when P is weighed against 2P: small odd harmonics are what tells them apart."""

DOUBLING_EVIDENCE = 30.0
"""By how much the log evidence must favour 2P."""

DOUBLING_CYCLES = 20.0
"""How many cycles of 2P the observations must span: slow irregular changes look like odd harmonics."""

REFINING_PRIOR = 0.01
"""Narrowness of the prior when the frequency chosen is refined: wide, since what is there needs no more proof.

Over fewer than `DOUBLING_CYCLES` it stays that of the ranking: slow irregular changes would pull the frequency."""

EPOCH_STEPS = 400
"""Phases at which the fitted series is searched for its maximum of light."""


@kernel  # type: ignore[untyped-decorator]
def series_drop(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    frequency: float,
    order: int,
    scratch: Any,
) -> float:
    """Drop of χ², as a share of the whole, by a series of `order` harmonics; other arguments as in `log_evidence`."""
    moments = np.empty((4, N_PARAMETERS))
    matrix = np.empty((N_PARAMETERS, N_PARAMETERS))
    right = np.empty(N_PARAMETERS)
    drops = np.empty(MAX_HARMONICS)
    harmonics = np.arange(1, order + 1)
    total = 0.0
    for g in range(cuts.size - 1):
        a, b = cuts[g], cuts[g + 1]
        trig_moments(time[a:b], weight[a:b], weighted[a:b], frequency, order, scratch, moments)
        normal_equations(moments, harmonics, matrix, right)
        nested_drops(matrix, right, order, drops)
        total += share[g] * drops[order - 1]
    return total


@kernel  # type: ignore[untyped-decorator]
def _height(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    frequency: float,
    order: int,
    prior: float,
    scratch: Any,
) -> float:
    """What `refine` makes highest."""
    if prior == 0.0:
        return float(series_drop(time, weight, weighted, cuts, share, frequency, order, scratch))
    evidence = np.empty(MAX_HARMONICS)
    log_evidence(time, weight, weighted, cuts, share, frequency, order, prior, scratch, evidence)
    return float(evidence[order - 1])


@kernel  # type: ignore[untyped-decorator]
def refine(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    frequency: float,
    step: float,
    order: int,
    prior: float,
    scratch: Any,
) -> tuple[float, float]:
    """Frequency and height of the maximum near `frequency`, by parabolas of shrinking width.

    Of `log_evidence` with the `prior`, or of `series_drop` where that is 0. The first parabola spans `step` to either
    side; the result is within about a thousandth of it.
    """
    best = frequency
    height = _height(time, weight, weighted, cuts, share, best, order, prior, scratch)
    for _ in range(4):
        low = _height(time, weight, weighted, cuts, share, best - step, order, prior, scratch)
        high = _height(time, weight, weighted, cuts, share, best + step, order, prior, scratch)
        curvature = low - 2.0 * height + high
        shift = 0.0
        if curvature < 0.0:
            shift = step * min(max(0.5 * (low - high) / curvature, -1.0), 1.0)
        elif low != high:
            shift = step if high > low else -step
        trial = _height(time, weight, weighted, cuts, share, best + shift, order, prior, scratch)
        if trial > height:
            best += shift
            height = trial
        step *= 0.2
    return best, height


@kernel  # type: ignore[untyped-decorator]
def _scan(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    centre: float,
    step: float,
    order: int,
    prior: float,
    price: float,
    scratch: Any,
) -> tuple[float, float, int]:
    """Best log evidence within three steps of `centre`, with its frequency and order, each harmonic at its `price`."""
    evidence = np.empty(MAX_HARMONICS)
    best = -np.inf
    place = centre
    chosen = 1
    for s in range(-3, 4):
        trial = centre + s * step
        log_evidence(time, weight, weighted, cuts, share, trial, order, prior, scratch, evidence)
        for k in range(order):
            if evidence[k] - price * k > best:
                best = evidence[k] - price * k
                place = trial
                chosen = k + 1
    return best, place, chosen


@kernel  # type: ignore[untyped-decorator]
def rank(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    peaks: Floats,
    df: float,
    fmin: float,
    n_harmonics: int,
    scratch: Any,
    ranking: Any,
) -> None:
    """Score every one of `peaks`, frequencies on a grid of step `df` from `fmin`.

    `ranking`, float64 [n_peaks, 4], is written: the better score of f and f/2, the best f, the best f/2 (NaN where
    it is below the grid), the power of the periodogram of `n_harmonics`.
    """
    for i in range(peaks.size):
        refined, power = refine(time, weight, weighted, cuts, share, peaks[i], 0.5 * df, n_harmonics, 0.0, scratch)
        score, place, _ = _scan(
            time, weight, weighted, cuts, share, refined, 0.25 * df, ORDER, RANKING_PRIOR, HARMONIC_PRICE, scratch
        )
        ranking[i, 0] = score
        ranking[i, 1] = place
        ranking[i, 2] = np.nan
        ranking[i, 3] = power
        half = 0.5 * refined
        if half >= 0.5 * fmin:
            score, place, _ = _scan(
                time, weight, weighted, cuts, share, half, 0.125 * df, 2 * ORDER, RANKING_PRIOR, HARMONIC_PRICE, scratch
            )
            ranking[i, 0] = max(ranking[i, 0], score - RANKED_DOUBLE_PRICE)
            ranking[i, 2] = place
        ranking[i, 0] -= FREQUENCY_PRICE * np.log(1.0 + refined)


@kernel  # type: ignore[untyped-decorator]
def needs_double(
    time: Floats,
    weight: Floats,
    weighted: Floats,
    cuts: Integers,
    share: Floats,
    frequency: float,
    half: float,
    df: float,
    scratch: Any,
) -> bool:
    """Whether the observations demand the period of `half` rather than that of `frequency`, twice as high."""
    if half * (np.max(time) - np.min(time)) < DOUBLING_CYCLES:
        return False
    step = 0.0625 * df
    double, _, _ = _scan(time, weight, weighted, cuts, share, half, step, 2 * ORDER, DOUBLING_PRIOR, 0.0, scratch)
    near, _, _ = _scan(time, weight, weighted, cuts, share, frequency, 2.0 * step, ORDER, DOUBLING_PRIOR, 0.0, scratch)
    twice, _, _ = _scan(
        time, weight, weighted, cuts, share, 2.0 * half, 2.0 * step, ORDER, DOUBLING_PRIOR, 0.0, scratch
    )
    return bool(double > max(near, twice) + DOUBLING_EVIDENCE)


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
    trig_moments(time, weight, weighted, frequency, order, scratch, moments)
    normal_equations(moments, np.arange(1, order + 1), matrix, right)
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
def _runner_up(ranking: Floats, best: int, df: float) -> float:
    """Frequency of the best peak that is neither the winner, its half nor its double; NaN where there is none."""
    frequency = np.nan
    score = -np.inf
    for i in range(ranking.shape[0]):
        ratio = ranking[i, 1] / ranking[best, 1]
        near = 2.5 * df / ranking[best, 1]
        related = abs(ratio - 1.0) < near or abs(ratio - 0.5) < near or abs(ratio - 2.0) < near
        if not related and ranking[i, 0] > score:
            score = ranking[i, 0]
            frequency = ranking[i, 1]
    return frequency


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
    n_harmonics: int,
    result: Any,
) -> None:
    """Rank the `peaks` (frequencies on a grid of step `df` from `fmin`) of a periodogram and write the outcome.

    `result`, float64 [>= 5]: the frequency, that of the other of P and 2P (NaN below the grid), that of the best other
    peak (NaN where there is none), the power (of `n_harmonics`) of the peak chosen, the time of the first maximum of
    light.
    """
    scratch = np.empty((4, time.size))
    ranking = np.empty((peaks.size, 4))
    rank(time, weight, weighted, cuts, share, peaks, df, fmin, n_harmonics, scratch, ranking)
    best = np.argmax(ranking[:, 0])
    frequency, half = ranking[best, 1], ranking[best, 2]
    doubled = False
    if np.isfinite(half):
        doubled = needs_double(time, weight, weighted, cuts, share, frequency, half, df, scratch)
    chosen, other = (half, frequency) if doubled else (frequency, half)
    settled = chosen * (np.max(time) - np.min(time)) >= DOUBLING_CYCLES
    prior = REFINING_PRIOR if settled else RANKING_PRIOR
    step = 0.0625 * df * (1.0 if doubled else 2.0) * (2.0 if settled else 1.0)
    _, chosen, order = _scan(time, weight, weighted, cuts, share, chosen, step, 2 * ORDER, prior, 0.0, scratch)
    result[0], _ = refine(time, weight, weighted, cuts, share, chosen, step, order, prior, scratch)
    result[1] = other
    result[2] = _runner_up(ranking, best, df)
    result[3] = ranking[best, 3]
    largest = np.argmax(np.diff(cuts))
    a, b = cuts[largest], cuts[largest + 1]
    phase = brightest_phase(time[a:b], weight[a:b], weighted[a:b], result[0], min(order, ORDER), scratch)
    result[4] = phase / result[0]
