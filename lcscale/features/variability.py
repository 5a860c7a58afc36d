"""How much, and how smoothly, a light curve varies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, kernel

FEATURES = (
    Feature(
        "von_neumann",
        "",
        "η = Σ (m[j+1] - m[j])² / ((n - 1) s²): small for smooth variation, 2 for noise",
        "von Neumann 1941",
        "light-curve Eta",
    ),
    Feature("inverse_von_neumann", "", "1 / η: large for smooth variation", "Shin, Sekora & Byun 2009"),
    Feature(
        "eta_e",
        "",
        "(t[n] - t[1])² / (n - 1)³ Σ (Δm / Δt)² / s², pairs at one time left out",
        "Kim et al. 2014, as corrected by light-curve",
        "light-curve EtaE",
    ),
    Feature(
        "stetson_k",
        "",
        "Σ |δ| / sqrt(n Σ δ²), δ about the weighted mean: 0.798 for a Gaussian, 0.9 for a sinusoid",
        "Stetson 1996",
        "light-curve StetsonK",
    ),
    Feature(
        "reduced_chi2",
        "",
        "Σ ((m - weighted mean) / σ)² / (n - 1)",
        agrees="light-curve ReducedChi2",
        needs_errors=True,
    ),
    Feature(
        "chi2_probability",
        "",
        "probability that χ² of a constant star is larger: Q((n - 1) / 2, χ² / 2)",
        agrees="scipy.stats.chi2.sf; light-curve Chi2Pvar",
        needs_errors=True,
    ),
    Feature(
        "excess_variance",
        "",
        "(s² - mean σ²) / mean²",
        "Sánchez et al. 2017, but with magnitudes",
        "light-curve ExcessVariance",
        needs_errors=True,
    ),
    Feature(
        "roms",
        "",
        "Σ |m - median| / σ / (n - 1)",
        "Enoch, Brown & Burgasser 2003",
        "light-curve Roms",
        needs_errors=True,
    ),
    Feature("beyond_1_std", "", "share of |m - mean| > s", "Richards et al. 2011", "light-curve BeyondNStd(1)"),
    Feature("beyond_2_std", "", "share of |m - mean| > 2 s", "Richards et al. 2011", "light-curve BeyondNStd(2)"),
)


@kernel
def variability(time: Floats, mag: Floats, error: Floats, zero: float, median: float, out: Any) -> None:
    """The features of this family for one light curve, into `out` (χ² itself in place of its probability)."""
    n = mag.size
    total = 0.0
    weights = 0.0
    weighted = 0.0
    errors = 0.0
    for j in range(n):
        w = 1.0 / (error[j] * error[j])
        total += mag[j]
        weights += w
        weighted += w * mag[j]
        errors += error[j] * error[j]
    mean = total / n
    weighted_mean = weighted / weights
    scatter = 0.0
    absolute = 0.0
    chi2 = 0.0
    about_median = 0.0
    for j in range(n):
        d = mag[j] - mean
        z = (mag[j] - weighted_mean) / error[j]
        scatter += d * d
        absolute += abs(z)
        chi2 += z * z
        about_median += abs(mag[j] - median) / error[j]
    variance = scatter / (n - 1)
    deviation = math.sqrt(variance)
    neighbours, slopes = _differences(time, mag)
    span = time[n - 1] - time[0]
    out[0] = neighbours / ((n - 1) * variance)
    out[1] = 1.0 / out[0]
    out[2] = span * span / (n - 1.0) ** 3 * slopes / variance if span > 0.0 else np.nan
    out[3] = absolute / math.sqrt(n * chi2)
    out[4] = chi2 / (n - 1)
    out[5] = chi2
    out[6] = (variance - errors / n) / ((mean + zero) * (mean + zero))
    out[7] = about_median / (n - 1)
    beyond_1 = 0.0
    beyond_2 = 0.0
    for j in range(n):
        d = abs(mag[j] - mean)
        beyond_1 += 1.0 if d > deviation else 0.0
        beyond_2 += 1.0 if d > 2.0 * deviation else 0.0
    out[8] = beyond_1 / n
    out[9] = beyond_2 / n


@kernel
def _differences(time: Floats, mag: Floats) -> tuple[float, float]:
    """Sum of squared differences of neighbours, and of their squared slopes."""
    neighbours = 0.0
    slopes = 0.0
    for j in range(mag.size - 1):
        d = mag[j + 1] - mag[j]
        neighbours += d * d
        dt = time[j + 1] - time[j]
        slope = d / dt if dt > 0.0 else 0.0
        slopes += slope * slope
    return neighbours, slopes


@kernel
def _each(
    start: int,
    stop: int,
    out: Any,
    offsets: Integers,
    time: Floats,
    mag: Floats,
    error: Floats,
    stored: Any,
    ordered: Floats,
) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            median = 0.5 * (ordered[a + (b - a - 1) // 2] + ordered[a + (b - a) // 2])
            variability(time[a:b], mag[a:b], error[a:b], float(stored[a]), median, out[i])


def _probability(counts: Integers, out: Floats) -> None:
    """The probability in place of χ²."""
    from scipy.special import gammaincc

    out[:, 5] = gammaincc(0.5 * (counts - 1), 0.5 * out[:, 5])


FAMILY = Family(
    "variability",
    FEATURES,
    _each,
    lambda batch: (batch.time, batch.mag, batch.error, batch.stored, batch.ordered),
    finish=_probability,
)
