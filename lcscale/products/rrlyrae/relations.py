"""Published relations of RR Lyrae stars and Cepheids, as rows of a table: [Fe/H], absolute magnitudes, colours."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from lcscale.errors import InputError
from lcscale.kernels.compiling import Floats

_FILE = Path(__file__).with_name("relations.csv")
TERMS = ("period", "log_period", "phi31", "a2", "feh")
"""What a relation may be linear in; units d, dex of d, rad, mag, dex."""


@dataclass(frozen=True)
class Relation:
    """A linear relation ``constant + Σ coefficient · term`` with its scatter."""

    name: str
    """By which it is asked for."""
    answers: str
    """``feh`` ([Fe/H], dex), ``absolute_magnitude`` or ``intrinsic_colour``."""
    mode: str
    """RRab or RRc, or RRab+RRc; F or 1O of Cepheids."""
    band: str
    """In which the Fourier parameters are measured, or whose absolute magnitude it is."""
    scale: str
    """Whose metallicities."""
    coefficients: Mapping[str, float]
    """By term, of `TERMS`; those that are 0 are not there."""
    constant: float
    """Value where all terms are 0."""
    scatter: float
    """Of stars about it, dex or mag."""
    coefficient_errors: Mapping[str, float]
    """By term, and of ``constant``; where published."""
    checked: str
    """What of it was compared with what; ``assumed`` is what nobody did."""
    source: str
    """Paper."""

    def value(self, terms: Mapping[str, Floats]) -> Floats:
        """The answer for each star; NaN where a term is."""
        parts = [factor * terms[name] for name, factor in self.coefficients.items()]
        return np.asarray(self.constant + np.sum(parts, axis=0))

    def measurement_error(self, errors: Mapping[str, Floats]) -> Floats:
        """What errors of the terms (those that have one) make of an error of the answer, taken as independent."""
        parts = [(factor * errors[name]) ** 2 for name, factor in self.coefficients.items() if name in errors]
        return np.asarray(np.sqrt(np.sum(parts, axis=0)))


@cache
def relations() -> dict[str, Relation]:
    """All relations by name.

    Examples
    --------
    >>> relations()["muraveva2025_rrab"].coefficients
    {'period': -5.55, 'phi31': 0.94}
    """
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return {row["name"]: _relation(row) for row in csv.DictReader(lines)}


def relation_named(name: str, mode: str | None, answers: str = "feh") -> Relation:
    """The relation `name` for stars of a mode, or of any.

    Raises
    ------
    InputError
        There is none, or it is for another mode or of something else.
    """
    of_kind = {key: each for key, each in relations().items() if each.answers == answers}
    fitting = [key for key, each in of_kind.items() if mode is None or mode in each.mode.split("+")]
    if name not in fitting:
        raise InputError(f"no relation {name!r} of {answers} for {mode or 'any'} stars; there are {', '.join(fitting)}")
    return relations()[name]


def _relation(row: dict[str, str]) -> Relation:
    plain = {each.name for each in fields(Relation)} - {"coefficients", "coefficient_errors", "constant", "scatter"}
    errors = (part.split("=") for part in row["coefficient_errors"].split(";") if part)
    return Relation(
        coefficients={name: float(row[name]) for name in TERMS if float(row[name] or 0)},
        constant=float(row["constant"]),
        scatter=float(row["scatter"]),
        coefficient_errors={name: float(value) for name, value in errors},
        **{name: row[name] for name in plain},
    )
