"""`lcscale report` and `lcscale demo`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lcscale.cli.options import EngineOption, LakeOption, open_lake


def report(
    lake: LakeOption,
    output: Annotated[str, typer.Option("--output", help="HTML file to write.")] = "report.html",
    model: Annotated[list[str] | None, typer.Option("--model", help="Folder of a model to tell of, too.")] = None,
) -> None:
    """Write one self-contained HTML page: what ran, class counts, light curves, confusion, alert statistics."""
    from lcscale.explore import write_report

    print(write_report(open_lake(lake), output, models=model or ()))


def demo(
    lake: LakeOption = "demo-lake",
    report: Annotated[str, typer.Option("--report", help="HTML file to write.")] = "demo-report.html",
    engine: EngineOption = None,
) -> None:
    """Run the whole pipeline on an embedded simulated survey."""
    from lcscale.demo import run_demo
    from lcscale.lake import Lake

    print(f"report: {run_demo(Lake(lake), report, engine=engine, progress=True).absolute()}")
    print(f"browse: {sys.argv[0]} browse --lake {lake}")
