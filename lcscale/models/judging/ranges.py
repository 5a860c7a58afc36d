"""What labelled stars are like by class: the range of their observations, periods and amplitudes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.lightcurves import LightCurves
from lcscale.lightcurves.cleaning import clean, is_none
from lcscale.models.labels.curves import LabelledCurves

QUANTILES = (0.05, 0.5, 0.95)
"""Of which the range is told: a wrong period or a stray star is not its end."""

Floats = npt.NDArray[np.floating]


def ranges(quantities: Mapping[str, Floats], label: npt.NDArray[np.object_]) -> dict[str, Any]:
    """Quantiles (`QUANTILES`) of some quantities by class.

    Parameters
    ----------
    quantities
        Float [n], by name; NaN where a star has none.
    label
        object [n], class or group, None where it is not known.

    Returns
    -------
    dict
        By class `n` and, of each quantity that some of its stars have, three values.

    Examples
    --------
    >>> ranges({"period": np.array([0.5, 0.6, 0.7])}, np.array(["RRab"] * 3, object))
    {'RRab': {'n': 3, 'period': [0.51, 0.6, 0.69]}}
    """
    found: dict[str, Any] = {}
    for name in sorted({each for each in label if each is not None}):
        here = label == name
        row: dict[str, Any] = {"n": int(here.sum())}
        for what, values in quantities.items():
            known = values[here & np.isfinite(values)]
            if known.size:
                row[what] = [float(f"{value:.4g}") for value in np.quantile(known, QUANTILES)]
        found[name] = row
    return found


def ranges_of(curves: LabelledCurves, rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """The ranges of some labelled light curves.

    Parameters
    ----------
    curves
        Labelled.
    rows
        bool [n_objects], which of them count.

    Returns
    -------
    dict
        Of `n_observations` (those that can be used, in all bands), `period` (days, as the search found it) and
        `amplitude` (mag, `peak_to_peak`) by class.
    """
    some = curves.take(np.flatnonzero(rows & ~is_none(curves.label)))
    lcs = clean(some.lcs).in_magnitudes()
    quantities = {
        "n_observations": lcs.counts.astype(np.float64),
        "period": some.period,
        "amplitude": peak_to_peak(lcs),
    }
    return ranges(quantities, some.label)


def peak_to_peak(lcs: LightCurves) -> npt.NDArray[np.float64]:
    """Distance of the 2nd from the 98th percentile of the fullest band, float64 [n_objects]; NaN for less than 5."""
    found = np.full(len(lcs), np.nan)
    for i in range(len(lcs)):
        a, b = lcs.offsets[i], lcs.offsets[i + 1]
        mag = lcs.mag[a:b].astype(np.float64)
        if lcs.band is not None and b > a:
            band = lcs.band[a:b]
            mag = mag[band == np.bincount(band[band >= 0], minlength=1).argmax()]
        if mag.size >= 5:
            low, high = np.quantile(mag, [0.02, 0.98])
            found[i] = high - low
    return found
