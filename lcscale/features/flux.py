"""Variability of the flux, which magnitudes are the logarithm of: made only when asked for by name."""

from __future__ import annotations

from typing import Any

from lcscale.features.declaration import FLUX, Family, Feature
from lcscale.kernels.compiling import Floats, Integers, kernel

FEATURES = (
    Feature(
        "flux_excess_variance",
        "",
        "(s² - mean σ²) / mean² of the fluxes: the intrinsic variance, normalized",
        "Nandra et al. 1997",
        "light-curve ExcessVariance",
        needs_errors=True,
        quantity=FLUX,
        optional=True,
    ),
    Feature(
        "percent_amplitude",
        "",
        "largest |f - median| / median of the fluxes",
        "Richards et al. 2011",
        "light-curve PercentAmplitude, over the median",
        quantity=FLUX,
        optional=True,
    ),
)


@kernel
def flux(f: Floats, error: Floats, ordered: Floats, zero: float, out: Any) -> None:
    """The features of this family for one light curve, into `out`; `f` and `ordered` are relative to `zero`."""
    n = f.size
    total = 0.0
    for j in range(n):
        total += f[j]
    mean = total / n
    scatter = 0.0
    errors = 0.0
    for j in range(n):
        scatter += (f[j] - mean) ** 2
        errors += error[j] * error[j]
    level = zero + mean
    if n > 1 and level != 0.0:
        out[0] = (scatter / (n - 1) - errors / n) / (level * level)
    median = 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])
    if zero + median > 0.0:
        out[1] = max(ordered[n - 1] - median, median - ordered[0]) / (zero + median)


@kernel
def _each(
    start: int,
    stop: int,
    out: Any,
    offsets: Integers,
    f: Floats,
    error: Floats,
    ordered: Floats,
    zero: Floats,
) -> None:
    for i in range(start, stop):
        a, b = offsets[i], offsets[i + 1]
        if b > a:
            flux(f[a:b], error[a:b], ordered[a:b], zero[i], out[i])


FAMILY = Family("flux", FEATURES, _each, lambda batch: (batch.mag, batch.error, batch.ordered, batch.zero))
