"""Published colour transformations, as the arithmetic that `MatchOptions` compares magnitudes with."""

from __future__ import annotations

from lcscale.errors import InputError

V_TRANSFORMATIONS = {
    "sdss": "{g} - 0.59 * ({g} - {r}) - 0.01",
    "ps1": "{r} + 0.006 + 0.474 * ({g} - {r})",
}
"""Johnson V from g and r: SDSS (Jester et al. 2005, AJ 130, 873, table 1, stars with R − I < 1.15; scatter 0.01 mag),
Pan-STARRS1, to which ZTF is calibrated (Tonry et al. 2012, ApJ 750, 99, table 6, linear; scatter 0.012 mag)."""


def v_magnitude(g: str, r: str, system: str = "ps1") -> str:
    """Expression of Johnson V from the columns `g` and `r` of a photometric system (``ps1`` or ``sdss``).

    Examples
    --------
    >>> v_magnitude("mag_g", "mag_r")
    'mag_r + 0.006 + 0.474 * (mag_g - mag_r)'
    """
    if system not in V_TRANSFORMATIONS:
        raise InputError(f"system must be one of {', '.join(V_TRANSFORMATIONS)}, not {system!r}")
    return V_TRANSFORMATIONS[system].format(g=g, r=r)
