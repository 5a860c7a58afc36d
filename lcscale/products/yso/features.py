"""The numbers that classifiers see, out of photometry and astrometry; and which measurements each set of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from lcscale.products.yso.columns import BANDS
from lcscale.simulation.population import declared

Floats = npt.NDArray[np.float64]

GROUPS = {
    "optical": ("g", "bp", "rp"),
    "near": ("j", "h", "k"),
    "mid": ("w1", "w2"),
    "w3": ("w3",),
    "w4": ("w4",),
}
"""Bands that are measured together."""
RELATIVE = (("bp-g", "g-rp"), ("bp-rp", "j-k"), ("g-j", "j-k"), ("j-h", "h-k"), ("h-k", "k-w1"), ("k-w1", "w1-w2"))
"""Pairs of colours of which the first is also told relative to the second: what dust does to both taken off."""
LUMINOSITY_BANDS = ("g", "k", "w1")
"""Bands whose absolute brightness is a feature where there is a parallax."""
G_ERROR = ((0.0, 13.0, 17.0, 20.0, 23.0), (3e-4, 3e-4, 1e-3, 6e-3, 36e-3))
"""Typical error of a constant star's mean G magnitude (Gaia EDR3's summary: 0.3, 1 and 6 mmag at G < 13, 17, 20)."""
MEDIAN_G_OBSERVATIONS = 350.0
"""CCD observations in G that such a star has."""

SHORT = "optical astrometry variability near mid"
"""The measurements of the branch without W3 and W4."""
LONG = f"{SHORT} w3 w4"
"""Those of the branch with W3, and W4 where it is measured."""


def features_of(pattern: str) -> tuple[str, ...]:
    """Names of the features of a set of measurements.

    Colours of all pairs of bands; colours relative to others (`RELATIVE`); where there is astrometry, the significances
    of parallax and proper motion, and absolute brightness; the variability of the mean flux. A word that is no group is
    a feature itself (``tau``).

    Examples
    --------
    >>> features_of("mid w3 tau")
    ('w1-w2', 'w1-w3', 'w2-w3', 'tau')
    """
    words = pattern.split()
    chosen = {band for word in words for band in GROUPS.get(word, ())}
    bands = [band for band in BANDS if band in chosen]
    names = [f"{blue}-{red}" for blue, red in combinations(bands, 2)]
    names += [f"{first}|{second}" for first, second in RELATIVE if {*first.split("-"), *second.split("-")} <= chosen]
    if "astrometry" in words:
        names += [f"luminosity_{band}" for band in LUMINOSITY_BANDS if band in bands]
    for word in words:
        if word == "astrometry":
            names += ["parallax_over_error", "pm_over_error"]
        elif word not in GROUPS:
            names.append(word)
    return tuple(names)


def native_features(words: str) -> tuple[str, ...]:
    """Features of trees that take missing numbers: magnitudes, and those of `features_of`."""
    bands = [band for word in words.split() for band in GROUPS.get(word, ())]
    return (*bands, *features_of(words))


def units_of(feature: str) -> frozenset[str]:
    """The measurements that a feature is computed from: bands of `GROUPS`, astrometry, variability, or itself.

    Examples
    --------
    >>> sorted(units_of("g-k")), sorted(units_of("luminosity_w1")), sorted(units_of("tau"))
    (['near', 'optical'], ['astrometry', 'mid'], ['tau'])
    """
    words = feature.removeprefix("luminosity_").replace("|", "-").split("-")
    found = {group for group, bands in GROUPS.items() if set(bands) & set(words)}
    if feature.startswith("luminosity_") or feature in ("parallax_over_error", "pm_over_error"):
        found.add("astrometry")
    if feature == "variability":
        found |= {"variability", "optical"}
    return frozenset(found or {feature})


def photometric_features(numbers: Mapping[str, Floats], n: int) -> dict[str, Floats]:
    """All features by name, float64 [n]; NaN where a measurement that one needs is missing.

    ``bp-rp|j-k`` is the colour bp-rp without what dust that reddens j-k would add to it (Wang & Chen 2019).
    ``luminosity_<band>`` is asinh of the astrometry-based luminosity ``parallax * 10 ** (0.2 m - 2)``, parallax in mas
    (Arenou & Luri 1999), which grows with the absolute magnitude and has a sense for parallaxes of zero or below.
    ``variability`` is the logarithm of the scatter of G, ``sqrt(n_obs)`` times the relative error of the mean flux
    (Mowlavi et al. 2021), over that of constant stars as bright.

    Parameters
    ----------
    numbers
        Measurements by our names, float64 [n]; parallax, proper motions and their errors in mas, mas/yr.
    n
        Number of rows.
    """
    none = np.full(n, np.nan)
    get = {name: numbers.get(name, none) for name in (*BANDS, "parallax", "parallax_error", "g_n_obs")}
    result = {f"{blue}-{red}": get[blue] - get[red] for blue, red in combinations(BANDS, 2)}
    dust = declared()["extinction"]
    for first, second in RELATIVE:
        (a, b), (c, d) = first.split("-"), second.split("-")
        ratio = (dust[a] - dust[b]) / (dust[c] - dust[d])
        result[f"{first}|{second}"] = get[a] - get[b] - ratio * (get[c] - get[d])
    for band in LUMINOSITY_BANDS:
        result[f"luminosity_{band}"] = np.arcsinh(get["parallax"] * 10 ** (0.2 * get[band] - 2))
    result["parallax_over_error"] = np.arcsinh(get["parallax"] / get["parallax_error"])
    motion = [numbers.get(name, none) / numbers.get(f"{name}_error", none) for name in ("pmra", "pmdec")]
    result["pm_over_error"] = np.arcsinh(np.hypot(*motion))
    constant = np.interp(get["g"], G_ERROR[0], np.log10(G_ERROR[1]), left=np.nan, right=np.nan)
    error = 2.5 / np.log(10) / numbers.get("g_flux_over_error", none)
    result["variability"] = np.log10(error) + 0.5 * np.log10(get["g_n_obs"] / MEDIAN_G_OBSERVATIONS) - constant
    return result


def reality_features(numbers: Mapping[str, Floats], band: str, n: int) -> dict[str, Floats]:
    """What tells a real detection in `band` (``w3`` or ``w4``) from a spurious one, by name, float64 [n].

    Profile-fit magnitude, its error, signal to noise and reduced chi squared; and where AllWISE's aperture magnitudes
    are there, the curve of growth: each against the profile fit, and each against the next.
    """
    none = np.full(n, np.nan)
    mag = numbers.get(band, none)
    result = {"magnitude": mag, "error": numbers.get(f"e_{band}", none)}
    result |= {name: numbers.get(f"{band}_{name}", none) for name in ("snr", "rchi2")}
    apertures = [numbers.get(f"{band}_aperture_{i}", none) for i in range(1, 9)]
    result |= {f"growth_{i}": aperture - mag for i, aperture in enumerate(apertures, 1)}
    result |= {f"step_{i}": a - b for i, (a, b) in enumerate(pairwise(apertures), 1)}
    return result


PROFILE_FIT = ("magnitude", "error", "snr", "rchi2")
"""Features of a detection that every AllWISE table has."""
APERTURES = (*PROFILE_FIT, *(f"growth_{i}" for i in range(1, 9)), *(f"step_{i}" for i in range(1, 8)))
"""With the aperture magnitudes."""
