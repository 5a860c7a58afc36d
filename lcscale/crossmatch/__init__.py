"""Which rows of two catalogs are the same object: exact matches on the sphere, joined as Arrow tables."""

from lcscale.crossmatch.joining import match_tables
from lcscale.crossmatch.matching import match
from lcscale.crossmatch.motion import ProperMotion, propagate
from lcscale.crossmatch.naming import joined_schema
from lcscale.crossmatch.options import MatchOptions, context_reach_arcsec, reach_arcsec

__all__ = [
    "MatchOptions",
    "ProperMotion",
    "context_reach_arcsec",
    "joined_schema",
    "match",
    "match_tables",
    "propagate",
    "reach_arcsec",
]
