"""What an entry of a pipeline's file can be: one row a kind, with its keys and what fits them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lcscale.products.alerts import BY


@dataclass(frozen=True)
class Form:
    """What may stand behind a key."""

    words: str
    """In words, as an error says it."""
    fits: Callable[[Any], bool]
    """Whether a value of TOML is of this form."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _is_definition(value: Any) -> bool:
    if not isinstance(value, dict):
        return isinstance(value, str)
    own = set(value) <= {"labels", "column"} and _are_texts(value.get("labels")) and _is_text(value.get("column", ""))
    near = set(value) <= {"catalog", "where", "probability", "at_least"} and _is_text(value.get("catalog"))
    near = near and _is_text(value.get("where", ""))
    return own or (near and _is_text(value.get("probability", "")) and _is_number(value.get("at_least", 0.9)))


def _is_grouping(value: Any) -> bool:
    return value in BY or (_are_texts(value) and set(value) <= set(BY))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


TEXT = Form("a text", _is_text)
TEXTS = Form("a list of texts", _are_texts)
FILES = Form("a text or a list of texts", lambda value: _is_text(value) or _are_texts(value))
TWO_NAMES = Form("a list of two names", lambda value: _are_texts(value) and len(value) == 2)
NUMBER = Form("a number", _is_number)
COUNT = Form("a whole number, not negative", _is_count)
FLAG = Form("true or false", lambda value: isinstance(value, bool))
EPOCH = Form("a Julian year or the name of a column", lambda value: _is_number(value) or _is_text(value))
TABLE = Form("a table", lambda value: isinstance(value, dict) and bool(value))
SHARES = Form(
    "a table of numbers", lambda value: isinstance(value, dict) and all(_is_number(each) for each in value.values())
)
DEFINITIONS = Form(
    "a table of names, of { catalog, where, probability, at_least } or of { labels, column }",
    lambda value: isinstance(value, dict) and bool(value) and all(_is_definition(each) for each in value.values()),
)
GROUPINGS = Form(
    f"one of {', '.join(BY)}, or a list of them (a list in it is a grouping by both)",
    lambda value: (
        value in BY or (isinstance(value, list) and bool(value) and all(_is_grouping(each) for each in value))
    ),
)

_MATCH = {"n_neighbors": COUNT, "how": TEXT, "mutual": FLAG, "suffix": TEXT, "where": TEXT, "chance_probability": FLAG}
_MATCH |= {"radius_arcsec": NUMBER, "n_sigma": NUMBER, "max_mag_difference": NUMBER, "density_radius_arcsec": NUMBER}
_MATCH |= {"left_mag": TEXT, "right_mag": TEXT, "left_motion": TEXT, "right_motion": TEXT, "left_error": TEXT}
_MATCH |= {"right_error": TEXT, "epoch": EPOCH}
"""Fields of `MatchOptions`, motions and errors worded as a command line words them."""


@dataclass(frozen=True)
class Kind:
    """One kind of entry."""

    keys: Mapping[str, Form]
    """Its keys; the first tells the kind."""
    sources: tuple[str, ...] = ()
    """Keys whose values name catalogs."""
    required: tuple[str, ...] = ()
    """Keys that must be there, beside the first."""
    has_options: bool = False
    """Whether further keys are options of a survey's adapter."""
    writes: bool = True
    """Whether it writes anything."""


KEPT = {"keep": COUNT, "keep_days": NUMBER}
"""Keys of the retention, of the file and of each entry."""

CATALOGS = {
    "ingest": Kind({"ingest": TEXT, "files": FILES, "partition_rows": COUNT}, (), ("files",), has_options=True),
    "open": Kind({"open": TEXT, "light_curves": TEXT, "storage_options": TABLE}, writes=False),
    "crossmatch": Kind(
        {"crossmatch": TWO_NAMES, **_MATCH, "left_epoch": EPOCH, "right_epoch": EPOCH}
        | {"association": FLAG, "left_id": TEXT, "right_id": TEXT},
        ("crossmatch",),
    ),
    "join": Kind({"join": TWO_NAMES, "on": TEXT, "how": TEXT}, ("join",)),
    "select": Kind({"select": TEXT, "where": TEXT, "columns": TEXTS, "without": TEXTS}, ("select",)),
    "classify": Kind(
        {"classify": TEXT, "features": TEXT, "model": TEXT, "prevalence": SHARES}, ("classify", "features")
    ),
    "yso": Kind(
        {"yso": TEXT, "twomass": TEXT, "allwise": TEXT, "known": TEXTS, "model": TEXT, "tau": NUMBER}
        | {"dust_map": TEXT, "prevalence": SHARES, "gaia_epoch": NUMBER, "outbursts": TEXT},
        ("yso", "twomass", "allwise", "known", "outbursts"),
    ),
    "outbursts": Kind({"outbursts": TEXT, "features": TEXT, "period": TEXT, "search": FLAG}, ("outbursts", "features")),
    "inject": Kind(
        {"inject": TEXT, "features": TEXT, "model": TEXT, "signals": TEXT, "classes": TEXTS, "signals_wanted": COUNT}
        | {"band": TEXT, "seed": COUNT, "prevalence": SHARES},
        ("inject", "features"),
    ),
    "completeness": Kind({"completeness": TEXT, "cell_order": COUNT}, ("completeness",)),
    "metallicity": Kind(
        {"metallicity": TEXT, "model": TEXT, "period": TEXT, "mode": TEXT, "band": TEXT}
        | {"relations": TWO_NAMES, "prefer": TEXT, "scale": TEXT},
        ("metallicity",),
    ),
    "distances": Kind(
        {"distances": TEXT, "relations": TEXTS, "magnitude": TEXT, "reddening": TEXT, "colour": TEXT, "period": TEXT}
        | {"reddening_map": TEXT},
        ("distances",),
    ),
    "match_alerts": Kind(
        {"match_alerts": TEXT, "definitions": DEFINITIONS, "radius_arcsec": NUMBER},
        ("match_alerts", "definitions"),
        ("definitions",),
    ),
    "features": Kind(
        {"features": TEXT, "fmax": NUMBER, "baseline": NUMBER, "only": TEXTS, "device": TEXT}, ("features",)
    ),
}
"""Kinds of catalogs, by the key that tells them; an entry is of the first that it has the key of."""

TABLES = {
    "alerts": Kind(
        {"alerts": TEXT, "by": GROUPINGS, "definitions": DEFINITIONS, "radius_arcsec": NUMBER}
        | {"time": TEXT, "label": TEXT},
        ("alerts", "definitions"),
        ("definitions",),
    ),
}
"""Kinds of tables without a position."""

SECTIONS = {"catalogs": CATALOGS, "tables": TABLES}
"""The tables of a pipeline's file."""
FILE_KEYS = {"lake": TEXT, "catalogs": TABLE, "tables": TABLE, **KEPT}
"""What a pipeline's file has."""
