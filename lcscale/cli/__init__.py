"""The command line: one command for each step of the pipeline, one module for each group of commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from lcscale import __version__
from lcscale.cli.alerting import alerts
from lcscale.cli.browsing import browse
from lcscale.cli.classes import classes
from lcscale.cli.columns import columns
from lcscale.cli.completeness import completeness
from lcscale.cli.exporting import curves, export
from lcscale.cli.gallery import gallery
from lcscale.cli.ingesting import convert, ingest, surveys
from lcscale.cli.judging import judge
from lcscale.cli.lakes import drop, info, jobs_app, list_names, prune, remove, use
from lcscale.cli.matching import crossmatch
from lcscale.cli.outbursts import outbursts
from lcscale.cli.pages import demo, report
from lcscale.cli.published import published
from lcscale.cli.refreshing import diff, pipeline, refresh, versions
from lcscale.cli.rrlyrae import distances, metallicity
from lcscale.cli.show import show, why
from lcscale.cli.variables import classify, features, train
from lcscale.cli.yso import yso
from lcscale.errors import LcscaleError

__all__ = ["app", "main"]


def _print_version(asked: bool) -> None:
    """Print the version and stop, where it was asked for."""
    if asked:
        print(f"lcscale {__version__}")
        raise typer.Exit


app = typer.Typer(
    help="Survey-scale light-curve catalogs: from release files to candidate tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _lcscale(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Survey-scale light-curve catalogs: from release files to candidate tables."""


for command in (
    ingest,
    convert,
    surveys,
    crossmatch,
    features,
    train,
    classify,
    completeness,
    judge,
    classes,
    yso,
    outbursts,
    metallicity,
    distances,
    alerts,
    published,
    export,
    curves,
    refresh,
    pipeline,
    versions,
    diff,
    info,
    columns,
    prune,
    remove,
    use,
    drop,
    report,
    browse,
    show,
    gallery,
    why,
    demo,
):
    app.command()(command)
app.command("ls")(list_names)
app.add_typer(jobs_app, name="jobs")


def main() -> None:
    """Entry point: errors of ours are one line and their exit status, without a traceback."""
    try:
        app()
    except LcscaleError as error:
        print(f"lcscale: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        sys.stderr.close()
        sys.exit(1)
