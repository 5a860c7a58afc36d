"""Which rows of two catalogs are the same object: exact matches on the sphere, joined as Arrow tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lcscale.crossmatch.joining import match_tables
from lcscale.crossmatch.matching import match
from lcscale.crossmatch.motion import ProperMotion, propagate
from lcscale.crossmatch.naming import joined_schema
from lcscale.crossmatch.options import MatchOptions, context_reach_arcsec, reach_arcsec
from lcscale.crossmatch.photometry import v_magnitude

if TYPE_CHECKING:
    from lcscale.crossmatch.lsdb_algorithm import LSDBCrossmatch as LSDBCrossmatch

__all__ = [
    "LSDBCrossmatch",
    "MatchOptions",
    "ProperMotion",
    "context_reach_arcsec",
    "joined_schema",
    "match",
    "match_tables",
    "propagate",
    "reach_arcsec",
    "v_magnitude",
]


def __getattr__(name: str) -> Any:
    """Import LSDB only for those who ask for its algorithm."""
    if name == "LSDBCrossmatch":
        from lcscale.crossmatch.lsdb_algorithm import LSDBCrossmatch

        return LSDBCrossmatch
    raise AttributeError(f"module 'lcscale.crossmatch' has no attribute {name!r}")
