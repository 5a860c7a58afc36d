"""`lcscale refresh`, `pipeline`, `versions` and `diff`: what a file says of a lake, made and shown; what was before."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lcscale.cli.options import CatalogArgument, EngineOption, LakeOption, MaxFailedOption, open_lake

if TYPE_CHECKING:
    from lcscale.refresh import Step

FileArgument = Annotated[
    str, typer.Argument(help="The pipeline, a TOML file; see docs/refresh.md.", show_default=False)
]


def refresh(
    file: FileArgument,
    engine: EngineOption = None,
    max_failed: MaxFailedOption = "0",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, how much of it, and why; run nothing.")
    ] = False,
    allow_removal: Annotated[
        bool, typer.Option("--allow-removal", help="Make a catalog anew of whose release files are gone.")
    ] = False,
) -> None:
    """Make what is out of date in a pipeline, in order; exit with 1 if a step failed, 3 if something was set aside."""
    from lcscale.engine import read_max_failed
    from lcscale.refresh import Pipeline

    pipeline, allowed = Pipeline.read(file), read_max_failed(max_failed)
    if dry_run:
        due = [state for state in pipeline.states() if state.is_due]
        for state in due:
            print(state)
        if not due:
            print(f"nothing to do: {len(pipeline.entries)} catalogs and tables are up to date")
        return
    record = pipeline.refresh(
        engine=engine, progress=True, max_failed=allowed, allow_removal=allow_removal, tell=tell_step
    )
    for old in record.removed:
        print(f"removed {old}")
    print(record.summary())
    if record.exit_status:
        raise typer.Exit(record.exit_status)


def tell_step(step: Step) -> None:
    """Print what a refresh did about one entry, and what was set aside."""
    from lcscale.refresh.pipeline import FAILED, KEPT_BACK

    print(step.text, file=sys.stderr if step.outcome in (FAILED, KEPT_BACK) else sys.stdout, flush=True)
    if step.record is None:
        return
    for note in step.record.notes:
        print(f"  note: {note}")
    for entry in step.record.quarantined:
        print(f"  set aside: {entry['label']}: {entry['error']}", file=sys.stderr)


def pipeline(file: FileArgument) -> None:
    """Show a pipeline: each catalog and table, what it is made from, and whether it is up to date."""
    from lcscale.refresh import Pipeline

    read = Pipeline.read(file)
    print(f"{read.declared.path}: lake {read.lake.root}")
    for entry, state in zip(read.entries, read.states(), strict=True):
        made = (
            f"{entry.word} {', '.join(entry.sources)}" if entry.sources else f"{entry.word} {entry.values[entry.word]}"
        )
        print(f"{entry.name} <- {made}\n    {state}")


def versions(name: CatalogArgument, lake: LakeOption) -> None:
    """List the versions of a catalog: date, cause, rows, bytes, and the share of these that the one before has too."""
    from lcscale.refresh.versions import versions_of

    for version in versions_of(open_lake(lake), name):
        print(version)


def diff(
    name: CatalogArgument,
    lake: LakeOption,
    before: Annotated[str | None, typer.Argument(help="Version to compare with (default: the one before).")] = None,
    after: Annotated[str | None, typer.Argument(help="Version (default: the current one).")] = None,
    page: Annotated[str | None, typer.Option("--page", metavar="OUT.html", help="Write an HTML page, too.")] = None,
) -> None:
    """Compare two versions of a catalog: which rows differ, and why; writes the table NAME_diff."""
    from lcscale.refresh.difference import difference

    place = open_lake(lake)
    found = difference(place, name, before, after)
    place.write_table(f"{name}_diff", found.table, replace=True)
    print(found.summary())
    if page is not None:
        from lcscale.explore.changes import write_difference

        print(f"page: {write_difference(found, place, page).absolute()}")
