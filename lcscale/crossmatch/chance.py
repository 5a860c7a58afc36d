"""How likely a counterpart stands there by chance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lcscale.crossmatch.ordering import Pairs
from lcscale.crossmatch.search import count_within
from lcscale.crossmatch.zones import build_index

_Position = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def chance_probability(
    pairs: Pairs, left: _Position, right: _Position, density_radius_arcsec: float
) -> npt.NDArray[np.float64]:
    """Probability that an unrelated right source lies as near as the counterpart does, float64 [n_pairs].

    ``1 - (1 + s² / R²)^-(n + 1/2)``, where *n* of the right sources lie within *R* of the left one, the counterpart not
    counted, and *s* is the separation: the chance of at least one in a Poisson field whose density is known from those
    *n* only (Jeffreys' prior). Of many it is ``1 - exp(-n s² / R²)``; of none it is small, not zero.
    """
    rows, inverse = np.unique(pairs[0], return_inverse=True)
    counts = count_within(left[0][rows], left[1][rows], density_radius_arcsec / 3600.0, build_index(*right))
    others = counts[inverse] - (pairs[2] <= density_radius_arcsec)
    probability: npt.NDArray[np.float64] = -np.expm1(
        -(others + 0.5) * np.log1p((pairs[2] / density_radius_arcsec) ** 2)
    )
    return probability
