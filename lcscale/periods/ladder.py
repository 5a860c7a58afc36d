"""Searches of stars observed in several bands: from bands that share all to bands that share only the period.

Each family of variable stars (`families`) ties the bands in its own way. Its sinusoid is scanned over all frequencies,
and the best peaks are ranked by a series that the bands share, by its templates, or by both. The evidence decides
between families, and against bands that are free. Errors get a floor: a sinusoid is no good shape, a template a better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats
from lcscale.kernels.harmonics import RATIO
from lcscale.lightcurves import LightCurves
from lcscale.periods.choice import ORDER, RANKING_PRIOR, highest_evidence, refine
from lcscale.periods.choosing import chosen
from lcscale.periods.coupling import coupled
from lcscale.periods.families import ANY_COLOUR, Family, alike
from lcscale.periods.grid import FrequencyGrid
from lcscale.periods.peaks import PeakFinder, Peaks
from lcscale.periods.series import Series
from lcscale.periods.shared_scan import SharedScan
from lcscale.periods.templates import COARSE_SPREAD, SPREAD, SURVIVORS, ready

Coupling = Literal["auto", "free", "ratios", "templates"]

SCAN_FLOOR = 0.15
"""Added to the errors while a sinusoid is scanned, mag in a band of ratio 1."""

FLOOR = 0.04
"""Added to the errors while series and templates are fitted: real stars differ by so much from their template."""

SPARSE = 100
"""Observations below which more peaks are kept: the true one is often not among the highest."""

SAMPLES, SAMPLES_OF_SPARSE = 1.6, 2.5
"""Frequencies of the scan for each width of a peak; where these are few the peaks kept are refined."""

KEPT, KEPT_OF_SPARSE = 20, 150
"""Peaks kept."""

STEP = 0.2
"""Width of the grid on which series are ranked, in widths of a peak."""

RICH, RICH_PAIR = 100, 25
"""Observations in one band, of three or more and of two, from which on ``"auto"`` leaves the bands free: two bands have
little to share, and the search costs ten times more."""

MARGIN = 20.0
"""Series, and families whose few harmonics, are worse by more log evidence than the best family's few are not tried in
full."""

HOPELESS = 12.0
"""Peaks whose few harmonics are worse by more log evidence than the best's are not tried with all of them, but for the
best `CONTENDERS`, among which other periods are looked for."""

CONTENDERS = 5

POINTS_OF_FREE = 15
"""Observations in the richest band below which ``"auto"`` does not try free bands: no series of one band is told."""

FREE = Family("free", "", {}, {}, {}, ANY_COLOUR, 0.0, 0.4, True, "eclipsing")
"""Bands that share nothing but the period."""


@dataclass(frozen=True)
class Found:
    """What one way of tying the bands says of one star."""

    coupling: str
    family: str
    evidence: float
    """Logarithm, relative to a constant star of any colour up to a number that is the same for all."""
    values: tuple[float, ...]
    """Frequency, that of the other of P and 2P, the best unrelated one, power, epoch, score, epoch of the minimum."""
    peaks: Peaks


@dataclass(frozen=True)
class Coarse:
    """Peaks that templates of few harmonics leave."""

    centre: Floats
    """Frequencies, cycles per day, best first."""
    height: Floats
    """Their heights in the scan."""
    evidence: float
    """About that of the best of them, as in `Found`."""
    peaks: Peaks


class Rung:
    """One way of tying the bands of all stars of a batch.

    Parameters
    ----------
    lcs
        Usable observations.
    family
        How the bands go together.
    by_series, by_templates
        What ranks the peaks.
    """

    def __init__(self, lcs: LightCurves, family: Family, by_series: bool, by_templates: bool) -> None:
        self.family = family
        self.fits, self.null = coupled(lcs, family, FLOOR)
        self.by_series = by_series
        self.templates = ready(family.templates) if by_templates and family.templates else None

    def knows(self, i: int) -> bool:
        """Whether it ties a band of star `i`, or none of any."""
        return bool(np.isnan(self.fits.one(i)[5][:, RATIO]).all() == (self.family is FREE))

    def series(self, i: int, fmin: float, scanned: Floats, peaks: Peaks, least: float) -> Found | None:
        """What a series says of the peaks of star `i`, at the frequencies `scanned`; None where far below `least`."""
        if not self.by_series or not scanned.size:
            return None
        highest = scanned[:KEPT] if self.templates is not None or self.family is FREE else scanned
        if self._series_about(i, highest) + self.null[i] < least - MARGIN:
            return None
        step = STEP / float(self.fits.baseline[i])
        values = chosen(self.fits, [i], highest[None], step, fmin, 1, self.family.doubles)[0]
        name = "free" if self.family is FREE else "ratios"
        return Found(name, self.family.name, float(values[5] + self.null[i]), tuple(map(float, values)), peaks)

    def _series_about(self, i: int, peaks: Floats) -> float:
        """About the log evidence of the best series of few harmonics at `peaks`."""
        scratch, work = self.fits.room()
        trials = np.concatenate([peaks, 0.5 * peaks]) if self.family.doubles else peaks
        return float(highest_evidence(self.fits.one(i), trials, ORDER, RANKING_PRIOR, scratch, work))

    def coarse(self, i: int, scanned: Floats, peaks: Peaks, best_so_far: float) -> Coarse | None:
        """The best `SURVIVORS` of the peaks of star `i` by templates of few harmonics; None where none fits."""
        if self.templates is None or not scanned.size:
            return None
        curve, width, chi2 = self.fits.one(i), 1.0 / float(self.fits.baseline[i]), float(self.fits.chi2[i])
        centre = np.concatenate([scanned, 0.5 * scanned]) if self.family.doubles else scanned
        height = np.tile(peaks.height, 2)[: centre.size]
        near = self.templates.possible(centre)
        if not near.any():
            return None
        centre, height = centre[near], height[near]
        score = self.templates.highest(curve, centre, chi2).max(axis=1)
        least = max(best_so_far - float(self.null[i]), float(score.max())) - 2.0 * MARGIN
        if score.max() < least:
            return None
        hopeful = max(int((score > least).sum()), CONTENDERS)
        first = np.argsort(-score, kind="stable")[: min(2 * SURVIVORS, hopeful)]
        trials = (centre[first, None] + COARSE_SPREAD * width).ravel()
        beside = self.templates.highest(curve, trials, chi2).max(axis=1).reshape(first.size, -1).max(axis=1)
        score = np.maximum(score[first], beside)
        order = np.argsort(-score, kind="stable")[:SURVIVORS]
        hopeful = int((score[order] > score.max() - HOPELESS).sum())
        best_first = first[order[: max(hopeful, CONTENDERS)]]
        return Coarse(centre[best_first], height[best_first], float(score.max() + self.null[i]), peaks)

    def by_templates(self, i: int, coarse: Coarse) -> Found:
        """What templates say of the peaks of star `i` that few harmonics left."""
        assert self.templates is not None
        curve, width, templates = self.fits.one(i), 1.0 / float(self.fits.baseline[i]), self.templates
        height, chi2, peaks = coarse.height, float(self.fits.chi2[i]), coarse.peaks
        trials = (coarse.centre[:, None] + SPREAD * width).ravel()
        scores = templates.scores(curve, trials, chi2)
        best = scores.max(axis=1)
        top = int(best.argmax())
        kind = int(scores[top].argmax())
        frequency, phase = templates.refined(curve, trials[top], kind, chi2, width)
        others = _next_best(trials, best, frequency, width)
        power = float(height[top // SPREAD.size])
        epoch = (-phase % 1.0) / frequency
        second, third = (2.0 * frequency, others[0]) if self.family.doubles else others
        template = templates.templates[kind]
        faintest = int(np.argmax(template.shape)) / len(template.shape)
        values = (frequency, second, third, power, epoch, float(best[top]), (faintest - phase) % 1.0 / frequency)
        return Found("templates", template.name, float(best[top] + self.null[i]), values, peaks)


def _next_best(trials: Floats, score: Floats, frequency: float, width: float) -> tuple[float, float]:
    """The two best of `trials` that are neither near `frequency`, its half or its double, nor near each other."""
    others = [np.nan, np.nan]
    taken = [0.5 * frequency, frequency, 2.0 * frequency]
    for k in range(2):
        near = np.min(np.abs(trials[:, None] - taken), axis=1) < 0.5 * width
        if near.all():
            break
        others[k] = float(trials[np.where(near, -np.inf, score).argmax()])
        taken += [0.5 * others[k], others[k], 2.0 * others[k]]
    return others[0], others[1]


def sharing(lcs: LightCurves, coupling: Coupling) -> npt.NDArray[np.bool_]:
    """Which stars have bands that shall share more than the period, bool [n_objects].

    Raises
    ------
    InputError
        `coupling` is none of the four.
    """
    if coupling not in get_args(Coupling):
        raise InputError(f"periods.find: coupling {coupling!r}; give {', '.join(get_args(Coupling))}")
    if coupling in ("ratios", "templates"):
        return np.ones(len(lcs), np.bool_)
    if coupling == "free" or lcs.band is None or len(lcs.bands) < 2:
        return np.zeros(len(lcs), np.bool_)
    cell = lcs.object_index() * len(lcs.bands) + lcs.band[int(lcs.offsets[0]) : int(lcs.offsets[-1])]
    counts = np.bincount(cell, minlength=len(lcs) * len(lcs.bands)).reshape(len(lcs), len(lcs.bands))
    n_bands = (counts > 0).sum(axis=1)
    share: npt.NDArray[np.bool_] = (n_bands > 1) & (counts.max(axis=1) < np.where(n_bands > 2, RICH, RICH_PAIR))
    return share


def ladder(
    lcs: LightCurves,
    families: Sequence[Family],
    coupling: Coupling,
    grid: FrequencyGrid | None,
    fmax: float,
    n_peaks: int,
) -> Iterator[tuple[Found | None, FrequencyGrid]]:
    """The best of all ways of tying the bands of each star, and the grid it was searched on.

    Parameters
    ----------
    lcs
        Usable observations of stars that have several times.
    families
        Those to try.
    coupling
        ``"ratios"`` for series, ``"templates"`` for templates, ``"auto"`` for both and free bands.
    grid, fmax, n_peaks
        As in `find`.
    """
    auto = coupling == "auto"
    names = {family.name: family for family in families}
    rungs = []
    for family in families:
        own = not auto or family.scan_as not in names  # another family's series says the same
        rungs.append(Rung(lcs, family, own and coupling != "templates", coupling != "ratios"))
    rungs += [Rung(lcs, FREE, True, False)] * auto
    scans = [names.get(rung.family.scan_as, rung.family) for rung in rungs]
    scanned = alike(list({family.name: family for family in scans}.values()), families, lcs.bands)
    tied = {family.name: coupled(lcs, family, SCAN_FLOOR)[0] for family in scanned}
    most = _most_in_a_band(lcs)
    for i in range(len(lcs)):
        curve = rungs[0].fits.one(i)
        sparse = curve[0].size < SPARSE
        samples = SAMPLES_OF_SPARSE if sparse else SAMPLES
        trials = grid or FrequencyGrid.default(float(rungs[0].fits.baseline[i]), fmax, samples)
        n_kept = max(n_peaks, KEPT_OF_SPARSE if sparse else KEPT)
        known = [rung.knows(i) and not (rung.family is FREE and most[i] < POINTS_OF_FREE) for rung in rungs]
        names_of = [scan.name for scan, knows in zip(scans, known, strict=True) if knows]
        if curve[3].size == 2:  # one band looks alike to all
            names_of = names_of[:1] * len(names_of)
        searched = {name: tied[name] for name in names_of}
        peaks = _scan(searched, i, trials, n_kept, refined=not (sparse or grid))
        tried = [(rung, peaks[name]) for rung, name in zip(compress(rungs, known), names_of, strict=True)]
        coarse: list[tuple[Rung, Coarse]] = []
        highest = -np.inf
        for rung, scan in tried:
            best = rung.coarse(i, *scan, highest)
            if best is not None:
                coarse.append((rung, best))
                highest = max(highest, best.evidence)
        found = [rung.by_templates(i, best) for rung, best in coarse if best.evidence > highest - MARGIN]
        found += filter(None, (rung.series(i, trials.fmin, *scan, highest) for rung, scan in tried))
        yield max(found, key=lambda each: each.evidence, default=None), trials


def _most_in_a_band(lcs: LightCurves) -> npt.NDArray[np.int64]:
    """Observations of each star in its richest band, int64 [n_objects]."""
    if lcs.band is None:
        return lcs.counts
    cell = lcs.object_index() * len(lcs.bands) + lcs.band[int(lcs.offsets[0]) : int(lcs.offsets[-1])]
    counts = np.bincount(cell, minlength=len(lcs) * len(lcs.bands)).reshape(len(lcs), len(lcs.bands))
    return np.asarray(counts.max(axis=1), np.int64)


def _scan(
    tied: dict[str, Series], i: int, grid: FrequencyGrid, n_peaks: int, refined: bool
) -> dict[str, tuple[Floats, Peaks]]:
    """Frequencies of the highest peaks of star `i`, and these, for each way of tying its bands."""
    if not tied:
        return {}
    curves = [series.one(i) for series in tied.values()]
    finders = [PeakFinder(n_peaks) for _ in curves]
    for powers in SharedScan(grid).powers(curves[0], np.array([curve[5] for curve in curves])):
        for finder, power in zip(finders, powers, strict=True):
            finder.feed(power)
    found = {}
    for (name, series), curve, finder in zip(tied.items(), curves, finders, strict=True):
        peaks = finder.peaks()
        frequency = grid.at(peaks.index)
        if refined:
            scratch, work = series.room()
            frequency = np.array([refine(curve, each, 0.5 * grid.df, 1, 0.0, scratch, work)[0] for each in frequency])
        found[name] = frequency, peaks
    return found
