"""What the measurements of Gaia, 2MASS and AllWISE are called in a catalog (`columns.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import pyarrow as pa

from lcscale.errors import InputError
from lcscale.models.heads.columns import PROBABILITY
from lcscale.products.yso.labels import CLASSES
from lcscale.vocabulary import Column

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


_MAKER = "lcscale.products.yso"
_LIGHT = dict(
    zip(
        BANDS,
        (
            *("em.opt", "em.opt.B", "em.opt.R", "em.IR.J", "em.IR.H", "em.IR.K"),
            *("em.IR.3-4um", "em.IR.4-8um", "em.IR.8-15um", "em.IR.15-30um"),
        ),
        strict=True,
    )
)
"""Where in the spectrum the bands are."""
_OTHERS = {
    "parallax": ("pos.parallax.trig", "Parallax of Gaia."),
    "pmra": ("pos.pm;pos.eq.ra", "Proper motion along right ascension, times cos(dec), of Gaia."),
    "pmdec": ("pos.pm;pos.eq.dec", "Proper motion along declination, of Gaia."),
    "g_n_obs": ("meta.number;obs", "Observations that the mean G flux is of."),
    "g_flux_over_error": ("stat.snr;phot.flux;em.opt", "Mean G flux over its error."),
    "tau": ("phys.absorption.opticalDepth", "Optical depth of Planck's dust at 353 GHz."),
}
_KINDS = {
    "snr": ("stat.snr;phot.flux", "Signal to noise of the {} detection."),
    "rchi2": ("stat.fit.chi2;phot.mag", "Reduced chi squared of the profile fit in {}."),
    "aperture": ("phot.mag", "Magnitude of {} in aperture {} of AllWISE."),
}


@cache
def measurement(name: str) -> Column:
    """The column of a measurement or id by our name, where it is checked and brought into our units.

    Examples
    --------
    >>> measurement("e_w1").ucd, measurement("w3_aperture_2").unit, measurement("pmra_error").ucd
    ('stat.error;phot.mag;em.IR.3-4um', 'mag', 'stat.error;pos.pm;pos.eq.ra')
    """
    kind: pa.DataType = pa.float64()
    bare = name if name in _OTHERS else name.removesuffix("_error")
    band, _, rest = name.removeprefix("e_").partition("_")
    if name in IDS:
        ucd, about, kind = "meta.id", "Name of the object in its survey.", pa.string()
    elif bare in _OTHERS:
        ucd, about = _OTHERS[bare]
        if bare != name:
            ucd, about = f"stat.error;{ucd}", f"Standard error of {bare}."
    elif rest:
        what, _, number = rest.partition("_")
        ucd, about = f"{_KINDS[what][0]};{_LIGHT[band]}", _KINDS[what][1].format(band, number)
    elif name == band:
        ucd, about = f"phot.mag;{_LIGHT[band]}", f"Magnitude {band}."
    else:
        ucd, about = f"stat.error;phot.mag;{_LIGHT[band]}", f"Standard error of the magnitude {band}."
    return Column(name, kind, unit_of(name) or "", ucd, about, _MAKER)


PROBLEMS = Column(
    "photometry_problems", pa.string(), "", "meta.code.qual", "What was wrong with the measurements left out.", _MAKER
)
NUMBERS = tuple(
    Column(name, pa.float32(), "", "stat.probability;src.class", about, _MAKER, unmarked=True)
    for name, about in (
        ("SY", "Probability of a young star, from the measurements without W3 and W4."),
        ("LY", "Probability of a young star, from those with W3 and, where it is measured, W4."),
        ("R", "Probability that the detections in W3 and W4 are real."),
        ("R_w3", "Probability that the detection in W3 is real."),
        ("R_w4", "Probability that the detection in W4 is real."),
    )
)
"""Probabilities of the two branches, and of what chooses between them."""
PROBABILITIES = tuple(
    Column(
        f"prob_{name}",
        pa.float32(),
        "",
        "stat.probability;src.class",
        f"Probability of {name}.",
        _MAKER,
        unmarked=True,
    )
    for name in CLASSES
)
"""Probabilities of the four classes, of the branch that counts."""
OF_YSO = PROBABILITIES[CLASSES.index("YSO")]
"""The one of a young star."""


def young_column(schema: pa.Schema) -> str | None:
    """Name of the probability of a young star that a classifier of ours gave, from light curves or from colours."""
    return next((column.name for column in (PROBABILITY.of("YSO"), OF_YSO) if column.is_in(schema)), None)


CLASS = Column("class", pa.string(), "", "src.class", "Class of the highest probability.", _MAKER, unmarked=True)
CLASSIFIED = (
    *NUMBERS,
    Column(
        "branch",
        pa.string(),
        "",
        "meta.code",
        "The branch that counts: SY, LY or both, their geometric mean.",
        _MAKER,
        unmarked=True,
    ),
    CLASS,
    *PROBABILITIES,
    Column(
        "yso_precision",
        pa.float32(),
        "",
        "stat.probability;src.class",
        "Share of young stars among sources of at least this probability, at the prevalence (none given: 1 %).",
        _MAKER,
        unmarked=True,
    ),
    Column(
        "in_training",
        pa.bool_(),
        "",
        "meta.code",
        "Whether it is a training star: what is said of it comes from trees that had not seen it.",
        _MAKER,
        unmarked=True,
    ),
    Column("reason", pa.string(), "", "meta.note", "Why there is no class; else null.", _MAKER, unmarked=True),
    Column("model_id", pa.string(), "", "meta.id;meta.modelled", "The model, by its content.", _MAKER, unmarked=True),
    Column("trained_on", pa.string(), "", "meta.note", "What the model was trained on.", _MAKER, unmarked=True),
)
"""Columns of `ClassifyYSO`, in order."""
AGREEMENT = (
    Column(
        "known_yso",
        pa.string(),
        "",
        "meta.id.cross",
        "Catalogs of known young stars that have the source; null: none.",
        _MAKER,
        unmarked=True,
    ),
    Column(
        "unique_to_us",
        pa.bool_(),
        "",
        "meta.code",
        "Whether it is classified as a young star that none of the known catalogs has.",
        _MAKER,
        unmarked=True,
    ),
)
"""Columns of `Agreement`."""


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
