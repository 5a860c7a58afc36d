"""How much each band varies beside the others, and its mean colour: for `make_period_families.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from lcscale.periods.coupling import coupled
from lcscale.periods.families import Family
from lcscale.periods.templates import shape_of

WAVELENGTHS = {"u": 368, "g": 480, "BP": 511, "V": 547, "r": 622, "G": 622, "i": 755, "RP": 777, "I": 798, "z": 868}
"""Effective wavelengths, nm."""


def measure_bands(kind: dict[str, Any], periods: Any, lcs: Any) -> tuple[dict[str, float], dict[str, float]]:
    """Ratio of each band, measured or by wavelength, and the colours of those measured."""
    alone = {b: coupled(lcs.select_band(b), Family(b, "", {b: 1.0}, {}, {}, 1.0, 0.0, 0.4), 0.02)[0] for b in lcs.bands}
    size, mean = {}, {}
    for band, series in alone.items():
        enough = np.diff(series.segments[series.objects]) >= 20
        fits = [
            shape_of(series.one(i), p, 4)[1] if ok else np.nan
            for i, (p, ok) in enumerate(zip(periods, enough, strict=True))
        ]
        size[band], mean[band] = np.array(fits), np.where(enough, series.mean, np.nan)
    measured = {band: np.nanmedian(size[band] / size[kind["reference"]]) for band in lcs.bands}
    distance = np.mean(list(mean.values()), axis=0)
    colour = {band: float(np.nanmedian(mean[band] - distance)) for band in lcs.bands}
    logs = np.log([WAVELENGTHS[band] for band in measured])
    ratio = {b: np.interp(np.log(w), logs, list(measured.values())) for b, w in WAVELENGTHS.items()}
    given = {band: values[0] for band, values in kind["more"].items()}
    return ratio | given, colour | {band: values[1] for band, values in kind["more"].items() if len(values) > 1}
