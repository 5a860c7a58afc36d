"""Which of a periodogram's peaks is the period: re-ranking by Fourier series, and the rule for P against 2P.

The highest peak of a Lomb-Scargle periodogram is often an alias, or half the period of an eclipsing binary. So the
highest peaks, each at f and f/2, are ranked by the evidence for a Fourier series (`evidence`): to order 4 at f, to
order 8 at f/2, which describes the same detail. Whether the winner's period is then P or 2P is decided by an explicit
rule: the longer one needs `DOUBLING_EVIDENCE` and `DOUBLING_CYCLES`, so that a sinusoid does not become its double and
an eclipsing binary with unequal minima does not stay at half.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, inlined, kernel
from lcscale.kernels.harmonics import (
    BASE,
    COEFFICIENTS,
    DROPS,
    EVIDENCE,
    MATRIX,
    RATIO,
    RIGHT,
    Curve,
    back_substitute,
    fitted,
)
from lcscale.periods.each import curve_of, room_of
from lcscale.periods.evidence import log_evidence

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
"""Phases at which the fitted series is searched for its maximum and minimum of light."""


SLIGHT_PRIOR = 0.1
"""Narrowness of the prior of a series that several bands share where its drop of χ² is asked for."""


@inlined
def tied(coupling: Floats) -> bool:
    """Whether segments share a series."""
    found = False
    for g in range(coupling.shape[0]):
        found |= not math.isnan(coupling[g, RATIO])
    return found


@inlined
def series_drop(curve: Curve, frequency: float, order: int, scratch: Any, work: Any) -> float:
    """Drop of χ², as a share of the whole, by a series of `order` harmonics; other arguments as in `log_evidence`."""
    time, weight, weighted, cuts, share, coupling = curve
    total = 0.0
    if tied(coupling):
        log_evidence(curve, frequency, order, SLIGHT_PRIOR, scratch, work)
        return float(work[DROPS, order - 1] / coupling[0, BASE])
    for g in range(cuts.size - 1):
        a, b = cuts[g], cuts[g + 1]
        fitted(time[a:b], weight[a:b], weighted[a:b], frequency, order, 0.0, scratch, work)
        total += share[g] * work[DROPS, order - 1]
    return total


@inlined
def _height(curve: Curve, frequency: float, order: int, prior: float, scratch: Any, work: Any) -> float:
    """What `refine` makes highest."""
    if prior == 0.0:
        return float(series_drop(curve, frequency, order, scratch, work))
    log_evidence(curve, frequency, order, prior, scratch, work)
    return float(work[EVIDENCE, order - 1])


@kernel
def refine(
    curve: Curve, frequency: float, step: float, order: int, prior: float, scratch: Any, work: Any
) -> tuple[float, float]:
    """Frequency and height of the maximum near `frequency`, by parabolas of shrinking width.

    Of `log_evidence` with the `prior`, or of `series_drop` where that is 0. The first parabola spans `step` to either
    side; the result is within about a thousandth of it.
    """
    best = place = frequency
    height = -np.inf
    low = 0.0
    for i in range(13):  # the start, and then in turn below it, above it, where the parabola through them is highest
        value = _height(curve, place, order, prior, scratch, work)
        if i % 3 == 1:
            low = value
            place = best + step
        elif i % 3 == 2:
            curvature = low - 2.0 * height + value
            shift = 0.0
            if curvature < 0.0:
                shift = step * min(max(0.5 * (low - value) / curvature, -1.0), 1.0)
            elif low != value:
                shift = step if value > low else -step
            place = best + shift
            step *= 0.2
        else:
            if value > height:
                best = place
                height = value
            place = best - step
    return best, height


@kernel
def scan_near(
    curve: Curve, centre: float, step: float, order: int, prior: float, price: float, scratch: Any, work: Any
) -> tuple[float, float, int]:
    """Best log evidence within three steps of `centre`, with its frequency and order, each harmonic at its `price`."""
    best = -np.inf
    place = centre
    chosen = 1
    for s in range(-3, 4):
        trial = centre + s * step
        log_evidence(curve, trial, order, prior, scratch, work)
        for k in range(order):
            score = work[EVIDENCE, k] - price * k
            if score > best:
                best = score
                place = trial
                chosen = k + 1
    return best, place, chosen


@kernel
def highest_evidence(curve: Curve, trials: Floats, order: int, prior: float, scratch: Any, work: Any) -> float:
    """Best log evidence at the frequencies `trials`, each harmonic at its price; arguments as for `log_evidence`."""
    best = -np.inf
    for trial in trials:
        log_evidence(curve, trial, order, prior, scratch, work)
        for k in range(order):
            best = max(best, work[EVIDENCE, k] - HARMONIC_PRICE * k)
    return best


@inlined
def rank(
    curve: Curve,
    peaks: Floats,
    df: float,
    fmin: float,
    n_harmonics: int,
    doubles: bool,
    reach: float,
    n_ranked: int,
    scratch: Any,
    work: Any,
    ranking: Any,
) -> int:
    """Score the best of `peaks`, frequencies on a grid from `fmin`, and return how many were scored.

    All are refined within `reach`, and the `n_ranked` highest of what comes out are scored in steps of a part of `df`,
    a fifth of the width of a peak. `ranking`, float64 [n_peaks, 4], is written: the better score of f and f/2, the best
    f, the best f/2 (NaN where it is below the grid, and without `doubles`), the power of the periodogram of
    `n_harmonics`.
    """
    for i in range(peaks.size):
        place, power = refine(curve, peaks[i], reach, n_harmonics, 0.0, scratch, work)
        slot = i
        while slot > 0 and ranking[slot - 1, 3] < power:
            ranking[slot, 1] = ranking[slot - 1, 1]
            ranking[slot, 3] = ranking[slot - 1, 3]
            slot -= 1
        ranking[slot, 1] = place
        ranking[slot, 3] = power
    count = min(n_ranked, peaks.size)
    for i in range(count):
        refined = ranking[i, 1]
        ranking[i, 0] = -np.inf
        ranking[i, 2] = np.nan
        for halvings in range(2 if doubles and refined >= fmin else 1):
            scale = 1.0 / (1 + halvings)
            order = ORDER * (1 + halvings)
            score, place, _ = scan_near(
                curve, scale * refined, 0.25 * scale * df, order, RANKING_PRIOR, HARMONIC_PRICE, scratch, work
            )
            ranking[i, 0] = max(ranking[i, 0], score - RANKED_DOUBLE_PRICE * halvings)
            ranking[i, 1 + halvings] = place
        ranking[i, 0] -= FREQUENCY_PRICE * math.log(1.0 + refined)
    return count


@inlined
def _span(curve: Curve) -> float:
    """Days from the first observation to the last."""
    time, cuts = curve[0], curve[3]
    first = time[cuts[0]]
    last = first
    for j in range(cuts[0], cuts[-1]):
        first = min(first, time[j])
        last = max(last, time[j])
    return float(last - first)


@inlined
def needs_double(curve: Curve, frequency: float, half: float, df: float, scratch: Any, work: Any) -> bool:
    """Whether the observations demand the period of `half` rather than that of `frequency`, twice as high."""
    if half * _span(curve) < DOUBLING_CYCLES:
        return False
    double = single = -np.inf
    for trial in range(3):
        centre = half if trial == 0 else frequency if trial == 1 else 2.0 * half
        scale = 1 if trial == 0 else 2
        order = 2 * ORDER // scale
        score, _, _ = scan_near(curve, centre, 0.0625 * scale * df, order, DOUBLING_PRIOR, 0.0, scratch, work)
        if trial == 0:
            double = score
        else:
            single = max(single, score)
    return bool(double > single + DOUBLING_EVIDENCE)


@inlined
def extreme_phases(curve: Curve, frequency: float, order: int, scratch: Any, work: Any) -> tuple[float, float]:
    """Phases (turns, from time 0) at which a series fitted to the series.longest segment is brightest, and faintest."""
    time, weight, weighted, cuts, _, coupling = curve
    largest = 0
    for g in range(1, cuts.size - 1):
        if cuts[g + 1] - cuts[g] > cuts[largest + 1] - cuts[largest]:
            largest = g
    a, b = cuts[largest], cuts[largest + 1]
    determined = order
    if tied(coupling):
        log_evidence(curve, frequency, order, RANKING_PRIOR, scratch, work)
    else:
        determined = fitted(time[a:b], weight[a:b], weighted[a:b], frequency, order, 0.0, scratch, work)
    coefficients = work[COEFFICIENTS]
    back_substitute(work[MATRIX], work[RIGHT], 2 * determined + 1, coefficients)
    brightest = faintest = 0.0
    lowest = np.inf
    highest = -np.inf
    for i in range(EPOCH_STEPS):
        phase = i / EPOCH_STEPS
        value = 0.0
        for k in range(1, determined + 1):
            angle = 2.0 * math.pi * k * phase
            value += coefficients[2 * k - 1] * math.cos(angle) + coefficients[2 * k] * math.sin(angle)
        if value < lowest:
            lowest = value
            brightest = phase
        if value > highest:
            highest = value
            faintest = phase
    return brightest, faintest


@inlined
def _runner_up(ranking: Floats, count: int, best: int, df: float) -> float:
    """Frequency of the best of `count` peaks but the winner, its half and its double; NaN where there is none."""
    frequency = np.nan
    score = -np.inf
    for i in range(count):
        ratio = ranking[i, 1] / ranking[best, 1]
        near = 2.5 * df / ranking[best, 1]
        related = abs(ratio - 1.0) < near or abs(ratio - 0.5) < near or abs(ratio - 2.0) < near
        if not related and ranking[i, 0] > score:
            score = ranking[i, 0]
            frequency = ranking[i, 1]
    return frequency


@inlined
def choose(
    curve: Curve,
    peaks: Floats,
    df: float,
    fmin: float,
    n_harmonics: int,
    doubles: bool,
    reach: float,
    n_ranked: int,
    scratch: Any,
    work: Any,
    ranking: Any,
    result: Any,
) -> None:
    """Rank the `peaks` (frequencies on a grid from `fmin`) of a periodogram and write the outcome.

    `result`, float64 [7]: the frequency, that of the other of P and 2P (NaN below the grid), that of the best other
    peak (NaN where there is none), the power (of `n_harmonics`) of the peak chosen, the time of the first maximum of
    light, the score of the peak, the time of the first minimum of light. Without `doubles` no period is twice that of
    a peak. `ranking` is as for `rank`, `scratch` and `work` as for `log_evidence`.
    """
    count = rank(curve, peaks, df, fmin, n_harmonics, doubles, reach, n_ranked, scratch, work, ranking)
    best = 0
    for i in range(1, count):
        if ranking[i, 0] > ranking[best, 0]:
            best = i
    frequency, half = ranking[best, 1], ranking[best, 2]
    doubled = False
    if math.isfinite(half):
        doubled = needs_double(curve, frequency, half, df, scratch, work)
    chosen, other = (half, frequency) if doubled else (frequency, half)
    settled = chosen * _span(curve) >= DOUBLING_CYCLES
    prior = REFINING_PRIOR if settled else RANKING_PRIOR
    step = 0.0625 * df * (1.0 if doubled else 2.0) * (2.0 if settled else 1.0)
    _, chosen, order = scan_near(curve, chosen, step, 2 * ORDER, prior, 0.0, scratch, work)
    result[0], _ = refine(curve, chosen, step, order, prior, scratch, work)
    result[1] = other if doubles else 0.5 * result[0]
    result[2] = _runner_up(ranking, count, best, df)
    result[3] = ranking[best, 3]
    brightest, faintest = extreme_phases(curve, result[0], min(order, ORDER), scratch, work)
    result[4] = brightest / result[0]
    result[5] = ranking[best, 0]
    result[6] = faintest / result[0]


@kernel
def choose_each(
    start: int,
    stop: int,
    out: Any,
    series: Any,
    members: Integers,
    peaks: Floats,
    df: float,
    fmin: float,
    n_harmonics: int,
    doubles: bool,
    reach: float,
    n_ranked: int,
    room: Any,
) -> None:
    """`choose` for the objects `members` from `start` to `stop`, into the rows of `out`.

    Parameters
    ----------
    start, stop, out
        Rows of `out`, float64 [n_members, 7], to write.
    series, members, room
        As `for_each` gives them; `ranking` is what each star needs besides.
    peaks
        Frequencies of the peaks, float64 [n_members, n_peaks], filled up with NaN.
    df, fmin, n_harmonics, doubles, reach, n_ranked
        As for `choose` and `rank`.
    """
    for m in range(start, stop):
        curve = curve_of(series, members[m])
        found = 0
        while found < peaks.shape[1] and peaks[m, found] >= 0.0:
            found += 1
        if found:
            scratch, work, ranking = room_of(room, m, curve[3][-1] - curve[3][0])
            choose(
                curve,
                peaks[m, :found],
                df,
                fmin,
                n_harmonics,
                doubles,
                reach,
                n_ranked,
                scratch,
                work,
                ranking,
                out[m],
            )
