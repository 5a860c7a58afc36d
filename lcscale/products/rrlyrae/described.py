"""`describe`: mode, period and denoised Fourier parameters of stars, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.kernels.compiling import Floats
from lcscale.lightcurves import LightCurves, usable
from lcscale.lightcurves.cleaning import is_none
from lcscale.products.rrlyrae.equations import SeriesEquations
from lcscale.products.rrlyrae.parameters import FourierParameters
from lcscale.products.rrlyrae.population import Population

MIN_OBSERVATIONS = 12
"""Stars with fewer have no [Fe/H]."""
SURE_OBSERVATIONS = 20
"""With fewer, a period that was searched is often wrong (of 225 stars of Gaia, 62 % with 16 observations)."""
PERIODS = (0.2, 1.05)
"""Days, of RR Lyrae stars."""
MODES = ("RRab", "RRc")
WIDEST_GAP = 0.4
"""Cycles without an observation after which a star has a reason."""
LARGE_SCATTER = 4.0
"""Scatter, in errors, from which a star has a reason."""
UNSURE = (0.05, 0.95)
"""Probabilities of RRab between which both modes are answered."""
_CLEARLY = 8.0
"""By how much the logarithm of the evidence of another period has to be higher."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Described:
    """What is known of a batch of stars before it is asked for [Fe/H]."""

    period: Floats
    """Days; NaN where there is none."""
    mode: npt.NDArray[np.object_]
    """RRab or RRc; None where there is no light curve, period or pulsation."""
    prob_rrab: Floats
    """NaN where there is no mode."""
    parameters: Mapping[str, FourierParameters]
    """Denoised, given each mode, whether or not it is the star's."""
    scatter: Floats
    """In errors, given the star's mode."""
    phase_gap: Floats
    """Cycles."""
    reason: npt.NDArray[np.object_]
    """Texts joined by "; ", or None."""

    @property
    def answered(self) -> Bools:
        """Whether there is a mode, and so a series."""
        return np.array([each is not None for each in self.mode], np.bool_)

    @property
    def own(self) -> FourierParameters:
        """Those of the star's mode."""
        first = self.mode != "RRc"
        both = [self.parameters[mode] for mode in MODES]
        pairs = ((getattr(p, e.name) for p in both) for e in fields(FourierParameters))
        return FourierParameters(*(np.where(first[:, None], a, b) for a, b in pairs))


def describe(
    lcs: LightCurves,
    candidates: Floats,
    given: npt.NDArray[np.object_],
    populations: Mapping[str, Population],
    *,
    searched: bool,
) -> Described:
    """Describe clean light curves of one band.

    Parameters
    ----------
    lcs
        Magnitudes in the band of the populations.
    candidates
        Periods, days, float64 [n, n_candidates], the best first; NaN where there are no more.
    given
        Modes as somebody gave them, object [n]; None where nobody did.
    populations
        By mode.
    searched
        Whether the periods were searched here: then another candidate, or half or twice the period, replaces one that
        fits clearly worse; else the star keeps the period and gets a reason.
    """
    kept, reason = usable(lcs, MIN_OBSERVATIONS)
    period = candidates[:, 0].copy()
    good = is_none(reason)
    period = np.where(good, period, np.nan)
    fit = _Fits.of(kept, period, given, populations)
    period, doubt = _other_periods(kept, period, candidates, given, populations, fit, searched)
    if searched and (doubt != None).any():  # noqa: E711 (elementwise)
        fit = _Fits.of(kept, period, given, populations)
        doubt[:] = None
    notes = _notes(kept, period, good, given, doubt, fit)
    answered = fit.possible & np.array([_mode(each) is not None for each in given], np.bool_)
    mode = np.where(fit.prob_rrab >= 0.5, *MODES).astype(object)
    mode[~answered] = None
    gap = _phase_gaps(kept, period)
    for i in np.flatnonzero(answered):
        notes[i] += [f"no observation over {gap[i]:.2f} of the phase"] if gap[i] > WIDEST_GAP else []
        if fit.scatter[i] > LARGE_SCATTER:
            notes[i] += [
                f"scatters {fit.scatter[i]:.0f} errors about its series: Blazhko effect, blend, or wrong period"
            ]
        if searched and kept.counts[i] < SURE_OBSERVATIONS:
            notes[i] += [f"period searched in {kept.counts[i]} observations"]
        if not _mode(given[i]) and UNSURE[0] < fit.prob_rrab[i] < UNSURE[1]:
            notes[i] += [f"mode unsure: RRab with probability {fit.prob_rrab[i]:.2f}"]
    joined = np.array(["; ".join(each) or None for each in notes], object)
    texts = np.where(good, joined, reason)
    return Described(
        np.where(good, period, np.nan),
        mode,
        np.where(answered, fit.prob_rrab, np.nan),
        fit.parameters,
        np.where(answered, fit.scatter, np.nan),
        np.where(good, gap, np.nan),
        texts,
    )


