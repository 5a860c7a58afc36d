"""Stars made of real ones, with periods that are searched anew: constant ones, and stars that are seen a few times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lcscale.lightcurves import LightCurves, clean
from lcscale.models import LabelledCurves
from lcscale.models.inputs.cadences import find_cadences, observed_as
from lcscale.periods import find
from lcscale.simulation.constants import as_constants

COLUMNS = ("period_2", "period_3", "evidence", "evidence_walk")
"""Of the search, which the model is told beside the period."""
CONSTANT = 300
"""Stars of each survey that are also taught as constant ones, as many of each lest the class tell the survey."""
FEW = 60
"""Stars of each class of a survey that are also taught as seen a few times, at most."""


def varying(stars: LabelledCurves) -> LabelledCurves:
    """Without constant stars: real ones are of one survey alone, and tell that survey."""
    return stars.take(np.flatnonzero(stars.label != "CONST"))


def constant(stars: LabelledCurves, seed: int) -> LabelledCurves:
    """Some of the stars as if they were constant."""
    some = stars.take(np.sort(np.random.default_rng(seed).permutation(len(stars))[:CONSTANT]))
    some.label[:] = "CONST"
    return searched(some, as_constants(clean(some.lcs), seed))


def seen_few_times(stars: LabelledCurves, seed: int) -> LabelledCurves:
    """Some stars of each class as Pan-STARRS1 would have seen them in several bands, or Rubin in one."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(stars))
    some = np.concatenate([rows[stars.label[rows] == name][:FEW] for name in sorted({*stars.label} - {""})])
    (cadence,) = find_cadences(["pan_starrs" if len(stars.bands) > 1 else "rubin"])
    chosen = stars.take(np.sort(some))
    return searched(chosen, observed_as(clean(chosen.lcs), cadence, rng))


def searched(stars: LabelledCurves, lcs: LightCurves) -> LabelledCurves:
    """The stars with other light curves, and the periods that the search finds in these."""
    found = find(lcs)
    values = {name: found[name].to_numpy(zero_copy_only=False).astype(float) for name in ("period", *COLUMNS)}
    return replace(stars, lcs=lcs, period=values.pop("period"), columns=values)
