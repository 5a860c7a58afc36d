"""Fluxes of release files in nJy: zero points of the units that surveys publish."""

from __future__ import annotations

import re
from typing import overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lcscale.errors import InputError
from lcscale.lightcurves.fluxes import NJY, ab_zero_point
from lcscale.surveys.release import ReleaseFileError
from lcscale.units import stated_unit

_IN_NAME = re.compile(r"(?:^|[\W_])(njy|ujy|mjy|jy|nmgy)(?:$|[\W_])|^(ujy|njy|mjy)$", re.IGNORECASE)


def flux_unit(field: pa.Field) -> str:
    """The unit of fluxes that a field states or has in its name; empty where neither says it."""
    named = _IN_NAME.search(field.name.replace("µ", "u").replace("μ", "u"))
    return (stated_unit(field) or "").strip() or (next(one for one in named.groups() if one) if named else "")


def zero_point(field: pa.Field, given: float | None, path: str) -> float:
    """Magnitude of a flux of 1: what is `given`, else AB by the unit that the field states or has in its name.

    Raises
    ------
    ReleaseFileError
        Where neither says it.
    """
    if given is not None:
        return given
    unit = flux_unit(field)
    try:
        return ab_zero_point(unit)
    except InputError as error:
        what = f"is in {unit!r}" if unit else "states no unit"
        raise ReleaseFileError(
            f"{path}: column {field.name!r} {what}, so that fluxes have no magnitude; "
            "give the magnitude of a flux of 1 (--zero-point 23.9 for microjansky, AB)"
        ) from error


@overload
def in_njy(zero: float) -> float:
    """The number of one zero point."""


@overload
def in_njy(zero: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The numbers of many."""


def in_njy(zero: float | npt.NDArray[np.float64]) -> float | npt.NDArray[np.float64]:
    """Number by which fluxes are multiplied to be nJy, where a flux of 1 has the magnitude `zero`.

    Examples
    --------
    >>> round(in_njy(23.9), 9)
    1000.0
    """
    return 10.0 ** (0.4 * (ab_zero_point(NJY) - zero))
