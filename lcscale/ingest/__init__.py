"""Release files of surveys become HATS catalogs of a lake, with the light curves nested."""

from lcscale.ingest.job import Partitioning, ingest

__all__ = ["Partitioning", "ingest"]
