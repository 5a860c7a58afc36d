"""The whole pipeline on an embedded simulated survey: what `make demo` runs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from lcscale.engine import RunRecord
from lcscale.errors import QuarantineError
from lcscale.explore import write_report
from lcscale.features import Extract
from lcscale.ingest import Partitioning, ingest
from lcscale.lake import Lake
from lcscale.periods import FrequencyGrid, Search
from lcscale.products import alert_statistics, match_alerts, variable_candidates
from lcscale.surveys import write_release

N_STARS = 1500
MODEL = "demo"


def run_demo(lake: Lake, report: str | os.PathLike[str], *, engine: Any = None, progress: bool | None = None) -> Path:
    """Ingest, crossmatch, features and periods, classification, alert statistics, report; returns the report's path.

    Run twice, everything is there already and nothing is computed again.
    """
    options: dict[str, Any] = {"engine": engine, "progress": progress}
    release = write_release(os.path.join(str(lake.root), ".release"), n=N_STARS)

    _tell(ingest("simulated", release.survey, lake, "stars", partitioning=Partitioning(rows=200), **options))
    _tell(ingest("table", release.reference, lake, "reference", id="source_id", **options))
    _tell(ingest("gaia_alerts", release.alerts, lake, "alerts", **options))
    _tell(ingest("table", release.yso, lake, "known_yso", id="name", **options))

    stars, reference = lake["stars"], lake["reference"]
    matched = stars.without("lightcurve").crossmatch(reference, radius_arcsec=1.5)
    _tell(matched.write("stars_reference", **options))

    grid = FrequencyGrid.for_baseline(1200.0, fmax=25.0)
    _tell(stars.map(Search(grid), Extract()).without("lightcurve").write("star_features", **options))

    with_periods = stars.join(lake["star_features"])
    _tell(variable_candidates(with_periods, MODEL).write("variable_candidates", **options))

    matched = match_alerts(lake["alerts"], {"known_yso": lake["known_yso"]})
    _tell(matched.write("alerts_matched", **options))
    start = time.perf_counter()
    statistics = alert_statistics(lake["alerts"], lake["known_yso"], engine=engine)
    lake.write_table("alert_statistics", statistics)
    print(f"alert_statistics: {statistics.num_rows} rows, {time.perf_counter() - start:.1f} s")
    return Path(write_report(lake, report))


def _tell(record: RunRecord) -> None:
    """Say what a step of the pipeline did; those that come after it need its result."""
    print(record.summary())
    if record.withheld:
        raise QuarantineError(f"{record.name}: {record.withheld}")
