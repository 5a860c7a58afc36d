"""How many cycles of the search's period make one of the star: what a class says of it, and the light curve.

A periodogram shows two equal eclipses as one cycle. So contact binaries and ellipsoidal stars stand at half of their
orbit, and so do most detached binaries; but narrow eclipses have many harmonics alike, and some stand at a quarter.
Folded with half of their orbit these show one eclipse where the others, folded with all of it, show two: the odd
harmonics tell them apart, which two equal minima half a cycle apart do not have.
The highest peak may stand at other parts of the orbit too (`multiples`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from lcscale.kernels.compiling import Floats, kernel
from lcscale.kernels.harmonics import (
    COEFFICIENTS,
    DROPS,
    MATRIX,
    MAX_HARMONICS,
    N_PARAMETERS,
    RIGHT,
    Curve,
    back_substitute,
    segment_of,
)
from lcscale.lightcurves import LightCurves, usable
from lcscale.lightcurves.cleaning import is_none
from lcscale.periods.choice import ORDER, SLIGHT_PRIOR, extreme_phases
from lcscale.periods.evidence import log_evidence
from lcscale.periods.multiples import hidden_multiple
from lcscale.periods.series import Series

Cycle = Literal["pulsation", "orbit", "eclipses"]
"""One cycle of the peak, two, or two or four."""

ONE_ECLIPSE = 0.5
"""Share of the power in odd harmonics above which a fold shows one eclipse (of a narrow one it is half)."""

SAME = 0.01
"""Relative difference up to which the second candidate of the search is half, or twice, of the first."""


def fitted_cycles(lcs: LightCurves, period: Floats, second: Floats, cycle: Sequence[Cycle | None]) -> Floats:
    """The period of each star that its kind goes by, with its epochs.

    Parameters
    ----------
    lcs
        Any batch.
    period, second
        Days, `period` and `period_2` of `find`, float64 [n_objects].
    cycle
        Kind of each star; None leaves its period alone.

    Returns
    -------
    float64 [n_objects, 4]
        Period (days), first maximum and first minimum of brightness (NaN where the period is that of the search), and
        the share of the variance that a Fourier series of order 8 explains at this period.
    """
    lcs, reasons = usable(lcs)
    series = Series.of(lcs)
    out = np.full((len(lcs), 4), np.nan)
    out[:, 0] = period
    pair = np.abs(np.log(second / period))
    shorter = np.where(np.abs(pair - np.log(2.0)) < SAME, period * np.where(second < period, 0.5, 1.0), period)
    scratch, work = series.room()
    for i in np.flatnonzero(is_none(reasons) & (period > 0.0)).tolist():
        curve, kind = series.one(i), cycle[i]
        if kind is not None:
            whole = shorter[i] * (1.0 if kind == "pulsation" else 2.0)
            if kind == "eclipses" and odd_share(curve, 1.0 / whole, scratch, work)[0] > ONE_ECLIPSE:
                whole *= 2.0
            orbit = (
                hidden_multiple(curve, 1.0 / shorter[i], float(series.baseline[i])) if kind == "eclipses" else np.nan
            )
            out[i, 0] = 1.0 / orbit if orbit > 0.0 else whole
        frequency = 1.0 / out[i, 0]
        if out[i, 0] != period[i]:
            phases = extreme_phases(curve, frequency, ORDER, scratch, work)
            out[i, 1:3] = series.start[i] + np.array(phases) / frequency
        out[i, 3] = odd_share(curve, frequency, scratch, work)[1]
    return out


@kernel
def odd_share(curve: Curve, frequency: float, scratch: Any, work: Any) -> tuple[float, float]:
    """Share of the power of a series that its odd harmonics have, and share of the variance that it explains.

    Arguments as for `log_evidence`; each band has a series of order 8 of its own.
    """
    cuts, share = curve[3], curve[4]
    odd = total = explained = 0.0
    for g in range(cuts.size - 1):
        log_evidence(segment_of(curve, g), frequency, MAX_HARMONICS, SLIGHT_PRIOR, scratch, work)
        explained += work[DROPS, MAX_HARMONICS - 1]
        back_substitute(work[MATRIX], work[RIGHT], N_PARAMETERS, work[COEFFICIENTS])
        for k in range(1, MAX_HARMONICS + 1):
            power = share[g] * (work[COEFFICIENTS, 2 * k - 1] ** 2 + work[COEFFICIENTS, 2 * k] ** 2)
            total += power
            odd += power if k % 2 else 0.0
    return odd / total if total > 0.0 else 0.0, min(explained, 1.0)
