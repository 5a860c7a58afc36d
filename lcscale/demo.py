"""The whole pipeline on an embedded simulated survey: what `make demo` runs."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from lcscale.engine import EngineSpec
from lcscale.errors import LcscaleError, QuarantineError
from lcscale.explore import write_report
from lcscale.lake import Lake
from lcscale.refresh import Pipeline, Step
from lcscale.surveys import write_release

N_STARS = 1500
PIPELINE = "pipeline.toml"
"""Name of the pipeline's file in the lake, a copy of ``demo.toml``."""


def run_demo(
    lake: Lake, report: str | os.PathLike[str], *, engine: EngineSpec = None, progress: bool | None = None
) -> Path:
    """Ingest, crossmatch, features and periods, classification, alert statistics, report; returns the report's path.

    The steps stand in ``demo.toml``. Run twice, everything is there already and nothing is computed again.
    """
    folder = str(lake.root)
    write_release(os.path.join(folder, ".release"), n=N_STARS)
    path = Path(folder, PIPELINE)
    path.write_text(files("lcscale").joinpath("demo.toml").read_text(encoding="utf-8"), encoding="utf-8")
    record = Pipeline.read(path, lake=lake).refresh(engine=engine, progress=progress, tell=_tell)
    if record.exit_status:
        kind = LcscaleError if record.exit_status == 1 else QuarantineError
        raise kind(f"the demo is not whole: {record.summary()}")
    return Path(write_report(lake, report))


def _tell(step: Step) -> None:
    """Say what a step of the pipeline did."""
    print(step.text, flush=True)
