"""Which stars are taken for young ones, and which young ones are missed, by galactic latitude and by dust."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from lcscale.products.completeness.counting import wilson
from lcscale.products.yso.labels import CLASSES

LATITUDES = (0.0, 2.0, 5.0, 15.0, 30.0, 90.0)
"""Ends of the bins of galactic latitude, degrees from the plane."""
REDDENINGS = (-np.inf, 0.7, 1.0, 1.4, np.inf)
"""Ends of the bins of J - H, magnitudes: dwarfs and young stars have at most 0.7 without dust, giants and galaxies up
to 1.0; 9 magnitudes of visual extinction add 1."""

Floats = npt.NDArray[np.floating]


def contamination(
    probabilities: Floats, label: npt.NDArray[np.object_], ra: Floats, dec: Floats, j_h: Floats
) -> dict[str, list[dict[str, Any]]]:
    """Stars that are wrongly called YSO, and YSO that are not, by class in bins of the sky and of reddening.

    Parameters
    ----------
    probabilities
        Float [n, 4], of the classes; NaN where there is no answer. Those stars are left out.
    label
        object [n], class.
    ra, dec
        Degrees; stars without a position are in no bin of latitude.
    j_h
        Colour J - H, magnitudes; stars without it are in no bin of reddening. It is the star's own colour: no map of
        the dust is needed, and stars with a red colour of their own count as dusty.

    Returns
    -------
    dict
        Of ``latitude`` and ``reddening`` a row a bin: `low`, `high`, `n`, and of each class in it `n`, the number of
        wrong answers (`wrong`: others called YSO, YSO called others) and their share's 95 % interval (Wilson 1927).
    """
    known = np.isfinite(probabilities).all(axis=1)
    young = np.array(CLASSES, object)[np.nan_to_num(probabilities).argmax(axis=1)] == "YSO"
    wrong = young != (label == "YSO")
    values = {"latitude": (np.abs(galactic_latitude(ra, dec)), LATITUDES), "reddening": (j_h, REDDENINGS)}
    return {
        what: [
            _bin(low, high, rows, label, wrong)
            for low, high in pairwise(ends)
            if (rows := known & (value >= low) & (value < high)).any()
        ]
        for what, (value, ends) in values.items()
    }


def _bin(
    low: float, high: float, rows: npt.NDArray[np.bool_], label: npt.NDArray[np.object_], wrong: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    found: dict[str, Any] = {"low": _end(low), "high": _end(high), "n": int(rows.sum()), "classes": {}}
    for name in CLASSES:
        here = rows & (label == name)
        if n := int(here.sum()):
            ends = wilson([int(wrong[here].sum())], [n])
            told = {"low": round(float(ends[0][0]), 4), "high": round(float(ends[1][0]), 4)}
            found["classes"][name] = {"n": n, "wrong": int(wrong[here].sum()), **told}
    return found


def _end(value: float) -> float | None:
    """An end of a bin; None where it is open, for JSON has no infinity."""
    return float(value) if np.isfinite(value) else None


def galactic_latitude(ra: Floats, dec: Floats) -> Floats:
    """Degrees, from right ascension and declination in degrees (ICRS); NaN for NaN.

    Examples
    --------
    >>> galactic_latitude(np.array([83.82, 192.859]), np.array([-5.39, 27.128])).round(1).tolist()
    [-19.4, 90.0]
    """
    from astropy.coordinates import SkyCoord

    return np.asarray(SkyCoord(ra, dec, unit="deg").galactic.b.deg)
