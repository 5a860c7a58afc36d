"""Fluxes as magnitudes: zero points of the units that surveys publish, and what has no magnitude."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.surveys.release import ReleaseFileError
from lcscale.units import stated_unit

_AB = {"njy": 31.4, "ujy": 23.9, "microjy": 23.9, "microjansky": 23.9, "mjy": 16.4, "jy": 8.9}
"""AB magnitude of a flux of 1."""
_IN_NAME = re.compile(r"(?:^|[\W_])(njy|ujy|mjy|jy)(?:$|[\W_])|^(ujy|njy|mjy)$", re.IGNORECASE)
_PER_LN = 2.5 / np.log(10.0)
Floats = npt.NDArray[np.float64]


def zero_point(field: pa.Field, given: float | None, path: str) -> float:
    """Magnitude of a flux of 1: what is `given`, else AB by the unit that the field states or has in its name.

    Raises
    ------
    ReleaseFileError
        Where neither says it.
    """
    if given is not None:
        return given
    unit = (stated_unit(field) or "").replace("µ", "u").replace("μ", "u").strip().lower()
    named = _IN_NAME.search(field.name.replace("µ", "u").replace("μ", "u"))
    unit = unit or (next(one for one in named.groups() if one).lower() if named else "")
    if unit not in _AB:
        what = f"is in {unit!r}" if unit else "states no unit"
        raise ReleaseFileError(
            f"{path}: column {field.name!r} {what}, so that fluxes have no magnitude; "
            "give the magnitude of a flux of 1 (--zero-point 23.9 for microjansky, AB)"
        )
    return _AB[unit]


def magnitudes(flux: Floats, error: Floats, zero: float | Floats) -> tuple[Floats, Floats]:
    """Magnitudes and their errors; NaN where a flux is not positive.

    Examples
    --------
    >>> magnitudes(np.array([100.0, -1.0]), np.array([1.0, 1.0]), 23.9)[0].tolist()
    [18.9, nan]
    """
    positive = flux > 0
    safe = np.where(positive, flux, 1.0)
    mag = np.where(positive, zero - 2.5 * np.log10(safe), np.nan)
    return mag, np.where(positive, _PER_LN * error / safe, np.nan)
