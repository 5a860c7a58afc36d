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
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
from configuration import run_job

from lcscale import Lake, options
from lcscale.options import Option
from lcscale.products import alert_statistics, check_statistics, definition_of


@dataclass(frozen=True)
class AlertStatistics:
    """Keys of the file."""

    lake: str = options.LAKE.key()
    alerts: str = options.ALERTS.key()
    definitions: dict = Option("What a YSO is, by name: a catalog, one with a probability, or classes.").key()
    by: list = options.BY.key([options.BY.default])
    radius_arcsec: float | int = options.ALERT_RADIUS_ARCSEC.key()
    time: str = options.TIME.key()
    name: str = options.NAME.key("alert_statistics")
    engine: str | None = options.ENGINE.key()
    replace: bool = options.REPLACE.key()


def counted(job: AlertStatistics, count: Callable[..., pa.Table], **how: object) -> int:
    """Count with the function `count`, by each of the periods, and write the table."""
    lake = Lake(job.lake)
    definitions = {name: definition_of(given, lake) for name, given in job.definitions.items()}
    how |= {"radius_arcsec": job.radius_arcsec, "time": job.time, "engine": job.engine}
    table = pa.concat_tables(count(lake[job.alerts], definitions, by=by, **how) for by in job.by)
    if not job.replace:
        check_statistics(lake, job.name, table)
    version = lake.write_table(job.name, table, replace=job.replace)
    print(f"{job.name} {version}: {table.num_rows:,} rows")
    return 0


def work(job: AlertStatistics) -> int:
    return counted(job, alert_statistics)


def main(arguments: Sequence[str] | None = None) -> int:
    return run_job(AlertStatistics, work, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
