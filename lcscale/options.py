"""Options that commands and cluster jobs share: what each means, and its value where none is given, said once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Option:
    """An option of commands (``--gaia-epoch``) and a key of jobs' files (``gaia_epoch``)."""

    about: str
    """What it means, in a sentence."""
    default: Any = ...
    """Its value where none is given; ``...``: one must be."""

    def key(self, default: Any = ...) -> Any:
        """The field of a job's dataclass, perhaps with a `default` of the job's own."""
        value, about = self.default if default is ... else default, {"about": self.about}
        if value is ...:
            return field(metadata=about)
        if isinstance(value, list | dict):
            return field(default_factory=lambda: type(value)(value), metadata=about)
        return field(default=value, metadata=about)


LAKE = Option("Folder or URL of the lake.")
ENGINE = Option("serial, local, local:N, cuda, spark, or a Dask scheduler's address.", None)
MAX_FAILED = Option("Publish although so many partitions, or this share of them, failed; what is missing is named.", 0)
REPLACE = Option("Replace a result of other inputs, models or settings that the name holds.", False)
NAME = Option("Name of the result in the lake.")
DEVICE = Option("cpu, cuda or cuda:1 (default: periods on the CPU, networks on a GPU if there).", None)
CATALOG = Option("Name of a catalog of the lake, or URL of any HATS catalog.")
MODEL = Option("Name of a shipped model, or folder of one.", "general")
FEATURES = Option("Names of features (default: all).", [])

SURVEY = Option("Survey, `table` or `lightcurves`; see `lcscale surveys`.")
PARTITION_ROWS = Option("Most rows of a partition.", None)
MEMORY_GIB = Option("GiB that the tasks on a machine may use together; default: a quarter of it.", None)

LEFT = Option("Name of the catalog whose rows are matched.")
RIGHT = Option("Name of the other catalog, or URL of any HATS catalog.")
RADIUS_ARCSEC = Option("Largest separation, arcseconds.", 1.0)
N_NEIGHBORS = Option("Most neighbours of a row; 0 for all within the radius.", 1)
HOW = Option("inner, left, or anti (rows without a counterpart).", "inner")

GAIA = Option("Catalog of Gaia sources, or one joined already.")
TWOMASS = Option("Catalog of 2MASS sources to join.", None)
ALLWISE = Option("Catalog of AllWISE sources to join.", None)
GAIA_EPOCH = Option("Julian year of Gaia's positions, where the catalog does not tell it.", None)
KNOWN = Option("Catalog of known young stars to compare with; may be several.", [])
OUTBURSTS = Option("Catalog of lcscale outbursts: what light curves tell of the sources.", None)
TAU = Option("Least dust optical depth, where the catalog has a column tau; 0 keeps all.", 1.3e-5)
DUST_MAP = Option("FITS map of the dust optical depth, for a column tau.", None)
PREVALENCE = Option("Shares of the four classes among the sources (default: equal).", {})
SHARES = Option("Shares of classes or groups among the stars (default: as in training).", {})

ALERTS = Option("Catalog of alerts.")
ALERT_RADIUS_ARCSEC = Option("Largest separation, arcseconds.", 2.0)
BY = Option("year, month, night or class.", "year")
TIME = Option("Column with the time that puts an alert in its period.", "Date")
