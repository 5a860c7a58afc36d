"""Count alerts, and those that are young stellar objects, by year, month, night or class.

    python jobs/alert_statistics.py --config alerts.toml

with a file such as

    lake = "lake"
    alerts = "gaia_alerts"
    by = ["year", "month"]              # also night, class
    radius_arcsec = 2.0

    [definitions]                       # what a YSO is
    spicy = "spicy"
    orion = { catalog = "gcvs", where = "VarType like 'IN%' or VarType like 'FU%'" }
    own = { catalog = "yso_candidates", probability = "prob_YSO", at_least = 0.9 }
    survey = { classes = ["YSO"] }
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from configuration import run_job

from lcscale import Lake
from lcscale.products import alert_statistics, check_statistics, definition_of


@dataclass(frozen=True)
class AlertStatistics:
    """Keys of the file."""

    lake: str
    """Folder or URL of the lake."""
    alerts: str
    """Catalog of alerts."""
    definitions: dict
    """Table: what a YSO is, by name: a catalog, a catalog with a probability, or classes."""
    by: list = field(default_factory=lambda: ["year"])
    """Each of year, month, night, class."""
    radius_arcsec: float | int = 2.0
    """Largest separation of an alert from a source."""
    time: str = "Date"
    """Column with the time of an alert."""
    name: str = "alert_statistics"
    """Table to write."""
    engine: str | None = None
    """Where to run; the active Dask client, else this process."""
    replace: bool = False
    """Whether other statistics of that name may be replaced."""


def work(job: AlertStatistics) -> int:
    lake = Lake(job.lake)
    definitions = {name: definition_of(given, lake) for name, given in job.definitions.items()}
    options = {"radius_arcsec": job.radius_arcsec, "time": job.time, "engine": job.engine}
    table = pa.concat_tables(alert_statistics(lake[job.alerts], definitions, by=by, **options) for by in job.by)
    if not job.replace:
        check_statistics(lake, job.name, table)
    print(f"{job.name} {lake.write_table(job.name, table)}: {table.num_rows:,} rows")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(AlertStatistics, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
