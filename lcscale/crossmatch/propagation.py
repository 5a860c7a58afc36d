"""Positions of moving sources at another epoch."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lcscale.arrays import floats, modulo_360, one_each
from lcscale.kernels.compiling import exact_kernel, inlined

_MAS = math.pi / 180.0 / 3.6e6
"""One milliarcsecond in radians."""

_KM_S_YEAR = 4.740470464
"""One astronomical unit a Julian year in km/s."""

_LIGHT = 299_792.458
"""Speed of light, km/s."""

_Floats = npt.NDArray[np.float64]


def propagate(
    ra: npt.ArrayLike,
    dec: npt.ArrayLike,
    pmra: npt.ArrayLike,
    pmdec: npt.ArrayLike,
    years: npt.ArrayLike,
    parallax: npt.ArrayLike = np.nan,
    radial_velocity: npt.ArrayLike = np.nan,
) -> tuple[_Floats, _Floats]:
    """Positions after `years` of uniform motion in space (Hipparcos catalogue, ESA SP-1200, volume 1, section 1.5.5).

    Agrees with `astropy.coordinates.SkyCoord.apply_space_motion` to better than 1e-4 arcsec over 30 years, at the
    poles too. ERFA's `pmsafe` gives the same to 6e-5 mas, but in 2 to 4 times the time, and not at a pole itself, where
    the proper motion in right ascension has no value.

    Parameters
    ----------
    ra, dec
        Degrees, [n].
    pmra, pmdec
        mas/yr, [n]; `pmra` includes cos dec. Where either is NaN the position stays.
    years
        Julian years, [n] or one for all, negative for the past.
    parallax, radial_velocity
        mas and km/s, [n] or one for all; NaN, and parallaxes that are not positive, mean no perspective acceleration.

    Returns
    -------
    float64 [n], float64 [n]
        Right ascension in [0, 360) and declination, degrees.

    Examples
    --------
    >>> ra, dec = propagate([10.0], [60.0], [1000.0], [0.0], 3.6)
    >>> float(ra[0].round(6)), float(dec[0].round(6))
    (10.002, 60.0)
    """
    lon = floats(ra, "ra", "deg", hours=True)
    given = {
        "dec": (dec, "deg"),
        "pmra": (pmra, "mas/yr"),
        "pmdec": (pmdec, "mas/yr"),
        "parallax": (parallax, "mas"),
        "radial_velocity": (radial_velocity, "km/s"),
        "years": (years, "yr"),
    }
    each = (one_each(values, lon.size, name, unit).copy() for name, (values, unit) in given.items())
    lat, east, north, nearness, away, time = each
    return _propagate(modulo_360(lon).copy(), lat, east, north, nearness, away, time)


@inlined
def _in_space(pm: float, parallax: float, radial_velocity: float, years: float) -> tuple[float, float]:
    """Factor on the tangential displacement, and the radial one in units of the distance, as seen after `years`.

    Includes the Doppler factor and the change of the light time, after SOFA's starpv and starpm.
    """
    across = pm * _KM_S_YEAR / parallax / _LIGHT
    along = radial_velocity / _LIGHT
    doppler = 1.0
    true_along = along
    for _ in range(6):
        lorentz = math.sqrt(max(1.0 - true_along**2 - (doppler * across) ** 2, 0.0)) - 1.0
        true_along = doppler * along + lorentz
        doppler = 1.0 + true_along
    true_across = doppler * across
    light_time = _KM_S_YEAR / _LIGHT / (parallax * _MAS)  # years, to the star at the first epoch
    elapsed = years / light_time + 1.0
    distance2 = (1.0 + true_along * elapsed) ** 2 + (true_across * elapsed) ** 2
    along_track = (1.0 + true_along * elapsed) * true_along + true_across**2 * elapsed
    rest = 1.0 - true_along**2 - true_across**2
    later = (-along_track + math.sqrt(along_track**2 + rest * distance2)) / rest
    seen = elapsed - later  # time between the two emissions, in light times
    return doppler * seen * light_time / years, true_along * seen


@exact_kernel
def _propagate(
    ra: _Floats,
    dec: _Floats,
    pmra: _Floats,
    pmdec: _Floats,
    parallax: _Floats,
    radial_velocity: _Floats,
    duration: _Floats,
) -> tuple[_Floats, _Floats]:
    ra_then = ra.copy()
    dec_then = dec.copy()
    for i in range(ra.size):
        years = duration[i]
        if years == 0.0 or not math.isfinite(pmra[i] + pmdec[i] + years) or (pmra[i] == 0.0 and pmdec[i] == 0.0):
            continue
        a = math.radians(ra[i])
        d = math.radians(dec[i])
        east = pmra[i] * _MAS * years
        north = pmdec[i] * _MAS * years
        outward = 1.0
        if math.isfinite(radial_velocity[i]) and parallax[i] > 0.0:
            slower, radial = _in_space(math.hypot(pmra[i], pmdec[i]), parallax[i], radial_velocity[i], years)
            east *= slower
            north *= slower
            outward += radial
        across = outward * math.cos(d) - north * math.sin(d)
        x = across * math.cos(a) - east * math.sin(a)
        y = across * math.sin(a) + east * math.cos(a)
        z = outward * math.sin(d) + north * math.cos(d)
        ra_then[i] = math.degrees(math.atan2(y, x)) % 360.0 % 360.0  # that of a tiny negative one rounds to 360
        dec_then[i] = math.degrees(math.atan2(z, math.hypot(x, y)))
    return ra_then, dec_then
