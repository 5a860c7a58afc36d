"""Roles: what a network knows of bands. It is taught "blue" and "red", and its card says which bands may play them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lcscale.errors import ModelError
from lcscale.lightcurves import LightCurves


@dataclass(frozen=True)
class Role:
    """A part that one of several bands can play."""

    name: str
    """blue or red, as in the names of its numbers."""
    bands: tuple[str, ...]
    """Bands that may play it, the best first."""


ROLES = (
    Role("blue", ("g", "V", "G", "BP", "B", "b", "CV")),
    Role("red", ("r", "I", "RP", "R", "i", "z")),
)
"""The roles a new model is given. A survey's unnamed band plays the first."""
ONE_ROLE = (Role("blue", tuple(band for role in ROLES for band in role.bands)),)
"""For models that see one band of each survey, whichever it has."""


def cast(bands: Sequence[str], roles: Sequence[Role]) -> tuple[str | None, ...]:
    """The band of `bands` that plays each role; None where the role stays empty.

    The choice depends on the catalog's bands alone, never on which of them an object was observed in.

    Raises
    ------
    ModelError
        None of the bands can play any role.

    Examples
    --------
    >>> cast(("I", "V"), ROLES), cast(("G",), ROLES)
    (('V', 'I'), ('G', None))
    """
    if not bands:
        return ("", *[None] * (len(roles) - 1))
    players = tuple(next((band for band in role.bands if band in bands), None) for role in roles)
    if not any(players):
        accepted = "; ".join(f"{role.name}: {', '.join(role.bands)}" for role in roles)
        raise ModelError(
            f"the model does not know the band{'s' * (len(bands) > 1)} {', '.join(bands)} of this catalog; "
            f"it takes {accepted}"
        )
    return players


def select(lcs: LightCurves, band: str | None) -> LightCurves | None:
    """The observations of the band that plays a role; None for an empty role or a band without any observation."""
    if band is None or (band and band not in lcs.bands):
        return None
    return lcs.select_band(band) if band else lcs
