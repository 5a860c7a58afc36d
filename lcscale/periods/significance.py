"""False-alarm probability of the highest peak of a Lomb-Scargle periodogram."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.periods.harmonics import Floats, Integers, kernel


def baluev(power: Floats, n: Integers, spread: Floats, fmax: Floats, n_bands: Integers) -> Floats:
    """Probability that noise alone reaches `power` anywhere below `fmax` (Baluev 2008, MNRAS 385, 1279).

    The upper bound for one band, as ``astropy.timeseries.LombScargle.false_alarm_probability(method="baluev")``. Over
    several bands, where that bound is not known, the single-frequency probability to the power of the number of
    independent frequencies ``fmax T``, with T = sqrt(12) `spread`.

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
    """
    from scipy.special import betaincc, gammaln

    power = np.clip(power, 0.0, 1.0)
    rest = np.maximum(1.0 - power, 1e-300)
    free = np.maximum(n - 3 * n_bands, 1)
    single = betaincc(n_bands, 0.5 * free, power)
    h = np.maximum(n - n_bands, 2)
    gamma = np.sqrt(2.0 / h) * np.exp(gammaln(0.5 * h) - gammaln(0.5 * (h - 1)))
    crossings = fmax * np.sqrt(4 * np.pi) * spread * gamma * rest ** (0.5 * (free - 1)) * np.sqrt(0.5 * h * power)
    independent = np.maximum(fmax * np.sqrt(12.0) * spread, 1.0)
    one_band = 1.0 - (1.0 - single) * np.exp(-crossings)
    many = -np.expm1(independent * np.log1p(-np.minimum(single, 1.0 - 1e-16)))
    tiny = single + crossings
    result: Floats = np.where(n_bands == 1, np.where(tiny < 1e-8, tiny, one_band), many)
    return result


@kernel  # type: ignore[untyped-decorator]
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
