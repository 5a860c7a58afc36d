"""Fluxes as magnitudes and back: zero points, errors, and what a flux that is not positive is as a magnitude."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lcscale.errors import InputError

MAG = "mag"
"""Unit of light curves that are magnitudes."""
NJY = "nJy"
"""Unit of fluxes where nothing else is said."""

_AB = {"njy": 31.4, "ujy": 23.9, "microjy": 23.9, "microjansky": 23.9, "nanojansky": 31.4, "mjy": 16.4, "jy": 8.9}
_AB |= dict.fromkeys(("nmgy", "nanomaggy", "nanomaggies"), 22.5)
"""AB magnitude of a flux of 1."""
_PER_LN = 2.5 / np.log(10.0)
Floats = npt.NDArray[np.float64]


def ab_zero_point(unit: str) -> float:
    """AB magnitude of a flux of 1 in `unit`.

    Raises
    ------
    InputError
        For a unit that says nothing about magnitudes (``electron/s``).

    Examples
    --------
    >>> ab_zero_point("nJy"), ab_zero_point("µJy")
    (31.4, 23.9)
    """
    plain = unit.replace("µ", "u").replace("μ", "u").strip().lower()
    if plain not in _AB:
        raise InputError(
            f"fluxes in {unit!r} have no magnitude that is known: accepted are nJy, uJy, mJy, Jy and nmgy (AB); "
            "multiply them by 10 ** (0.4 * (31.4 - zero_point)) to make them nJy"
        )
    return _AB[plain]


def magnitudes(
    flux: Floats, error: Floats, zero: float | Floats, softening: float | Floats = 0.0
) -> tuple[Floats, Floats]:
    """Magnitudes and their errors.

    Without `softening` b they are ``zero - 2.5 log10(flux)``, and there is none (NaN) of a flux that is not positive.
    With it they are the inverse hyperbolic sine magnitudes of Lupton, Gunn & Szalay 1999,
    ``zero - 2.5 / ln 10 (arsinh(flux / 2b) + ln b)``, which negative fluxes have too, and which differ from the others
    by less than ``1.09 (b / flux)²``.

    Parameters
    ----------
    flux, error
        float64 [n], in the same unit.
    zero
        Magnitude of a flux of 1.
    softening
        In the unit of the fluxes; 0 where there is none.

    Returns
    -------
    float64 [n], float64 [n]

    Examples
    --------
    >>> magnitudes(np.array([100.0, -1.0]), np.array([1.0, 1.0]), 23.9)[0].tolist()
    [18.9, nan]
    >>> magnitudes(np.array([100.0, -1.0]), np.array([1.0, 1.0]), 23.9, 1.0)[0].round(4).tolist()
    [18.8999, 24.4225]
    """
    soft = np.broadcast_to(np.asarray(softening, np.float64), flux.shape)
    known = (flux > 0) | (soft > 0)
    twice = np.where(soft > 0, 2.0 * soft, 1.0)
    plain = np.log(np.where(flux > 0, flux, 1.0))
    level = np.where(soft > 0, np.arcsinh(flux / twice) + np.log(twice / 2.0), plain)
    mag = np.where(known & np.isfinite(flux), zero - _PER_LN * level, np.nan)
    reach = np.hypot(flux, 2.0 * soft)
    return mag, np.where(known, _PER_LN * error / np.where(reach > 0, reach, 1.0), np.nan)


@dataclass(frozen=True, eq=False)
class Softened:
    """Magnitudes of fluxes that are softened by the errors of their light curve."""

    mag: Floats
    """float64 [n], NaN where there is none."""
    error: Floats
    """float64 [n]."""
    counts: npt.NDArray[np.int64]
    """int64 [n_cells], finite fluxes."""
    dark: npt.NDArray[np.int64]
    """int64 [n_cells], those that are zero or negative."""
    lost: npt.NDArray[np.bool_]
    """bool [n_cells], where these are half or more, and there are no magnitudes."""

    def faults(self, n_bands: int, before: npt.NDArray[np.object_] | None) -> npt.NDArray[np.object_] | None:
        """The faults from `before`, and one for each object, `n_bands` cells, without a magnitude in any band."""
        counts, dark = (each.reshape(-1, n_bands).sum(axis=1) for each in (self.counts, self.dark))
        whole = (counts > 0) & (self.lost | (self.counts == 0)).reshape(-1, n_bands).all(axis=1)
        if not whole.any():
            return before
        found = np.full(counts.size, None, dtype=object) if before is None else before.copy()
        for i in np.flatnonzero(whole):
            found[i] = f"no magnitudes: {dark[i]} of {counts[i]} fluxes are zero or negative"
        return found


def softened(
    flux: npt.NDArray[np.floating], error: npt.NDArray[np.floating], cell: npt.NDArray[np.int64], n: int, zero: float
) -> Softened:
    """The `magnitudes` of `n` light curves, each softened by its median error, or none where half is not positive.

    Parameters
    ----------
    flux, error
        [n_observations]; errors that are not positive and finite are unknown.
    cell
        int64 [n_observations], which light curve of one band each is of.
    n
        Number of light curves.
    zero
        Magnitude of a flux of 1.
    """
    softening = medians(np.where(error > 0, error, np.nan).astype(np.float64), cell, n)
    dark = np.bincount(cell[flux <= 0], minlength=n)
    counts = np.bincount(cell[np.isfinite(flux)], minlength=n)
    lost = (2 * dark >= counts) & (counts > 0)
    mag, mag_err = magnitudes(flux.astype(np.float64), error.astype(np.float64), zero, softening[cell])
    mag[lost[cell]] = np.nan
    return Softened(mag, mag_err, counts, dark, lost)


def fluxes(mag: Floats, error: Floats, zero: float | Floats) -> tuple[Floats, Floats]:
    """Fluxes and their errors, in the unit of which a flux of 1 has the magnitude `zero`.

    Examples
    --------
    >>> [values.round(3).tolist() for values in fluxes(np.array([18.9]), np.array([0.01]), 23.9)]
    [[100.0], [0.921]]
    """
    flux = np.power(10.0, 0.4 * (zero - mag))
    return flux, flux * error / _PER_LN


def medians(values: Floats, cell: npt.NDArray[np.int64], n: int) -> Floats:
    """Median of the finite values in each of `n` cells, float64 [n]; 0 where there is none."""
    fit = np.isfinite(values)
    values, cell = values[fit], cell[fit]
    ordered = np.append(values[np.lexsort((values, cell))], 0.0)
    counts = np.bincount(cell, minlength=n)
    start = np.cumsum(counts) - counts
    middle = 0.5 * (ordered[start + (counts - 1).clip(0) // 2] + ordered[start + counts // 2])
    return np.where(counts > 0, middle, 0.0)
