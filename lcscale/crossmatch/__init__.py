"""Which rows of two catalogs are the same object: exact matches on the sphere, joined as Arrow tables."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lcscale.crossmatch.motion import ProperMotion
from lcscale.crossmatch.naming import joined_names, joined_schema
from lcscale.crossmatch.options import MatchOptions, context_reach_arcsec, reach_arcsec
from lcscale.crossmatch.photometry import v_magnitude
from lcscale.crossmatch.references import EPOCH_COLUMN, Reference, asked_of_rows, referred, row_epoch

if TYPE_CHECKING:
    from lcscale.crossmatch.lsdb_algorithm import LSDBCrossmatch as LSDBCrossmatch
    from lcscale.crossmatch.matching import match as match
    from lcscale.crossmatch.matching import without_position as without_position
    from lcscale.crossmatch.pairing import counterparts as counterparts
    from lcscale.crossmatch.propagation import propagate as propagate
    from lcscale.crossmatch.tables import join_pairs as join_pairs
    from lcscale.crossmatch.tables import match_tables as match_tables

_COMPILED = {
    "LSDBCrossmatch": "lsdb_algorithm",
    "counterparts": "pairing",
    "join_pairs": "tables",
    "match": "matching",
    "match_tables": "tables",
    "propagate": "propagation",
    "without_position": "matching",
}

__all__ = [
    "EPOCH_COLUMN",
    "LSDBCrossmatch",
    "MatchOptions",
    "ProperMotion",
    "Reference",
    "asked_of_rows",
    "context_reach_arcsec",
    "counterparts",
    "join_pairs",
    "joined_names",
    "joined_schema",
    "match",
    "match_tables",
    "propagate",
    "reach_arcsec",
    "referred",
    "row_epoch",
    "v_magnitude",
    "without_position",
]


def __getattr__(name: str) -> Any:
    """Import what is compiled, and LSDB, for those who match: opening a lake needs neither."""
    if name not in _COMPILED:
        raise AttributeError(f"module 'lcscale.crossmatch' has no attribute {name!r}")
    return getattr(importlib.import_module(f"lcscale.crossmatch.{_COMPILED[name]}"), name)
