"""What the measurements of Gaia, 2MASS and AllWISE are called in a catalog (`columns.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import pyarrow as pa

from lcscale.errors import InputError

BANDS = ("g", "bp", "rp", "j", "h", "k", "w1", "w2", "w3", "w4")
"""Magnitudes, from the shortest wavelength to the longest."""
IDS = ("source_id", "twomass_id", "allwise_id")
"""Names of the object in Gaia, 2MASS and AllWISE."""


@cache
def declared() -> dict[str, Any]:
    """The file `columns.toml`."""
    return tomllib.loads(resources.files("lcscale.products.yso").joinpath("columns.toml").read_text("utf-8"))


@cache
def quantities() -> tuple[str, ...]:
    """Our names of all measurements and ids, in the file's order."""
    return tuple(name for survey in ("gaia", "twomass", "allwise") for name in declared()[survey]["columns"])


def unit_of(name: str) -> str | None:
    """The unit of a measurement by our name; None where it is a pure number, or taken as it is.

    Examples
    --------
    >>> unit_of("e_w1"), unit_of("w3_aperture_1"), unit_of("pmra_error"), unit_of("w3_snr")
    ('mag', 'mag', 'mas/yr', None)
    """
    if name.removeprefix("e_") in BANDS or "_aperture_" in name:
        return "mag"
    return {"parallax": "mas", "pmra": "mas/yr", "pmdec": "mas/yr"}.get(name.removesuffix("_error"))


def limits(kind: str) -> dict[str, tuple[float, float]]:
    """Smallest and largest values by name: ``limits`` of magnitudes, ``colours`` of differences."""
    return {name: (low, high) for name, (low, high) in declared()[kind].items()}


def find_columns(schema: pa.Schema, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The column of a catalog that holds each measurement, by our name; those it has not are left out.

    Parameters
    ----------
    schema
        Of the catalog, joined from the surveys.
    given
        Columns that are to be taken, by our names, where the catalog calls them otherwise.

    Raises
    ------
    InputError
        `given` names what there is not, or no band is found.

    Examples
    --------
    >>> schema = pa.schema([("Gmag", pa.float64()), ("Jmag_2mass", pa.float64()), ("Jmag_allwise", pa.float64())])
    >>> find_columns(schema)
    {'g': 'Gmag', 'j': 'Jmag_2mass'}
    """
    given = dict(given or {})
    unknown = [name for name in given if name not in quantities()]
    missing = [column for column in given.values() if column not in schema.names]
    if unknown or missing:
        wrong = f"no measurement {', '.join(unknown)}" if unknown else f"no column {', '.join(missing)}"
        raise InputError(
            f"columns of the photometry: {wrong}; there are {', '.join(quantities() if unknown else schema.names)}"
        )
    found: dict[str, str] = {}
    for survey in ("gaia", "twomass", "allwise"):
        block = declared()[survey]
        for name, spellings in block["columns"].items():
            candidates = [f"{spelling}{suffix}" for suffix in block["suffixes"] for spelling in spellings]
            free = (
                each for each in candidates if each in schema.names and each not in (*found.values(), *given.values())
            )
            column = given.get(name) or next(free, None)
            if column is not None:
                found[name] = column
    if not any(band in found for band in BANDS):
        raise InputError(
            f"no magnitude of Gaia, 2MASS or AllWISE among {', '.join(schema.names)}; "
            "join the catalog with them, or say which column is which"
        )
    return found
