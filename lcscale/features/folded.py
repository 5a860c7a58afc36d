"""Smoothness of the folded light curve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lcscale.features.declaration import Family, Feature
from lcscale.kernels.compiling import Floats, Integers, kernel

FEATURES = (
    Feature(
        "psi_eta",
        "",
        "von Neumann η in order of phase, phase 0 at the first observation",
        "Kim et al. 2014",
        "FATS Psi_eta, but that folds with twice the period from time 0 (psi_eta_twice), and s has n - 1 here, n there",
    ),
    Feature(
        "psi_cs",
        "",
        "range of the cumulative sum (cumulative_sum_range) in order of phase",
        "Kim et al. 2014",
        "FATS Psi_CS, but that folds with twice the period (psi_cs_twice), and s has n - 1 here, n there",
    ),
    Feature(
        "string_length",
        "",
        "Σ (m[j+1] - m[j])² / (2 (n - 1) s²) in order of phase, the last followed by the first",
        "Lafler & Kinman 1965",
        "light-curve LaflerKinmanStringLength of the folded curve",
    ),
)

FEATURES_TWICE = tuple(
    Feature(
        f"{each.name}_twice",
        each.unit,
        f"{each.formula}; folded with twice the period",
        each.source,
        optional=True,
    )
    for each in FEATURES
)


@kernel
def folded(mag: Floats, order: Integers, out: Any) -> None:
    """The features of this family for one light curve whose phases grow along `order`, into `out`."""
    n = mag.size
    total = 0.0
    for j in range(n):
        total += mag[j]
    mean = total / n
    scatter = 0.0
    for j in range(n):
        scatter += (mag[j] - mean) * (mag[j] - mean)
    variance = scatter / (n - 1)
    running = 0.0
    low = np.inf
    high = -np.inf
    neighbours = 0.0
    last = mag[order[0]]
    for j in range(n):
        value = mag[order[j]]
        neighbours += (value - last) * (value - last)
        last = value
        running += value - mean
        low = min(low, running)
        high = max(high, running)
    closing = mag[order[0]] - last
    out[0] = neighbours / ((n - 1) * variance)
    out[1] = (high - low) / (n * math.sqrt(variance))
    out[2] = (neighbours + closing * closing) / (2.0 * (n - 1) * variance)


@kernel
def _each(start: int, stop: int, out: Any, offsets: Integers, mag: Floats, order: Integers, period: Floats) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a and period[i] > 0.0:
            folded(mag[a:b], order[a:b], out[i])


FAMILY = Family("folded", FEATURES, _each, lambda batch: (batch.mag, batch.by_phase, batch.period), periodic=True)
FAMILY_TWICE = Family(
    "folded twice",
    FEATURES_TWICE,
    _each,
    lambda batch: (batch.mag, batch.by_phase_twice, batch.period),
    periodic=True,
)
