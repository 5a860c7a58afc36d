"""False-alarm probability of the highest peak of a Lomb-Scargle periodogram."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from lcscale.kernels.compiling import Floats, Integers, kernel


def baluev(power: Floats, n: Integers, spread: Floats, fmax: Floats, n_bands: Integers, n_harmonics: int = 1) -> Floats:
    """Probability that noise alone reaches `power` anywhere below `fmax` (Baluev 2008, MNRAS 385, 1279).

    The upper bound from the rate at which noise crosses a level, as
    ``astropy.timeseries.LombScargle.false_alarm_probability(method="baluev")`` for one band and harmonic. Of 2K
    amplitudes in each of B bands the noise makes a point in 2BK dimensions, whose coordinates of harmonic k change k
    times as fast: for K harmonics that is Baluev 2009, MNRAS 395, 1541.

    Parameters
    ----------
    power
        Peak power, 0 to 1, float64 [n_objects].
    n
        Number of observations.
    spread
        Weighted standard deviation of the times, days.
    fmax
        Highest frequency searched, cycles per day.
    n_bands
        Number of bands, each with its own mean and amplitudes.
    n_harmonics
        Harmonics of the series at each frequency.
    """
    from scipy.special import betaincc, gammaln

    power = np.clip(power, 0.0, 1.0)
    rest = np.maximum(1.0 - power, 1e-300)
    pairs = n_harmonics * n_bands
    free = np.maximum(n - n_bands - 2 * pairs, 1)
    single = betaincc(pairs, 0.5 * free, power)
    h = np.maximum(n - n_bands, 2 * pairs)
    root = pairs - 0.5
    gamma = (2.0 / h) ** root * np.exp(gammaln(0.5 * h) - gammaln(0.5 * h - root))
    steep = np.array([_steepness(int(b), n_harmonics) for b in np.atleast_1d(n_bands)])
    crossings = (
        fmax * np.sqrt(4 * np.pi) * spread * steep * gamma * rest ** (0.5 * (free - 1)) * (0.5 * h * power) ** root
    )
    tiny = single + crossings
    result: Floats = np.where(tiny < 1e-8, tiny, 1.0 - (1.0 - single) * np.exp(-crossings))
    return result


@cache
def _steepness(n_bands: int, n_harmonics: int) -> float:
    """E[sqrt(Σ k² g_k)] / Γ(BK + 1/2) over independent g_k of the Gamma distribution of shape B; 1 for one of each.

    The expectation of a square root is an integral over the Laplace transform Π (1 + k² x²)^-B.
    """
    from scipy.integrate import quad
    from scipy.special import gamma

    squares = np.arange(1.0, n_harmonics + 1) ** 2
    integral, _ = quad(lambda x: -np.expm1(-n_bands * np.sum(np.log1p(squares * x * x))) / (x * x), 0.0, np.inf)
    return float(integral / np.sqrt(np.pi) / gamma(n_bands * n_harmonics + 0.5))


@kernel
def time_spread(time: Floats, weight: Floats, offsets: Integers, spread: Any) -> None:
    """Weighted standard deviation of the times of each object, into `spread` (0 where there are none)."""
    for i in range(offsets.size - 1):
        total = 0.0
        mean = 0.0
        for j in range(offsets[i], offsets[i + 1]):
            total += weight[j]
            mean += weight[j] * time[j]
        variance = 0.0
        for j in range(offsets[i], offsets[i + 1]):
            d = time[j] - mean / total
            variance += weight[j] * d * d
        spread[i] = np.sqrt(variance / total) if total > 0.0 else 0.0
