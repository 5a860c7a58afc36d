"""Stars that do not vary, as real ones were observed: their times, bands, errors and mean magnitudes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lcscale.lightcurves import LightCurves

_MISJUDGED = 0.4
"""Spread of the logarithm of the true scatter in units of the errors that a survey gives."""
_TAIL = 4.0
"""Degrees of freedom of Student's distribution of the noise."""
_OF_NIGHT = 0.4
"""Part of the noise that all observations of a night have in common."""
_UNKNOWN = 0.02
"""Error where the survey gives none, mag."""


def as_constants(lcs: LightCurves, seed: int) -> LightCurves:
    """The same light curves as if the stars were constant: means with noise of the size of the errors.

    Errors are dealt out anew within a star and band, so that no variation is left in them. What surveys say of their
    errors is wrong by some tens of percent, noise has long tails, and observations of one night err together: so do
    these.

    Parameters
    ----------
    lcs
        Real light curves in magnitudes.
    seed
        Of all random numbers.

    Examples
    --------
    >>> star = LightCurves(np.arange(50.0), np.tile([15, 16], 25), np.full(50, 0.01), np.array([0, 50]))
    >>> bool(np.std(as_constants(star, 1).mag) < 0.05)
    True
    """
    rng, n = np.random.default_rng(seed), lcs.value.size
    star = lcs.object_index()
    cell = star * lcs.n_codes + (0 if lcs.band is None else lcs.band % lcs.n_codes)
    ordered, dealt = np.lexsort((np.arange(n), cell)), np.lexsort((rng.random(n), cell))
    error = np.empty_like(lcs.error)
    error[ordered] = lcs.error[dealt]
    good = np.isfinite(lcs.value)
    count = np.bincount(cell[good], minlength=cell.max(initial=-1) + 1)
    level = np.bincount(cell[good], lcs.value[good].astype(np.float64), count.size) / np.maximum(count, 1)
    size = np.where(np.isfinite(error) & (error > 0), error, _UNKNOWN).astype(np.float64)
    size *= np.exp(_MISJUDGED * rng.standard_normal(len(lcs)))[star]
    _, night = np.unique(np.stack([cell, np.floor(lcs.time).astype(np.int64)]), axis=1, return_inverse=True)
    together = rng.standard_normal(n)[night.ravel()]
    own = rng.standard_t(_TAIL, n) / np.sqrt(_TAIL / (_TAIL - 2))
    mag = level[cell] + size * (np.sqrt(1 - _OF_NIGHT) * own + np.sqrt(_OF_NIGHT) * together)
    return replace(lcs, value=np.where(good, mag, lcs.value).astype(lcs.value.dtype), error=error)
