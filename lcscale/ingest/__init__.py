"""Release files of surveys become HATS catalogs of a lake, with the light curves nested."""

from lcscale.ingest.job import Partitioning, ingest
from lcscale.ingest.previewing import Preview, preview

__all__ = ["Partitioning", "Preview", "ingest", "preview"]
