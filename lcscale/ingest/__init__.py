"""Release files of surveys become HATS catalogs of a lake, with the light curves nested."""

from lcscale.ingest.converting import convert
from lcscale.ingest.job import ingest
from lcscale.ingest.previewing import Preview, preview
from lcscale.ingest.release import Changes, Partitioning, changes
from lcscale.ingest.withdrawing import withdraw

__all__ = ["Changes", "Partitioning", "Preview", "changes", "convert", "ingest", "preview", "withdraw"]
