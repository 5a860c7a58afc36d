"""How the bands of a star share amplitudes and means: what a family of variable stars says of them before the fit.

Band b shows ``ratio_b`` times one series. Its mean is the family's colour plus a distance that all share (free), dust
(one reddening, ``dust_b`` times E(B-V)) and scatter: a Gaussian prior whose covariance is diagonal plus rank two. So is
the covariance of the means given the observations, ``M = diag(loose) + joint joint' + dusty dusty'``, and what free
means take from the normal equations of the series costs a sum over bands, not over pairs of them.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, kernel
from lcscale.kernels.harmonics import BASE, DUSTY, FREEDOM, JOINT, LOOSE, NARROWNESS, OFFSET, RATIO
from lcscale.lightcurves import LightCurves
from lcscale.periods.choice import RANKING_PRIOR
from lcscale.periods.families import Family
from lcscale.periods.series import Series

DISTANCE = 10.0
"""Standard deviation of the prior of what all means share, mag: as good as free."""

FREEDOM_OF_ERRORS = 10.0
"""Observations that the errors given are worth: by so many the fit may say that they are too small or too large."""


def coupled(lcs: LightCurves, family: Family, floor: float) -> tuple[Series, Floats]:
    """The series of `lcs` tied as `family` says, and the log likelihood of constant stars with its colours.

    Parameters
    ----------
    lcs
        Usable observations in order of time, in magnitudes.
    family
        Ratios, colours, dust and their scatter. Bands that it does not know keep amplitudes and means of their own.
    floor
        What the errors of a band with ratio 1 get added in quadrature, mag; others in proportion.

    Returns
    -------
    Series, float64 [n_objects]
    """
    ratio, colour, dust, scatter = family.per_band(lcs.bands)
    series = Series.of(lcs, floor * np.where(np.isnan(ratio), 1.0, ratio), 1)
    coupling = series.coupling.copy()
    null = np.zeros(len(lcs))
    band = series.band
    known = (ratio[band], colour[band], dust[band], scatter[band])
    arrays = (series.weight, series.share, series.mean, series.scale, series.chi2, series.segments, series.objects)
    _link(*arrays, *known, family.reddening, family.amplitude, coupling, null)
    return replace(series, coupling=coupling), null


@kernel
def _link(
    weight: Floats,
    share: Floats,
    mean: Floats,
    scale: Floats,
    chi2: Floats,
    segments: Integers,
    objects: Integers,
    ratio: Floats,
    colour: Floats,
    dust: Floats,
    scatter: Floats,
    reddening: float,
    amplitude: float,
    coupling: Floats,
    null: Floats,
) -> None:
    """Fill `coupling` and `null`, in units in which the χ² about the means of the segments is 1."""
    for i in range(objects.size - 1):
        first, last, total = objects[i], objects[i + 1], chi2[i]
        if first == last or not total > 0.0:
            continue
        middle = 0.0
        weights = 0.0
        logs = 0.0
        for g in range(first, last):
            if not math.isnan(ratio[g]):
                middle += share[g] * scale[g] ** 2 * (mean[g] - colour[g])
                weights += share[g] * scale[g] ** 2
            n = segments[g + 1] - segments[g]
            logs += 0.5 * n * math.log(share[g] * total * scale[g] ** 2)
            for j in range(segments[g], segments[g + 1]):
                logs += 0.5 * math.log(weight[j])
        middle /= max(weights, 1e-300)
        a = b = c = 0.0  # I + F' Q F, of the distance and the dust
        za = zb = 0.0
        away = 0.0
        for g in range(first, last):
            prior = scatter[g] ** 2 * scale[g] ** 2 * total
            logs -= 0.5 * math.log(1.0 + prior * share[g])
            if math.isnan(ratio[g]):
                continue
            loose = 1.0 / (1.0 / prior + share[g])
            q = share[g] * loose / prior
            far, red = DISTANCE * scale[g] * math.sqrt(total), reddening * dust[g] * scale[g] * math.sqrt(total)
            z = (mean[g] - colour[g] - middle) * scale[g]
            a += q * far * far
            b += q * far * red
            c += q * red * red
            za += q * far * z
            zb += q * red * z
            away += q * z * z
        determinant = (1.0 + a) * (1.0 + c) - b * b
        logs -= 0.5 * math.log(determinant)
        aa, bb, cc = (1.0 + c) / determinant, -b / determinant, (1.0 + a) / determinant  # K, its inverse
        away -= aa * za * za + 2.0 * bb * za * zb + cc * zb * zb
        root = math.sqrt(aa)
        for g in range(first, last):
            link = coupling[g]
            link[BASE] = 1.0 + max(away, 0.0) + FREEDOM_OF_ERRORS / total
            link[FREEDOM] = FREEDOM_OF_ERRORS
            link[NARROWNESS] = 1.0 / (RANKING_PRIOR * amplitude**2 * total)
            if math.isnan(ratio[g]):
                link[NARROWNESS] /= scale[g] ** 2 * share[g]
                continue
            link[RATIO] = ratio[g] * scale[g]
            prior = scatter[g] ** 2 * scale[g] ** 2 * total
            loose = 1.0 / (1.0 / prior + share[g])
            far, red = DISTANCE * scale[g] * math.sqrt(total), reddening * dust[g] * scale[g] * math.sqrt(total)
            z = (mean[g] - colour[g] - middle) * scale[g]
            link[LOOSE] = loose
            link[JOINT] = loose / prior * (far * root + red * bb / root)
            link[DUSTY] = loose / prior * red * math.sqrt(max(cc - bb * bb / aa, 0.0))
            fitted = far * (aa * za + bb * zb) + red * (bb * za + cc * zb)
            link[OFFSET] = -loose / prior * (z - fitted)
        n = segments[last] - segments[first]
        base = coupling[first, BASE]
        null[i] = logs - 0.5 * (n + FREEDOM_OF_ERRORS) * math.log(base * total / FREEDOM_OF_ERRORS)
