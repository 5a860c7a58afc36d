"""Surveys: one adapter each, from release files to canonical Arrow tables."""

from __future__ import annotations

from dataclasses import fields
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from lcscale.arrays import number
from lcscale.errors import InputError
from lcscale.surveys.allwise import AllWise
from lcscale.surveys.crts import Crts
from lcscale.surveys.eros2 import Eros2
from lcscale.surveys.gaia import Gaia
from lcscale.surveys.gaia_alerts import GaiaAlerts
from lcscale.surveys.gaia_datalink import GaiaDataLink
from lcscale.surveys.gaia_epochs import GaiaEpochs
from lcscale.surveys.lightcurves import LightCurveTables
from lcscale.surveys.ogle import Ogle
from lcscale.surveys.presets import PRESETS
from lcscale.surveys.release import Option, Part, Problem, ReleaseFileError, Survey
from lcscale.surveys.rubin import Rubin
from lcscale.surveys.rubin_alerts import RubinAlerts
from lcscale.surveys.simulated import Simulated, SimulatedRelease, write_release
from lcscale.surveys.table import Table
from lcscale.surveys.twomass import TwoMass
from lcscale.surveys.ztf import Ztf

ADAPTERS: dict[str, type[Any]] = {
    adapter.name: adapter
    for adapter in (
        *(AllWise, Crts, Eros2, Gaia, GaiaAlerts, GaiaDataLink, GaiaEpochs),
        *(LightCurveTables, Ogle, Rubin, RubinAlerts, Simulated, Table, TwoMass, Ztf, *PRESETS),
    )
}
"""The adapters by name; adding a survey is adding a file and a name here."""

_UNITS = {"join_arcsec": "arcsec", "time_offset": "d", "epoch": "yr"}
"""Units of those options that have one, for Quantities."""

__all__ = [
    "ADAPTERS",
    "Part",
    "Problem",
    "ReleaseFileError",
    "SimulatedRelease",
    "Survey",
    "get",
    "names",
    "write_release",
]


def names() -> list[str]:
    """Names of the surveys that can be ingested."""
    return list(ADAPTERS)


def get(name: str, **options: Option) -> Survey:
    """The adapter of a survey.

    Parameters
    ----------
    name
        One of `names`.
    options
        Fields of the adapter; ``ra``, ``dec``, ``id`` for ``table``. Those that are None are left at their default;
        text is turned into what the field holds (``"g,r"`` into two bands, ``"none"`` into None).

    Raises
    ------
    InputError
        For a survey or an option that is not known.

    Examples
    --------
    >>> get("table", ra="RAdeg", dec="DEdeg")
    Table(ra='RAdeg', dec='DEdeg', id=None, gaia_id=None, known_as='', columns=())
    """
    if name not in ADAPTERS:
        raise InputError(f"unknown survey {name!r}; there are {', '.join(ADAPTERS)}")
    adapter = ADAPTERS[name]
    known = [field.name for field in fields(adapter)]
    given = {key: value for key, value in options.items() if value is not None}
    wrong = [key for key in given if key not in known]
    if wrong:
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise InputError(f"{name} has no option {', '.join(wrong)}; {has}")
    kinds = get_type_hints(adapter)
    survey: Survey = adapter(**{key: _converted(f"{name}, {key}", value, kinds[key]) for key, value in given.items()})
    return survey


def _converted(what: str, value: Any, kind: Any) -> Any:
    """`value` as the field's type, where it is text from a command line: numbers, ``g,r`` for names, ``none``."""
    choices = get_args(kind) if get_origin(kind) is UnionType else (kind,)
    if not isinstance(value, str):
        return number(value, what, _UNITS.get(what.split()[-1], "")) if hasattr(value, "unit") else value
    if value.lower() == "none" and type(None) in choices:
        return None
    if get_origin(kind) is tuple:
        return tuple(part.strip() for part in value.split(","))
    if bool in choices and value.lower() in ("true", "false"):
        return value.lower() == "true"
    for numeric in (int, float):
        if numeric in choices:
            try:
                return numeric(value)
            except ValueError as error:
                raise InputError(f"{what}: {value!r} is no {numeric.__name__}") from error
    return value