def _mode(given: object) -> str | None:
    """Our name of a mode: of RRAB, RR0, ab, F …, or RRC, RR1, c, 1O …; None for what is no RR Lyrae star.

    Nothing ("") for RR Lyrae stars of any mode (RR, RRLyr), and where none is given.
    """
    text = str(given or "").lower().removeprefix("rr").split("-")[0].strip(" _")
    return {
        "": "",
        "lyr": "",
        "lyrae": "",
        "ab": "RRab",
        "0": "RRab",
        "f": "RRab",
        "c": "RRc",
        "1": "RRc",
        "1o": "RRc",
    }.get(text)


@dataclass(frozen=True, eq=False)
class _Fits:
    """Both populations fitted at one period each."""

    parameters: dict[str, FourierParameters]
    score: Floats
    """Logarithm of evidence and density of periods, of the better mode; −inf where it cannot be."""
    prob_rrab: Floats
    scatter: Floats
    possible: Bools

    @classmethod
    def of(
        cls,
        lcs: LightCurves,
        period: Floats,
        given: npt.NDArray[np.object_],
        populations: Mapping[str, Population],
    ) -> _Fits:
        possible = (period >= PERIODS[0]) & (period <= PERIODS[1])
        at = np.where(possible, period, 0.5)
        equations = SeriesEquations.of(lcs, np.where(possible, period, np.nan))
        found = {mode: populations[mode].denoise(equations, at) for mode in MODES}
        score = np.stack([found[m].log_evidence + populations[m].log_density(at) for m in MODES], axis=1)
        fixed = np.array([_mode(each) or "" for each in given], object)
        for k, mode in enumerate(MODES):
            score[(fixed != "") & (fixed != mode), k] = -np.inf
        best = score.max(axis=1)
        with np.errstate(under="ignore"):
            odds = np.exp(score - best[:, None])
        prob = odds[:, 0] / odds.sum(axis=1)
        scatter = np.where(prob >= 0.5, *(found[mode].scatter for mode in MODES))
        parameters = {mode: FourierParameters.of(found[mode]) for mode in MODES}
        return cls(parameters, np.where(possible, best, -np.inf), prob, scatter, possible)


def _other_periods(
    lcs: LightCurves,
    period: Floats,
    candidates: Floats,
    given: npt.NDArray[np.object_],
    populations: Mapping[str, Population],
    fit: _Fits,
    searched: bool,
) -> tuple[Floats, npt.NDArray[np.object_]]:
    """Periods with those that fit clearly better, and a text for the stars that have one.

    Only stars that do not fit well are tried, which are few.
    """
    doubt = np.full(len(period), None, object)
    rows = np.flatnonzero((~fit.possible | (fit.scatter > LARGE_SCATTER)) & (lcs.counts >= MIN_OBSERVATIONS))
    if rows.size == 0:
        return period, doubt
    some, best = lcs.take(rows), fit.score[rows].copy()
    chosen = period[rows].copy()
    for trial in (*candidates[rows, 1:].T, candidates[rows, 0] / 2, candidates[rows, 0] * 2):
        score = _Fits.of(some, trial, given[rows], populations).score
        better = score > best + _CLEARLY
        chosen, best = np.where(better, trial, chosen), np.where(better, score, best)
    for i, row in enumerate(rows):
        if chosen[i] != period[row] and np.isfinite(chosen[i]):
            doubt[row] = f"fits far better at a period of {chosen[i]:.6f} d than at the one given"
    if searched:
        period = period.copy()
        period[rows] = chosen
    return period, doubt


def _notes(
    lcs: LightCurves, period: Floats, good: Bools, given: npt.NDArray[np.object_], doubt: Any, fit: _Fits
) -> list[list[str]]:
    """What is wrong with each star before its series is looked at."""
    notes: list[list[str]] = [[] for _ in period]
    for i in np.flatnonzero(good):
        if _mode(given[i]) is None:
            notes[i].append(f"class {given[i]} is neither RRab nor RRc")
        if not np.isfinite(period[i]):
            notes[i].append("no period")
        elif not fit.possible[i]:
            notes[i].append(f"period of {period[i]:.4g} d is none of an RR Lyrae star ({PERIODS[0]}-{PERIODS[1]} d)")
        if doubt[i] is not None:
            notes[i].append(doubt[i])
    return notes


def _phase_gaps(lcs: LightCurves, period: Floats) -> Floats:
    """The widest gap between neighbouring phases of each star, cycles."""
    owner = lcs.object_index()
    turns = lcs.time[lcs.offsets[0] : lcs.offsets[-1]] / np.where(period > 0, period, 1.0)[owner]
    phase = turns - np.floor(turns)
    order = np.lexsort((phase, owner))
    sorted_, owner = phase[order], owner[order]
    gaps = np.full(len(period), np.nan)
    some = np.flatnonzero(lcs.counts > 0)
    if some.size:
        first = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
        last = np.r_[first[1:], owner.size] - 1
        steps = np.r_[np.diff(sorted_), 0.0]
        steps[last] = sorted_[first] + 1 - sorted_[last]
        gaps[some] = np.maximum.reduceat(steps, first)
    return gaps
