"""Surveys: one adapter each, from release files to canonical Arrow tables."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from lcscale.errors import InputError
from lcscale.surveys.crts import Crts
from lcscale.surveys.eros2 import Eros2
from lcscale.surveys.gaia_alerts import GaiaAlerts
from lcscale.surveys.gaia_epochs import GaiaEpochs
from lcscale.surveys.lightcurves import LightCurveTables
from lcscale.surveys.ogle import Ogle
from lcscale.surveys.release import Part, Problem, ReleaseFileError, Survey
from lcscale.surveys.simulated import Simulated, SimulatedRelease, write_release
from lcscale.surveys.table import Table
from lcscale.surveys.ztf import Ztf

ADAPTERS: dict[str, type[Any]] = {
    adapter.name: adapter
    for adapter in (Crts, Eros2, GaiaAlerts, GaiaEpochs, LightCurveTables, Ogle, Simulated, Table, Ztf)
}
"""The adapters by name; adding a survey is adding a file and a name here."""

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


def get(name: str, **options: Any) -> Survey:
    """The adapter of a survey.

    Parameters
    ----------
    name
        One of `names`.
    options
        Fields of the adapter; ``ra``, ``dec``, ``id`` for ``table``. Those that are None are left at their default.

    Raises
    ------
    InputError
        For a survey or an option that is not known.

    Examples
    --------
    >>> get("table", ra="RAdeg", dec="DEdeg")
    Table(ra='RAdeg', dec='DEdeg', id=None)
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
    survey: Survey = adapter(**given)
    return survey
