"""Which rows of two catalogs are the same object: exact matches on the sphere, joined as Arrow tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lcscale.crossmatch.joining import join_pairs, match_tables
from lcscale.crossmatch.matching import match, without_position
from lcscale.crossmatch.motion import ProperMotion, propagate
from lcscale.crossmatch.naming import joined_names, joined_schema
from lcscale.crossmatch.options import MatchOptions, context_reach_arcsec, reach_arcsec
from lcscale.crossmatch.pairing import counterparts
from lcscale.crossmatch.photometry import v_magnitude
from lcscale.crossmatch.references import EPOCH_COLUMN, Reference, asked_of_rows, referred, row_epoch

if TYPE_CHECKING:
    from lcscale.crossmatch.lsdb_algorithm import LSDBCrossmatch as LSDBCrossmatch

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
    """Import LSDB only for those who ask for its algorithm."""
    if name == "LSDBCrossmatch":
        from lcscale.crossmatch.lsdb_algorithm import LSDBCrossmatch

        return LSDBCrossmatch
    raise AttributeError(f"module 'lcscale.crossmatch' has no attribute {name!r}")
